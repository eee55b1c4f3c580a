"""The two metrics: transformations of a layer's features before Euclidean distances are computed.

`euclidean` leaves them unchanged. `hellinger` takes the square root of every (non-negative) value and scales the whole
layer to length 1, so the squared distance is 2 - 2 cos, Hellinger's distance between features that sum to 1
(Arandjelović & Zisserman 2012, "Three things everyone should know to improve object retrieval", section 3).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, Rows, as_float32
from grisaille.errors import GrisailleError

Likeness: TypeAlias = Literal["euclidean", "hellinger"]
LIKENESSES: tuple[Likeness, ...] = get_args(Likeness)
# About 50 MB of float32 for VGG16's block4_pool.
_BLOCK = 128


class NegativeFeatureError(GrisailleError, ValueError):
    """Features with negative values, for which Hellinger distances are not defined."""

    def __init__(self, layer: str) -> None:
        """Name the layer."""
        super().__init__(
            f"{layer} has negative features, but Hellinger distances and style need square roots: set "
            "autoencoder.likeness=euclidean and remove style from likenesses"
        )


def layer_norms(layer: Rows, likeness: Likeness) -> FloatArray:
    """The divisors of every painting's layer, applied after the square root if there is one.

    Args:
        layer: Features of one whole layer, shape (n, d).
        likeness: The metric.

    Returns:
        float32, shape (n,): ones for `euclidean`; for `hellinger` the square root of the sum of the features, or 1 if
        all are zero.

    Raises:
        NegativeFeatureError: If a feature is negative and the metric is `hellinger`.
    """
    if likeness == "euclidean":
        return np.ones(layer.shape[0], dtype=np.float32)
    result = np.empty(layer.shape[0], dtype=np.float32)
    for start in range(0, len(result), _BLOCK):
        block = as_float32(layer[start : start + _BLOCK])
        if block.min(initial=0) < 0:
            raise NegativeFeatureError("a layer")
        result[start : start + _BLOCK] = np.sqrt(block.sum(axis=1, dtype=np.float64))
    result[result == 0] = 1
    return result


def divisors(
    features: Mapping[str, Rows], likeness: Likeness, known: FloatArray | None = None
) -> dict[str, FloatArray]:
    """The divisors of every layer, read from the features only where they are not known.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: The metric.
        known: `layer_norms` for `hellinger`, shape (n, layers), in the order of the features; zeros for a layer with
            negative values.

    Returns:
        Layer -> float32, shape (n,).

    Raises:
        NegativeFeatureError: See `layer_norms`.
    """
    if known is None or likeness == "euclidean":
        return {layer: layer_norms(values, likeness) for layer, values in features.items()}
    found = dict(zip(features, known.T, strict=True))
    for layer, norms in found.items():
        if not norms.all():
            raise NegativeFeatureError(layer)
    return found


class MetricRows:
    """A matrix of features whose rows are transformed for a metric when they are read."""

    def __init__(self, source: Rows, likeness: Likeness, norms: FloatArray) -> None:
        """Wrap a layer or some of its columns.

        Args:
            source: Features, shape (n, d).
            likeness: The metric.
            norms: As `layer_norms` returns them for the whole layer, shape (n,).
        """
        self._source, self._likeness, self._norms = source, likeness, norms
        self.shape = source.shape
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, rows: slice | FloatArray) -> FloatArray:
        """The given rows, float32."""
        values = as_float32(self._source[rows])
        if self._likeness == "hellinger":
            # In place, except for float32 values, which may be a view of the caller's array.
            values = np.sqrt(values, out=values if self._source.dtype != np.float32 else None)
            values /= self._norms[rows, None]
        return values


def columns(
    features: Mapping[str, Rows], likeness: Likeness, width: int, known: FloatArray | None = None
) -> list[MetricRows]:
    """Cut layers into pieces of at most `width` columns, transformed for a metric.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: The metric.
        width: Columns a piece.
        known: See `divisors`.

    Returns:
        The pieces of all layers in order; their squared distances sum to those of the whole.
    """
    pieces = []
    norms = divisors(features, likeness, known)
    for name, layer in features.items():
        for start in range(0, layer.shape[1], width):
            piece = ColumnRange(layer, start, min(start + width, layer.shape[1]))
            pieces.append(MetricRows(piece, likeness, norms[name]))
    return pieces
