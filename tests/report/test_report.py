import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from grisaille.collection.artists import UNKNOWN
from grisaille.explorer.map_table import Near, gather
from grisaille.explorer.pictures import MapPicture
from grisaille.measures.code_rows import PRODUCT
from grisaille.measures.comparison import Collection
from grisaille.pipelines.evaluation import nodes
from grisaille.plots.comparison import principal_plane, scatter, side_name
from grisaille.plots.heat_map import silhouette_heat_map
from grisaille.report.page import render
from grisaille.report.results import ends_of_pairs
from grisaille.report.summary_lines import summary, verdict
from helpers import explorer_map
from pages import files, results


class TestEndsOfPairs:
    PAIRS = pd.DataFrame({"embedding_composition": [0.9, -0.5, 0.1, 0.4, np.nan], "fewest_paintings": [1, 2, 3, 8, 9]})

    def test_artists_of_one_painting_do_not_stand_at_the_ends(self):
        assert ends_of_pairs(self.PAIRS, "embedding_composition") == (2, 3)

    def test_unless_there_are_no_others(self):
        assert ends_of_pairs(self.PAIRS[:2], "embedding_composition") == (1, 0)

    def test_nothing_defined(self):
        assert ends_of_pairs(self.PAIRS[4:], "embedding_composition") is None


class TestPaintingsByNobodyKnowsWhom:
    """They are no artist's, so nothing is said of them as a group."""

    given = results(artists=("Ada", "Bert", UNKNOWN))

    def test_no_pair_is_made_of_them(self):
        assert set(self.given.pair_silhouettes["artist"]) | set(self.given.pair_silhouettes["other_artist"]) == {
            "Ada", "Bert",
        }  # fmt: skip

    def test_they_are_not_counted_among_the_artists(self):
        assert "12 paintings by 2 artists" in summary(self.given)[0]

    def test_they_neither_find_nor_are_found(self):
        collection = Collection.of(self.given.paintings.assign(split="train"))
        assert collection.kept.tolist() == [True] * 8 + [False] * 4

    def test_on_the_map_they_are_no_group_that_others_are_near_to(self):
        table = explorer_map()
        shown = table["artist"].isin(["Ada"])
        assert table["silhouette"].notna().all()
        paintings = table.assign(artist=table["artist"].where(shown, UNKNOWN))
        none = Near(*(pd.DataFrame(columns=["likeness", "painting_id", "rank", "neighbour_id", "distance"]),) * 2)
        places = {"composition": {"pca": table[["composition_pca_x", "composition_pca_y"]].to_numpy()}}
        blanks = [MapPicture(b"", "#000000")] * len(table)
        found = gather(paintings, places, none, np.ones((len(table), 2)), blanks)
        assert found["silhouette"][~shown].isna().all()

    def test_a_collection_without_any_names_is_no_reason_to_fail(self):
        given = results(artists=(UNKNOWN,))
        assert "fewer than two artists" in " ".join(summary(given))
        assert "4 paintings by artists whose names are not known" in render(given, files(given))


class TestPage:
    def test_names_are_escaped(self):
        given = results()
        page = render(given, files(given))
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;.jpg" in page

    def test_a_painting_that_was_moved_away_leaves_a_blank(self):
        given = results()
        page = render(given, {})
        assert "data:image/webp" not in page
        assert "p0&lt;b&gt;" in page

    def test_one_artist_is_no_reason_to_fail(self):
        given = results(artists=("Ada",))
        assert "fewer than two artists" in " ".join(summary(given))
        assert "There are fewer than two artists" in render(given, files(given))

    def test_comparisons_without_paintings_are_named_apart(self):
        given = results()
        given.paper_experiments.loc[0, ["raw_euclidean", "embedding_composition"]] = np.nan
        page = render(given, files(given))
        assert "this collection lacks paintings by one side or both: A &lt;pair&gt;" in page

    @pytest.mark.parametrize("figure", [None, 0.05])
    def test_the_2021_work_stands_there_where_there_is_something_of_its(self, figure):
        given = results()
        given.paper_experiments["paper"] = figure
        page = render(given, files(given))
        assert ('<th scope="col">2021 work' in page) == (figure is not None)
        assert ("How far groups of paintings are apart" in page) == (figure is None)

    def test_a_side_is_called_after_those_who_are_there(self):
        given = results()
        given.parameters["comparisons"]["pair"]["left"] = ["Nobody", "ADA"]
        page = render(given, files(given))
        assert "ADA" in page.partition("A &lt;pair&gt;")[2]
        assert "Nobody" not in page.partition("<pre>")[0]

    def test_the_ends_of_all_pairs_are_always_shown(self):
        given = results()
        page = render(given, files(given))
        assert "Furthest apart in the full features" in page
        assert "Hardest to tell apart in the full features" in page


class TestLongTables:
    """A page with ten thousand rows would not open in a browser, and nobody would read them."""

    @staticmethod
    def page(rejected=0, duplicates=0, absent=0):
        given = results(each=400)
        paintings = given.paintings.copy()
        paintings.loc[1:duplicates, "duplicate_of"] = paintings["painting_id"][0]
        files_left_out = pd.DataFrame({"path": [f"bad{n}.jpg" for n in range(rejected)], "reason": "empty file"})
        nowhere = pd.DataFrame(
            {"comparison": [f"{n}" for n in range(absent)], "title": [f"Absent {n}" for n in range(absent)]}
        )
        comparisons = pd.concat([given.paper_experiments, nowhere], ignore_index=True)
        tables = {"paintings": paintings, "rejected_paintings": files_left_out, "paper_experiments": comparisons}
        return render(replace(given, **tables), {})

    def test_of_rejected_files_two_hundred_are_listed(self):
        page = self.page(rejected=10_000)
        assert "10,000 files could not be used:" in page
        assert page.count("<tr><td>bad") == 200
        assert "<tr><td>bad199.jpg</td><td>empty file</td></tr>" in page
        assert "These are the first 200. All of them are in the table <code>rejected_paintings</code>." in page

    def test_of_duplicates_two_hundred_are_listed(self):
        page = self.page(duplicates=1100)
        assert "1,100 paintings turned out to be a duplicate" in page
        assert page.count("</td><td>p0&lt;b&gt;</td></tr>") == 200
        assert "the first 200. All of them are in the table <code>paintings</code>, in its column duplicate_of." in page

    def test_up_to_two_hundred_are_listed_without_a_word(self):
        page = self.page(rejected=200, duplicates=200)
        assert page.count("<tr><td>bad") == page.count("</td><td>p0&lt;b&gt;</td></tr>") == 200
        assert "These are the first" not in page

    def test_none_is_no_table(self):
        page = self.page()
        assert "0 files could not be used." in page
        assert "0 paintings turned out to be a duplicate" in page
        assert "<th>Reason</th>" not in page
        assert "<th>Duplicate of</th>" not in page

    def test_of_comparisons_without_paintings_twenty_are_named(self):
        page = self.page(absent=1300)
        assert page.count("Absent ") == 20
        assert "Absent 19; and 1,280 more, which are in paper_experiments.</p>" in page

    def test_twenty_comparisons_without_paintings_are_all_named(self):
        assert "Absent 18; Absent 19.</p>" in self.page(absent=20)


class TestComparisons:
    def test_a_name_that_is_misspelt_is_told(self, caplog):
        given = results(artists=("Edwin Landseer", "Bo"))
        pair = {"pair": {"left": ["Edwin Landser"], "right": ["bo"], "title": "A pair"}}
        sums = {
            "raw_euclidean": np.ones((len(given.paintings), 2)),
            "embedding_composition": np.ones((len(given.paintings), 2)),
        }
        table = nodes.repeat_paper_experiments(sums, given.pair_silhouettes, given.paintings, pair)
        assert "there is no Edwin Landser in the collection; did you mean Edwin Landseer?" in caplog.text
        assert np.isnan(table["embedding_composition"][0])

    def test_spelling_does_not_matter(self):
        given = results(artists=("Ada", "Bo"))
        pair = {"pair": {"left": ["ada"], "right": ["BO"], "title": "A pair"}}
        random = np.random.default_rng(0)
        sums = {space: random.random((len(given.paintings), 2)) for space in ("raw_euclidean", "embedding_composition")}
        pairs = nodes.score_pairs(sums, given.paintings)
        table = nodes.repeat_paper_experiments(sums, pairs, given.paintings, pair)
        assert table["embedding_composition"][0] == pairs["embedding_composition"][0]


class TestWords:
    def test_five_lines(self):
        lines = summary(results())
        assert len(lines) == 5
        assert lines[0] == "12 paintings by 3 artists: 600 values a painting became 6, 100 times fewer."
        assert "5.0 are still among its 10 nearest" in lines[1]

    @pytest.mark.parametrize(("recall", "word"), [(0.9, "Most"), (0.5, "About half"), (0.2, "Some"), (0.1, "Little")])
    def test_the_verdict_follows_the_figures(self, recall, word):
        given = results()
        given.preservation["recall"] = recall
        assert verdict(given).startswith(word)
        assert "as much as PCA" in verdict(given)


POINTS = np.random.default_rng(0).random((12, 6))


class TestFigures:
    def test_sides_differ_in_shape_and_colour(self):
        figure = scatter("Title", {"Space": POINTS}, [np.arange(4), np.arange(4, 8)], ["Ada", "Bert"])
        one, two = figure.axes[0].collections
        assert one.get_paths()[0].vertices.shape != two.get_paths()[0].vertices.shape
        assert figure.axes[0].get_xlabel().startswith("first component")
        assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["Ada (4)", "Bert (4)"]

    def test_an_artist_who_is_not_there_is_named(self):
        figure = scatter("T", {"S": np.eye(5)}, [np.arange(3), np.array([], dtype=int)], ["Ada", "Nobody"])
        assert "not in this collection:\nNobody" in figure.axes[0].texts[0].get_text()

    def test_heat_maps_share_one_scale(self):
        figure = silhouette_heat_map(results().pair_silhouettes)
        limits = {axes.images[0].get_clim() for axes in figure.axes if axes.images}
        assert len(limits) == 1

    @pytest.mark.parametrize("name", ["$", "$x$", r"$\frac$", r"a\$b$", "$$", "{", "two\nlines", "\N{ARTIST PALETTE}"])
    @pytest.mark.filterwarnings("ignore:Glyph")
    def test_names_are_never_typeset(self, name):
        """matplotlib stops at a formula that it does not understand."""
        given = results(artists=(name, "Bert"))
        for figure in (
            scatter(name, {"Space": POINTS}, [np.arange(4), np.arange(4, 8)], [name, "Bert"]),
            scatter(name, {"Space": POINTS}, [np.arange(4), np.array([], dtype=int)], ["Bert", name]),
            silhouette_heat_map(given.pair_silhouettes),
        ):
            figure.savefig(io.BytesIO(), format="png", dpi=20)

    def test_principal_plane_against_scikit_learn(self):
        from sklearn.decomposition import PCA

        points = np.random.default_rng(0).random((30, 6))
        exact = PCA(2).fit(points)
        found, shares = principal_plane(points)
        np.testing.assert_allclose(np.abs(found), np.abs(exact.transform(points)))
        np.testing.assert_allclose(shares, exact.explained_variance_ratio_)

    def test_names_of_sides(self):
        assert side_name(["Claude Monet"]) == "Claude Monet"
        assert side_name(["Claude Monet", "Edgar Degas", "Raphael"]) == "Monet, Degas and Raphael"
        assert side_name(["Leonardo da Vinci", "Pieter Bruegel the Elder"]) == "da Vinci and Bruegel"

    def test_of_many_artists_on_a_side_five_are_named(self):
        assert side_name(list("ABCDEF")) == "A, B, C, D, E and F"
        assert side_name(list("ABCDEFG")) == "A, B, C, D, E and 2 more"
        assert side_name(["A"] * 1300) == "A, A, A, A, A and 1,295 more"


class TestCodes:
    given = results()

    def test_the_best_of_a_size_is_bold(self):
        page = render(self.given, files(self.given))
        assert page.count("<strong>0.625</strong>") == 1
        assert "<strong>0.500</strong>" not in page

    def test_what_only_the_study_measures_stands_beside_it(self):
        row = self.given.kept_by_codes.iloc[[1]].assign(family=PRODUCT, bytes=164, recall=0.75, code="product of <b>")
        # What both have measured is shown once.
        study = pd.concat([self.given.kept_by_codes, row, row.assign(likeness="style")])
        page = render(replace(self.given, study_codes_if_there=study), files(self.given))
        assert page.count("<strong>0.750</strong>") == 1
        assert "<strong>0.625</strong>" not in page
        assert page.count("product of &lt;b&gt;") == 1
        assert page.count("bits where they matter") == 1 + page.count("PCA of all chunks, bits where they matter")


class TestRecommendations:
    given = results()

    def page(self, table):
        return render(replace(self.given, recommendations=table), files(self.given))

    def test_chance_and_the_labels_stand_below_every_space(self):
        page = self.page(self.given.recommendations)
        shown = page.partition("Who likes works of one artist")[2].partition("</table>")[0]
        names = [row.partition("</td>")[0] for row in shown.split("<tr><td>")[1:]]
        assert names[-2:] == ["Chance", "Labels alone"]
        assert len(names) == 9
        assert "0.500\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.100" in shown
        assert "Who likes works of one movement</h3>" in page
        assert "wants other artists" not in page

    def test_variety_is_told(self):
        varied = self.given.recommendations.assign(diversity=0.3)
        assert "Style: embedding, varied by 0.3" in self.page(varied)

    def test_without_profiles_there_is_no_section(self):
        assert "R@20" not in self.page(self.given.recommendations[:0])
