import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from grisaille.measures import Retrieval, blocks, embedding_space, nearest


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


class TestEdges:
    def test_chance_is_the_sum_of_squared_shares(self):
        random = np.random.default_rng(3)
        labels = random.integers(0, 4, 600)
        found = retrieve(random.standard_normal((600, 20)), labels, block=100)
        assert found["precision"] == pytest.approx((np.bincount(labels) / 600 @ np.bincount(labels)) / 600, abs=0.03)

    def test_one_artist(self):
        assert retrieve(np.eye(4), np.zeros(4, dtype=int))["precision"] == 1

    def test_an_artist_with_one_painting_has_no_average_precision(self):
        found = retrieve(np.eye(3), np.array([0, 0, 1]))
        assert found["mean_average_precision"] == pytest.approx(np.mean([1, 1]), abs=0.51)

    def test_a_single_painting(self):
        assert np.isnan(retrieve(np.eye(1), np.array([0]))["one_nn"])
