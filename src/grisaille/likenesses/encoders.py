"""Keras models from features to the code of a likeness; they are stored, and embed further pictures."""

from collections.abc import Sequence
from functools import lru_cache

import keras
import numpy as np
from keras import layers, ops

from grisaille.arrays import FloatArray, Rows, as_float32

_BLOCK = 256
# Name of the layer in a style encoder that computes the statistics of a chunk.
_STATISTICS = "statistics"


def style_encoder(values: int, channels: int, mean: FloatArray, directions: FloatArray) -> keras.Model:
    """Build the encoder of a chunk's style (`style.channel_statistics`, then the components).

    Args:
        values: Values of the chunk.
        channels: Channels of the map.
        mean: As `fit_components` returns it, shape (2 * channels,).
        directions: As `fit_components` returns them, shape (2 * channels, k).

    Returns:
        A model from [features (n, values), norms of the layer (n, 1)] to codes (n, k).
    """
    features, norms = keras.Input((values,), name="features"), keras.Input((1,), name="norms")
    maps = ops.reshape(ops.sqrt(ops.maximum(features, 0)) / norms, (-1, values // channels, channels))
    statistics = layers.Concatenate(name=_STATISTICS)([ops.mean(maps, axis=1), ops.std(maps, axis=1)])
    return _linear([features, norms], statistics, mean, directions)


def colour_encoder(mean: FloatArray, directions: FloatArray) -> keras.Model:
    """Build the encoder of a palette.

    Args:
        mean: As `fit_components` returns it, shape (bins,).
        directions: As `fit_components` returns them, shape (bins, k).

    Returns:
        A model from shares of colours (n, bins) to codes (n, k).
    """
    shares = keras.Input((len(mean),), name="shares")
    return _linear([shares], ops.sqrt(shares), mean, directions)


def _linear(inputs: list[keras.KerasTensor], known: keras.KerasTensor, mean: FloatArray, to: FloatArray) -> keras.Model:
    code = layers.Dense(to.shape[1], kernel_initializer="zeros", name="code")
    model = keras.Model(inputs if len(inputs) > 1 else inputs[0], code(known), name="encoder")
    code.set_weights([to, -mean @ to])
    return model


def encode(encoder: keras.Model, *inputs: Rows) -> FloatArray:
    """Encode all rows, a block at a time.

    Args:
        encoder: One of the models above.
        *inputs: One array an input of the encoder, with n rows each.

    Returns:
        float32, shape (n, k).
    """
    parts = []
    for start in range(0, inputs[0].shape[0], _BLOCK):
        block: Sequence[FloatArray] = [as_float32(rows[start : start + _BLOCK]) for rows in inputs]
        parts.append(ops.convert_to_numpy(encoder(block if len(block) > 1 else block[0], training=False)))
    return np.concatenate(parts).astype(np.float32)


def encode_style(encoder: keras.Model, rows: Rows, norms: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute codes and statistics of a chunk.

    Args:
        encoder: As `style_encoder` returns it.
        rows: Features of the chunk, shape (n, values).
        norms: Norms of the layer, shape (n,).

    Returns:
        Codes, float32, shape (n, k), and their inputs (`style.channel_statistics`), shape (n, 2 * channels).
    """
    outputs = encode(_with_statistics(encoder), rows, norms[:, None])
    many = encoder.output.shape[-1]
    return outputs[:, :many], outputs[:, many:]


# Cached for servers, which encode one picture at a time.
@lru_cache(maxsize=16)
def _with_statistics(encoder: keras.Model) -> keras.Model:
    both = layers.Concatenate()([encoder.output, encoder.get_layer(_STATISTICS).output])
    return keras.Model(encoder.inputs, both)
