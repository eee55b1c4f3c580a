import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from grisaille.measures.neighbourhoods import nearest
from grisaille.measures.retrieval import Retrieval, csls_answers, csls_offsets
from grisaille.measures.spaces import blocks, embedding_space


def gallery(n, artists, seed):
    random = np.random.default_rng(seed)
    return random.standard_normal((n, 3)), random.integers(0, artists, n)


COLLECTIONS = st.builds(gallery, st.integers(2, 24), st.integers(1, 4), st.integers(0, 99))


def retrieve(points, labels, kept=None, k=10, block=4):
    kept = np.ones(len(labels), dtype=bool) if kept is None else kept
    found, space = Retrieval(labels, kept, k), embedding_space(points)
    for rows in blocks(np.arange(len(labels)), block):
        found.update(rows, nearest(space.distances(rows), rows))
    return found.result()


class TestByHand:
    def test_a_line_of_paintings(self):
        # 0 and 1 find each other; 2 finds 1 (another artist), then 3; 3 finds 2.
        points, labels = np.array([[0.0], [1.0], [2.5], [4.5]]), np.array([0, 0, 1, 1])
        found = retrieve(points, labels, k=2)
        assert found["one_nn"] == 3 / 4
        assert found["precision"] == 2 / 4
        assert found["mean_average_precision"] == (1 + 1 + 1 / 2 + 1) / 4

    def test_a_near_duplicate_neither_asks_nor_answers(self):
        points, labels = np.array([[0.0], [0.01], [1.0], [3.0]]), np.array([0, 0, 1, 0])
        kept = np.array([True, False, True, True])
        assert retrieve(points, labels, kept, k=1)["one_nn"] == 0


class TestAgainstScikitLearn:
    def test_mean_average_precision(self):
        random = np.random.default_rng(0)
        points, labels = random.standard_normal((30, 3)), random.integers(0, 3, 30)
        expected = []
        for row in range(30):
            others = np.arange(30) != row
            distances = np.linalg.norm(points[others] - points[row], axis=1)
            expected.append(average_precision_score(labels[others] == labels[row], -distances))
        assert retrieve(points, labels)["mean_average_precision"] == pytest.approx(np.mean(expected))


class TestProperties:
    @given(collection=COLLECTIONS, seed=st.integers(0, 99))
    def test_permuting_paintings_and_renaming_artists_changes_nothing(self, collection, seed):
        points, labels = collection
        random = np.random.default_rng(seed)
        kept = random.random(len(labels)) < 0.8
        order, names = random.permutation(len(labels)), random.permutation(labels.max() + 1)
        found = retrieve(points[order], names[labels[order]], kept[order], k=3)
        assert found == pytest.approx(retrieve(points, labels, kept, k=3), nan_ok=True)

    @given(collection=COLLECTIONS, scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
    def test_rotating_and_scaling_the_space_changes_nothing(self, collection, scale, seed):
        points, labels = collection
        rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
        found = retrieve(scale * (points @ rotation + 1), labels)
        assert found == pytest.approx(retrieve(points, labels), nan_ok=True)

    @given(collection=COLLECTIONS, copies=st.integers(1, 3), distance=st.floats(0, 1))
    def test_near_duplicates_that_are_known_change_nothing(self, collection, copies, distance):
        points, labels = collection
        kept = np.repeat([True, *[False] * copies], len(labels))
        points_and_copies = np.concatenate([points + distance * copy for copy in range(copies + 1)])
        found = retrieve(points_and_copies, np.tile(labels, copies + 1), kept)
        assert found == pytest.approx(retrieve(points, labels), nan_ok=True)

    @given(COLLECTIONS)
    def test_copies_that_nobody_knows_are_found_first(self, collection):
        points, labels = (np.concatenate([given, given]) for given in collection)
        assert retrieve(points, labels, k=1)["one_nn"] == retrieve(points, labels, k=1)["precision"] == 1
        forged = np.repeat([0, 1], len(labels) // 2)
        assert retrieve(points, forged, k=1)["one_nn"] == retrieve(points, forged, k=1)["precision"] == 0

    @given(n=st.integers(2, 12), k=st.integers(1, 15))
    def test_of_one_artist_everything_is_relevant(self, n, k):
        points = np.random.default_rng(n).standard_normal((n, 3))
        assert set(retrieve(points, np.zeros(n, dtype=int), k=k).values()) == {1.0}

    @given(st.integers(1, 15))
    def test_two_paintings(self, k):
        points = np.array([[0.0], [1.0]])
        assert set(retrieve(points, np.array([1, 1]), k=k).values()) == {1.0}
        found = retrieve(points, np.array([1, 0]), k=k)
        assert found["one_nn"] == found["precision"] == 0
        assert np.isnan(found["mean_average_precision"])

    @given(collection=COLLECTIONS, block=st.integers(1, 30))
    def test_the_size_of_blocks_does_not_matter(self, collection, block):
        assert retrieve(*collection, block=block) == pytest.approx(retrieve(*collection, block=1), nan_ok=True)


class TestEdges:
    def test_chance_is_the_sum_of_squared_shares(self):
        random = np.random.default_rng(3)
        labels = random.integers(0, 4, 600)
        found = retrieve(random.standard_normal((600, 20)), labels, block=100)
        assert found["precision"] == pytest.approx((np.bincount(labels) / 600 @ np.bincount(labels)) / 600, abs=0.03)

    def test_an_artist_with_one_painting_has_no_average_precision(self):
        found = retrieve(np.array([[0.0], [1.0], [1.5]]), np.array([0, 0, 1]))
        assert found["one_nn"] == 1 / 3
        assert found["mean_average_precision"] == (1 + 1 / 2) / 2

    @pytest.mark.parametrize("kept", [[False, False], [True, False]])
    def test_nobody_to_ask_or_nobody_to_answer(self, kept):
        found = retrieve(np.eye(2), np.array([0, 0]), np.array(kept))
        assert set(found) == {"one_nn", "precision", "mean_average_precision"}
        assert np.isnan(list(found.values())).all()

    def test_a_single_painting(self):
        assert np.isnan(list(retrieve(np.eye(1), np.array([0])).values())).all()

    def test_ten_neighbours_where_nothing_is_said(self):
        labels = np.repeat([0, 1], 10)
        found = Retrieval(labels, np.ones(20, dtype=bool))
        found.update(np.array([0]), np.arange(1, 20)[None, :])
        assert found.result()["precision"] == 9 / 10


class TestCSLS:
    """The definition, on points of length 1: 2 cos(x, y) - r(x) - r(y), r being mean cosines to the k nearest."""

    def points(self, seed, n=30):
        values = np.random.default_rng(seed).standard_normal((n, 4)) + 0.7
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    def by_definition(self, points, k):
        cosines = points @ points.T
        np.fill_diagonal(cosines, -np.inf)
        r = np.sort(cosines, axis=1)[:, -k:].mean(axis=1)
        return np.argsort(-(2 * cosines - r[:, None] - r[None, :]), axis=1, kind="stable")[:, :k]

    @given(st.integers(0, 99))
    def test_all_pairs(self, seed):
        points, k = self.points(seed), 5
        space, everybody, labels = embedding_space(points), np.arange(30), np.zeros(30, int)
        distances = np.sort(space.distances(everybody), axis=1)[:, 1 : k + 1]
        found = csls_answers(space, csls_offsets(distances), labels, np.ones(30, bool), k)
        np.testing.assert_array_equal(found.near, self.by_definition(points, k))
