import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples, silhouette_score

from grisaille.measures import (
    DistanceSums,
    blocks,
    embedding_space,
    pair_agreement,
    pair_silhouette,
    pair_silhouettes,
)


def distance_sums(points, labels, block=7, asked=None):
    space = embedding_space(points)
    sums = DistanceSums(labels, labels.max() + 1)
    for rows in blocks(np.arange(len(points)) if asked is None else asked, block):
        sums.update(rows, space.distances(rows))
    return sums.sums


def collection(sizes, seed=0, dimensions=5):
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    points = (
        random.standard_normal((len(labels), dimensions)) + random.standard_normal((len(sizes), dimensions))[labels]
    )
    order = random.permutation(len(labels))
    return points[order], labels[order]


class TestAgainstScikitLearn:
    @given(sizes=st.lists(st.integers(2, 9), min_size=2, max_size=5), seed=st.integers(0, 99))
    def test_every_pair(self, sizes, seed):
        points, labels = collection(sizes, seed)
        found = pair_silhouettes(distance_sums(points, labels), labels)
        for a, b in itertools.combinations(range(len(sizes)), 2):
            rows = np.isin(labels, [a, b])
            assert found[a, b] == pytest.approx(silhouette_score(points[rows], labels[rows]), abs=1e-9)
            assert found[b, a] == found[a, b]

    def test_a_single_painting_scores_nothing(self):
        points, labels = collection([1, 6])
        expected = silhouette_score(points, labels)
        sums = distance_sums(points, labels)
        assert pair_silhouettes(sums, labels)[0, 1] == pytest.approx(expected)
        assert pair_silhouette(sums, labels, [0], [1]) == pytest.approx(expected)

    def test_groups_of_clusters(self):
        points, labels = collection([4, 5, 6, 7])
        rows = labels < 4
        expected = silhouette_score(points[rows], labels[rows] >= 2)
        assert pair_silhouette(distance_sums(points, labels), labels, [0, 1], [2, 3]) == pytest.approx(expected)


class TestProperties:
    def test_permuting_paintings_changes_nothing(self):
        points, labels = collection([4, 5, 6])
        order = np.random.default_rng(5).permutation(len(labels))
        one = pair_silhouettes(distance_sums(points, labels), labels)
        other = pair_silhouettes(distance_sums(points[order], labels[order]), labels[order])
        np.testing.assert_allclose(one, other)

    def test_rotating_and_scaling_the_space_changes_nothing(self):
        points, labels = collection([4, 5, 6])
        rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]
        one = pair_silhouettes(distance_sums(points, labels), labels)
        other = pair_silhouettes(distance_sums(3 * points @ rotation + 7, labels), labels)
        np.testing.assert_allclose(one, other, atol=1e-12)

    def test_identical_paintings_score_zero(self):
        labels = np.array([0, 0, 1, 1])
        assert pair_silhouettes(distance_sums(np.ones((4, 3)), labels), labels)[0, 1] == 0


class TestUndefined:
    def test_two_single_paintings(self):
        points, labels = collection([1, 1])
        sums = distance_sums(points, labels)
        assert np.isnan(pair_silhouettes(sums, labels)).all()
        assert np.isnan(pair_silhouette(sums, labels, [0], [1]))

    def test_an_artist_who_is_not_there(self):
        points, labels = collection([3, 3])
        assert np.isnan(pair_silhouette(distance_sums(points, labels), labels, [], [1]))

    def test_one_artist(self):
        points, labels = collection([5])
        assert np.isnan(pair_silhouettes(distance_sums(points, labels), labels)).all()


class TestSamples:
    def test_groups_are_weighted_by_their_size_and_not_by_who_was_asked(self):
        points, labels = collection([20, 30])
        scores = silhouette_samples(points, labels)
        asked = np.concatenate([np.flatnonzero(labels == 0)[:9], np.flatnonzero(labels == 1)[:5]])
        sums = distance_sums(points, labels, asked=asked)
        means = [scores[asked[labels[asked] == cluster]].mean() for cluster in (0, 1)]
        expected = (20 * means[0] + 30 * means[1]) / 50
        assert pair_silhouettes(sums, labels)[0, 1] == pytest.approx(expected)
        assert pair_silhouette(sums, labels, [0], [1]) == pytest.approx(expected)

    def test_an_artist_of_whom_nobody_was_asked_has_none(self):
        points, labels = collection([5, 5, 5])
        sums = distance_sums(points, labels, asked=np.flatnonzero(labels < 2))
        found = pair_silhouettes(sums, labels)
        assert np.isfinite(found[0, 1])
        assert np.isnan(found[0, 2])
        assert np.isnan(pair_silhouette(sums, labels, [0], [2]))


class TestAgreement:
    def test_order_and_sides_of_zero(self):
        spearman, same = pair_agreement(np.array([-0.1, 0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.4, 0.3]))
        assert spearman == pytest.approx(0.8)
        assert same == 3 / 4

    def test_pairs_that_are_undefined_are_left_out(self):
        spearman, same = pair_agreement(np.array([0.1, np.nan, 0.2, 0.3]), np.array([0.1, 0.2, 0.3, np.nan]))
        assert (spearman, same) == (pytest.approx(1), 1)

    def test_nothing_to_compare(self):
        assert np.isnan(pair_agreement(np.array([0.1]), np.array([0.1]))).all()
        assert np.isnan(pair_agreement(np.array([0.1, 0.1]), np.array([0.1, 0.2]))[0])
