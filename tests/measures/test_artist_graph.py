import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grisaille.measures.artist_graph import artist_edges, nearest_by_others, nearness, pairs
from grisaille.points import Points

K = 10


def gallery(centres, sizes, spread=1.0, seed=0):
    """So many paintings around each artist's centre."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.asarray(centres, dtype=float)
    return Points.plain(
        (centres[labels] + spread * random.normal(size=(len(labels), centres.shape[1]))).astype("f4")
    ), labels


def far_apart(artists, seed=1):
    return 5 * np.random.default_rng(seed).normal(size=(artists, 6))


def first_of(edges, artist):
    """The nearest of an artist, and the edge's support."""
    row = np.flatnonzero((edges.artists == artist) & (edges.ranks == 1))[0]
    return edges.neighbours[row], edges.support[row]


class TestNearestByOthers:
    @given(st.integers(0, 30))
    def test_against_sorting_all_distances(self, seed):
        random = np.random.default_rng(seed)
        labels = np.array([0] * 7 + [1] * 3 + [2] * 5)
        points = Points(random.normal(size=(15, 3)).astype("f4"), random.random(15, "f4"))
        near = nearest_by_others(points, labels, 4)
        for row in range(15):
            others = np.flatnonzero(labels != labels[row])
            far = np.square(points.coordinates[others] - points.coordinates[row]).sum(axis=1) + points.rests[others]
            assert set(near[row]) == set(others[np.argsort(far)[:4]])

    def test_of_few_paintings_by_others_all(self):
        points, labels = gallery([[0.0], [9.0]], [6, 2])
        near = nearest_by_others(points, labels, K)
        assert near.shape == (8, 2)
        assert set(near[0]) == {6, 7}


class TestNearness:
    def test_by_hand(self):
        counts = np.array([[0.0, 3, 1], [1, 0, 1], [2, 2, 0]])
        found = nearness(counts, np.array([2, 1, 3]))
        # Of 0's four nearest, chance gives 1 a quarter and 2 three; of 1's two, 0 two fifths and 2 three.
        assert found[0, 1] == pytest.approx((3 + 1 + 0.5) / (4 * 1 / 4 + 2 * 2 / 5 + 0.5))
        assert found[0, 2] == pytest.approx((1 + 2 + 0.5) / (4 * 3 / 4 + 4 * 2 / 3 + 0.5))
        assert np.array_equal(found, found.T)

    def test_what_chance_gives_is_one(self):
        sizes = np.array([400, 30, 5, 5])
        others = sizes / (sizes.sum() - sizes)[:, None]
        counts = np.where(np.eye(4), 0, K * sizes[:, None] * others)
        assert nearness(counts, sizes)[np.triu_indices(4, 1)] == pytest.approx(1)

    def test_one_painting_among_the_nearest_says_less_where_there_are_few(self):
        """Ten times as often as by chance, once by an artist of five paintings and once by one of 500."""
        few, many = np.zeros((3, 3)), np.zeros((3, 3))
        few[0] = [0, 1, 99]
        many[0] = [0, 100, 9900]
        assert nearness(few, np.array([10, 1, 999]))[0, 1] < nearness(many, np.array([1000, 1, 999]))[0, 1]


class TestPlantedGallery:
    """Ten artists, of whom 0 and 1 share a manner; 1 has a tenth of 0's paintings."""

    CENTRES = far_apart(10)
    CENTRES[1] = CENTRES[0]
    SIZES = (80, 8, *[30] * 8)

    @pytest.fixture(scope="class")
    def edges(self):
        return artist_edges(*gallery(self.CENTRES, self.SIZES), K, seed=0)

    def test_who_shares_a_manner_is_nearest_and_surely(self, edges):
        assert first_of(edges, 0) == (1, 1.0)
        assert first_of(edges, 1) == (0, 1.0)

    def test_ranks_run_from_the_nearest(self, edges):
        for artist in range(10):
            own = edges.artists == artist
            assert edges.ranks[own].tolist() == list(range(1, own.sum() + 1))
            assert (np.diff(edges.nearness[own]) <= 0).all()
        assert edges.ranks.max() == 3
        assert (edges.nearness > 1).all()
        assert (edges.artists != edges.neighbours).all()

    def test_the_seed_decides_the_support_alone(self, edges):
        points, labels = gallery(self.CENTRES, self.SIZES)
        same, other = (artist_edges(points, labels, K, seed) for seed in (0, 1))
        assert np.array_equal(same.support, edges.support)
        assert np.array_equal(other.neighbours, edges.neighbours)
        assert not np.array_equal(other.support, edges.support)
        assert other.support == pytest.approx(edges.support, abs=0.2)

    def test_the_order_of_paintings_does_not_count(self, edges):
        points, labels = gallery(self.CENTRES, self.SIZES)
        order = np.random.default_rng(0).permutation(len(labels))
        mixed = artist_edges(points[order], labels[order], K, seed=0)
        assert np.array_equal(mixed.neighbours, edges.neighbours)
        assert mixed.nearness == pytest.approx(edges.nearness)


class TestSupport:
    def test_of_names_that_are_shuffled_it_is_that_of_noise(self):
        points, labels = gallery(far_apart(20), [30] * 20)
        support = artist_edges(points, np.random.default_rng(0).permutation(labels), K, seed=0).support
        # By chance alone an artist is among another's nearest three of nineteen; those found are the likelier ones.
        assert 3 / 19 < np.median(support) < 0.6
        assert (support >= 0.9).mean() < 0.05

    def test_an_edge_that_hangs_on_one_painting_holds_where_it_is_drawn(self):
        """One of artist 1's ten paintings hangs among artist 0's. It is drawn in 65% of resamples."""
        centres = 100 * np.eye(8)
        centres[1] = centres[2]
        points, labels = gallery(centres, [10] * 8, spread=0.1)
        points.coordinates[10] = points.coordinates[0] + 0.05
        drawn = 1 - 0.9**10
        assert first_of(artist_edges(points, labels, 1, seed=0), 0) == (1, pytest.approx(drawn, abs=0.1))

    @pytest.mark.parametrize(("artists", "most"), [(3, 1), (4, 1), (5, 2), (7, 3), (9, 3)])
    def test_nobody_is_near_to_more_than_half_of_the_others(self, artists, most):
        """Else every edge would have the support of 1 that says nothing."""
        edges = artist_edges(*gallery(np.zeros((artists, 4)), [20] * artists), K, seed=0)
        assert edges.ranks.max() == most


class TestPairs:
    EDGES = pd.DataFrame(
        [
            ("style", "Bo", "Ada", 3.0, 0.6, "Bo"),
            ("style", "Ada", "Bo", 3.0, 0.9, "Bo"),
            ("style", "Cy", "Ada", 2.0, 0.5, ""),
            ("colour", "Bo", "Ada", 1.5, 0.4, "Bo"),
        ],
        columns=["likeness", "artist", "neighbour", "nearness", "support", "earlier"],
    )

    def test_one_a_likeness_from_the_earlier_to_the_later(self):
        assert pairs(self.EDGES).to_numpy().tolist() == [
            ["style", "Bo", "Ada", 3.0, 0.9, True],
            ["style", "Ada", "Cy", 2.0, 0.5, False],
            ["colour", "Bo", "Ada", 1.5, 0.4, True],
        ]

    def test_none(self):
        assert pairs(self.EDGES[:0]).empty
