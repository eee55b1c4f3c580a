"""Search by a part of a picture: which paintings contain something similar, and where.

A part is compared with windows of one layer's maps, position by position on a grid of cells, by one linear function of
the maps (an exemplar of linear discriminant analysis). A painting costs one product of its maps with nine vectors and a
summed-area table of nine numbers a position. The candidate paintings are chosen elsewhere.

Measured: the share of the other carriers of a planted motif among the first ten (motifs for development: four figures
    in
the demo's gallery, with its random CNN; six pasted pieces of 600 real paintings):

| description of the part | the demo's gallery | real paintings |
|---|---|---|
| mean of channels, of the crop enlarged to the CNN's input | 0.07 | 0.13 |
| mean of channels, of the window of the whole picture's maps | 0.19 | 0.76 |
| mean of channels, of the crop alone at its own scale | 0.23 | 0.85 |
| both of the latter | 0.26 | 0.87 |
| both, 2 x 2 cells | 0.28 | 0.94 |
| both, 2 x 2 cells, decorrelated, linear | 0.54 | 0.90 |
| both, 3 x 3 cells, decorrelated, linear (chosen) | 0.57 | 0.96 |

Rows 1 to 5 are of 40 questions in the gallery and 48 about paintings; the last two of 20 and 16, so 0.96 is uncertain.
Centring on a painting's own maps and scaling positions to length 1 found less. Crops at three scales, each for windows
of its size, and a second search with the best windows of the first found up to 0.05 more in the gallery, before the
linear function was chosen; they cost more of the CNN or twice the search, and were not tried with it.

Motifs that played no role in this choice are found less often: 0.61 in the gallery (six figures, 60 questions) and 0.83
in real paintings (40 questions about pasted pieces); the style of the whole picture finds 0.05 and 0.03. A random CNN
does not distinguish small figures among dots, checks and rings. A question about 600 paintings takes half a second of
one core.

The style of the whole picture makes a poor shortlist: a third of 600 real paintings holds 0.44 of the other carriers.
With `PartSearch.shortlist`, at 2 KB a painting, a third holds 0.84, and half of them 0.93. So search all paintings if
time allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.likenesses.metrics import NegativeFeatureError

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture, in fractions of its width and height."""

# Mean colour of ImageNet photographs, which CNNs subtract.
_NEUTRAL = (124, 117, 104)
# Cells along each side of a window.
_CELLS = 3
# Window sizes, as multiples of the part's.
_SCALES = (0.5, 0.6, 0.71, 0.84, 1.0, 1.19, 1.41, 1.68, 2.0)
# Shrinkage: share of the mean variance that is added to every variance.
_SHRINKAGE = 0.1
# Paintings in the sample for statistics, and paintings read at a time: 25 MB of block4_pool.
_SAMPLE, _BLOCK = 512, 64


@dataclass(frozen=True)
class View:
    """A part as the CNN sees it: the layer's maps of a picture, and the position of the part in it.

    Attributes:
        maps: Features after a ReLU, shape (height, width, channels).
        box: Box of the part.

    Raises:
        ValueError: If the box is empty or leaves the picture, or the maps have another number of dimensions.
    """

    maps: FloatArray
    box: Box

    def __post_init__(self) -> None:
        """Check box and maps."""
        check(self.box)
        if self.maps.ndim != 3:
            raise ValueError(f"maps must have the shape (height, width, channels). Received: {self.maps.shape}")


@dataclass(frozen=True)
class Found:
    """Paintings that contain a part, best first.

    Attributes:
        rows: Rows in the collection, shape (count,).
        similarities: float32, shape (count,): 1 for the part in its own picture, 0 for the average window of the
            collection. Other windows may exceed 1.
        boxes: The best window of each painting, float64, shape (count, 4): left, top, right, bottom, in fractions of
            its width and height.
    """

    rows: IntArray
    similarities: FloatArray
    boxes: FloatArray


def check(box: Box) -> None:
    """Check a box.

    Raises:
        ValueError: If the box is empty, leaves the picture or contains other than numbers.
    """
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(
            "a part must satisfy 0 <= left < right <= 1 and 0 <= top < bottom <= 1, in fractions of the picture. "
            f"Received: {box}"
        )


def pixels(image: Image.Image, box: Box) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a part in whole pixels; width and height are at least 1.

    Raises:
        ValueError: See `check`.
    """
    check(box)
    width, height = image.size
    left, top = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    return left, top, max(round(box[2] * width), left + 1), max(round(box[3] * height), top + 1)


def alone(image: Image.Image, box: Box) -> tuple[Image.Image, Box]:
    """Paste a part at its own scale into the middle of a grey picture of the same size.

    If it were enlarged to the whole picture, its brush strokes would differ in size from those in the paintings.

    Args:
        image: RGB.
        box: Box of the part; at least one pixel is taken.

    Returns:
        RGB of the same size, and the box of the part there.

    Raises:
        ValueError: See `check`.
    """
    (width, height), (left, top, right, bottom) = image.size, pixels(image, box)
    x, y = (width - right + left) // 2, (height - bottom + top) // 2
    ground = Image.new("RGB", image.size, _NEUTRAL)
    ground.paste(image.crop((left, top, right, bottom)), (x, y))
    return ground, (x / width, y / height, (x + right - left) / width, (y + bottom - top) / height)


@dataclass(frozen=True)
class PartSearch:
    """Searches one layer of a collection by parts.

    The score of a window is the mean over its cells c of t_c' S (m_c - mean): m_c is the mean of the square roots of
    the features in the cell, t_c the same for the part, and S the inverse covariance of single positions in the
    collection. So channels that are common or correlated in the collection count little.

    Attributes:
        rows: Features of the layer, flattened row-major (height, width, channel), shape (n, height * width * channels).
        shape: (height, width, channels). Layers with few positions, such as block5_pool, have no windows for small
            parts.
        mean: Mean of the square roots, float32, shape (channels,).
        whitening: Matrix W with W @ W.T = S, float32, shape (channels, channels).

    Source: Hariharan, Malik & Ramanan 2012, "Discriminative decorrelation for clustering and classification", for the
    linear function of one example; Crow 1984, "Summed-area tables for texture mapping", for the windows.
    """

    rows: Rows
    shape: tuple[int, int, int]
    mean: FloatArray
    whitening: FloatArray

    @classmethod
    def fit(cls, rows: Rows, shape: tuple[int, int, int], seed: int = 0) -> PartSearch:
        """Estimate mean and covariance from at most 512 paintings, in about half a second.

        Args:
            rows: See the attribute; n > 0.
            shape: See the attribute.
            seed: Seed of the sample.

        Raises:
            NegativeFeatureError: If a feature is negative.
            ValueError: If the rows have another shape, or there are none.
        """
        if not rows.shape[0] or rows.shape[1] != int(np.prod(shape)):
            raise ValueError(f"maps of {shape} need n x {int(np.prod(shape))} features, n > 0. Received: {rows.shape}")
        n, channels = rows.shape[0], shape[2]
        sample = np.sort(np.random.default_rng(seed).permutation(n)[:_SAMPLE])
        total, products, count = np.zeros(channels), np.zeros((channels, channels)), 0
        for start in range(0, len(sample), _BLOCK):
            values = _roots(rows[sample[start : start + _BLOCK]]).reshape(-1, channels)
            total += values.sum(axis=0, dtype=np.float64)
            products += values.T @ values
            count += len(values)
        mean = total / count
        variances, directions = np.linalg.eigh(products / count - np.outer(mean, mean))
        variances = np.maximum(variances, 0)
        # A collection of blank pictures has no variance.
        added = _SHRINKAGE * variances.mean() or 1.0
        whitening = directions / np.sqrt(variances + added)
        return cls(rows, shape, mean.astype(np.float32), whitening.astype(np.float32))

    def nearest(self, views: Sequence[View], candidates: IntArray, count: int) -> Found:
        """Find the paintings with the windows most like a part.

        Args:
            views: The same part in one or several pictures. Two measured best: the whole picture around the part, and
                the part `alone`. The first determines the size of windows.
            candidates: Rows to search, shape (m,).
            count: Maximum number of results.

        Raises:
            NegativeFeatureError: If a feature is negative.
            ValueError: If there is no view, or its maps differ in shape from the collection's.
        """
        template = self._template(views)
        first = views[0]
        windows = sizes(self.shape[:2], first.box)
        own = float((template * (_cells(_roots(first.maps), first.box) - self.mean)).sum())
        scores, boxes = np.empty(len(candidates), np.float32), np.empty((len(candidates), 4))
        for block, correlations in self._correlate(template, candidates):
            scores[block], boxes[block] = best_windows(correlations, windows)
        order = np.argsort(-scores, kind="stable")[:count]
        return Found(candidates[order], scores[order] / np.float32(own or 1.0), boxes[order])

    def means(self) -> FloatArray:
        """Means of square roots over positions, which `shortlist` reads, float32, shape (n, channels).

        Raises:
            NegativeFeatureError: If a feature is negative.
        """
        n, channels = self.rows.shape[0], self.shape[2]
        result = np.empty((n, channels), np.float32)
        for start in range(0, n, _BLOCK):
            block = slice(start, min(start + _BLOCK, n))
            result[block] = _roots(self.rows[block]).reshape(block.stop - start, -1, channels).mean(axis=1)
        return result

    def shortlist(self, views: Sequence[View], means: FloatArray, candidates: IntArray, length: int) -> IntArray:
        """The candidates whose means are most like the part's channels, ascending; no features are read.

        Args:
            views: See `nearest`.
            means: As `means` returns them.
            candidates: Rows to search, shape (m,).
            length: Length of the shortlist.
        """
        if length >= len(candidates):
            return np.sort(candidates)
        weights = self._template(views).mean(axis=(0, 1))
        order = np.argsort(-(means[candidates] @ weights), kind="stable")
        return np.sort(candidates[order[:length]])

    def _template(self, views: Sequence[View]) -> FloatArray:
        """The vectors that cells are multiplied by, float32, shape (cells, cells, channels)."""
        if not views:
            raise ValueError("a part needs at least one view. Received: none")
        total = np.zeros((_CELLS, _CELLS, self.shape[2]))
        for view in views:
            if view.maps.shape != self.shape:
                raise ValueError(f"maps must have the collection's shape {self.shape}. Received: {view.maps.shape}")
            whitened = (_cells(_roots(view.maps), view.box) - self.mean) @ self.whitening
            total += whitened / (np.linalg.norm(whitened) or 1.0)
        template: FloatArray = (total @ self.whitening.T).astype(np.float32)
        return template

    def _correlate(self, template: FloatArray, candidates: IntArray) -> Iterator[tuple[slice, FloatArray]]:
        """Yield products of positions and cells, one block of paintings at a time: (b, height, width, cells, cells)."""
        height, width, channels = self.shape
        weights = template.reshape(-1, channels).T
        usual = self.mean @ weights
        for start in range(0, len(candidates), _BLOCK):
            block = slice(start, min(start + _BLOCK, len(candidates)))
            values = _roots(self.rows[candidates[block]]).reshape(-1, channels)
            yield block, (values @ weights - usual).reshape(-1, height, width, _CELLS, _CELLS)


def sizes(positions: tuple[int, int], box: Box) -> list[tuple[int, int]]:
    """Heights and widths of windows in positions: half to twice the part's size, with its aspect ratio.

    Args:
        positions: Height and width of the maps.
        box: Box of the part.
    """
    left, top, right, bottom = box
    sides = ((bottom - top) * positions[0], (right - left) * positions[1])
    scaled = (
        [min(max(round(side * scale), 1), most) for scale in _SCALES]
        for side, most in zip(sides, positions, strict=True)
    )
    return sorted(set(zip(*scaled, strict=True)))


def best_windows(correlations: FloatArray, windows: Sequence[tuple[int, int]]) -> tuple[FloatArray, FloatArray]:
    """The best window of every painting; among equal ones, the first in order of size, then from the top left.

    Args:
        correlations: Contribution of a position to a window, by the cell it is in, shape (b, height, width, cells,
            cells).
        windows: Heights and widths.

    Returns:
        Sums over cells of the mean of a cell's positions, float32, shape (b,), and boxes in fractions, shape (b, 4).
        Partly covered positions count in part.
    """
    n, height, width = correlations.shape[:3]
    table = np.zeros((n, height + 1, width + 1, *correlations.shape[3:]))
    table[:, 1:, 1:] = correlations.cumsum(axis=1, dtype=np.float64).cumsum(axis=2)
    best, boxes = np.full(n, -np.inf, np.float32), np.zeros((n, 4))
    for high, wide in windows:
        scores = _window_means(table, high, wide).reshape(n, -1)
        places = scores.argmax(axis=1)
        values = scores[np.arange(n), places].astype(np.float32)
        y, x = np.divmod(places, width - wide + 1)
        better = values > best
        edges = np.stack([x / width, y / height, (x + wide) / width, (y + high) / height], axis=1)
        best[better], boxes[better] = values[better], edges[better]
    return best, boxes


def _window_means(table: FloatArray, high: int, wide: int) -> FloatArray:
    """Means of all windows of one size, shape (b, height - high + 1, width - wide + 1)."""
    tops, lefts = np.arange(table.shape[1] - high), np.arange(table.shape[2] - wide)
    down, across = table.shape[3], table.shape[4]
    total = np.zeros((len(table), len(tops), len(lefts)))
    for i in range(down):
        rows = _at(table[:, :, :, i], tops + (i + 1) * high / down, 1) - _at(
            table[:, :, :, i], tops + i * high / down, 1
        )
        for j in range(across):
            total += _at(rows[..., j], lefts + (j + 1) * wide / across, 2)
            total -= _at(rows[..., j], lefts + j * wide / across, 2)
    return total * (down * across / (high * wide))


def _at(table: FloatArray, places: FloatArray, axis: int) -> FloatArray:
    """Values of a summed-area table between its entries, by linear interpolation."""
    # Remove rounding errors of whole numbers.
    places = np.round(places, 9)
    low = np.minimum(places.astype(np.int64), table.shape[axis] - 2)
    share = (places - low).reshape(-1, *[1] * (table.ndim - axis - 1))
    return np.take(table, low, axis) * (1 - share) + np.take(table, low + 1, axis) * share


def _cells(values: FloatArray, box: Box) -> FloatArray:
    """Means of the cells of a box.

    Args:
        values: Shape (height, width, channels).
        box: Box in fractions; it may cut positions.

    Returns:
        float64, shape (cells, cells, channels).
    """
    height, width = values.shape[:2]
    table = np.zeros((height + 1, width + 1, values.shape[2]))
    table[1:, 1:] = values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    left, top, right, bottom = box
    rows = _at(table, np.linspace(top * height, bottom * height, _CELLS + 1), 0)
    sums = np.diff(np.diff(_at(rows, np.linspace(left * width, right * width, _CELLS + 1), 1), axis=0), axis=1)
    return sums * (_CELLS**2 / ((right - left) * width * (bottom - top) * height))


def _roots(features: FloatArray) -> FloatArray:
    """Square roots, float32."""
    values = as_float32(features)
    if values.min(initial=0) < 0:
        raise NegativeFeatureError("a layer")
    return np.sqrt(values, out=None if values is features else values)
