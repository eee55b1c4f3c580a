import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grisaille.likenesses import encoders
from grisaille.likenesses.components import fit_components
from grisaille.likenesses.metrics import layer_norms
from grisaille.likenesses.style import channel_statistics, describe


def features(n=12, positions=6, channels=4, seed=0):
    return np.random.default_rng(seed).gamma(1, size=(n, positions * channels)).astype(np.float16)


class TestStatistics:
    def test_known_values(self):
        maps = np.array([[[1.0, 5.0], [3.0, 5.0]]])
        np.testing.assert_array_equal(channel_statistics(maps), [[2, 5, 1, 0]])

    @given(st.integers(0, 100))
    def test_where_a_pattern_is_does_not_matter(self, seed):
        maps = np.random.default_rng(seed).random((2, 9, 5))
        moved = maps[:, np.random.default_rng(seed + 1).permutation(9)]
        np.testing.assert_allclose(channel_statistics(maps), channel_statistics(moved), atol=1e-12)

    def test_of_a_whole_layer_they_have_one_length(self):
        rows = features()
        whole, _ = describe(rows, layer_norms(rows, "hellinger"), 4)
        np.testing.assert_allclose((whole**2).sum(axis=1), 1 / 6, rtol=1e-5)

    def test_halves_are_those_of_the_positions(self):
        rows = features(n=300)
        norms = layer_norms(rows, "hellinger")
        whole, halves = describe(rows, norms, 4)
        maps = (np.sqrt(rows.astype(np.float32)) / norms[:, None]).reshape(300, 6, 4)
        np.testing.assert_allclose(whole, channel_statistics(maps), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(halves[1], channel_statistics(maps[:, 3:]), rtol=1e-5, atol=1e-6)

    def test_one_position_has_no_halves(self):
        rows = features(positions=1)
        assert describe(rows, layer_norms(rows, "hellinger"), 4)[1].shape == (0, 12, 8)

    def test_no_whole_number_of_positions(self):
        with pytest.raises(ValueError, match=r"style.channels\). Received: 24 values"):
            describe(features(), np.ones(12), 7)


class TestEncoder:
    def test_it_gives_what_was_fitted_from_features_alone(self, tmp_path):
        import keras

        rows = features(n=300)
        norms = layer_norms(rows, "hellinger")
        whole, halves = describe(rows, norms, 4)
        mean, directions = fit_components(whole, halves, 3, 0.1, 0.5)
        encoders.style_encoder(24, 4, mean, directions).save(tmp_path / "a.keras")
        loaded = keras.saving.load_model(tmp_path / "a.keras")
        codes = encoders.encode(loaded, rows, norms[:, None])
        np.testing.assert_allclose(codes, (whole - mean) @ directions, atol=2e-4)
        np.testing.assert_allclose(encoders.encode(loaded, rows[7:8], norms[7:8, None]), codes[7:8], atol=1e-5)
