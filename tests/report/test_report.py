import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from grisaille.collection.artists import UNKNOWN
from grisaille.explorer.map_table import ArtistDistances, Near, gather
from grisaille.explorer.pictures import MapPicture
from grisaille.measures.code_rows import PRODUCT
from grisaille.measures.comparison import Collection
from grisaille.measures.silhouettes import DistanceSums
from grisaille.parameters import Evaluation
from grisaille.pipelines.evaluation import nodes
from grisaille.plots.comparison import principal_plane, scatter, side_name
from grisaille.plots.heat_map import silhouette_heat_map
from grisaille.report.page import render
from grisaille.report.results import hubs, pairs_by_nearness, pairs_in_order
from grisaille.report.summary_lines import ends, found_of, summary, verdict
from grisaille.report.summary_lines import expected as expected_line
from helpers import explorer_map
from pages import SPACES, files, results


class TestPairsInOrder:
    PAIRS = pd.DataFrame(
        {
            "artist": list("abcde"),
            "other_artist": list("fghij"),
            "embedding_composition": [0.9, -0.5, 0.4, 0.1, np.nan],
            "fewest_paintings": [1, 2, 3, 8, 9],
        }
    )

    def order(self, pairs):
        return pairs_in_order(pairs, "embedding_composition")["artist"].tolist()

    def test_artists_of_one_painting_are_left_out(self):
        assert self.order(self.PAIRS) == ["d", "c"]

    def test_unless_there_are_no_others(self):
        assert self.order(self.PAIRS[:2]) == ["b", "a"]

    def test_nothing_defined(self):
        assert self.order(self.PAIRS[4:]) == []


class TestPairsByNearness:
    """In the made up tables the nearest of a painting is the one before: an artist meets the one before and after."""

    def test_they_are_counted_against_chance(self):
        table = pairs_by_nearness(results(artists=tuple("ABCD"), each=4))
        assert (table["artist"] + table["other_artist"]).tolist() == ["AB", "AD", "BC", "CD", "AC", "BD"]
        # The nearest of one painting of each artist is by another; chance gives a third of it to each.
        assert table["nearness"].tolist() == pytest.approx([1.5 / (2 / 3 + 0.5)] * 4 + [0.5 / (2 / 3 + 0.5)] * 2)

    def test_duplicates_and_unknown_artists_do_not_count(self):
        given = results(artists=("A", "B", "C", UNKNOWN), each=4)
        given.paintings.loc[4, "duplicate_of"] = "p5<b>"
        table = pairs_by_nearness(given)
        assert (table["artist"] + table["other_artist"]).tolist() == ["BC", "AB", "AC"]
        # What is left is that one painting of C is nearest to one of B.
        assert table["nearness"].tolist() == pytest.approx([1.5 / (3 / 7 + 0.5), 1.0, 0.5 / (4 / 7 + 0.5)])


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
        distances = ArtistDistances(np.arange(len(table)), np.ones((len(table), 2)))
        found = gather(paintings, places, none, distances, blanks)
        assert found["silhouette"][~shown].isna().all()

    def test_a_collection_without_any_names_is_no_reason_to_fail(self):
        given = results(artists=(UNKNOWN,))
        assert "fewer than two artists" in ends(given)
        assert "4 paintings by artists whose names are not known" in render(given, files(given))


class TestPage:
    def test_names_are_escaped(self):
        given = results()
        page = render(given, files(given))
        assert "<script>.jpg" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;.jpg" in page

    def test_a_painting_that_was_moved_away_leaves_a_blank(self):
        page = render(results(), {})
        assert "data:image/webp" not in page
        assert "<figcaption><b>Ada</b></figcaption>" in page

    def test_one_artist_is_no_reason_to_fail(self):
        given = results(artists=("Ada",))
        assert "fewer than two artists" in ends(given)
        assert "There are fewer than two artists" in render(given, files(given))

    def test_a_comparison_without_paintings_says_why(self):
        given = results(artists=("Claude Monet", "Bert"))
        given.parameters["comparisons"]["pair"]["left"] = ["Monet"]
        given.paper_experiments["embedding_composition"] = np.nan
        told = "A &lt;pair&gt;: there is no Monet in the collection; did you mean Claude Monet?"
        assert told in render(given, files(given))

    def test_a_side_is_called_after_those_who_are_there(self):
        given = results()
        given.parameters["comparisons"]["pair"]["left"] = ["Nobody", "ADA"]
        page = render(given, files(given))
        assert '<p class="label">ADA</p>' in page
        assert "Nobody" not in page.partition("<pre")[0]

    def test_captions_are_artist_and_title(self):
        given = results()
        titled = replace(given, paintings=given.paintings.assign(title="A <title>", date="c. 1500"))
        shown = re.findall("<figcaption>(.*?)</figcaption>", render(titled, files(given)))
        assert {caption.partition("</b>")[2].partition("<br>near")[0] for caption in shown} == {
            "<br>A &lt;title&gt;, c. 1500"
        }

    def test_the_head(self):
        given = results()
        given.parameters.update(paintings_folder="/somewhere/old_masters/", backbone={"weights": "random"})
        paintings = given.paintings.assign(year_from=1490, year_to=pd.array([1500] * 11 + [None], dtype="Int64"))
        page = render(replace(given, paintings=paintings), {})
        assert "/somewhere" not in page
        head = page.partition("<header>")[2].partition("</header>")[0]
        assert "<h1>Old masters</h1>" in head
        assert "12 paintings by 3 artists. Made in 1490\N{EN DASH}1500." in head
        assert "VGG16 with random weights, untrained" in head
        given.parameters["report"]["title"] = "A <title>"
        assert "<h1>A &lt;title&gt;</h1>" in render(given, {})

    def test_neighbours_by_the_same_artist_are_framed(self):
        """In the made up tables the nearest is the painting before."""
        page = render(results(each=5), {})
        first, second = page.split('<div class="example">')[1:3]
        assert 'class="same"' not in first
        assert second.count('<figure class="same" title="p6&lt;b&gt;">') == 2


class TestThe2021Work:
    @staticmethod
    def page(figure, architecture="linear", there=True):
        given = results()
        given.parameters["comparisons"]["pair"]["paper"] = figure
        given.parameters["autoencoder"]["architecture"] = architecture
        given.paper_experiments["paper"] = figure
        if not there:
            given.paper_experiments["embedding_composition"] = np.nan
        return render(given, {}).partition("<pre")[0]

    def test_its_figures_stand_beside_ours_where_its_artists_are_there(self):
        page = self.page(0.05)
        assert '<th scope="col">2021 work' in page
        assert "Your comparisons" not in page

    @pytest.mark.parametrize(("figure", "there"), [(None, True), (0.05, False)])
    def test_otherwise_it_is_not_mentioned(self, figure, there):
        assert "2021" not in self.page(figure, there=there)

    def test_unless_its_network_was_asked_for(self):
        page = self.page(0.05, "paper", there=False)
        assert "lacks works by one side or both: A &lt;pair&gt;." in page


class TestLongTables:
    """A page with ten thousand rows would not open in a browser, and nobody would read them."""

    @staticmethod
    def page(rejected=0, duplicates=0, absent=0):
        given = results(each=400)
        paintings = given.paintings.copy()
        paintings.loc[1:duplicates, "duplicate_of"] = paintings["painting_id"][0]
        files_left_out = pd.DataFrame({"path": [f"bad{n}.jpg" for n in range(rejected)], "reason": "empty file"})
        given.parameters["comparisons"] = {
            str(n): {"left": ["Nobody"], "right": ["Ada"], "title": f"Absent {n}"} for n in range(absent)
        }
        return render(replace(given, paintings=paintings, rejected_paintings=files_left_out), {}).partition("<pre")[0]

    def test_of_rejected_files_two_hundred_are_listed(self):
        page = self.page(rejected=10_000)
        assert "10,000 files could not be used;" in page
        assert page.count("<tr><td>bad") == 200
        assert "<tr><td>bad199.jpg</td><td>empty file</td></tr>" in page
        assert "These are the first 200. All of them are in the table <code>rejected_paintings</code>." in page

    def test_of_duplicates_two_hundred_are_listed(self):
        page = self.page(duplicates=1100)
        assert "1,100 near-duplicates of other paintings" in page
        assert page.count("</td><td>p0.png</td></tr>") == 200
        assert "the first 200. All of them are in the table <code>paintings</code>, in its column duplicate_of." in page

    def test_up_to_two_hundred_are_listed_without_a_word(self):
        page = self.page(rejected=200, duplicates=200)
        assert page.count("<tr><td>bad") == page.count("</td><td>p0.png</td></tr>") == 200
        assert "These are the first" not in page

    def test_none_is_no_table(self):
        page = self.page()
        assert "0 files could not be used; 0 near-duplicates of other paintings" in page
        assert "<th>Reason</th>" not in page
        assert "<th>Duplicate of</th>" not in page

    def test_of_comparisons_without_paintings_twenty_are_named(self):
        page = self.page(absent=1300)
        assert page.count("<li>Absent ") == 20
        assert "The table <code>paper_experiments</code> lists 1,280 more." in page

    def test_twenty_comparisons_without_paintings_are_all_named(self):
        page = self.page(absent=20)
        assert page.count("<li>Absent ") == 20
        assert "</code> lists " not in page


class TestComparisons:
    @staticmethod
    def repeated(left, right, artists=("Claude Monet", "Edwin Landseer"), paper=None):
        given = results(artists=artists)
        pair = {"pair": {"left": left, "right": right, "title": "A pair", "paper": paper}}
        random = np.random.default_rng(0)
        sums = {space: random.random((len(given.paintings), 2)) for space in ("raw_euclidean", "embedding_composition")}
        pairs = nodes.score_pairs(sums, given.paintings, Evaluation())
        return nodes.repeat_paper_experiments(sums, pairs, given.paintings, pair, Evaluation()), pairs

    @pytest.mark.parametrize(
        ("given", "meant"),
        [("Edwin Landser", "; did you mean Edwin Landseer?"), ("Monet", "; did you mean Claude Monet?"), ("Goya", "")],
    )
    def test_a_name_that_nobody_has_is_told(self, given, meant, caplog):
        table, _ = self.repeated([given], ["Edwin Landseer"])
        assert caplog.messages == [f"comparison pair: there is no {given} in the collection{meant}"]
        assert np.isnan(table["embedding_composition"][0])

    def test_that_the_artists_of_the_2021_work_are_missing_is_nothing_to_tell(self, caplog):
        self.repeated(["Monet"], ["Manet"], paper=0.05)
        assert caplog.messages == []

    def test_spelling_does_not_matter(self, caplog):
        table, pairs = self.repeated(["claude_monet"], ["EDWIN LANDSEER"])
        assert table["embedding_composition"][0] == pairs["embedding_composition"][0]
        assert caplog.messages == []

    def test_none_is_a_table_that_can_be_stored_and_read(self):
        given = results()
        sums, settings = {"raw_euclidean": np.ones((12, 3))}, Evaluation()
        table = nodes.repeat_paper_experiments(sums, given.pair_silhouettes, given.paintings, {"pair": None}, settings)
        assert table.columns.tolist() == ["comparison", "title", "paper", "raw_euclidean"]
        assert len(table) == 0


class TestExpectations:
    """Artists on a line, four paintings each: A and B are nearest to each other, F is far from all."""

    PLACES = {"A": 0.0, "B": 0.5, "C": 4.0, "D": 7.0, "E": 11.0, "F": 30.0}  # noqa: RUF012 - never changed

    def found(self, left, right, expected, artists="ABCDEF"):
        given = results(artists=tuple(artists))
        labels = np.repeat(np.arange(len(artists)), 4)
        points = np.array([self.PLACES[name] for name in artists])[labels] + np.tile([-1, -0.3, 0.3, 1], len(artists))
        distances = DistanceSums(labels, len(artists))
        distances.update(np.abs(points[:, None] - points))
        sums = dict.fromkeys(["raw_euclidean", "embedding_composition"], distances.sums)
        comparisons = {"pair": {"left": list(left), "right": list(right), "title": "T", "expected": expected}}
        given.parameters["comparisons"] = comparisons
        pairs = nodes.score_pairs(sums, given.paintings, Evaluation())
        table = nodes.repeat_paper_experiments(sums, pairs, given.paintings, comparisons, Evaluation())
        found = replace(given, pair_silhouettes=pairs, paper_experiments=table)
        return found_of(found, "pair"), expected_line(found)

    @pytest.mark.parametrize(
        ("left", "right", "expected", "word", "share"),
        [
            ("A", "B", "close", "as expected", 14.5 / 15),
            ("A", "B", "far", "not as expected", 14.5 / 15),
            ("A", "F", "far", "as expected", 0.5 / 15),
            ("A", "F", "close", "not as expected", 0.5 / 15),
            ("B", "D", "close", "undecided", 9.5 / 15),
            ("B", "D", "far", "undecided", 9.5 / 15),
        ],
    )
    def test_pairs_stand_among_all_pairs(self, left, right, expected, word, share):
        (found, said), line = self.found(left, right, expected)
        assert said == f"By composition it is closer than {share:.0%} of all pairs of artists."
        assert found == word
        assert line == ("1 of 1 comparisons came out as expected." if word == "as expected" else (
            f"0 of 1 comparisons came out as expected; T {word}."
        ))  # fmt: skip

    def test_groups_stand_among_groups_of_as_many(self):
        """A group is spread wider than an artist, so among pairs of artists most groups would be close."""
        (found, said), _ = self.found("ABC", "EF", "far")
        assert found == "as expected"
        assert "of random groups of the same number of artists" in said
        assert self.found("AD", "BC", "far")[0][0] == "not as expected"

    def test_nothing_expected(self):
        (found, said), line = self.found("A", "B", None)
        assert (found, line) == ("", "")
        assert "it is closer than 97%" in said

    @pytest.mark.parametrize("right", ["B", "BC"])
    def test_three_artists_are_too_few(self, right):
        assert self.found("A", right, "close", "ABC") == (("", "There are too few artists to compare with."), "")


def worth(**shares):
    """Tables in which spaces find these shares of the same artist, chance a tenth."""
    given = results()
    table = given.usefulness
    for name, share in shares.items():
        row = (table["space"] + "_" + table["likeness"]) == name
        table.loc[row, ["precision", "precision_low", "precision_high"]] = share, share - 0.05, share + 0.05
    chance = pd.DataFrame([{"space": "chance", "paintings": "all", "precision": 0.1}])
    return replace(given, usefulness=pd.concat([table.assign(values=320.0), chance], ignore_index=True))


class TestVerdict:
    def test_the_likeness_that_finds_most_is_believed(self):
        believe, _ = verdict(worth(embedding_style=0.6, embedding_composition=0.4))
        assert believe == (
            "Believe style: 6.0 of a work's 10 nearest are by the same artist, where chance would give 1.0."
        )

    def test_an_embedding_that_pca_beats_is_not_praised(self):
        believe, doubt = verdict(worth(embedding_style=0.5, embedding_composition=0.4, pca_hellinger=0.6))
        assert believe.startswith("Nothing here beats PCA, the baseline: by composition (Hellinger)")
        assert doubt.startswith(
            "Do not rely on composition to tell artists apart, where PCA of the same size finds more (60% against 40%"
        )

    def test_what_is_no_better_than_chance_is_not_believed(self):
        shares = {f"{space}_{likeness}": 0.12 for space, likeness in SPACES}
        assert verdict(worth(**shares))[0].startswith("No likeness is reliable yet: 1.2 of a work's 10 nearest")

    def test_pca_of_another_size_is_called_so(self):
        given = worth(embedding_style=0.6, embedding_composition=0.4, pca_hellinger=0.5)
        given.usefulness.loc[given.usefulness["space"] == "pca", "values"] = 160.0
        assert "where PCA of 160 values in place of 320 finds more" in verdict(given)[1]

    def test_random_weights_come_before_all_other_doubts(self):
        given = worth(embedding_style=0.6, embedding_composition=0.4, pca_hellinger=0.5)
        given.parameters["backbone"] = {"weights": "random"}
        assert verdict(given)[1].startswith("Do not rely on any of it as a statement about art")

    def test_a_hub_is_named(self):
        """A painting is a hub if it is among the nearest of a fifth of all, and four times as often as by chance."""
        given = worth(embedding_style=0.6, embedding_composition=0.5)
        paintings = pd.concat([given.paintings] * 20, ignore_index=True).assign(title="A title")
        paintings["painting_id"] = [f"p{row}" for row in range(len(paintings))]
        near = pd.DataFrame({"space": "embedding", "likeness": "style", "painting_id": paintings["painting_id"]})
        near = near.assign(
            rank=1, distance=1.0, neighbour_id=np.where(np.arange(240) < 60, "p7", paintings["painting_id"])
        )
        hubbed = replace(given, paintings=paintings, neighbours=near)
        assert hubs(hubbed, "embedding", "style") == {"p7": 0.25}
        assert "by Bert as a neighbour by style, which 25% of all works have" in verdict(hubbed)[1]
        assert hubs(hubbed, "embedding", "colour") == {}

    def test_twelve_paintings_are_too_few(self):
        assert "too small to judge" in verdict(results(each=3))[0]


class TestWords:
    def test_at_most_five_lines(self):
        given = worth(embedding_style=0.6)
        lines = summary(given)
        assert len(lines) <= 5
        assert lines[0] == "The collection: 12 paintings by 3 artists."
        assert lines[3] == (
            "Of a work's 10 nearest by composition in the full features (320 values), the embedding (320 values) keeps "
            "5.0; PCA of the same size keeps 5.0, and the same 10 for everybody would keep 1.0."
        )

    def test_the_same_answer_for_everybody_has_a_row(self):
        page = render(results(), {})
        assert "<td>Composition: the same 10 for everybody, Hellinger</td><td>all</td><td>0.100</td>" in page


POINTS = np.random.default_rng(0).random((12, 6))


class TestFigures:
    def test_sides_differ_in_shape_and_colour(self):
        figure = scatter("Title", {"Space": POINTS}, [np.arange(4), np.arange(4, 8)], ["Ada", "Bert"])
        one, two = figure.axes[0].collections
        assert one.get_paths()[0].vertices.shape != two.get_paths()[0].vertices.shape
        assert figure.axes[0].get_xlabel().startswith("first component")
        assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["Ada (4)", "Bert (4)"]

    def test_long_titles_and_names_wrap(self):
        name = "Somebody with Rather Many Given Names, called the Elder"
        figure = scatter(f"{name} and {name}", {"Space": POINTS}, [np.arange(4), np.arange(4, 8)], [name, "Bert"])
        texts = [figure.get_suptitle(), figure.axes[0].get_legend().get_texts()[0].get_text()]
        for text in texts:
            assert max(map(len, text.splitlines())) <= 42
        assert " ".join(texts[1].split()) == f"{name} (4)"

    @pytest.mark.parametrize("name", ["$", "$x$", r"$\frac$", r"a\$b$", "$$", "{", "two\nlines", "\N{ARTIST PALETTE}"])
    @pytest.mark.filterwarnings("ignore:Glyph")
    def test_names_are_never_typeset(self, name):
        """matplotlib stops at a formula that it does not understand."""
        given = results(artists=(name, "Bert"))
        for figure in (
            scatter(name, {"Space": POINTS}, [np.arange(4), np.arange(4, 8)], [name, "Bert"]),
            scatter(name, {"Space": POINTS}, [np.arange(1), np.arange(1)], ["Bert", name]),
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

    def test_names_of_sides_are_whole(self):
        assert side_name(["El Greco"]) == "El Greco"
        assert side_name(["El Greco", "Leonardo da Vinci"]) == "El Greco and Leonardo da Vinci"
        assert side_name(["El Greco", "Raphael", "Titian"]) == "El Greco, Raphael and Titian"

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
        shown = page.partition("Profiles that like one artist")[2].partition("</table>")[0]
        names = [row.partition("</td>")[0] for row in shown.split("<tr><td>")[1:]]
        assert names[-2:] == ["Chance", "Labels alone"]
        assert len(names) == 9
        assert "0.500\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.100" in shown
        assert "Profiles that like one movement</h3>" in page
        assert "wants other artists" not in page

    def test_variety_is_told(self):
        varied = self.given.recommendations.assign(diversity=0.3)
        assert "Style: embedding, varied by 0.3" in self.page(varied)

    def test_without_profiles_there_is_no_section(self):
        assert "R@20" not in self.page(self.given.recommendations[:0])
