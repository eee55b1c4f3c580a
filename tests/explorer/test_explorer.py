import base64
import hashlib
import importlib.util
import io
import json
import re
from dataclasses import replace
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import silhouette_samples

from grisaille.explorer.layout import grid_places, principal_places, umap_places
from grisaille.explorer.map_table import likenesses
from grisaille.explorer.page import ENCODED, About, bytes_of_words, render, room_for_pictures, too_large
from grisaille.explorer.pictures import pictures
from grisaille.measures.silhouettes import DistanceSums, point_silhouettes
from helpers import encode, explorer_map, originals, picture

ABOUT = About(likeness="mixture", metric="hellinger", raw_values=600, reduced_values=6)
NOBODY = pd.DataFrame({"name": [], "genre": []})


def data_of(page):
    """What a browser would parse."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def rows_of(near):
    """Neighbours as a browser unpacks them, a row a painting."""
    return np.frombuffer(base64.b64decode(near["rows"]), f"<u{near['bytes']}").reshape(-1, near["k"])


class TestPlacing:
    def test_distances_of_a_plane_are_kept(self):
        random = np.random.default_rng(0)
        plane = random.normal(size=(40, 2)) @ np.linalg.qr(random.normal(size=(7, 7)))[0][:2]
        places = principal_places(plane)
        ours, theirs = (np.linalg.norm(points[:, None] - points, axis=2) for points in (places, plane))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)

    @pytest.mark.parametrize("shape", [(1, 5), (2, 5), (6, 1)])
    def test_too_few_directions_are_no_reason_to_fail(self, shape):
        places = principal_places(np.random.default_rng(0).normal(size=shape))
        assert places.shape == (shape[0], 2)
        assert np.isfinite(places).all()

    def test_without_umap_there_is_none(self, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        assert umap_places(np.zeros((50, 4), np.float32), 0) is None

    def test_umap_repeats_itself(self, monkeypatch):
        if importlib.util.find_spec("umap") is None:
            pytest.skip("umap-learn is not installed")
        import numba

        # Compiling takes longer than placing a dozen paintings uncompiled.
        monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
        embeddings = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
        once, again = (umap_places(embeddings, 3) for _ in range(2))
        assert once.shape == (12, 2)
        assert np.array_equal(once, again)


class TestGrid:
    @pytest.mark.parametrize("count", [0, 1, 2, 7, 65, 300])
    def test_none_overlap_and_only_one_row_is_short(self, count):
        cells = grid_places(np.random.default_rng(count).normal(size=(count, 2)))
        assert len(np.unique(cells, axis=0)) == count
        rows, lengths = np.unique(cells[:, 1], return_counts=True)
        assert rows.tolist() == list(range(len(rows)))
        assert set(lengths[1:].tolist()) <= {int(np.ceil(np.sqrt(count * 4 / 3)))}

    def test_what_is_a_grid_stays_one(self):
        column, row = (axis.ravel() for axis in np.meshgrid(np.arange(20), np.arange(15)))
        random = np.random.default_rng(0)
        places = np.column_stack([column * 3.0, row * 5.0]) + random.uniform(-0.4, 0.4, (300, 2))
        shuffled = random.permutation(300)
        np.testing.assert_array_equal(grid_places(places[shuffled]), np.column_stack([column, row])[shuffled])

    def test_groups_stay_together(self):
        random = np.random.default_rng(0)
        groups = np.repeat(np.arange(4), 150)
        places = np.array([[0, 0], [9, 0], [0, 9], [9, 9]])[groups] + random.normal(size=(600, 2))
        cells = grid_places(places)
        nearest = ((cells[:, None] - cells) ** 2).sum(axis=2).argsort(axis=1)[:, 1:5]
        # Scattered at random, a quarter would be of the same group.
        assert np.mean(groups[nearest] == groups[:, None]) > 0.9

    def test_copies_of_one_place_do_not_share_a_cell(self):
        assert len(np.unique(grid_places(np.zeros((130, 2))), axis=0)) == 130


FILES = {f"{number}.png": lambda number=number: encode(picture(number, (300, 200))) for number in range(12)}


class TestPictures:
    def made(self, side=64, most=1e6, files=None):
        return pictures(list(FILES), originals(FILES if files is None else files), side, most)

    def test_they_keep_their_shape(self):
        sizes = {Image.open(io.BytesIO(made.data)).size for made in self.made()}
        assert sizes == {(64, 43)}

    def test_they_fit(self):
        large = sum(len(made.data) for made in self.made())
        small = self.made(most=large / 3)
        assert sum(len(made.data) for made in small) <= large / 3

    def test_the_colour_is_the_mean(self):
        grey = encode(Image.new("RGB", (9, 9), (10, 20, 30)))
        made = self.made(files=dict.fromkeys(FILES, lambda: grey))
        assert {one.colour for one in made} == {"#0a141e"}

    def test_a_painting_that_was_moved_away_leaves_a_blank(self):
        assert self.made(files={})[0].data == b""


class TestPointSilhouettes:
    def test_they_are_those_of_scikit_learn(self):
        random = np.random.default_rng(0)
        points, labels = random.normal(size=(30, 3)), np.r_[np.arange(4), random.integers(0, 3, 26)]
        sums = DistanceSums(labels, 4)
        sums.update(np.linalg.norm(points[:, None] - points, axis=2))
        found = point_silhouettes(sums.sums, labels)
        np.testing.assert_allclose(found, silhouette_samples(points, labels), atol=1e-12)


class TestGathering:
    def test_rows_and_what_is_kept(self):
        table = explorer_map()
        assert table["raw_neighbours"][0]["ids"].tolist() == [1, 2, 3]
        assert table["composition_neighbours"][0]["ids"].tolist() == [2, 3, 4]
        assert table["style_neighbours"][0]["ids"].tolist() == [3, 4, 5]
        assert table["kept"][0] == 2

    def test_paintings_that_were_not_compared_are_not_judged(self):
        table = explorer_map(compared=5)
        assert table["raw_neighbours"][5] is None
        assert np.isnan(table["kept"][5])

    def test_neighbours_of_another_collection(self):
        with pytest.raises(ValueError, match="belong to other paintings"):
            explorer_map(stranger="somebody else")

    def test_it_survives_parquet(self):
        buffer = io.BytesIO()
        explorer_map(compared=5).to_parquet(buffer)
        again = pd.read_parquet(buffer)
        assert again["raw_neighbours"][0]["ids"].tolist() == [1, 2, 3]
        assert again["raw_neighbours"][5] is None
        assert render(again, NOBODY, ABOUT) == render(explorer_map(compared=5), NOBODY, ABOUT)


class TestPage:
    def test_names_stay_names(self):
        evil = ["</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>", "a\u2028\"'&"]
        page = render(explorer_map(names=evil), NOBODY, ABOUT)
        for name in evil[:3]:
            assert name not in page
        assert data_of(page)["names"][:4] == evil

    def test_neighbours_and_places_arrive(self):
        table = explorer_map(compared=5)
        data = data_of(render(table, NOBODY, ABOUT))
        raw, style = (rows_of(data["near"][space]) for space in ("raw", "style"))
        assert raw[0].tolist() == [1, 2, 3]
        assert raw[5].tolist() == [8, 8, 8]
        assert style[0].tolist() == [3, 4, 5]
        for likeness in ("mixture", "style", "composition"):
            places = np.frombuffer(base64.b64decode(data["places"][likeness]["pca"]), "<f4").reshape(-1, 2)
            expected = table[[f"{likeness}_pca_x", f"{likeness}_pca_y"]].to_numpy("f4")
            np.testing.assert_array_equal(places, expected)

    def test_ten_neighbours_are_enough_for_the_page(self):
        table = explorer_map(count=12)
        table["style_neighbours"] = [{"ids": np.delete(np.arange(12), row), "distances": None} for row in range(12)]
        near = data_of(render(table, NOBODY, ABOUT))["near"]["style"]
        assert near["k"] == 10
        assert rows_of(near)[11].tolist() == list(range(10))

    @pytest.mark.parametrize("leading", ["mixture", "composition"])
    def test_the_likeness_that_is_asked_for_leads(self, leading):
        data = data_of(render(explorer_map(), NOBODY, replace(ABOUT, likeness=leading)))
        assert data["likenesses"][0] == leading
        assert set(data["likenesses"]) == {"mixture", "style", "composition"}

    def test_layouts_that_the_table_holds_are_offered(self):
        table = explorer_map()
        assert 'id="place"' not in render(table, NOBODY, ABOUT)
        places = {f"{likeness}_grid_{axis}": np.arange(8) for likeness in likenesses(table) for axis in "xy"}
        page = render(table.assign(**places), NOBODY, ABOUT)
        assert re.findall(r'<option value="(\w+)">', page[page.index('id="place"') :]) == ["pca", "grid"]
        assert set(data_of(page)["places"]["style"]) == {"pca", "grid"}

    def test_one_likeness_needs_no_choice(self):
        table = explorer_map()
        alone = table.drop(columns=[name for name in table if name.startswith(("mixture", "style"))])
        page = render(alone, NOBODY, replace(ABOUT, likeness="composition"))
        assert data_of(page)["likenesses"] == ["composition"]
        assert 'id="likeness"' not in page
        assert 'id="likeness"' in render(table, NOBODY, ABOUT)

    def test_facts_of_artists(self):
        artists = pd.DataFrame({"name": ["Ada"], "years": ["1840 - 1926"], "nationality": ["French,British"]})
        data = data_of(render(explorer_map(), artists, ABOUT))
        assert data["artists"] == [
            {"name": "Ada", "years": "1840\N{EN DASH}1926", "nationality": "French, British"},
            {"name": "Bo"},
        ]

    def test_artists_stand_where_a_person_looks_for_them(self):
        table = explorer_map()
        table["artist"] = ["William", "Édouard", "Zoe", "Édouard", *table["artist"][4:]]
        data = data_of(render(table, NOBODY, ABOUT))
        names = [artist["name"] for artist in data["artists"]]
        assert names == ["Bo", "Édouard", "William", "Zoe"]
        assert [names[number] for number in data["artist"]] == table["artist"].tolist()

    def test_it_needs_nothing_else(self):
        page = render(explorer_map(), NOBODY, ABOUT)
        own = page.replace(resources.files("grisaille.explorer").joinpath("vendor/pixi.min.js").read_text("utf-8"), "")
        assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?!data:)[a-z./]", own[: own.index('id="data"')])
        assert "sourceMappingURL" not in page

    def test_a_collection_that_is_too_large_is_told_so(self):
        assert "60,000 paintings" in too_large(60_000, 50_000)

    def test_pictures_leave_room_for_the_rest(self):
        room = room_for_pictures(8000, 38)
        assert 20e6 < room * ENCODED < 36e6


KNOWN = {
    "title": ["Café, Évry", "", "Dots", "Dots", "Dots", "Dots", "Dots", "Dots"],
    "date": ["c. 1880", "", "", "1900", "1900", "1900", "1900", ""],
    "year_from": [1878, None, 1890, 1900, 1900, 1900, 1900, -40],
    "year_to": [1882, None, None, 1900, 1900, 1900, 1900, -30],
    "museum": ["Tate", *[""] * 7],
    "link": ["https://example.org/1", "javascript:alert(1)", "data:text/html,", "//example.org", "", "", "", "ftp://a"],
}
WORDS = dict.fromkeys(("title", "date", "museum", "link"), "")


class TestWhatIsKnown:
    def known(self, **changed):
        return explorer_map().assign(**KNOWN | changed).astype({"year_from": "Int64", "year_to": "Int64"})

    def test_the_page_tells_it(self):
        data = data_of(render(self.known(), NOBODY, ABOUT))
        assert data["titles"] == KNOWN["title"]
        assert data["museums"] == KNOWN["museum"]
        assert data["years"] == [[1878, 1882], [], [1890], [1900], [1900], [1900], [1900], [-40, -30]]

    def test_years_stand_for_a_date(self):
        data = data_of(render(self.known(), NOBODY, ABOUT))
        assert data["dates"] == ["c. 1880", "", "1890", "1900", "1900", "1900", "1900", "-40\N{EN DASH}-30"]

    def test_only_pages_are_linked(self):
        data = data_of(render(self.known(), NOBODY, ABOUT))
        assert data["links"] == ["https://example.org/1", *[""] * 7]

    @pytest.mark.parametrize("missing", ["title", "date", "museum", "link", "year_from", "year_to"])
    def test_a_column_that_is_missing_takes_no_other_with_it(self, missing):
        unknown = None if missing.startswith("year") else ""
        lacking = render(self.known().drop(columns=missing), NOBODY, ABOUT)
        assert lacking == render(self.known(**{missing: unknown}), NOBODY, ABOUT)
        assert "javascript:" not in json.dumps(data_of(lacking))

    def test_what_is_known_of_none_takes_no_room(self):
        unknown = self.known(**WORDS, year_from=None, year_to=None)
        assert render(unknown, NOBODY, ABOUT) == render(explorer_map(), NOBODY, ABOUT)

    def test_one_year_alone_is_no_choice(self):
        page = render(self.known(year_from=1900, year_to=1900), NOBODY, ABOUT)
        assert "years" not in data_of(page)
        assert 'id="years"' not in page
        assert 'id="years"' in render(self.known(), NOBODY, ABOUT)

    def test_words_leave_less_room_for_pictures(self):
        words = bytes_of_words(self.known())
        assert words > sum(map(len, KNOWN["link"]))
        assert room_for_pictures(8000, 38) - room_for_pictures(8000, 38, words) == pytest.approx(words / ENCODED)


class TestVendored:
    def test_the_library_is_the_one_that_is_named(self):
        folder = resources.files("grisaille.explorer").joinpath("vendor")
        named = dict(re.findall(r"\| `([^`]+)` \|.*`([0-9a-f]{64})` \|", folder.joinpath("README.md").read_text()))
        assert named
        for name, digest in named.items():
            assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest

    def test_its_licence_is_beside_it(self):
        assert "The MIT License" in resources.files("grisaille.explorer").joinpath("vendor/LICENSE-pixi").read_text()
