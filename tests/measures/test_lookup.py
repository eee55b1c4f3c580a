import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from grisaille.measures import search


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


class TestIndex:
    def test_it_finds_nearly_all(self):
        pytest.importorskip("faiss", reason="the extra `index` is not installed")
        exact, _ = search(points(3000), points(100, seed=1), 10)
        found, distances = search(points(3000), points(100, seed=1), 10, exact_up_to=1000)
        shared = [len(set(a) & set(b)) for a, b in zip(exact, found, strict=True)]
        assert np.mean(shared) > 9.8
        assert (np.diff(distances, axis=1) >= 0).all()

    def test_without_the_library_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        with pytest.raises(ImportError, match=r"grisaille\[index\]"):
            search(points(20), points(2), 1, exact_up_to=10)
