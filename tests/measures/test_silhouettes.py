import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples, silhouette_score

from grisaille.measures.silhouettes import (
    DistanceSums,
    pair_agreement,
    pair_silhouette,
    pair_silhouettes,
    point_silhouettes,
)
from grisaille.measures.spaces import blocks, embedding_space

SIZES = st.lists(st.integers(1, 6), min_size=2, max_size=4).filter(lambda sizes: sum(sizes) > 2)
SEEDS = st.integers(0, 99)


def distance_sums(points, labels, block=7, asked=None):
    space = embedding_space(points)
    sums = DistanceSums(labels, labels.max() + 1)
    for rows in blocks(np.arange(len(points)) if asked is None else asked, block):
        sums.update(space.distances(rows))
    return sums.sums


def collection(sizes, seed=0, dimensions=5):
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    points = (
        random.standard_normal((len(labels), dimensions)) + random.standard_normal((len(sizes), dimensions))[labels]
    )
    order = random.permutation(len(labels))
    return points[order], labels[order]


def silhouettes(points, labels):
    """Of every pair, of the first artist against all others, and of every painting."""
    sums = distance_sums(points, labels)
    others = np.arange(1, labels.max() + 1)
    return pair_silhouettes(sums, labels), pair_silhouette(sums, labels, [0], others), point_silhouettes(sums, labels)


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

    @given(sizes=SIZES, seed=SEEDS)
    def test_every_painting(self, sizes, seed):
        points, labels = collection(sizes, seed)
        found = point_silhouettes(distance_sums(points, labels), labels)
        # Scikit-learn wants one artist at least to have two.
        assert max(sizes) > 1 or not found.any()
        if max(sizes) > 1:
            np.testing.assert_allclose(found, silhouette_samples(points, labels), atol=1e-9)


class TestProperties:
    @given(sizes=SIZES, seed=SEEDS)
    def test_permuting_paintings_changes_nothing(self, sizes, seed):
        points, labels = collection(sizes, seed)
        order = np.random.default_rng(seed).permutation(len(labels))
        pairs, one, each = silhouettes(points, labels)
        found = silhouettes(points[order], labels[order])
        np.testing.assert_allclose(found[0], pairs, atol=1e-9)
        np.testing.assert_allclose(found[1], one, atol=1e-9)
        np.testing.assert_allclose(found[2], each[order], atol=1e-9)

    @given(sizes=SIZES, seed=SEEDS)
    def test_renaming_artists_renames_the_pairs(self, sizes, seed):
        points, labels = collection(sizes, seed)
        names = np.random.default_rng(seed).permutation(len(sizes))
        pairs, _, each = silhouettes(points, labels)
        found = silhouettes(points, names[labels])
        np.testing.assert_allclose(found[0][np.ix_(names, names)], pairs, atol=1e-9)
        np.testing.assert_allclose(found[2], each, atol=1e-9)

    @given(sizes=SIZES, seed=SEEDS, scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
    def test_rotating_and_scaling_the_space_changes_nothing(self, sizes, seed, scale, shift):
        points, labels = collection(sizes, seed)
        rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((5, 5)))[0]
        for one, other in zip(
            silhouettes(points, labels), silhouettes(scale * (points @ rotation + shift), labels), strict=True
        ):
            np.testing.assert_allclose(one, other, atol=1e-6)

    @given(sizes=SIZES, seed=SEEDS)
    def test_with_a_copy_of_every_painting_it_is_that_of_scikit_learn_and_copies_score_the_same(self, sizes, seed):
        points, labels = (np.concatenate([given, given]) for given in collection(sizes, seed))
        pairs, _, each = silhouettes(points, labels)
        np.testing.assert_allclose(each, silhouette_samples(points, labels), atol=1e-6)
        np.testing.assert_allclose(*np.split(each, 2), atol=1e-6)
        for a, b in itertools.combinations(range(len(sizes)), 2):
            rows = np.isin(labels, [a, b])
            assert pairs[a, b] == pytest.approx(silhouette_score(points[rows], labels[rows]), abs=1e-6)

    @given(SIZES)
    def test_identical_paintings_score_zero(self, sizes):
        labels = collection(sizes)[1]
        pairs, one, each = silhouettes(np.ones((len(labels), 3)), labels)
        assert one == 0
        assert not each.any()
        assert set(pairs[np.isfinite(pairs)]) <= {0.0}

    @given(sizes=st.lists(st.integers(2, 6), min_size=2, max_size=4))
    def test_artists_who_repeat_one_painting_each_are_as_far_apart_as_can_be(self, sizes):
        labels = np.repeat(np.arange(len(sizes)), sizes)
        pairs, _, each = silhouettes(np.eye(len(sizes))[labels], labels)
        np.testing.assert_allclose(each, 1, atol=1e-6)
        np.testing.assert_allclose(pairs[~np.eye(len(sizes), dtype=bool)], 1, atol=1e-6)

    @given(sizes=SIZES, seed=SEEDS)
    def test_groups_of_one_artist_are_pairs(self, sizes, seed):
        points, labels = collection(sizes, seed)
        sums = distance_sums(points, labels)
        pairs = pair_silhouettes(sums, labels)
        for a, b in itertools.permutations(range(len(sizes)), 2):
            assert pair_silhouette(sums, labels, [a], [b]) == pytest.approx(pairs[a, b], abs=1e-12, nan_ok=True)


class TestUndefined:
    def test_two_single_paintings(self):
        points, labels = collection([1, 1])
        sums = distance_sums(points, labels)
        assert np.isnan(pair_silhouettes(sums, labels)).all()
        assert np.isnan(pair_silhouette(sums, labels, [0], [1]))

    def test_an_artist_who_is_not_there(self):
        points, labels = collection([3, 3])
        assert np.isnan(pair_silhouette(distance_sums(points, labels), labels, [], [1]))

    @given(st.integers(1, 6))
    def test_one_artist(self, paintings):
        points, labels = collection([paintings])
        pairs, one, each = silhouettes(points, labels)
        assert pairs.shape == (1, 1)
        assert each.shape == (paintings,)
        assert np.isnan(pairs).all()
        assert np.isnan(one)
        assert np.isnan(each).all()

    @given(SEEDS)
    def test_two_paintings_by_two_artists_score_nothing_each(self, seed):
        assert silhouettes(*collection([1, 1], seed))[2].tolist() == [0, 0]

    @given(SEEDS)
    def test_three_paintings_are_the_fewest_of_a_pair(self, seed):
        points, labels = collection([1, 2], seed)
        sums, expected = distance_sums(points, labels), pytest.approx(silhouette_score(points, labels))
        assert pair_silhouettes(sums, labels)[0, 1] == expected
        assert pair_silhouette(sums, labels, [0], [1]) == expected

    def test_artists_between_who_are_not_there(self):
        points, labels = collection([3, 4])
        pairs = pair_silhouettes(distance_sums(points, 2 * labels), 2 * labels)
        assert np.isfinite(pairs[0, 2])
        assert np.isnan(pairs[1]).all()
        assert np.isnan(pairs[:, 1]).all()

    def test_paintings_that_were_not_looked_at(self):
        points, labels = collection([1, 5])
        asked = np.flatnonzero(labels == 1)[:3]
        each = point_silhouettes(distance_sums(points, labels, asked=asked), labels, asked)
        np.testing.assert_allclose(each, silhouette_samples(points, labels)[asked])


class TestSamples:
    def test_groups_are_weighted_by_their_size_and_not_by_who_was_asked(self):
        points, labels = collection([20, 30])
        scores = silhouette_samples(points, labels)
        asked = np.concatenate([np.flatnonzero(labels == 0)[:9], np.flatnonzero(labels == 1)[:5]])
        sums = distance_sums(points, labels, asked=asked)
        means = [scores[asked[labels[asked] == cluster]].mean() for cluster in (0, 1)]
        expected = (20 * means[0] + 30 * means[1]) / 50
        assert pair_silhouettes(sums, labels, asked)[0, 1] == pytest.approx(expected)
        assert pair_silhouette(sums, labels, [0], [1], asked) == pytest.approx(expected)

    def test_an_artist_of_whom_nobody_was_asked_has_none(self):
        points, labels = collection([5, 5, 5])
        asked = np.flatnonzero(labels < 2)
        sums = distance_sums(points, labels, asked=asked)
        found = pair_silhouettes(sums, labels, asked)
        assert np.isfinite(found[0, 1])
        assert np.isnan(found[0, 2])
        assert np.isnan(pair_silhouette(sums, labels, [0], [2], asked))


class TestAgreement:
    def test_order_and_sides_of_zero(self):
        spearman, same = pair_agreement(np.array([-0.1, 0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.4, 0.3]))
        assert spearman == pytest.approx(0.8)
        assert same == 3 / 4

    def test_pairs_that_are_undefined_are_left_out(self):
        spearman, same = pair_agreement(np.array([0.1, np.nan, 0.2, 0.3]), np.array([0.1, 0.2, 0.3, np.nan]))
        assert (spearman, same) == (pytest.approx(1), 1)

    def test_nothing_to_compare(self):
        for known in (0, 1):
            found = pair_agreement(np.full(known, 0.1), np.full(known, 0.1))
            assert len(found) == 2
            assert np.isnan(found).all()

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_constants_only_the_sides_of_zero_agree(self, turned):
        given = [np.array([0.1, 0.1, 0.1]), np.array([0.1, 0.2, -0.1])]
        spearman, same = pair_agreement(*given[:: -1 if turned else 1])
        assert np.isnan(spearman)
        assert same == 2 / 3

    @given(
        silhouettes=st.lists(st.tuples(*[st.integers(-9, 9)] * 2), min_size=2, max_size=12),
        seed=SEEDS,
        scale=st.floats(0.01, 0.1),
    )
    def test_neither_the_order_of_pairs_nor_scale_nor_repetition_matters(self, silhouettes, seed, scale):
        pairs = np.array(silhouettes, dtype=float)
        order = np.random.default_rng(seed).permutation(len(pairs))
        expected = pair_agreement(*pairs.T)
        assert pair_agreement(*pairs[order].T) == pytest.approx(expected, nan_ok=True)
        assert pair_agreement(scale * pairs[:, 0], pairs[:, 1]) == pytest.approx(expected, nan_ok=True)
        assert pair_agreement(*np.concatenate([pairs, pairs]).T) == pytest.approx(expected, nan_ok=True)
        assert pair_agreement(*pairs[:, ::-1].T) == pytest.approx(expected, nan_ok=True)

    def test_two_pairs(self):
        assert pair_agreement(np.array([0.1, 0.2]), np.array([0.3, 0.5])) == (pytest.approx(1), 1)
        assert pair_agreement(np.array([0.1, 0.2]), np.array([0.3, -0.5])) == (pytest.approx(-1), 1 / 2)
