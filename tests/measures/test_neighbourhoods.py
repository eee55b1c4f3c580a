import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from zadu import zadu

from grisaille.measures import Preservation, blocks, embedding_space, nearest
from grisaille.measures.neighbourhoods import MEASURES, ranks, spearman_of_counts


def compare(reference, reduced, k=10, k_ranks=20, block=16, chosen=None, population=None):
    high, low = embedding_space(reference), embedding_space(reduced)
    n = len(reference)
    chosen = np.arange(n) if chosen is None else chosen
    found = Preservation(n, k, k_ranks)
    found.learn_scale(high.distances(np.arange(n)), low.distances(np.arange(n)))
    for rows in blocks(chosen, block):
        here = []
        for space in (high, low):
            distances = space.distances(rows)
            here.append((distances, ranks(nearest(distances, rows))))
        found.update(rows, *here)
    return found.result(population)


@pytest.fixture(scope="module")
def spaces():
    random = np.random.default_rng(0)
    reference = random.standard_normal((90, 12)) * np.linspace(2, 0.2, 12)
    return reference, reference[:, :3] + 0.1 * random.standard_normal((90, 3))


class TestAgainstOthers:
    def test_recall(self, spaces):
        rows = [NearestNeighbors(n_neighbors=11).fit(x).kneighbors(x, return_distance=False)[:, 1:] for x in spaces]
        expected = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*rows, strict=True)])
        assert compare(*spaces).recall == pytest.approx(expected)

    def test_trustworthiness_and_continuity_of_scikit_learn(self, spaces):
        found = compare(*spaces)
        assert found.trustworthiness == pytest.approx(trustworthiness(*spaces, n_neighbors=20))
        assert found.continuity == pytest.approx(trustworthiness(*spaces[::-1], n_neighbors=20))

    def test_trustworthiness_and_continuity_of_zadu(self, spaces):
        oracle = zadu.ZADU([{"id": "tnc", "params": {"k": 20}}], spaces[0]).measure(spaces[1])[0]
        found = compare(*spaces)
        assert found.trustworthiness == pytest.approx(oracle["trustworthiness"])
        assert found.continuity == pytest.approx(oracle["continuity"])

    def test_spearman(self, spaces):
        upper = np.triu_indices(90, 1)
        rows = [np.linalg.norm(x[:, None] - x[None], axis=2)[upper] for x in spaces]
        assert compare(*spaces).spearman == pytest.approx(spearmanr(*rows).statistic, abs=1e-5)

    def test_rnx_by_its_definition(self, spaces):
        found, n = compare(*spaces), 90
        orders = [np.argsort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 1:] for x in spaces]
        for size in (1, 7, 50, 88):
            shared = np.mean([len(set(a[:size]) & set(b[:size])) / size for a, b in zip(*orders, strict=True)])
            assert found.rnx[size - 1] == pytest.approx(((n - 1) * shared - size) / (n - 1 - size))
        weights = 1 / np.arange(1, n - 1)
        assert found.area_under_rnx == pytest.approx((found.rnx * weights).sum() / weights.sum())


class TestProperties:
    @settings(deadline=None)
    @given(seed=st.integers(0, 50), scale=st.floats(0.1, 10))
    def test_a_rotated_and_scaled_copy_keeps_everything(self, seed, scale):
        random = np.random.default_rng(seed)
        points = random.standard_normal((40, 4))
        rotation = np.linalg.qr(random.standard_normal((4, 4)))[0]
        found = compare(points, scale * points @ rotation)
        assert found.recall == found.trustworthiness == found.continuity == 1
        assert found.area_under_rnx == pytest.approx(1)
        assert found.spearman == pytest.approx(1, abs=1e-6)

    def test_the_size_of_blocks_does_not_matter(self, spaces):
        small, large = compare(*spaces, block=7), compare(*spaces, block=90)
        assert small.recall == large.recall
        assert small.spearman == large.spearman

    def test_parts_add_up_to_the_whole(self, spaces):
        even, odd = (compare(*spaces, chosen=np.arange(first, 90, 2)) for first in (0, 1))
        whole = compare(*spaces)
        for measure in ("recall", "trustworthiness", "continuity", "area_under_rnx"):
            halves = getattr(even, measure) / 2 + getattr(odd, measure) / 2
            assert getattr(whole, measure) == pytest.approx(halves)

    def test_everybody_asked_leaves_no_margin(self, spaces):
        assert set(compare(*spaces, population=90).margins.values()) == {0.0}

    def test_a_sample_comes_with_a_margin_that_holds_the_exact_value(self):
        """95% of intervals should; of 40 samples we ask for 33, which chance undercuts about once in 200 such tests."""
        random = np.random.default_rng(3)
        reference = random.standard_normal((300, 10)) * np.linspace(2, 0.2, 10)
        reduced = reference[:, :4]
        exact = compare(reference, reduced, block=300)
        hits = dict.fromkeys(MEASURES, 0)
        for seed in range(40):
            asked = np.sort(np.random.default_rng(seed).permutation(300)[:90])
            found = compare(reference, reduced, block=90, chosen=asked, population=300)
            for name in MEASURES:
                assert 0 < found.margins[name] < 0.2
                hits[name] += abs(getattr(found, name) - getattr(exact, name)) <= found.margins[name]
        assert min(hits.values()) >= 33, hits

    def test_a_sample_too_small_has_no_margin_it_could_stand_for(self, spaces):
        found = compare(*spaces, chosen=np.arange(20), population=90)
        assert all(np.isnan(margin) for margin in found.margins.values())

    def test_the_area_is_that_under_the_curve(self, spaces):
        found = compare(*spaces)
        assert found.area_under_rnx == pytest.approx(np.average(found.rnx, weights=1 / np.arange(1, 89)))

    def test_noise_is_chance(self):
        random = np.random.default_rng(1)
        found = compare(random.standard_normal((300, 8)), random.standard_normal((300, 8)))
        assert abs(found.area_under_rnx) < 0.05
        assert abs(found.spearman) < 0.05

    def test_a_tiny_collection(self):
        found = compare(np.eye(4), np.eye(4)[::-1] * 2)
        assert found.recall == 1

    def test_nothing_compared(self):
        with pytest.raises(ValueError, match="nothing was compared"):
            Preservation(5).result()


class TestNearest:
    def test_ties_go_to_the_earlier_and_oneself_is_left_out(self):
        distances = np.array([[1.0, 0.0, 1.0, 0.5], [2.0, 1.0, 0.0, 1.0]])
        order = nearest(distances, np.array([1, 2]))
        assert order.tolist() == [[3, 0, 2], [1, 3, 0]]
        assert ranks(order).tolist() == [[2, 0, 3, 1], [3, 1, 0, 2]]

    def test_a_twin_does_not_take_the_place_of_oneself(self):
        distances = np.zeros((2, 2))
        assert nearest(distances, np.arange(2)).tolist() == [[1], [0]]


class TestSpearmanOfCounts:
    def test_ties_by_mid_ranks(self):
        x, y = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 2])
        joint = np.zeros((3, 3), dtype=int)
        np.add.at(joint, (x, y), 1)
        assert spearman_of_counts(joint) == pytest.approx(spearmanr(x, y).statistic)

    def test_a_constant_has_none(self):
        assert np.isnan(spearman_of_counts(np.array([[3, 4]])))
