import io

import numpy as np
import pandas as pd
import pytest

from grisaille.plots.heat_map import silhouette_heat_map

SPACES = ("raw_euclidean", "embedding_composition", "embedding_mixture")


def made_up(count, silhouettes=None, fewest_paintings=5, seed=0):
    """All pairs of so many artists, whose silhouettes are drawn, or given as a matrix."""
    names = np.array([f"Artist {number:04d}" for number in range(count)])
    left, right = np.triu_indices(count, 1)
    table = pd.DataFrame({"artist": names[left], "other_artist": names[right], "fewest_paintings": fewest_paintings})
    random = np.random.default_rng(seed)
    for space in SPACES:
        table[space] = random.uniform(-0.2, 0.4, len(table)) if silhouettes is None else silhouettes[left, right]
    return table


def planted(pairs, values):
    """Other silhouettes for some pairs: numbers of both artists -> value."""
    for (one, other), value in values.items():
        row = (pairs["artist"] == f"Artist {one:04d}") & (pairs["other_artist"] == f"Artist {other:04d}")
        pairs.loc[row, list(SPACES)] = value
    return pairs


def shown(figure):
    """The numbers of the artists, from top to bottom."""
    return [int(label.get_text().split()[1]) for label in figure.axes[0].get_yticklabels()]


def pixels(figure):
    return (figure.get_size_inches() * figure.dpi).astype(int).tolist()


def title(figure):
    return " ".join(figure.get_suptitle().split())


class TestFewArtists:
    @pytest.mark.parametrize("count", [2, 50])
    def test_all_are_shown_by_name(self, count):
        figure = silhouette_heat_map(made_up(count))
        assert sorted(shown(figure)) == list(range(count))
        assert title(figure) == "Silhouettes of all pairs of artists by the mixture: higher is further apart"

    def test_without_a_mixture_composition_is_drawn(self):
        figure = silhouette_heat_map(made_up(5).drop(columns="embedding_mixture"))
        assert "by composition" in title(figure)


class TestManyArtists:
    @pytest.mark.parametrize("count", [51, 300, 1000])
    def test_the_picture_is_as_large_as_that_of_fifty(self, count):
        figure = silhouette_heat_map(made_up(count))
        assert pixels(figure) == pixels(silhouette_heat_map(made_up(50)))
        assert max(pixels(figure)) < 3000
        assert figure.axes[0].images[0].get_array().shape == (50, 50)

    def test_the_title_says_how_many_are_shown_and_where_all_are(self):
        said = title(silhouette_heat_map(made_up(1000)))
        assert "50 of 1,000 artists: those of the most and the least alike pairs" in said
        assert "all pairs are in pair_silhouettes.csv" in said
        assert "Silhouettes of all pairs" not in said

    def test_both_ends_take_turns(self):
        """Of pairs that share no artist, 13 at the lower end and 12 at the upper are 50 artists."""
        ends = {(7 * k, 7 * k + 1): -0.9 + 0.01 * k for k in range(20)}
        ends |= {(7 * k + 2, 7 * k + 3): 0.9 - 0.01 * k for k in range(20)}
        figure = silhouette_heat_map(planted(made_up(300), ends))
        lowest = [7 * k + place for k in range(13) for place in (0, 1)]
        highest = [7 * k + place for k in range(12) for place in (2, 3)]
        assert sorted(shown(figure)) == sorted(lowest + highest)
        assert figure.axes[0].images[0].get_clim() == (-0.9, 0.9)

    def test_cells_hold_the_silhouettes_of_their_artists(self):
        pairs = made_up(300)
        figure = silhouette_heat_map(pairs)
        rows, known = shown(figure), pairs.set_index(["artist", "other_artist"])
        cells = np.ma.filled(figure.axes[0].images[0].get_array(), np.nan)
        for row, column in [(1, 0), (20, 7), (49, 48)]:
            one, other = sorted((rows[row], rows[column]))
            expected = known.loc[(f"Artist {one:04d}", f"Artist {other:04d}"), "embedding_mixture"]
            assert cells[row, column] == expected
        assert np.isnan(cells[np.triu_indices(50)]).all()

    def test_artists_of_few_paintings_do_not_stand_at_the_ends(self):
        pairs = planted(made_up(300), {(0, 1): -0.9, (2, 3): 0.9})
        numbers = pairs[["artist", "other_artist"]].map(lambda name: int(name.split()[1]))
        pairs.loc[(numbers < 100).any(axis=1), "fewest_paintings"] = 2
        assert min(shown(silhouette_heat_map(pairs))) >= 100

    def test_unless_there_are_no_others(self):
        pairs = planted(made_up(300, fewest_paintings=1), {(0, 1): -0.9, (2, 3): 0.9})
        assert {0, 1, 2, 3} < set(shown(silhouette_heat_map(pairs)))

    @pytest.mark.parametrize("count", [40, 300])
    def test_alike_artists_stand_together(self, count):
        groups = np.random.default_rng(0).permutation(np.arange(count) % 4)
        noise = np.random.default_rng(1).uniform(0, 0.1, (count, count))
        pairs = made_up(count, np.where(groups[:, None] == groups, -0.1, 0.5) + noise)
        order = groups[shown(silhouette_heat_map(pairs))]
        assert set(order) == {0, 1, 2, 3}
        assert np.count_nonzero(np.diff(order)) == 3

    @pytest.mark.parametrize("undefined", [0.3, 0.999])
    def test_silhouettes_that_are_not_defined_are_blanks(self, undefined):
        pairs = made_up(300)
        blank = np.random.default_rng(1).random(len(pairs)) < undefined
        pairs.loc[blank, "embedding_mixture"] = np.nan
        figure = silhouette_heat_map(pairs)
        figure.savefig(io.BytesIO(), format="png", dpi=20)
        assert len(set(shown(figure))) == 50
        assert 0 < np.isfinite(figure.axes[0].images[0].get_array()).sum() < 50 * 49 / 2

    def test_none_that_is_defined_is_told(self):
        figure = silhouette_heat_map(made_up(300).assign(embedding_mixture=np.nan))
        assert figure.axes[0].texts[0].get_text() == "fewer than two artists"

    def test_pairs_in_another_order_are_drawn_alike(self):
        pairs = made_up(300)
        other = pairs.sample(frac=1, random_state=0)
        assert shown(silhouette_heat_map(other)) == shown(silhouette_heat_map(pairs))
