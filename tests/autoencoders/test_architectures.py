import keras
import numpy as np
import pytest

from grisaille.autoencoders.architectures import build
from grisaille.parameters import Autoencoder


class TestPaper:
    @pytest.fixture(scope="class")
    def models(self):
        return build(Autoencoder(architecture="paper"), 25088)

    def test_it_is_the_exact_network(self, models):
        autoencoder, _ = models
        assert autoencoder.count_params() == 25_909_601
        kinds = [(type(x).__name__, tuple(x.output.shape[1:])) for x in autoencoder.layers if x.count_params()]
        assert kinds == [
            ("Conv1D", (25088, 16)),
            ("Conv1D", (12544, 32)),
            ("Conv1D", (6272, 64)),
            ("Dense", (64,)),
            ("Dense", (200704,)),
            ("Conv1D", (3136, 64)),
            ("Conv1D", (6272, 32)),
            ("Conv1D", (12544, 16)),
            ("Conv1D", (25088, 1)),
        ]

    def test_activations(self, models):
        for layer in models[0].layers:
            if isinstance(layer, keras.layers.Conv1D):
                assert layer.activation.__name__ == "relu"
                assert layer.kernel_size == (2,)
            if isinstance(layer, keras.layers.Dense):
                assert layer.activation.__name__ == "linear"

    def test_a_length_that_cannot_be_halved(self):
        with pytest.raises(ValueError, match=r"halves its input three times\. Received: 100"):
            build(Autoencoder(architecture="paper"), 100)


class TestEveryArchitecture:
    @pytest.mark.parametrize("architecture", ["paper", "positional"])
    def test_shapes_saving_and_loading(self, architecture, tmp_path):
        settings = Autoencoder(architecture=architecture, code_size=4, channels=8)
        rows = np.random.default_rng(0).random((30, 64), dtype=np.float32)
        autoencoder, encoder = build(settings, 64)
        assert autoencoder.input_shape == autoencoder.output_shape == (None, 64)
        assert encoder.output_shape == (None, 4)
        encoder.save(tmp_path / "encoder.keras")
        loaded = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
        assert np.array_equal(loaded.predict_on_batch(rows), encoder.predict_on_batch(rows))

    def test_a_chunk_of_no_whole_positions(self):
        with pytest.raises(ValueError, match="not a whole number of positions of 512"):
            build(Autoencoder(architecture="positional"), 1000)
