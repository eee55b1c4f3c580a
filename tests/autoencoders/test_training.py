import numpy as np
import pytest

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
        one, two, other = (training.encode(train(rows, seed=seed)[1], rows)[0] for seed in (5, 5, 6))
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
    def test_pca_needs_no_epochs_and_reports_its_errors(self, rows):
        _, encoder, history = train(rows, architecture="pca", code_size=3)
        codes, seen = training.encode(encoder, rows)
        assert seen.shape == (60, 0)
        assert codes.dtype == np.float32
        assert len(history) == 1
        assert history["val_loss"].iloc[0] >= 0
        assert abs(codes[:50].mean(axis=0)).max() < 1e-4
