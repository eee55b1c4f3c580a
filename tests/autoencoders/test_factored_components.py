import numpy as np
import pytest

from grisaille.autoencoders.compression import fit_projection
from grisaille.autoencoders.factored_components import fit_factored_components
from grisaille.autoencoders.principal_components import fit_principal_components

POSITIONS, CHANNELS = 6, 20


@pytest.fixture(scope="module")
def rows():
    """Maps whose positions and channels vary together in few ways each."""
    random = np.random.default_rng(0)
    noise = random.standard_normal((3000, POSITIONS, CHANNELS))
    patterns = np.linalg.qr(random.standard_normal((POSITIONS, POSITIONS)))[0] * np.geomspace(3, 0.2, POSITIONS)
    mixtures = np.linalg.qr(random.standard_normal((CHANNELS, CHANNELS)))[0] * np.geomspace(5, 0.1, CHANNELS)
    maps = np.einsum("pa,nab,cb->npc", patterns, noise, mixtures)
    return (maps.reshape(3000, -1) + 2).astype(np.float32)


def captured(found, rows):
    """Variance in the components, of some rows."""
    return float(np.square((rows - found.mean) @ found.components.T).sum(axis=1).mean())


class TestComponents:
    def test_they_are_orthonormal(self, rows):
        found = fit_factored_components(rows, np.arange(40), 30, CHANNELS).components
        np.testing.assert_allclose(found @ found.T, np.eye(30), atol=1e-5)

    def test_each_is_a_pattern_times_a_mixture(self, rows):
        for component in fit_factored_components(rows, np.arange(40), 8, CHANNELS).components:
            strengths = np.linalg.svd(component.reshape(POSITIONS, CHANNELS), compute_uv=False)
            np.testing.assert_allclose(strengths[1:], 0, atol=1e-5)

    def test_of_what_is_made_of_factors_they_are_the_principal_components(self, rows):
        everyone = np.arange(3000)
        found = fit_factored_components(rows, everyone, 8, CHANNELS)
        assert captured(found, rows) == pytest.approx(
            captured(fit_principal_components(rows, everyone, 8, seed=0), rows), rel=0.01
        )

    def test_few_rows_are_told_apart_no_better_than_others(self, rows):
        few, others = np.arange(25), rows[25:]
        factored = fit_factored_components(rows, few, 16, CHANNELS)
        plain = fit_principal_components(rows, few, 16, seed=0)
        assert captured(factored, rows[few]) / captured(factored, others) < 1.05
        assert captured(plain, rows[few]) / captured(plain, others) > 1.1
        assert captured(factored, others) > captured(plain, others)

    def test_they_repeat_to_the_bit(self, rows):
        one, two = (fit_factored_components(rows, np.arange(700), 5, CHANNELS).components for _ in range(2))
        assert np.array_equal(one, two)


class TestRefusing:
    def test_no_whole_positions(self, rows):
        with pytest.raises(ValueError, match=r"positions of 7 channels. Received: 3 rows of 120 values"):
            fit_factored_components(rows, np.arange(3), 2, 7)

    def test_no_row(self, rows):
        with pytest.raises(ValueError, match="need a row"):
            fit_factored_components(rows, np.array([], dtype=int), 2, CHANNELS)


class TestCompressing:
    def test_a_small_collection_of_maps_has_all_components(self, rows):
        projection, error = fit_projection(rows, np.arange(30), 40, 0, CHANNELS)
        basis, compressed = projection.basis, projection.compress(rows)
        assert basis.shape == (41, 120)
        assert compressed.shape == (3000, 42)
        assert error == pytest.approx(np.square(compressed[:30, -1]).mean() / 120, rel=1e-5)
        factored = fit_factored_components(rows, np.arange(30), 40, CHANNELS)
        assert np.array_equal(basis[:-1], factored.components)

    def test_a_large_one_has_plain_components(self, rows):
        one, other = (fit_projection(rows, np.arange(2000), 40, 0, *given)[0] for given in ((CHANNELS,), ()))
        assert np.array_equal(one.basis, other.basis)
