import numpy as np
import pytest
from scipy.spatial.distance import cdist

from grisaille.codes.one_bit import OneBit, squares

WIDE, MANY = 512, 120


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    return (random.standard_normal((MANY, 12)) @ random.standard_normal((12, WIDE)) + 2).astype(np.float32)


@pytest.fixture(scope="module")
def rotated(rows):
    return OneBit.draw(rows.mean(axis=0), WIDE, 0).rotate(rows)


def found(rows, rotated, query_in_bits):
    lengths = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
    return squares(rotated, lengths, np.arange(MANY), query_in_bits)


class TestRotation:
    def test_keeps_distances(self, rows, rotated):
        np.testing.assert_allclose(cdist(rotated, rotated), cdist(rows, rows), rtol=1e-3, atol=1e-2)

    def test_is_the_same_for_the_same_seed(self, rows, rotated):
        assert np.array_equal(OneBit.draw(rows.mean(axis=0), WIDE, 0).rotate(rows), rotated)
        assert not np.array_equal(OneBit.draw(rows.mean(axis=0), WIDE, 1).rotate(rows), rotated)

    def test_size(self, rows):
        assert OneBit.draw(rows.mean(axis=0), 100, 0).size == 13 + 8


class TestDistances:
    def test_a_query_in_full_gives_those_of_faiss(self, rows, rotated):
        faiss = pytest.importorskip("faiss", reason="faiss-cpu is an extra")
        index = faiss.IndexRaBitQ(WIDE, faiss.METRIC_L2)
        # Faiss centres on the mean of what it is trained on, and does not rotate.
        index.train(rotated)
        index.add(rotated)
        index.qb = 0
        expected, places = index.search(rotated, MANY)
        np.testing.assert_allclose(
            np.take_along_axis(found(rows, rotated, False), places, 1), expected, rtol=2e-2, atol=1
        )

    def test_two_codes_have_the_angle_that_random_rounding_gives(self, rows, rotated):
        # Averaged over coordinates, signs differ as often as the angle is a part of a half turn.
        unit = rotated / np.linalg.norm(rotated, axis=1, keepdims=True)
        signs = np.where(unit >= 0, 1, -1)
        share = (signs[:, None, :] != signs[None, :, :]).mean(axis=2)
        lengths = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
        expected = lengths[:, None] ** 2 + lengths**2 - 2 * np.outer(lengths, lengths) * np.cos(np.pi * share)
        np.testing.assert_allclose(found(rows, rotated, True), np.maximum(expected, 0), rtol=1e-3, atol=0.5)
