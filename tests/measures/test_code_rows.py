"""Every row of the table of codes, against another implementation of it."""

import itertools

import faiss
import numpy as np
import pytest
from scipy.fft import dct
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from grisaille.codes.linear import gaussian_levels, spend
from grisaille.measures import code_rows
from grisaille.measures.code_rows import Contenders
from grisaille.measures.codes import Reference, training_and_queries
from grisaille.measures.spaces import embedding_space
from grisaille.points import Points

N, K = 340, 5
TRAINING, QUERIES = np.arange(300), np.arange(300, N)
SIZES, VALUES = (8, 16), (4, 8)


@pytest.fixture(scope="module")
def pieces():
    """Two chunks of twelve values that matter less and less, and the squared length of what they leave out."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((2, N, 12)) / np.arange(1, 13) + 2
    return [Points(part.astype(np.float32), random.uniform(0.01, 0.1, N).astype(np.float32)) for part in rows]


@pytest.fixture(scope="module")
def together(pieces):
    return np.concatenate([points.coordinates for points in pieces], axis=1)


@pytest.fixture(scope="module")
def rests(pieces):
    return sum(points.rests for points in pieces)


@pytest.fixture
def contenders(pieces, together, monkeypatch):
    for name, value in {"SIZES": SIZES, "VALUES": VALUES, "ONE_BITS": (16,), "_WIDTH": 16}.items():
        monkeypatch.setattr(code_rows, name, value)
    return Contenders(pieces, TRAINING, Reference.measure(embedding_space(together), QUERIES, K))


def squares_of(rows, code):
    (row,) = [row for row in rows if row.code == code]
    return row, row.make()()


def squares(queries, collection, left=0.0, own=0.0):
    """Squared distances by scipy, and what both sides leave out."""
    return cdist(queries, collection, "sqeuclidean") + left + (own[:, None] if np.ndim(own) else own)


def scores(rows, k):
    """Scikit-learn's scores of the training rows' first components, and what these leave of each row."""
    known = PCA(svd_solver="full").fit(rows[TRAINING])
    found = known.transform(rows)
    return found[:, :k], np.square(found[:, k:]).sum(axis=1)


class TestLinear:
    def test_everybody_gets_those_that_are_near_to_most(self, contenders):
        row, found = squares_of(contenders.linear(), "the same ten for everybody")
        often = np.bincount(contenders.reference.nearest.ravel(), minlength=N)
        assert np.array_equal(np.argsort(found[0], kind="stable"), np.argsort(-often, kind="stable"))
        assert row.size == 0

    @pytest.mark.parametrize("values", VALUES)
    def test_components_of_each_chunk(self, contenders, pieces, values):
        row, found = squares_of(contenders.linear(), f"PCA of each chunk, {values}")
        rows = np.concatenate([scores(points.coordinates, values // 2)[0] for points in pieces], axis=1)
        np.testing.assert_allclose(found, squares(rows[QUERIES], rows), rtol=1e-3, atol=1e-4)
        assert (row.size, row.values) == (4 * values, values)

    @pytest.mark.parametrize("values", VALUES)
    def test_and_the_length_of_what_they_leave_out(self, contenders, pieces, rests, values):
        _, found = squares_of(contenders.linear(), f"PCA of each chunk, {values - 2}, and the length")
        known = [scores(points.coordinates, values // 2 - 1) for points in pieces]
        rows, left = np.concatenate([rows for rows, _ in known], axis=1), sum(left for _, left in known) + rests
        np.testing.assert_allclose(found, squares(rows[QUERIES], rows, left, left[QUERIES]), rtol=1e-3)

    @pytest.mark.parametrize("values", VALUES)
    def test_components_of_all_chunks(self, contenders, together, rests, values):
        _, found = squares_of(contenders.linear(), f"PCA of all chunks, {values - 1}, and the length")
        rows, left = scores(together, values - 1)
        left = left + rests
        np.testing.assert_allclose(found, squares(rows[QUERIES], rows, left, left[QUERIES]), rtol=1e-3)

    def test_a_random_projection_keeps_distances_on_average(self, contenders, together, monkeypatch):
        monkeypatch.setattr(code_rows, "VALUES", (24,))
        ratios = []
        for seed in range(40):
            other = Contenders(contenders.pieces, TRAINING, contenders.reference, seed)
            _, found = squares_of(other.linear(), "random projection, 24")
            ratios.append(found / np.maximum(squares(together[QUERIES], together), 1e-9))
        apart = np.ones((len(QUERIES), N), bool)
        apart[np.arange(len(QUERIES)), QUERIES] = False
        assert np.mean(ratios, axis=0)[apart].mean() == pytest.approx(1, abs=0.05)

    def test_equal_bits_take_the_nearest_level(self, contenders, pieces, rests):
        many = (8 - 2) * 8 // 4 // 2
        row, found = squares_of(contenders.linear(), f"PCA of each chunk, {2 * many} at 4 bits, and the length")
        known = [scores(points.coordinates, many) for points in pieces]
        rows, left = np.concatenate([rows for rows, _ in known], axis=1), sum(left for _, left in known) + rests
        spread, mean = rows[TRAINING].std(axis=0), rows[TRAINING].mean(axis=0)
        levels = gaussian_levels(4)
        nearest = levels[np.abs(((rows - mean) / spread)[..., None] - levels).argmin(axis=-1)] * spread + mean
        np.testing.assert_allclose(found, squares(rows[QUERIES], nearest, left, left[QUERIES]), rtol=0.02, atol=0.01)
        assert row.size == 8

    def test_bits_where_they_matter_take_the_nearest_level_of_each_component(self, contenders, together, rests):
        row, found = squares_of(contenders.linear(), "PCA of all chunks, 8 bytes")
        rows, left = scores(together, 24)
        variances = rows[TRAINING].var(axis=0)
        bits = spend(variances, 8 * 8 - 16).astype(int)
        decoded = np.zeros_like(rows)
        for column, wide in enumerate(bits):
            if wide:
                levels = gaussian_levels(int(wide)) * np.sqrt(variances[column])
                decoded[:, column] = levels[np.abs(rows[:, column, None] - levels).argmin(axis=1)]
        kept = left + rests + np.square(rows - decoded).sum(axis=1)
        expected = squares(rows[QUERIES], decoded, kept, (left + rests)[QUERIES])
        np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.01)
        assert row.size == 8

    def test_a_query_in_bytes_is_decoded_too(self, contenders):
        _, full = squares_of(contenders.linear(), "PCA of all chunks, 16 bytes")
        _, coarse = squares_of(contenders.linear(), "PCA of all chunks, 16 bytes, query in bytes, too")
        assert not np.array_equal(full, coarse)
        np.testing.assert_allclose(full, coarse, rtol=0.3, atol=0.1)


class TestOthers:
    def test_the_embedding(self, contenders, together):
        rows = {row.code: row for row in contenders.embedding(Points.of("composition", together))}
        assert [row.size for row in rows.values()] == [4 * 24, 12 + 2, 23 + 2]
        own = together[QUERIES, -1] ** 2
        found = rows["embedding"].make()()
        expected = squares(together[QUERIES, :-1], together[:, :-1], together[:, -1] ** 2, own)
        np.testing.assert_allclose(found, expected, rtol=1e-3)
        np.testing.assert_allclose(rows["embedding at 8 bits"].make()(), expected, rtol=0.05)

    def test_product_quantisation_is_that_of_an_index_of_faiss(self, contenders, together, rests):
        rows = {row.size: row for row in contenders.product()}
        assert sorted(rows) == [size + 4 for size in SIZES]
        found = rows[16 + 4].make()()
        kept, left = scores(together, 16)
        index = faiss.IndexPQ(16, 16, 8)
        index.pq.cp.min_points_per_centroid, index.pq.cp.seed = 1, 0
        # Scikit-learn and the code may differ in signs, which make other centroids of equal worth.
        joint = contenders._joint.leading(16).coordinates
        index.train(joint[TRAINING])
        index.add(joint)
        far, order = index.search(joint[QUERIES], N)
        adc = np.empty_like(far)
        np.put_along_axis(adc, order, far, axis=1)
        decoded = np.vstack([index.reconstruct(row) for row in range(N)])
        lengths = left + rests
        error = np.square(joint - decoded).sum(axis=1)
        np.testing.assert_allclose(found, adc + lengths + error + lengths[QUERIES, None], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(np.abs(joint), np.abs(kept), atol=1e-3)

    @pytest.mark.parametrize("in_bits", [False, True])
    def test_one_bit_codes_are_those_of_the_papers(self, contenders, together, in_bits):
        """RaBitQ, section 3.2: <x, q> is estimated as <code, q> / <code, x>; and Charikar's angle of two codes."""
        rows = list(contenders.one_bit([together[:, :10], together[:, 10:]]))
        (row,) = [row for row in rows if row.code.endswith("too") == in_bits]
        found = row.make()()
        centred = together - together.mean(axis=0)
        random = np.random.default_rng(0)
        signs = random.choice(np.array([-1, 1], np.float32), 24)
        chosen = random.permutation(24)[:16]
        turned = dct(centred * signs, norm="ortho", axis=1)[:, chosen]
        unit = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        lengths = np.linalg.norm(centred, axis=1)
        for place, other in itertools.product((0, 7, 39), (3, 100, 239)):
            query, painting = unit[QUERIES[place]], unit[other]
            code = np.sign(painting) / 4
            cosine = (code @ query) / (code @ painting)
            if in_bits:
                cosine = np.cos(np.pi * np.mean(np.sign(query) != np.sign(painting)))
            here, there = lengths[QUERIES[place]], lengths[other]
            expected = here**2 + there**2 - 2 * here * there * cosine
            assert found[place, other] == pytest.approx(max(expected, 0), rel=1e-3, abs=1e-3)
        assert row.size == 16 // 8 + 8


class TestMeasured:
    def test_a_row_of_the_table(self, contenders):
        row = next(row for row in contenders.linear() if row.code == "PCA of each chunk, 8")
        found = contenders.measured(row)
        assert list(found) == [
            *("family", "code", "bytes", "values"),
            *("recall", "reranked", "spearman"),
            *("make_seconds", "search_milliseconds"),
        ]
        assert 0.5 < found["recall"] <= found["reranked"] <= 1

    def test_queries_are_those_that_training_never_saw(self):
        split = np.array(["train"] * 700 + ["validation"] * 100 + ["held_out"] * 600)
        training, asked = training_and_queries(split, 3)
        assert np.array_equal(training, np.arange(800))
        assert len(asked) == 500
        assert asked.min() >= 800

    def test_where_nothing_is_held_out_all_are_queries(self):
        training, asked = training_and_queries(np.array(["train"] * 9), 0)
        assert np.array_equal(training, asked)
