import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from grisaille.autoencoders import training
from grisaille.parameters import Autoencoder

TINY = {"architecture": "positional", "channels": 8, "code_size": 4, "epochs": 6, "batch_size": 8}


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    return np.abs(random.standard_normal((60, 3)) @ random.standard_normal((3, 64))).astype(np.float32)


def train(rows, validation=10, **settings):
    split = len(rows) - validation
    given = Autoencoder(**TINY | settings)
    return training.train(rows, np.ones(len(rows)), np.arange(split), np.arange(split, len(rows)), given, "t")


class TestTraining:
    def test_the_loss_falls_and_is_recorded(self, rows):
        _, _, history = train(rows)
        assert history.columns.tolist() == ["epoch", "loss", "val_loss"]
        assert history["loss"].iloc[-1] < history["loss"].iloc[0]

    def test_the_best_weights_are_restored(self, rows):
        autoencoder, _, history = train(rows, learning_rate=0.3, epochs=12, patience=2)
        error = np.square(autoencoder.predict_on_batch(rows[50:]) - rows[50:]).mean()
        assert error == pytest.approx(history["val_loss"].min(), rel=1e-4)

    def test_it_stops_when_validation_no_longer_improves(self, rows):
        assert len(train(rows, learning_rate=0.5, epochs=60, patience=2)[2]) < 60

    def test_without_validation_paintings_the_training_loss_is_watched(self, rows):
        assert train(rows, validation=0)[2].columns.tolist() == ["epoch", "loss"]

    def test_the_same_seed_gives_the_same_codes_and_another_gives_others(self, rows):
        one, two, other = (training.encode(train(rows, seed=seed)[1], rows) for seed in (5, 5, 6))
        assert np.array_equal(one, two)
        assert not np.array_equal(one, other)

    def test_models_come_uncompiled(self, rows):
        autoencoder, encoder, _ = train(rows, epochs=1)
        assert not autoencoder.compiled
        assert not encoder.compiled

    def test_no_painting_to_train_on(self, rows):
        with pytest.raises(ValueError, match="no painting to train on"):
            training.train(rows, np.ones(60), np.array([], dtype=int), np.arange(3), Autoencoder(**TINY), "t")


class TestLinear:
    @pytest.fixture(scope="class")
    def trained(self, rows):
        return train(rows, architecture="linear", likeness="euclidean", components=2, channels=5)

    @pytest.fixture(scope="class")
    def expected(self, rows):
        """Rows on scikit-learn's components and on the mean."""
        known = PCA(2).fit(rows)
        basis = np.linalg.qr(np.vstack([known.components_, known.mean_]).T)[0]
        return rows @ basis @ basis.T

    def test_it_reconstructs_as_scikit_learn_does(self, rows, trained, expected):
        autoencoder, _, history = trained
        np.testing.assert_allclose(autoencoder.predict_on_batch(rows), expected, atol=1e-4)
        assert history["loss"].tolist() == [pytest.approx(np.square(rows - expected).mean(), rel=1e-4)]

    def test_codes_are_where_rows_are_and_what_is_left_of_them(self, rows, trained, expected):
        codes = training.encode(trained[1], rows)
        assert codes.shape == (60, 2 + 2)
        np.testing.assert_allclose(codes[:, -1], np.linalg.norm(rows - expected, axis=1), atol=1e-3)
        np.testing.assert_allclose(pdist(codes[:, :-1]), pdist(expected), rtol=1e-3)

    def test_fewer_paintings_have_fewer_components(self, rows):
        assert training.encode(train(rows, architecture="linear", channels=5)[1], rows).shape == (60, 20 + 2)
