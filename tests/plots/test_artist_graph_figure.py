import io
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from grisaille.plots.artist_graph import artist_graph

COLUMNS = ["likeness", "artist", "neighbour", "rank", "nearness", "support", "earlier"]


def made_up(count, likenesses=("style",), years=True, seed=0):
    """Artists, some with long names, and three edges of each."""
    random = np.random.default_rng(seed)
    names = [f"Artist {number} {'of the longest names ' * (number % 7 == 0)}".strip() for number in range(count)]
    born = pd.array(random.integers(1400, 1950, count) if years else [pd.NA] * count, dtype="Int64")
    artists = pd.DataFrame({"artist": names, "born": born, "died": born + 60})
    rows = [
        (likeness, name, names[(place + step) % count], step, 4.0 / step, 1 - 0.2 * step, "")
        for likeness in likenesses
        for place, name in enumerate(names)
        for step in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=COLUMNS), artists


def saved(figure):
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def names_on(axes):
    return [text for text in axes.texts if text.get_text()]


def plain(name):
    return " ".join(name.split())


class TestOverTime:
    @pytest.mark.parametrize("count", [3, 21, 50])
    def test_every_name_is_there_whole_and_none_covers_another(self, count):
        edges, artists = made_up(count)
        figure = saved(artist_graph(edges, artists))
        texts = names_on(figure.axes[0])
        assert {plain(text.get_text()) for text in texts} == set(artists["artist"])
        boxes = [text.get_window_extent() for text in texts]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
        page = figure.bbox
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)

    def test_a_panel_a_likeness(self):
        edges, artists = made_up(9, ("composition", "style", "colour"))
        figure = artist_graph(edges, artists)
        assert [axes.get_title() for axes in figure.axes] == ["Composition", "Style", "Colour", ""]
        assert figure.get_suptitle() == "Artists: likeness in order of time"

    def test_lines_say_how_sure_they_are(self):
        """Those with support of 0.8 are solid, of 0.6 dashed, and of 0.4 not there."""
        edges, artists = made_up(9)
        lines = artist_graph(edges, artists).axes[0].patches
        assert len(lines) == 2 * 9
        solid = [line.get_linestyle() in {"-", "solid"} for line in lines]
        assert sum(solid) == 9
        faint = {line.get_alpha() for line, whole in zip(lines, solid, strict=True) if not whole}
        assert max(faint) < min(line.get_alpha() for line, whole in zip(lines, solid, strict=True) if whole)

    def test_arrows_are_for_those_alone_whose_dates_allow(self):
        edges, artists = made_up(9)
        edges.loc[edges["artist"] == artists["artist"][0], "earlier"] = artists["artist"][0]
        lines = artist_graph(edges, artists).axes[0].patches
        assert sum(type(line.get_arrowstyle()).__name__ == "CurveFilledB" for line in lines) == 2

    def test_later_lives_lie_to_the_right(self):
        edges, artists = made_up(21)
        axes = artist_graph(edges, artists).axes[0]
        places = {plain(text.get_text()): text.xy[0] for text in names_on(axes)}
        years = artists.set_index("artist")["born"]
        first, last = years.idxmin(), years.idxmax()
        assert places[first] < places[last]
        ticks = [int(label.get_text()) for label in axes.get_xticklabels()]
        order = np.argsort(axes.get_xticks())
        assert (np.diff(np.array(ticks)[order]) > 0).all()

    def test_lives_that_are_not_known_stand_apart(self):
        edges, artists = made_up(9)
        artists.loc[2, ["born", "died"]] = pd.NA
        artists.loc[3, "died"] = pd.NA
        axes = saved(artist_graph(edges, artists)).axes[0]
        assert "not known" in [label.get_text() for label in axes.get_xticklabels()]
        places = {plain(text.get_text()): text.xy[0] for text in names_on(axes)}
        assert places["Artist 2"] < 0 <= min(place for name, place in places.items() if name != "Artist 2")


class TestWithoutDates:
    @pytest.mark.parametrize("count", [3, 10, 50])
    def test_all_names_stand_around_the_lines(self, count):
        edges, artists = made_up(count, years=False)
        figure = saved(artist_graph(edges, artists))
        axes = figure.axes[0]
        assert {plain(text.get_text()) for text in names_on(axes)} == set(artists["artist"])
        assert figure.get_suptitle() == "Artists: likeness"
        boxes = [text.get_window_extent() for text in names_on(axes)]
        top = axes.title.get_window_extent().y0
        assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and box.y1 < top for box in boxes)


class TestManyArtists:
    def test_those_of_the_nearest_pairs_are_shown(self):
        edges, artists = made_up(300, seed=1)
        near = artists["artist"].iloc[[100, 101]].tolist()
        edges.loc[edges["artist"].eq(near[0]) & edges["rank"].eq(1), "nearness"] = 50.0
        axes = artist_graph(edges, artists).axes[0]
        shown = [plain(text.get_text()) for text in names_on(axes)]
        assert len(shown) == 50
        assert set(near) <= set(shown)
        assert axes.get_title() == "Style: 50 of 300 artists, those of the nearest pairs"


class TestNames:
    def test_a_name_of_several_lines_ends_in_an_ellipsis(self):
        edges, artists = made_up(3)
        long = "Workshop of " + "somebody whom nobody knows " * 5
        edges, artists = (table.replace("Artist 1", long.strip()) for table in (edges, artists))
        texts = [text.get_text() for text in names_on(artist_graph(edges, artists).axes[0])]
        (found,) = [text for text in texts if text.startswith("Workshop")]
        assert found.count("\n") == 1
        assert found.endswith("\N{HORIZONTAL ELLIPSIS}")
        assert long.startswith(plain(found)[:-2])

    def test_a_formula_is_a_name(self):
        edges, artists = made_up(3)
        edges, artists = (table.replace("Artist 1", r"$\frac{$") for table in (edges, artists))
        saved(artist_graph(edges, artists))


class TestNoEdges:
    def test_the_figure_says_so(self):
        edges, artists = made_up(3)
        figure = saved(artist_graph(edges[:0], artists))
        assert "no artists with enough paintings" in figure.texts[0].get_text()
