import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grisaille.arrays import as_float32
from grisaille.likenesses import metrics as likeness
from grisaille.measures.spaces import feature_space

FEATURES = arrays(np.float32, (6, 8), elements=st.floats(0, 100, width=32))


class TestHellinger:
    @given(FEATURES, FEATURES)
    def test_squared_distance_is_two_minus_two_cosines_a_layer(self, first, second):
        first, second = first + 1, second + 1
        distances = feature_space({"a": first, "b": second}, "hellinger").distances(np.arange(6))
        expected = np.zeros((6, 6))
        for layer in (first, second):
            roots = np.sqrt(layer.astype(float))
            roots /= np.linalg.norm(roots, axis=1, keepdims=True)
            expected += 2 - 2 * roots @ roots.T
        np.testing.assert_allclose(distances**2, np.maximum(expected, 0), atol=1e-5)

    def test_length_is_of_the_whole_layer_whatever_the_piece(self):
        layer = np.random.default_rng(0).random((5, 12), dtype=np.float32)
        pieces = likeness.columns({"a": layer}, "hellinger", width=5)
        assert [piece.shape for piece in pieces] == [(5, 5), (5, 5), (5, 2)]
        joined = np.concatenate([piece[0:5] for piece in pieces], axis=1)
        np.testing.assert_allclose(np.linalg.norm(joined, axis=1), 1, rtol=1e-6)

    def test_a_layer_of_zeros_stays_zero(self):
        piece = likeness.columns({"a": np.zeros((2, 3), dtype=np.float32)}, "hellinger", 3)[0]
        assert not piece[0:2].any()

    def test_negative_features_are_refused(self):
        with pytest.raises(ValueError, match="has negative features"):
            likeness.layer_norms(-np.ones((2, 2), dtype=np.float32), "hellinger")


class TestEuclidean:
    @given(FEATURES)
    def test_distances_are_those_of_the_features(self, layer):
        distances = feature_space({"a": layer}, "euclidean").distances(np.arange(2, 5))
        expected = np.linalg.norm(layer[2:5, None] - layer[None].astype(float), axis=2)
        np.testing.assert_allclose(distances, expected, atol=0.2)


class TestAsFloat32:
    def test_every_half_precision_number_there_is(self):
        """Signs, infinities and NaN take the slow way."""
        every = np.arange(65536, dtype=np.uint16).view(np.float16)
        for values in (every, every[:0x7C00], every[:0x7C01], every[np.isfinite(every)].reshape(2, -1)[:, ::3]):
            expected = values.astype(np.float32)
            assert np.array_equal(as_float32(values).view(np.uint32), expected.view(np.uint32))

    def test_float32_is_not_copied(self):
        values = np.ones((2, 2), dtype=np.float32)
        assert as_float32(values) is values

    def test_a_likeness_leaves_what_it_reads_as_it_was(self):
        values = np.full((3, 4), 9.0, dtype=np.float32)
        assert likeness.MetricRows(values, "hellinger", np.ones(3))[0:3].max() == 3
        assert values.min() == 9
