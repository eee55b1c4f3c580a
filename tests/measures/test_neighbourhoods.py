import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from zadu import zadu

from grisaille.measures.neighbourhoods import MEASURES, DistanceBins, Preservation, nearest, ranks, spearman_of_counts
from grisaille.measures.spaces import blocks, embedding_space


def compare(*spaces, population=None, **options):
    found = measured(*spaces, **options)
    return found.result(population) | {"rnx": found.rnx()}


def measured(reference, reduced, k=10, k_ranks=20, block=16, chosen=None):
    high, low = embedding_space(reference), embedding_space(reduced)
    n = len(reference)
    chosen = np.arange(n) if chosen is None else chosen
    found = Preservation(n, k, k_ranks)
    bins = [DistanceBins(space.among(np.arange(n))) for space in (high, low)]
    for rows in blocks(chosen, block):
        here = []
        for space, binned in zip((high, low), bins, strict=True):
            distances = space.distances(rows)
            here.append((binned(distances), ranks(nearest(distances, rows))))
        found.update(rows, *here)
    return found


def some_spaces(n, seed=0):
    random = np.random.default_rng(seed)
    reference = random.standard_normal((n, 12)) * np.linspace(2, 0.2, 12)
    return reference, reference[:, :3] + 0.1 * random.standard_normal((n, 3))


def rotation(dimensions, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((dimensions, dimensions)))[0]


def assert_same(found, expected):
    for name in MEASURES:
        assert found[name] == pytest.approx(expected[name], abs=1e-9, nan_ok=True), name
    np.testing.assert_allclose(found["rnx"], expected["rnx"], atol=1e-9)


SIZES, SEEDS = st.integers(3, 40), st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 3)


@pytest.fixture(scope="module")
def spaces():
    return some_spaces(90)


class TestAgainstOthers:
    def test_recall(self, spaces):
        rows = [NearestNeighbors(n_neighbors=11).fit(x).kneighbors(x, return_distance=False)[:, 1:] for x in spaces]
        expected = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*rows, strict=True)])
        assert compare(*spaces)["recall"] == pytest.approx(expected)

    def test_trustworthiness_and_continuity_of_scikit_learn(self, spaces):
        found = compare(*spaces)
        assert found["trustworthiness"] == pytest.approx(trustworthiness(*spaces, n_neighbors=20))
        assert found["continuity"] == pytest.approx(trustworthiness(*spaces[::-1], n_neighbors=20))

    def test_trustworthiness_and_continuity_of_zadu(self, spaces):
        oracle = zadu.ZADU([{"id": "tnc", "params": {"k": 20}}], spaces[0]).measure(spaces[1])[0]
        found = compare(*spaces)
        assert found["trustworthiness"] == pytest.approx(oracle["trustworthiness"])
        assert found["continuity"] == pytest.approx(oracle["continuity"])

    def test_spearman(self, spaces):
        upper = np.triu_indices(90, 1)
        rows = [np.linalg.norm(x[:, None] - x[None], axis=2)[upper] for x in spaces]
        assert compare(*spaces)["spearman"] == pytest.approx(spearmanr(*rows).statistic, abs=1e-5)

    def test_rnx_by_its_definition(self, spaces):
        found, n = compare(*spaces), 90
        orders = [np.argsort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 1:] for x in spaces]
        for size in (1, 7, 50, 88):
            shared = np.mean([len(set(a[:size]) & set(b[:size])) / size for a, b in zip(*orders, strict=True)])
            assert found["rnx"][size - 1] == pytest.approx(((n - 1) * shared - size) / (n - 1 - size))
        weights = 1 / np.arange(1, n - 1)
        assert found["area_under_rnx"] == pytest.approx((found["rnx"] * weights).sum() / weights.sum())


class TestProperties:
    @FEWER
    @given(n=SIZES, seed=SEEDS, scale=st.floats(1e-3, 1e3))
    def test_a_rotated_and_scaled_copy_keeps_everything(self, n, seed, scale):
        points = some_spaces(n, seed)[1]
        found = compare(points, scale * (points @ rotation(3, seed) + 1))
        assert found["recall"] == found["trustworthiness"] == found["continuity"] == 1
        assert found["area_under_rnx"] == pytest.approx(1)
        assert found["spearman"] == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(found["rnx"], 1)

    @FEWER
    @given(n=SIZES, seed=SEEDS)
    def test_permuting_paintings_changes_nothing(self, n, seed):
        reference, reduced = some_spaces(n, seed)
        order = np.random.default_rng(seed).permutation(n)
        assert_same(compare(reference[order], reduced[order]), compare(reference, reduced))

    @FEWER
    @given(n=SIZES, seed=SEEDS, scale=st.floats(1e-3, 1e3), turned=st.sampled_from(["reference", "reduced"]))
    def test_rotating_and_scaling_either_space_changes_nothing(self, n, seed, scale, turned):
        reference, reduced = some_spaces(n, seed)
        expected = compare(reference, reduced)
        if turned == "reference":
            reference = scale * (reference @ rotation(12, seed) - 1)
        else:
            reduced = scale * (reduced @ rotation(3, seed) - 1)
        assert_same(compare(reference, reduced), expected)

    @FEWER
    @given(n=SIZES, seed=SEEDS)
    @example(n=24, seed=3)
    def test_the_other_way_round_trustworthiness_is_continuity(self, n, seed):
        spaces = some_spaces(n, seed)
        one, other = compare(*spaces), compare(*spaces[::-1])
        assert (one["trustworthiness"], one["continuity"]) == (other["continuity"], other["trustworthiness"])
        assert one["recall"] == other["recall"]
        assert one["area_under_rnx"] == pytest.approx(other["area_under_rnx"])
        assert one["spearman"] == pytest.approx(other["spearman"], abs=1e-12)

    @FEWER
    @given(n=st.integers(6, 20), seed=SEEDS, k=st.sampled_from([1, 3, 5]))
    def test_copies_may_change_places_with_each_other_and_with_nobody_else(self, n, seed, k):
        """A painting, its copy, and then pair after pair: an odd number of neighbours parts no pair."""
        points = np.repeat(some_spaces(n, seed)[1], 2, axis=0)
        found = compare(points, points @ rotation(3, seed), k, k_ranks=k)
        assert found["recall"] == found["trustworthiness"] == found["continuity"] == 1
        np.testing.assert_allclose(found["rnx"][::2], 1)
        assert found["spearman"] == pytest.approx(1, abs=1e-5)
        assert compare(points, points @ rotation(3, seed), k + 1)["recall"] >= 1 - 1 / (k + 1)

    @FEWER
    @given(st.integers(3, 12))
    def test_identical_paintings_keep_their_order_and_have_no_order_of_distances(self, n):
        found = compare(np.ones((n, 3)), np.zeros((n, 2)))
        assert found["recall"] == found["trustworthiness"] == found["continuity"] == 1
        assert np.isnan(found["spearman"])

    @pytest.mark.filterwarnings("error")
    @FEWER
    @given(SEEDS)
    def test_two_paintings_are_each_others_neighbour_and_nothing_else_is_defined(self, seed):
        found = compare(*some_spaces(2, seed))
        assert found["recall"] == 1
        assert np.isnan([found[name] for name in MEASURES[1:]]).all()
        assert found["rnx"].shape == (0,)

    @FEWER
    @given(SEEDS)
    def test_three_paintings_are_the_fewest_that_say_anything(self, seed):
        found, spaces = compare(*some_spaces(3, seed)), some_spaces(3, seed)
        first = [np.linalg.norm(x[:, None] - x[None], axis=2) for x in spaces]
        agreed = np.mean(np.equal(*(np.argsort(distances, axis=1)[:, 1] for distances in first)))
        assert found["trustworthiness"] == found["continuity"] == pytest.approx(agreed)
        assert found["rnx"].tolist() == [pytest.approx(2 * agreed - 1)]
        assert found["area_under_rnx"] == pytest.approx(2 * agreed - 1)

    def test_the_size_of_blocks_does_not_matter(self, spaces):
        small, large = compare(*spaces, block=7), compare(*spaces, block=90)
        assert small["recall"] == large["recall"]
        assert small["spearman"] == large["spearman"]

    def test_parts_add_up_to_the_whole(self, spaces):
        even, odd = (compare(*spaces, chosen=np.arange(first, 90, 2)) for first in (0, 1))
        whole = compare(*spaces)
        for measure in ("recall", "trustworthiness", "continuity", "area_under_rnx"):
            halves = even[measure] / 2 + odd[measure] / 2
            assert whole[measure] == pytest.approx(halves)

    @pytest.mark.parametrize("k_ranks", [5, 20])
    def test_parts_together_are_the_whole(self, spaces, k_ranks):
        parts = [measured(*spaces, k=7, k_ranks=k_ranks, chosen=np.arange(first, 90, 3)) for first in range(3)]
        whole = measured(*spaces, k=7, k_ranks=k_ranks)
        together = Preservation.together(parts)
        assert together.queries == 90
        assert_same(*(given.result() | {"rnx": given.rnx()} for given in (together, whole)))
        # Whom the jackknife leaves out together depends on the order of queries, the rest does not.
        for name in MEASURES[:-1]:
            assert together.result(900)[f"{name}_margin"] == pytest.approx(whole.result(900)[f"{name}_margin"]), name
        assert together.result(900)["spearman_margin"] == pytest.approx(whole.result(900)["spearman_margin"], rel=0.5)

    def test_a_margin_is_that_of_the_mean_of_a_sample_without_replacement(self, spaces):
        asked = np.arange(0, 90, 2)
        found = compare(*spaces, chosen=asked, population=90)
        alone = [compare(*spaces, chosen=np.array([query])) for query in asked]
        for name in MEASURES[:-1]:
            error = np.std([one[name] for one in alone], ddof=1) / np.sqrt(45)
            assert found[f"{name}_margin"] == pytest.approx(1.96 * error * np.sqrt(1 / 2)), name

    def test_the_margin_of_a_rank_correlation_is_that_of_queries_left_out(self, spaces):
        """By the deletion of one of 16 groups of queries at a time, with exact ranks in place of bins."""
        asked = np.arange(0, 90, 2)
        high, low = (embedding_space(space).distances(asked) for space in spaces)
        others = np.arange(90)[None, :] != asked[:, None]
        without = []
        for group in range(16):
            kept = np.arange(45) % 16 != group
            without.append(spearmanr(high[kept][others[kept]], low[kept][others[kept]]).statistic)
        expected = 1.96 * np.sqrt(15 * np.var(without)) * np.sqrt(1 / 2)
        found = compare(*spaces, block=45, chosen=asked, population=90)
        assert found["spearman_margin"] == pytest.approx(expected, rel=0.1)

    def test_everybody_asked_leaves_no_margin(self, spaces):
        assert {compare(*spaces, population=90)[f"{name}_margin"] for name in MEASURES} == {0.0}

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
                assert 0 < found[f"{name}_margin"] < 0.2
                hits[name] += abs(found[name] - exact[name]) <= found[f"{name}_margin"]
        assert min(hits.values()) >= 33, hits

    def test_a_sample_too_small_has_no_margin_it_could_stand_for(self, spaces):
        found = compare(*spaces, chosen=np.arange(20), population=90)
        assert np.isnan([found[f"{name}_margin"] for name in MEASURES]).all()

    def test_the_area_is_that_under_the_curve(self, spaces):
        found = compare(*spaces)
        assert found["area_under_rnx"] == pytest.approx(np.average(found["rnx"], weights=1 / np.arange(1, 89)))

    def test_noise_is_chance(self):
        random = np.random.default_rng(1)
        found = compare(random.standard_normal((300, 8)), random.standard_normal((300, 8)))
        assert abs(found["area_under_rnx"]) < 0.05
        assert abs(found["spearman"]) < 0.05

    def test_a_tiny_collection(self):
        found = compare(np.eye(4), np.eye(4)[::-1] * 2)
        assert found["recall"] == 1

    def test_nothing_compared(self):
        with pytest.raises(ValueError, match="the comparison has no queries"):
            Preservation(5).result()


class TestNearest:
    @given(arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(2, 12)), elements=st.integers(0, 4)), SEEDS)
    def test_by_distance_and_then_by_row(self, distances, seed):
        asked = np.random.default_rng(seed).integers(0, distances.shape[1], len(distances))
        expected = [
            sorted(set(range(distances.shape[1])) - {row}, key=lambda other: (mine[other], other))
            for row, mine in zip(asked.tolist(), distances.tolist(), strict=True)
        ]
        order = nearest(distances, asked)
        assert order.tolist() == expected
        found = ranks(order)
        assert found[np.arange(len(asked)), asked].tolist() == [0] * len(asked)
        assert np.take_along_axis(found, order, axis=1).tolist() == [list(range(1, distances.shape[1]))] * len(asked)

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

    @given(arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 4)))
    def test_as_of_the_pairs_themselves(self, joint):
        x, y = (np.repeat(of, joint.ravel()) for of in (where.ravel() for where in np.indices(joint.shape)))
        found = spearman_of_counts(joint)
        if len(set(x)) < 2 or len(set(y)) < 2:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(spearmanr(x, y).statistic)
            assert spearman_of_counts(3 * joint.T) == pytest.approx(found)
            assert spearman_of_counts(joint[::-1]) == pytest.approx(-found)

    def test_a_constant_has_none(self):
        assert np.isnan(spearman_of_counts(np.array([[3, 4]])))
        assert np.isnan(spearman_of_counts(np.array([[3], [4]])))
