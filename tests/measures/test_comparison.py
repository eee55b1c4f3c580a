"""The walk must leave what each measure, asked alone, would say."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from grisaille.measures import comparison as walk
from grisaille.measures.comparison import Collection, compare, queries
from grisaille.measures.neighbourhoods import MEASURES, DistanceBins, Preservation, nearest, ranks
from grisaille.measures.retrieval import Retrieval
from grisaille.measures.silhouettes import DistanceSums
from grisaille.measures.spaces import embedding_space

RAW, SMALL, OTHER = ("raw", "hellinger"), ("embedding", "euclidean"), ("pca", "euclidean")
SEEDS = st.integers(0, 99)
FEWER = settings(max_examples=settings.default.max_examples // 6)


def spaces(n, seed=0):
    points = np.random.default_rng(seed).standard_normal((n, 6)) * np.linspace(2, 0.2, 6)
    return {RAW: points, SMALL: points[:, :2], OTHER: points[:, 1:4]}


def collection(n, artists=3, seed=0, parts=("train", "validation", "held_out")):
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(n) % artists)
    split = random.permutation(np.array(parts)[np.arange(n) % len(parts)])
    return Collection(labels, random.random(n) < 0.9, split)


def measured(points, paintings, asked=None, k=4, pairs=((RAW, SMALL),), block=7, **options):
    asked = np.arange(len(paintings.labels)) if asked is None else asked
    known = {name: embedding_space(rows) for name, rows in points.items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walk, "rows_at_a_time", lambda n: block)
        return compare(known, list(pairs), paintings, asked, k, **options)


def alone(points, rows):
    """The distances of a space, and who is near, in one block."""
    distances = embedding_space(points).distances(rows)
    return distances, nearest(distances, rows)


def assert_same_tables(found, expected):
    for name in ("preservation", "rnx", "retrieval"):
        one, other = getattr(found, name), getattr(expected, name)
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-9)


class TestQueries:
    def test_everybody_of_a_small_collection(self):
        assert queries(5, exact_up_to=5, sample=2, seed=0).tolist() == [0, 1, 2, 3, 4]

    @given(SEEDS)
    def test_a_seeded_sample_of_a_large_one(self, seed):
        asked = queries(50, exact_up_to=49, sample=8, seed=seed)
        assert len(set(asked.tolist())) == 8
        assert set(asked.tolist()) <= set(range(50))
        assert asked.tolist() == sorted(asked)
        assert np.array_equal(asked, queries(50, 49, 8, seed))
        assert not np.array_equal(asked, queries(50, 49, 8, seed + 1))


class TestAgainstTheMeasuresAlone:
    @pytest.fixture(params=[None, 23], ids=["everybody", "a sample"])
    def asked(self, request):
        return np.arange(60) if request.param is None else queries(60, 10, request.param, 1)

    # Of each test: mutmut tries the tests that were running when a function was called.
    @pytest.fixture
    def found(self, asked):
        return measured(spaces(60), collection(60), asked, pairs=[(RAW, SMALL), (RAW, OTHER)])

    def test_sums_of_distances(self, found, asked):
        assert list(found.sums) == [RAW, SMALL, OTHER]
        for name, points in spaces(60).items():
            expected = DistanceSums(collection(60).labels, 3)
            expected.update(alone(points, asked)[0])
            np.testing.assert_allclose(found.sums[name], expected.sums)

    def test_neighbours_and_their_distances(self, found, asked):
        assert np.array_equal(found.queries, asked)
        for name, points in spaces(60).items():
            distances, order = alone(points, asked)
            rows, far = found.neighbours[name]
            assert np.array_equal(rows, order[:, :4])
            np.testing.assert_allclose(far, np.take_along_axis(distances, order[:, :4], axis=1))

    def test_retrieval(self, found, asked):
        rows = []
        for (space, likeness), points in spaces(60).items():
            expected = Retrieval(collection(60).labels, collection(60).kept, 4)
            expected.update(asked, alone(points, asked)[1])
            rows.append({"space": space, "likeness": likeness} | expected.result())
        pd.testing.assert_frame_equal(found.retrieval, pd.DataFrame(rows))

    @pytest.mark.parametrize("reduced", [SMALL, OTHER])
    @pytest.mark.parametrize("part", ["all", "train", "validation", "held_out"])
    def test_preservation_of_every_part(self, found, asked, reduced, part):
        members = np.flatnonzero((collection(60).split == part) | (part == "all"))
        chosen = np.intersect1d(asked, members)
        expected, given = Preservation(60, 4), []
        for name in (RAW, reduced):
            distances, order = alone(spaces(60)[name], chosen)
            bins = DistanceBins(embedding_space(spaces(60)[name]).among(np.arange(60)))
            given.append((bins(distances), ranks(order)))
        expected.update(chosen, *given)
        rnx, expected = expected.rnx(), expected.result(len(members))
        table = found.preservation
        row = table[(table["space"] == reduced[0]) & (table["paintings"] == part)].iloc[0]
        assert row["likeness"] == "hellinger"
        assert row["queries"] == len(chosen)
        for name in MEASURES:
            assert row[name] == pytest.approx(expected[name], abs=1e-9)
            # Groups of queries are others where the parts were put together.
            if part != "all" or name != "spearman":
                assert row[f"{name}_margin"] == pytest.approx(expected[f"{name}_margin"], abs=1e-9, nan_ok=True)
        if part == "all":
            curve = found.rnx[found.rnx["space"] == reduced[0]]
            np.testing.assert_allclose(curve["rnx"], rnx[curve["neighbours"] - 1])

    def test_the_parts_come_in_their_order(self, found):
        assert found.preservation["paintings"].tolist() == ["all", "train", "validation", "held_out"] * 2
        assert found.preservation["space"].tolist() == ["embedding"] * 4 + ["pca"] * 4
        margins = [f"{name}_margin" for name in MEASURES]
        expected = ["space", "likeness", "paintings", "queries", *MEASURES, *margins]
        assert found.preservation.columns.tolist() == expected


def three_clusters(n, random):
    return 10 ** random.uniform(1, 4) * random.standard_normal((3, 6))[np.arange(n) * 3 // n] + noise(n, random)


def sphere_with_its_centre_first(n, random):
    points = noise(n, random)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points[: n // 40] *= 0.01
    return points


def copies(n, random):
    return np.repeat(noise(n, random), random.choice([1, 2, 20, 1 + n // 10], n), axis=0)[:n]


def few_values(n, random):
    points = random.integers(0, 3, (n, 6)).astype(float)
    return points[np.lexsort(points.T)]


def noise(n, random):
    return random.standard_normal((n, 6))


class TestSpearman:
    """Paintings are sorted by artist, so that the first are like each other and unlike the rest."""

    @FEWER
    @given(
        kind=st.sampled_from([three_clusters, sphere_with_its_centre_first, copies, few_values, noise]),
        n=st.one_of(st.integers(3, 300), st.just(1000)),
        shuffled=st.booleans(),
        noisy=st.booleans(),
        seed=SEEDS,
    )
    def test_in_any_order_it_is_that_of_the_distances_themselves(self, kind, n, shuffled, noisy, seed):
        random = np.random.default_rng(seed)
        points = kind(n, random)
        reduced = points[:, :2] + 0.1 * noisy * points.std() * noise(n, random)[:, :2]
        order = random.permutation(n) if shuffled else np.arange(n)
        points = {RAW: points[order], SMALL: reduced[order]}
        found = measured(points, collection(n, parts=("train",)), block=50)
        apart = ~np.eye(n, dtype=bool)
        distances = [embedding_space(points[name]).distances(np.arange(n))[apart] for name in (RAW, SMALL)]
        # What rounding parts is equal.
        ranked = [np.rint(each / (each.max() or 1) * 2**23) for each in distances]
        if min(len(np.unique(each)) for each in ranked) > 1:
            expected = spearmanr(*ranked).statistic
            assert found.preservation["spearman"].tolist() == [pytest.approx(expected, abs=1e-5)] * 2

    def test_the_sample_is_seeded(self):
        points = {RAW: noise(600, np.random.default_rng(0)), SMALL: noise(600, np.random.default_rng(1))}
        found, again = (measured(points, collection(600), block=100) for _ in range(2))
        pd.testing.assert_frame_equal(found.preservation, again.preservation, rtol=0, atol=0)


class TestCurve:
    def test_a_short_one_is_whole(self):
        curve = measured(spaces(30), collection(30)).rnx
        assert curve.columns.tolist() == ["space", "likeness", "neighbours", "rnx"]
        assert curve["neighbours"].tolist() == list(range(1, 29))
        assert set(curve["space"]) == {"embedding"}
        assert set(curve["likeness"]) == {"hellinger"}

    def test_a_long_one_is_thinned_evenly_on_a_logarithmic_scale(self, monkeypatch):
        monkeypatch.setattr(walk, "_CURVE_POINTS", 5)
        assert measured(spaces(83), collection(83)).rnx["neighbours"].tolist() == [1, 3, 9, 27, 81]

    def test_without_a_comparison_there_is_none(self):
        found = measured(spaces(12), collection(12), pairs=[])
        assert found.rnx.columns.tolist() == ["space", "likeness", "neighbours", "rnx"]
        assert len(found.rnx) == len(found.preservation) == 0
        assert len(found.retrieval) == 3


class TestParts:
    def test_a_part_that_nobody_asks_for_has_no_row(self):
        paintings = collection(20, parts=("train", "held_out"))
        found = measured(spaces(20), paintings, np.flatnonzero(paintings.split == "train"))
        assert found.preservation["paintings"].tolist() == ["all", "train"]

    def test_progress_wraps_the_walks(self):
        told = []
        measured(spaces(20), collection(20), progress=lambda steps: told.extend(steps) or steps)
        blocks = [list(range(7)), list(range(7, 14)), list(range(14, 20))]
        assert [rows.tolist() for _, rows in told] == 2 * blocks
        assert [group.names for group, _ in told] == [(RAW, SMALL)] * 3 + [(OTHER,)] * 3

    def test_one_reference_is_walked_at_a_time_and_no_space_measured_twice(self):
        pairs = [(RAW, SMALL), (OTHER, SMALL)]
        told = []
        found = measured(spaces(20), collection(20), pairs=pairs, progress=lambda steps: told.extend(steps) or steps)
        assert [group.names for group, _ in told] == [(RAW, SMALL)] * 3 + [(OTHER, SMALL)] * 3
        assert all(rows.shape == (20, 4) for rows, _ in found.neighbours.values())
        for pair in pairs:
            of_one = measured(spaces(20), collection(20), pairs=[pair])
            rows = found.preservation.query("likeness == @pair[0][1]").reset_index(drop=True)
            pd.testing.assert_frame_equal(rows, of_one.preservation)
            for name in pair:
                np.testing.assert_allclose(found.sums[name], of_one.sums[name])


class TestProperties:
    @FEWER
    @given(n=st.integers(8, 30), seed=SEEDS)
    def test_permuting_paintings_changes_no_table(self, n, seed):
        points, paintings = spaces(n, seed), collection(n, seed=seed)
        order = np.random.default_rng(seed).permutation(n)
        moved = {name: rows[order] for name, rows in points.items()}
        permuted = Collection(paintings.labels[order], paintings.kept[order], paintings.split[order])
        found, expected = measured(moved, permuted), measured(points, paintings)
        assert_same_tables(found, expected)
        for name in points:
            np.testing.assert_allclose(found.sums[name], expected.sums[name][order])
            assert np.array_equal(order[found.neighbours[name][0]], expected.neighbours[name][0][order])

    @FEWER
    @given(n=st.integers(8, 30), seed=SEEDS, scale=st.floats(1e-2, 1e2))
    def test_rotating_and_scaling_a_space_changes_no_table(self, n, seed, scale):
        points, paintings = spaces(n, seed), collection(n, seed=seed)
        rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((2, 2)))[0]
        turned = points | {SMALL: scale * (points[SMALL] @ rotation + 1)}
        found, expected = measured(turned, paintings), measured(points, paintings)
        assert_same_tables(found, expected)
        np.testing.assert_allclose(found.sums[SMALL], scale * expected.sums[SMALL])
        assert np.array_equal(found.neighbours[SMALL][0], expected.neighbours[SMALL][0])

    @FEWER
    @given(n=st.integers(4, 20), seed=SEEDS)
    def test_known_copies_change_nothing_in_retrieval(self, n, seed):
        points, paintings = spaces(n, seed), collection(n, seed=seed)
        twice = {name: np.concatenate([rows, rows]) for name, rows in points.items()}
        kept = np.concatenate([paintings.kept, np.zeros(n, dtype=bool)])
        copied = Collection(np.tile(paintings.labels, 2), kept, np.tile(paintings.split, 2))
        pd.testing.assert_frame_equal(measured(twice, copied).retrieval, measured(points, paintings).retrieval)

    @FEWER
    @given(n=st.integers(3, 12), seed=SEEDS)
    def test_one_artist(self, n, seed):
        labels = np.zeros(n, dtype=int)
        found = measured(spaces(n, seed), Collection(labels, labels == 0, np.full(n, "train")))
        assert (found.retrieval[["one_nn", "precision", "mean_average_precision"]] == 1).all(axis=None)
        assert found.sums[RAW].shape == (n, 1)
        assert found.preservation["paintings"].tolist() == ["all", "train"]

    @FEWER
    @given(seed=SEEDS, labels=st.sampled_from([[0, 0], [0, 1]]))
    def test_two_paintings(self, seed, labels):
        paintings = Collection(np.array(labels), np.array([True, True]), np.array(["train", "held_out"]))
        found = measured(spaces(2, seed), paintings)
        assert found.neighbours[RAW][0].tolist() == [[1], [0]]
        assert found.preservation["recall"].tolist() == [1, 1, 1]
        assert found.preservation["queries"].tolist() == [2, 1, 1]
        assert set(found.retrieval["one_nn"]) == {float(labels == [0, 0])}
        assert len(found.rnx) == 0


class TestMemory:
    def test_nothing_of_the_size_of_all_pairs_is_held(self, monkeypatch):
        n, size = 3000, 50
        monkeypatch.setattr(walk, "rows_at_a_time", lambda _: size)
        random = np.random.default_rng(0)
        points = random.standard_normal((n, 4))
        known = {(name, "euclidean"): embedding_space(points[:, :d]) for name, d in (("raw", 4), ("pca", 2))}
        paintings = Collection(random.integers(0, 5, n), np.ones(n, dtype=bool), np.full(n, "train"))
        tracemalloc.start()
        compare(known, [tuple(known)], paintings, np.arange(n), 10)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * n * n
