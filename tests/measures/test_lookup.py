import sys
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from grisaille.measures.lookup import search

SEEDS = st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 4)


def points(n=700, d=12, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


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
        with pytest.raises(ValueError, match="points and queries must be"):
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


class TestIndex:
    def test_it_finds_nearly_all(self):
        pytest.importorskip("faiss", reason="the extra `index` is not installed")
        exact, _ = search(points(3000), points(100, seed=1), 10)
        found, distances = search(points(3000), points(100, seed=1), 10, exact_up_to=1000)
        shared = [len(set(a) & set(b)) for a, b in zip(exact, found, strict=True)]
        assert np.mean(shared) > 9.8
        assert (np.diff(distances, axis=1) >= 0).all()

    @pytest.mark.parametrize("reached", [0, 2, 10])
    def test_queries_that_it_finds_too_few_for_are_searched_exactly(self, monkeypatch, reached):
        """As Faiss does of points that no link leads to: it fills up with -1."""

        class Index:
            def __init__(self, *_):
                self.hnsw = mock.Mock()

            def add(self, _):
                pass

            def search(self, block, k):
                rows = np.tile(np.arange(k), (len(block), 1))
                rows[1:, reached:] = -1
                return None, rows

        monkeypatch.setitem(sys.modules, "faiss", mock.Mock(IndexHNSWFlat=Index))
        known = np.arange(20.0)[:, None]
        rows, distances = search(known, np.array([[0.0], [12.2], [19.0]]), 3, exact_up_to=10)
        assert rows.tolist() == [[0, 1, 2], [12, 13, 11], [19, 18, 17]]
        np.testing.assert_allclose(distances, [[0, 1, 2], [0.2, 0.8, 1.2], [0, 1, 2]], atol=1e-12)

    def test_up_to_so_many_points_no_library_is_needed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        assert search(points(20), points(2), 3, exact_up_to=20)[0].shape == (2, 3)

    def test_without_the_library_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        with pytest.raises(ImportError, match="pip install faiss-cpu"):
            search(points(20), points(2), 1, exact_up_to=10)
