"""The style of a painting: its patterns, wherever they are.

A chunk of a layer has the shape (positions, channels). Its style is the mean and the standard deviation of every
channel over the positions, after the square root and the division by the layer's norm of `hellinger`. The squares of
these numbers have the same sum for every painting, so no further scaling is needed.

Its encoder is linear (`components`) and fitted without labels. Its only supervision is that two halves of a painting
are by the same artist.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, Rows
from grisaille.likenesses.metrics import MetricRows
from grisaille.parameters import Chunk

_BLOCK = 128


def channel_statistics(maps: FloatArray) -> FloatArray:
    """Mean and standard deviation of every channel over the positions.

    Args:
        maps: Shape (n, positions, channels).

    Returns:
        Shape (n, 2 * channels): the means, then the deviations.

    Source: Huang & Belongie 2017, "Arbitrary style transfer in real-time with adaptive instance normalization", which
        uses
    these two as the style of a picture.
    """
    return np.concatenate([maps.mean(axis=1), maps.std(axis=1)], axis=1)


def describe(rows: Rows, norms: FloatArray, channels: int) -> tuple[FloatArray, FloatArray]:
    """Read a chunk once, and compute the statistics of the whole and of its halves.

    Args:
        rows: Features of the chunk, flattened row-major (position, channel), shape (n, positions * channels).
        norms: `layer_norms` of the whole layer for `hellinger`, shape (n,).
        channels: Channels of the map.

    Returns:
        Statistics of the whole, float32, shape (n, 2 * channels), and of the halves, shape (2, n, 2 * channels). A
        chunk of one position has no halves: shape (0, n, 2 * channels).

    Raises:
        ValueError: If the chunk is not a whole number of positions.
    """
    positions, over = divmod(rows.shape[1], channels)
    if over:
        raise ValueError(
            f"style needs whole positions of {channels} channels (style.channels). Received: {rows.shape[1]} values"
        )
    metric_rows = MetricRows(rows, "hellinger", norms)
    middle, n = positions // 2, rows.shape[0]
    whole = np.empty((n, 2 * channels), np.float32)
    halves = np.empty((2 if middle else 0, n, 2 * channels), np.float32)
    for start in range(0, n, _BLOCK):
        block = slice(start, min(start + _BLOCK, n))
        maps = metric_rows[block].reshape(-1, positions, channels)
        whole[block] = channel_statistics(maps)
        if middle:
            halves[:, block] = channel_statistics(maps[:, :middle]), channel_statistics(maps[:, middle:])
    return whole, halves


def describe_chunks(
    features: Mapping[str, Rows], layer_norms: FloatArray, chunks: Iterable[Chunk], channels: int
) -> Iterator[FloatArray]:
    """Describe every painting, chunk by chunk: float32, shape (n, 2 * channels) each.

    Args:
        features: Layer -> features, shape (n, d).
        layer_norms: For `hellinger`, shape (n, layers), in the order of the features.
        chunks: The chunks.
        channels: See `describe`.
    """
    layers = list(features)
    for chunk in chunks:
        rows = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)
        yield describe(rows, layer_norms[:, layers.index(chunk.layer)], channels)[0]
