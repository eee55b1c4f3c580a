import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew

from grisaille.measures.retrieval import Answers
from grisaille.measures.usefulness import chance, constant_recall, hubness, overlapping, shared, usefulness

LABELS = np.array([0, 0, 1, 2])
NEAR = np.array([[1, 2], [0, 3], [3, 0], [2, 1]])
ANSWERS = Answers(np.arange(4), NEAR, np.array([1.0, 1.0, np.nan, np.nan]))
ALL = np.ones(4, bool)


class TestUsefulness:
    def test_by_hand(self):
        relations = {"movement": shared(["a", "a", "b"])}
        found = usefulness(ANSWERS, LABELS, relations, ALL, seed=0)
        assert found["one_nn"] == 0.5
        assert found["precision"] == 0.25
        assert found["mean_average_precision"] == 1
        # Of 0 and 1 both movements' artists are near: 1, 2 and 0; of 2 only 0; of 3 none of its own.
        assert found["precision_movement"] == np.mean([1, 0.5, 0.5, 0])
        assert found["one_nn_low"] <= found["one_nn"] <= found["one_nn_high"]

    def test_only_chosen_paintings_ask(self):
        assert usefulness(ANSWERS, LABELS, {}, np.arange(4) == 2, seed=0)["precision"] == 0

    def test_what_nobody_knows_of_an_artist_is_left_out(self):
        found = usefulness(ANSWERS, LABELS, {"movement": shared([None, None, "b"])}, ALL, seed=0)
        assert found["precision_movement"] == 0

    def test_the_interval_is_that_of_a_mean(self):
        random = np.random.default_rng(0)
        labels = random.integers(0, 2, 2000)
        answers = Answers(np.arange(2000), random.integers(0, 2000, (2000, 1)), np.zeros(2000))
        found = usefulness(answers, labels, {}, np.ones(2000, bool), seed=0)
        assert found["one_nn_high"] - found["one_nn_low"] == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(2000), rel=0.1)

    def test_without_queries_nothing_is_defined(self):
        assert np.isnan(usefulness(ANSWERS, LABELS, {}, ~ALL, seed=0)["one_nn"])


class TestChance:
    @given(st.integers(0, 50))
    def test_it_is_what_random_order_reaches(self, seed):
        random = np.random.default_rng(seed)
        labels = random.integers(0, 3, 12)
        near = np.array([[other for other in range(12) if other != row] for row in range(12)])
        relations = {"movement": shared(["a", "b", "b"])}
        found = usefulness(Answers(np.arange(12), near, np.zeros(12)), labels, relations, np.ones(12, bool), 0)
        expected = chance(labels, np.ones(12, bool), relations)
        assert expected["precision"] == pytest.approx(found["precision"])
        assert expected["precision_movement"] == pytest.approx(found["precision_movement"])


class TestHubness:
    def test_it_is_the_skewness_of_occurrences(self):
        near = np.array([[1], [0], [0], [0], [0]])
        skewness, hub, times = hubness(Answers(np.arange(5), near, np.zeros(5)), 5)
        assert skewness == pytest.approx(skew([4, 1, 0, 0, 0]))
        assert (hub, times) == (0, 4)


class TestOneAnswer:
    @given(st.integers(0, 50))
    def test_against_sets(self, seed):
        random = np.random.default_rng(seed)
        n, k = 15, 3
        near = np.array([random.permutation(np.delete(np.arange(n), row))[:k] for row in range(n)])
        order = np.argsort(-np.bincount(near.ravel(), minlength=n), kind="stable")
        expected = [len(set(near[row]) & set([one for one in order if one != row][:k])) / k for row in range(n)]
        assert constant_recall(near, np.arange(n), n) == pytest.approx(np.mean(expected))


class TestRelations:
    def test_half_of_the_shorter_life(self):
        years = [(1840, 1926), (1832, 1883), (1880, 1950), None]
        assert overlapping(years).tolist() == [
            [True, True, True, False],
            [True, True, False, False],
            [True, False, True, False],
            [False, False, False, False],
        ]
