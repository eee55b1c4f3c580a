from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from grisaille.measures.lookup import Lookup, affordable, exact_seconds
from grisaille.points import Points

SEEDS = st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 4)


def points(n=700, d=12, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def search(known, asked, k, **options):
    return Lookup(known).nearest(asked, k, **options)


class TestExact:
    @pytest.mark.parametrize("block", [64, 65536])
    def test_as_scikit_learn_finds(self, monkeypatch, block):
        monkeypatch.setattr("grisaille.measures.lookup._POINTS", block)
        rows, distances = search(points(), points(30, seed=1), 10)
        expected = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(points()).kneighbors(points(30, seed=1))
        assert np.array_equal(rows, expected[1])
        np.testing.assert_allclose(distances, expected[0], rtol=1e-5)

    def test_a_point_finds_itself_first(self):
        rows, distances = search(points(), points(), 3)
        assert np.array_equal(rows[:, 0], np.arange(700))
        assert not distances[:, 0].any()

    def test_far_from_the_origin_nothing_is_lost(self):
        """Where |x|^2 + |y|^2 - 2xy would have no exact digit left."""
        near = search(points(200), points(200), 5)[0]
        assert np.array_equal(near, search(points(200).astype(np.float64) + 1e6, points(200) + np.float64(1e6), 5)[0])

    def test_equally_distant_points_come_in_their_order(self):
        rows, _ = search(np.ones((5, 2)), np.ones((1, 2)), 3)
        assert rows.tolist() == [[0, 1, 2]]

    @given(n=st.integers(1, 12), k=st.integers(1, 15))
    def test_fewer_points_than_asked_for(self, n, k):
        rows, distances = search(points(n), points(4, seed=2), k)
        assert rows.shape == distances.shape == (4, min(n, k))

    def test_other_widths_are_refused(self):
        with pytest.raises(ValueError, match=r"Received: \(3, 12\) and \(2, 5\)"):
            search(points(3), points(2, d=5), 1)

    @pytest.mark.parametrize("known", [np.empty((0, 12)), np.ones(12), np.ones((2, 2, 12))])
    def test_no_points_and_other_shapes_are_refused(self, known):
        with pytest.raises(ValueError, match="points must be"):
            search(known, points(2), 1)

    def test_nobody_asks(self):
        rows, distances = search(points(9), np.empty((0, 12)), 4)
        assert rows.shape == distances.shape == (0, 4)

    def test_its_progress_is_told_in_blocks_of_queries(self, monkeypatch):
        monkeypatch.setattr("grisaille.measures.lookup._QUERIES", 4)
        told = []
        rows, _ = search(points(20), points(10, seed=1), 3, progress=lambda blocks: told.extend(blocks) or blocks)
        assert told == [0, 4, 8]
        assert np.array_equal(rows, search(points(20), points(10, seed=1), 3)[0])


class TestProperties:
    @given(n=st.integers(1, 40), k=st.integers(1, 6), seed=SEEDS)
    def test_permuting_points_permutes_what_is_found(self, n, k, seed):
        order = np.random.default_rng(seed).permutation(n)
        rows, distances = search(points(n, seed=seed), points(5, seed=1), k)
        found, same = search(points(n, seed=seed)[order], points(5, seed=1), k)
        assert np.array_equal(order[found], rows)
        np.testing.assert_allclose(same, distances)

    @given(n=st.integers(1, 40), k=st.integers(1, 6), seed=SEEDS)
    def test_permuting_queries_permutes_the_answers(self, n, k, seed):
        order = np.random.default_rng(seed).permutation(9)
        asked = points(9, seed=seed + 1)
        rows, distances = search(points(n, seed=seed), asked, k)
        found, same = search(points(n, seed=seed), asked[order], k)
        assert np.array_equal(found, rows[order])
        np.testing.assert_allclose(same, distances[order])

    @given(n=st.integers(1, 40), k=st.integers(1, 6), seed=SEEDS, scale=st.floats(1e-3, 1e3))
    def test_rotating_and_scaling_the_space_scales_the_distances(self, n, k, seed, scale):
        rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((12, 12)))[0]
        rows, distances = search(points(n, seed=seed), points(5, seed=1), k)
        found, scaled = search(scale * (points(n, seed=seed) @ rotation), scale * (points(5, seed=1) @ rotation), k)
        assert np.array_equal(found, rows)
        np.testing.assert_allclose(scaled, scale * distances, rtol=1e-5, atol=1e-9)

    @FEWER
    @given(
        copies=st.integers(1, 60),
        spread=st.sampled_from([0, 1e-9, 1e-6]),
        others=st.integers(0, 60),
        k=st.integers(1, 12),
        seed=SEEDS,
        scale=st.sampled_from([1e-3, 1, 1e3]),
    )
    def test_among_copies_and_near_copies_the_nearest_and_then_the_earlier_comes_first(
        self, copies, spread, others, k, seed, scale
    ):
        """Also where float32 could not tell one from another."""
        random = np.random.default_rng(seed)
        near = points(1, seed=seed) + spread * random.standard_normal((copies, 12))
        known = (
            np.concatenate([near, random.standard_normal((others, 12))])[random.permutation(copies + others)] * scale
        )
        asked = (points(1, seed=seed) + np.array([[0.0], [1e-3], [1.0]])) * scale
        rows, distances = search(known, asked, k)
        exact = np.linalg.norm(known[None] - asked[:, None], axis=2)
        expected = np.argsort(exact, axis=1, kind="stable")[:, :k]
        assert rows.tolist() == expected.tolist()
        np.testing.assert_allclose(distances, np.take_along_axis(exact, expected, axis=1), rtol=1e-12)

    @pytest.mark.parametrize("apart", [3, 30, 300])
    def test_in_clumps_whose_distance_drowns_what_tells_their_points_apart(self, apart):
        """Squared lengths of ten thousand leave nothing of squared distances of a ten thousandth in float32."""
        random = np.random.default_rng(0)
        known = random.choice([-apart, apart], (200, 1)) + 0.01 * random.standard_normal((200, 12))
        rows, distances = search(known, known[:40], 5)
        exact = np.linalg.norm(known[None] - known[:40, None], axis=2)
        expected = np.argsort(exact, axis=1, kind="stable")[:, :5]
        assert rows.tolist() == expected.tolist()
        np.testing.assert_allclose(distances, np.take_along_axis(exact, expected, axis=1), rtol=1e-12)

    def test_where_float32_can_tell_nobody_is_compared_one_by_one(self, monkeypatch):
        one_by_one = mock.Mock()
        monkeypatch.setattr("grisaille.measures.lookup._one_by_one", one_by_one)
        search(points(1000), points(100, seed=1), 10)
        search(points(18), points(100, seed=1), 10)
        one_by_one.assert_not_called()

    @pytest.mark.parametrize("block", [64, 65536])
    def test_of_a_thousand_copies_the_first_are_found(self, monkeypatch, block):
        monkeypatch.setattr("grisaille.measures.lookup._POINTS", block)
        rows, distances = search(np.ones((1000, 2)), np.array([[1.0, 1.0], [1.0, 3.0]]), 3)
        assert rows.tolist() == [[0, 1, 2], [0, 1, 2]]
        assert distances.tolist() == [[0, 0, 0], [2, 2, 2]]

    @given(k=st.integers(1, 4), seed=SEEDS)
    def test_two_points(self, k, seed):
        known = points(2, seed=seed)
        rows, distances = search(known, known, k)
        assert rows.tolist() == [[0, 1][:k], [1, 0][:k]]
        apart = np.linalg.norm(known[0].astype(np.float64) - known[1])
        np.testing.assert_allclose(distances, [[0, apart][:k]] * 2)


def prepared(known):
    lookup = Lookup(known)
    lookup.prepare(1, 0)
    return lookup


class TestIndex:
    def test_it_finds_nearly_all_and_says_how_many(self):
        exact, _ = search(points(3000), points(100, seed=1), 10)
        lookup = prepared(points(3000))
        found, distances = lookup.nearest(points(100, seed=1), 10)
        shared = np.mean([np.isin(a, b).mean() for a, b in zip(exact, found, strict=True)])
        assert not lookup.exact
        assert 0.9 < shared < 1
        assert lookup.recall == pytest.approx(shared, abs=0.05)
        assert (np.diff(distances, axis=1) >= 0).all()

    def test_a_recall_of_an_index_that_finds_nothing_right(self, monkeypatch):
        """Of 1,000 points 43 that anybody is given hold 11 of the nearest by chance only."""
        monkeypatch.setattr(
            "grisaille.measures.lookup._Index.__call__",
            lambda _, block, k: np.broadcast_to(np.arange(k), (len(block), k)),
        )
        assert prepared(points(1000)).recall < 0.1

    def test_what_points_leave_out_counts(self):
        random = np.random.default_rng(3)
        known = Points(points(2000, d=4), random.random(2000).astype(np.float32) * 9)
        asked = Points(points(50, d=4, seed=1), random.random(50).astype(np.float32))
        expected = np.sqrt(cdist(asked.coordinates, known.coordinates) ** 2 + known.rests + asked.rests[:, None])
        rows, distances = prepared(known).nearest(asked, 5)
        order = np.argsort(expected, axis=1)[:, :5]
        assert (rows == order).mean() > 0.95
        np.testing.assert_allclose(distances, np.take_along_axis(expected, rows, axis=1), rtol=1e-6)

    def test_any_number_of_threads_makes_the_same_index(self):
        rows = []
        for threads in (1, 2, 3):
            with threadpool_limits(threads):
                rows.append(prepared(points(5000)).nearest(points(300, seed=1), 10)[0])
        assert np.array_equal(rows[0], rows[1])
        assert np.array_equal(rows[0], rows[2])

    def test_queries_that_it_finds_too_few_for_are_searched_exactly(self, monkeypatch):
        """Two lists of 32 are looked through, which hold fewer than 60 points."""
        monkeypatch.setattr("grisaille.measures.lookup._PROBED", 2)
        rows, distances = prepared(points(300)).nearest(points(5, seed=1), 60)
        exact, far = search(points(300), points(5, seed=1), 60)
        assert np.array_equal(rows, exact)
        np.testing.assert_allclose(distances, far)

    @pytest.mark.parametrize("known", [np.ones((1, 3)), np.ones((500, 3)), np.arange(7.0)[:, None]])
    def test_few_points_and_equal_ones(self, known):
        rows, _ = prepared(known).nearest(known[:1], 2)
        assert rows.tolist() == [[0, 1][: len(known)]]

    @pytest.mark.parametrize("share", [0.01, 0.3, 1])
    def test_around_places_only_what_is_allowed_is_found(self, share):
        allowed = np.random.default_rng(0).random(4000) < share
        known, places = points(4000), points(3, seed=1)
        found = prepared(known).around(places, 10, allowed)
        assert allowed[found].all()
        assert len(found) > 20
        nearest = np.argsort(cdist(places, known[allowed]), axis=1)[:, :10]
        assert np.isin(np.flatnonzero(allowed)[nearest], found).mean() > 0.9


class TestCost:
    def test_an_index_is_built_where_exact_search_costs_more(self):
        lookup = Lookup(points(500))
        cost = exact_seconds(lookup.points, 40)
        lookup.prepare(40, cost)
        assert lookup.exact
        assert lookup.recall == 1
        lookup.prepare(41, cost)
        assert not lookup.exact

    def test_as_many_points_as_are_affordable_are(self):
        n = affordable(12, 0.001)
        assert exact_seconds(Points.plain(points(n)), n) == pytest.approx(0.001, rel=0.2)
