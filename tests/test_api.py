"""`grisaille.open` on what a run has left."""

import doctest
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import grisaille
from grisaille.api import _artists_named
from grisaille.demo import painter as gallery
from grisaille.provenance import stamps
from grisaille.provenance.manifest import ManifestError
from grisaille.provenance.stored_run import NothingStoredError
from helpers import flip

ARTIST = gallery.ARTISTS[0].name.replace(" ", "_")


@pytest.fixture(scope="module")
def data(demo_run):
    """The storage of the run alone: other tests run more in the project."""
    return demo_run.untouched / "data" / "demo"


@pytest.fixture(scope="module")
def collection(demo_run):
    return grisaille.open(demo_run.untouched, env="demo")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "stranger.png"
    path.write_bytes(gallery.png(gallery.work(gallery.ARTISTS[0], 3, seed=77)))
    return path


def test_answers_say_which_share_of_the_nearest_is_found(collection, monkeypatch):
    name = collection.paintings["painting_id"].iloc[0]
    exact = collection.similar(name), collection.recommend([name])
    assert [table.attrs["recall"] for table in exact] == [1, 1]
    monkeypatch.setattr("grisaille.lookalikes.neighbour_index._SECONDS", 0)
    through_index = grisaille.open(collection.storage)
    through_index.warm()
    for table, found in zip(exact, (through_index.similar(name), through_index.recommend([name])), strict=True):
        assert 0.9 < found.attrs["recall"] <= 1
        assert np.isin(table["painting_id"], found["painting_id"]).mean() >= 0.9


def test_importing_it_is_light():
    code = "import sys, grisaille, grisaille.api; print({'kedro', 'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_examples_in_docstrings(demo_run):
    found = doctest.testmod(grisaille, extraglobs={"project": demo_run.untouched})
    assert found.attempted
    assert not found.failed


class TestWhatIsStored:
    def test_paintings_and_embeddings(self, collection, demo_run):
        assert collection.likenesses == ["composition", "style", "colour", "mixture"]
        pd.testing.assert_frame_equal(
            collection.paintings, pd.read_parquet(demo_run.first("03_primary/paintings.parquet"))
        )
        stored = np.load(demo_run.first("07_model_output/composition_embeddings.npy"))
        np.testing.assert_array_equal(collection.embeddings("composition"), stored)
        assert repr(collection).startswith(
            "<Collection of 181 paintings by composition, style, colour, mixture, run 20"
        )
        with pytest.raises(ValueError, match="likeness=vectors is not available; there are composition, style"):
            collection.embeddings("vectors")

    def test_a_project_and_its_storage_are_the_same(self, collection, data):
        assert grisaille.open(data).run == collection.run
        assert grisaille.open(data, run=collection.run).storage == collection.storage

    def test_nothing_is_there(self, demo_run, data, tmp_path):
        with pytest.raises(NothingStoredError, match="is neither a project nor a storage with runs"):
            grisaille.open(tmp_path)
        with pytest.raises(NothingStoredError, match=r"no run left embeddings in .*: run `kedro run` first"):
            grisaille.open(demo_run.untouched, env="paper")
        with pytest.raises(ManifestError, match="no manifest of the run 2020"):
            grisaille.open(data, run="2020")

    def test_what_is_damaged_is_not_read(self, data, tmp_path):
        shutil.copytree(data, tmp_path / "data")
        (path,) = (tmp_path / "data").glob("07_model_output/style_embeddings.npy/*/style_embeddings.npy")
        flip(path)
        opened = grisaille.open(tmp_path / "data")
        assert len(opened.embeddings("colour")) == 181
        with pytest.raises(NothingStoredError, match=r"style_embeddings\.npy is damaged"):
            opened.embeddings("style")

    def test_only_what_fits_to_the_embeddings_is_read(self, data, tmp_path):
        """Paintings of another collection, as a later run would leave them: their stamp says so."""
        shutil.copytree(data, tmp_path / "data")
        opened = grisaille.open(tmp_path / "data")
        (path,) = (tmp_path / "data").glob("03_primary/paintings.parquet/*/paintings.parquet")
        stamp = stamps.read(path)
        stamp["recipe"]["picture_files"]["checksum"] = "0" * 64
        stamps.write(path, stamp)
        with pytest.raises(NothingStoredError, match="no stored paintings match the embeddings of"):
            _ = opened.paintings


class TestSimilar:
    @pytest.mark.parametrize("likeness", ["composition", "style", "colour", "mixture"])
    def test_a_painting_of_the_collection(self, collection, likeness):
        found = collection.similar(f"{ARTIST}_5", likeness, n=5)
        assert found.columns.tolist() == [
            "rank", "painting_id", "artist", "title", "date", "museum", "distance", "distance_percentile",
        ]  # fmt: skip
        assert found["rank"].tolist() == [1, 2, 3, 4, 5]
        points = collection._embedded.points(likeness)
        row = collection.paintings["painting_id"].tolist().index(f"{ARTIST}_5")
        squares = points.squares_to(points[np.array([row])])[:, 0]
        squares[collection.paintings["duplicate_of"].notna()] = np.inf
        squares[row] = np.inf
        expected = collection.paintings["painting_id"].iloc[np.argsort(squares, kind="stable")[:5]]
        assert found["painting_id"].tolist() == expected.tolist()

    def test_many_threads_get_the_answers_of_one(self, data, stranger):
        asked = [stranger, *(f"{artist.name} 3" for artist in gallery.ARTISTS[:7])] * 2
        alone = grisaille.open(data)
        expected = [alone.similar(picture, "style") for picture in asked]
        shared = grisaille.open(data)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda picture: shared.similar(picture, "style"), asked))
        for found, told in zip(answers, expected, strict=True):
            pd.testing.assert_frame_equal(found, told)

    def test_what_is_not_there(self, collection, tmp_path):
        with pytest.raises(ValueError, match="there is no painting 'Ilse_Nabel_1'; there are"):
            collection.similar("Ilse_Nabel_1")
        with pytest.raises(ValueError, match="there is no picture or folder"):
            collection.similar(tmp_path / "gone.jpg")
        with pytest.raises(ValueError, match="likeness=taste is not available"):
            collection.similar("Ilse_Nebel_1", "taste")


class TestChain:
    def test_each_is_among_the_nearest_of_the_one_before(self, collection):
        found = collection.chain("Ilse_Nebel_1", "Greta_Gitter_2", "style")
        assert found["step"].tolist() == list(range(len(found)))
        assert found["painting_id"].iloc[[0, -1]].tolist() == ["Ilse_Nebel_1", "Greta_Gitter_2"]
        for one, other in pairwise(found.to_dict("records")):
            near = collection.similar(one["painting_id"], "style", 60).set_index("painting_id")["distance"]
            assert near[other["painting_id"]] == pytest.approx(other["distance"], rel=1e-4)

    def test_a_duplicate_is_its_original(self, collection):
        with pytest.raises(ValueError, match="Ilse_Nebel_1 and Ilse_Nebel_19 are one painting"):
            collection.chain("Ilse_Nebel_1", "Ilse_Nebel_19")
        found = collection.chain("Ilse_Nebel_19", "Greta_Gitter_2")
        assert found["painting_id"].iloc[0] == "Ilse_Nebel_1"


class TestMixtures:
    def test_the_shares_of_the_run_make_the_mixture_of_the_run(self, collection):
        by_name = collection.similar("Ilse_Nebel_1", "mixture", 20)
        by_shares = collection.similar("Ilse_Nebel_1", collection.weights, 20)
        assert by_shares["painting_id"].tolist() == by_name["painting_id"].tolist()
        np.testing.assert_allclose(by_shares["distance"], by_name["distance"], rtol=1e-4)

    def test_all_the_weight_on_one_is_that_one(self, collection, stranger):
        for picture in ("Ilse_Nebel_1", stranger):
            alone = collection.similar(picture, {"style": 2.0, "colour": 0.0}, 20)
            assert alone["painting_id"].tolist() == collection.similar(picture, "style", 20)["painting_id"].tolist()

    @pytest.mark.parametrize(
        ("weights", "words"),
        [
            ({"taste": 1}, "likeness=taste cannot be mixed; there are composition, style, colour"),
            ({"mixture": 1}, "likeness=mixture cannot be mixed"),
            ({"style": -1}, "weights must be at least 0"),
            ({"style": float("nan")}, "weights must be at least 0"),
            ({"style": 0}, "weights must be at least 0, and one of them positive"),
        ],
    )
    def test_what_cannot_be_mixed(self, collection, weights, words):
        with pytest.raises(ValueError, match=words):
            collection.similar("Ilse_Nebel_1", weights)


class TestEmbed:
    def test_an_embedded_picture_stands_for_its_file(self, collection, stranger):
        placed = collection.embed(stranger)
        for likeness in (*collection.likenesses, {"style": 1, "colour": 1}):
            expected = collection.similar(stranger, likeness)
            pd.testing.assert_frame_equal(collection.similar(placed, likeness), expected)

    def test_a_part_is_a_picture_of_its_own(self, collection, stranger, tmp_path):
        image = Image.open(stranger).convert("RGB")
        width, height = image.size
        box = (round(0.25 * width), 0, width, round(0.5 * height))
        image.crop(box).save(tmp_path / "part.png")
        part = collection.embed(stranger, (0.25, 0, 1, 0.5))
        expected = collection.similar(tmp_path / "part.png", "style")
        assert collection.similar(part, "style")["painting_id"].tolist() == expected["painting_id"].tolist()
        with pytest.raises(ValueError, match="a part must satisfy 0 <= left < right"):
            collection.embed(stranger, (0.5, 0, 0.5, 1))


class TestRecommend:
    LIKED = (f"{ARTIST}_1", f"{ARTIST}_3", "Rosa_Punkt_2")

    def test_by_the_definition(self, collection):
        """Without diversity, by the mean similarity to what is liked, less a quarter of that to what is not."""
        found = collection.recommend(self.LIKED, ["Greta_Gitter_1"], "style", 30, diversity=0)
        assert found.columns.tolist() == [
            "rank", "painting_id", "artist", "title", "date", "museum", "relevance", "because",
        ]  # fmt: skip
        kept = np.flatnonzero(collection.paintings["duplicate_of"].isna())
        names = collection.paintings["painting_id"].iloc[kept].tolist()
        vectors = collection.embeddings("style")[kept].astype(np.float64)
        squares = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
        similarity = 1 - squares / squares.mean()
        liked, disliked = [names.index(name) for name in self.LIKED], names.index("Greta_Gitter_1")
        worth = similarity[:, liked].mean(axis=1) - 0.25 * np.maximum(similarity[:, disliked], 0)
        worth[[*liked, disliked]] = -np.inf
        expected = np.argsort(-worth)[:30]
        assert found["painting_id"].tolist() == [names[row] for row in expected]
        np.testing.assert_allclose(found["relevance"], worth[expected], atol=1e-4)
        because = [self.LIKED[number] for number in similarity[expected][:, liked].argmax(axis=1)]
        assert found["because"].tolist() == because

    def test_diversity_spreads_the_list(self, collection):
        def spread(diversity):
            names = collection.recommend(self.LIKED, likeness="style", n=10, diversity=diversity)["painting_id"]
            rows = collection.paintings.set_index("painting_id").index.get_indexer(names)
            vectors = collection.embeddings("style")[rows].astype(np.float64)
            return ((vectors[:, None] - vectors[None]) ** 2).sum()

        assert spread(0) < spread(0.3) < spread(0.7)

    def test_strangers_are_liked_too(self, collection, stranger):
        found = collection.recommend([stranger, self.LIKED[0]], likeness="style", n=5)
        assert set(found["because"]) <= {stranger.name, self.LIKED[0]}
        assert self.LIKED[0] not in found["painting_id"].tolist()

    def test_an_artist_is_meant_in_every_spelling(self):
        paintings = pd.DataFrame({"artist": ["Piet Mondrian", "Ada", "piet mondrian"]})
        assert _artists_named(["piet mondrian"], paintings) == ["piet mondrian", "Piet Mondrian"]

    def test_filters(self, collection):
        table = collection.paintings.set_index("painting_id")

        def chosen(**filters):
            return table.loc[collection.recommend(self.LIKED, n=200, **filters)["painting_id"]]

        own = set(table.loc[list(self.LIKED), "artist"])
        assert set(chosen(artists=["rosa punkt"])["artist"]) == {"Rosa Punkt"}
        assert not own & set(chosen(new_artists=True)["artist"])
        assert "Jonas Dunst" not in set(chosen(without=["Jonas Dunst"])["artist"])
        movement = table["movements"].iloc[0].split(",")[0]
        assert chosen(movements=[movement.upper()])["movements"].str.contains(movement).all()
        dated = chosen(years=(1890, 1900))
        assert len(dated)
        assert ((dated["year_from"] <= 1900) & (dated["year_to"] >= 1890)).all()
        assert len(chosen(years=(None, 1900))) >= len(dated)

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"liked": []}, "at least one liked picture"),
            ({"liked": LIKED, "diversity": 1.5}, "diversity must be between 0 and 1"),
            ({"liked": LIKED, "artists": ["Rosa Punk"]}, "no paintings by Rosa Punk: did you mean Rosa Punkt"),
            ({"liked": LIKED, "movements": ["Fogism"]}, "there is no movement 'fogism'; there are"),
            ({"liked": ["Nobody_1"]}, "there is no painting 'Nobody_1'"),
        ],
    )
    def test_what_cannot_be_recommended(self, collection, asked, words):
        with pytest.raises(ValueError, match=words):
            collection.recommend(**asked)


class TestWhy:
    @pytest.mark.parametrize("likeness", ["composition", "style", "colour"])
    def test_maps_add_up_to_what_is_beyond_the_usual(self, collection, stranger, likeness):
        for pair in ((f"{ARTIST}_1", f"{ARTIST}_3"), (stranger, f"{ARTIST}_3")):
            found = collection.why(*pair, likeness)
            total = sum(float(part.sum()) for part in found.maps[0].values())
            assert total == pytest.approx(found.similarity - found.usual, abs=1e-9)

    def test_a_picture_and_itself(self, collection):
        assert collection.why(f"{ARTIST}_1", f"{ARTIST}_1").similarity == pytest.approx(1)

    def test_features_that_are_stored_are_read(self, collection, data):
        """They are those that the network gives again."""
        (stored, _), (computed, _) = (
            collection._evidence(picture, "style")
            for picture in (f"{ARTIST}_1", data / "01_raw" / "gallery" / "seed_0" / f"{ARTIST}_1.png")
        )
        assert collection._features is not None
        for layer, values in computed.features.items():
            np.testing.assert_allclose(stored.features[layer], values, rtol=2e-3, atol=1e-3)

    def test_pictures_that_moved(self, data, tmp_path):
        opened = grisaille.open(data, pictures=tmp_path)
        with pytest.raises(ValueError, match="has moved or changed since the run"):
            opened.why(f"{ARTIST}_1", f"{ARTIST}_3")
        with pytest.raises(ValueError, match=r"name its folder with grisaille\.open\(pictures="):
            opened.picture(f"{ARTIST}_1")


class TestWhatIsShown:
    def test_a_sheet_and_a_table(self, collection):
        found = collection.similar(f"{ARTIST}_1", n=3)
        words = {text.get_text() for text in collection.sheet(found, "Fog").axes[0].texts}
        assert {"Fog", *found["artist"]} <= words
        with pytest.raises(ValueError, match="at least one painting"):
            collection.sheet([])
        assert {"space", "likeness", "precision"} <= set(collection.table("usefulness").columns)
        with pytest.raises(ValueError, match="style_embeddings is not a table"):
            collection.table("style_embeddings")

    def test_artists_that_are_near(self, collection):
        near = collection.nearest_artists("ilse nebel", "style")
        assert near["nearness"].is_monotonic_decreasing
        assert set(near["artist"]) == set(collection.paintings["artist"]) - {"Ilse Nebel", "unknown"} - {"Ilse Nebel"}
        with pytest.raises(ValueError, match="there are no paintings by Nobody"):
            collection.nearest_artists("Nobody")


class TestParts:
    def test_a_part_is_found_where_it_is(self, collection, data, tmp_path):
        """In another file of the same picture, the painting itself has the similarity 1, and the place is right."""
        box = (0.25, 0.25, 0.75, 0.75)
        found = collection.parts("Greta_Gitter_3", box, 5)
        assert found["rank"].tolist() == [1, 2, 3, 4, 5]
        assert "Greta_Gitter_3" not in found["painting_id"].tolist()
        assert found["similarity"].is_monotonic_decreasing
        assert ((found["left"] < found["right"]) & (found["top"] < found["bottom"])).all()
        source = Image.open(data / "01_raw" / "gallery" / "seed_0" / "Greta_Gitter_3.png").convert("RGB")
        source.save(tmp_path / "copy.png", compress_level=9)
        own = collection.parts(tmp_path / "copy.png", box, 500).set_index("painting_id").loc["Greta_Gitter_3"]
        assert own["similarity"] == pytest.approx(1, abs=0.05)
        assert own[["left", "top", "right", "bottom"]].tolist() == pytest.approx(box, abs=0.15)

    def test_what_cannot_be_searched(self, collection, data, tmp_path):
        with pytest.raises(ValueError, match="a part must satisfy 0 <= left < right"):
            collection.parts("Greta_Gitter_3", (0.5, 0.5, 0.5, 0.9))
        shutil.copytree(data, tmp_path / "data")
        shutil.rmtree(tmp_path / "data" / "04_feature")
        opened = grisaille.open(tmp_path / "data")
        with pytest.raises(NothingStoredError, match="are no longer stored"):
            opened.parts("Greta_Gitter_3", (0.2, 0.2, 0.8, 0.8))
