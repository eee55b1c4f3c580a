import numpy as np
import pytest
from sklearn.decomposition import PCA

from grisaille.autoencoders.baseline import pca_embeddings
from grisaille.autoencoders.principal_components import fit_principal_components
from grisaille.parameters import Chunk


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.standard_normal((200, 40)))[0].T
    return (random.standard_normal((700, 40)) * np.geomspace(10, 0.1, 40) @ basis + 3).astype(np.float32)


class TestAgainstScikitLearn:
    def test_components_and_scores(self, rows):
        found = fit_principal_components(rows, np.arange(700), 8, seed=0)
        exact = PCA(8, svd_solver="full").fit(rows)
        assert np.abs((found.components * exact.components_).sum(axis=1)) == pytest.approx(np.ones(8), abs=1e-4)
        np.testing.assert_allclose(np.abs(found.transform(rows)), np.abs(exact.transform(rows)), atol=0.02)

    def test_only_chosen_rows_count(self, rows):
        chosen = np.arange(0, 700, 2)
        found = fit_principal_components(rows, chosen, 3, seed=0)
        exact = PCA(3, svd_solver="full").fit(rows[chosen])
        assert np.abs((found.components * exact.components_).sum(axis=1)) == pytest.approx(np.ones(3), abs=1e-4)


class TestEdges:
    def test_it_repeats_to_the_bit(self, rows):
        one, two = (fit_principal_components(rows, np.arange(700), 5, seed=4).components for _ in range(2))
        assert np.array_equal(one, two)

    def test_more_components_than_rows(self, rows):
        found = fit_principal_components(rows[:3], np.arange(3), 8, seed=0)
        assert found.components.shape == (8, 200)
        assert found.transform(rows[:3]).shape == (3, 8)

    def test_no_row(self, rows):
        with pytest.raises(ValueError, match="at least one row"):
            fit_principal_components(rows, np.array([], dtype=int), 2, 0)


class TestBaseline:
    def test_chunks_are_reduced_apart_and_joined_in_order(self, rows):
        features = {"a": np.abs(rows), "b": np.abs(rows[:, ::-1])}
        chunks = [Chunk(layer="a", start=0, stop=100), Chunk(layer="b", start=50, stop=200)]
        joined = pca_embeddings(features, chunks, np.arange(500), 4, ["euclidean"], 0)["euclidean"]
        exact = PCA(4, svd_solver="full").fit(features["b"][:500, 50:])
        assert joined.shape == (700, 8)
        np.testing.assert_allclose(np.abs(joined[:, 4:]), np.abs(exact.transform(features["b"][:, 50:])), atol=0.05)
