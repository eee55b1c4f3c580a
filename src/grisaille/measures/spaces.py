"""Distances between paintings in blocks of rows: memory grows with n, not with its square."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import ChosenRows, FloatArray, IntArray, Rows
from grisaille.likenesses.metrics import Likeness, columns
from grisaille.points import Points

# Values that are read and multiplied at a time: 25 MB in float32, and twice that during conversion. Where one pass over
# the features is not enough for all pairs, 400 MB: each narrower piece would be another pass over files larger than
# memory.
_READ, _READ_OF_MANY = 6_000_000, 100_000_000
_NARROWEST = 64
_BLOCK = 512
# Distances computed in one pass over the features: 800 MB of float32, or half of it if the rows are all points.
_AHEAD = 200_000_000
# Distances computed in one pass over embeddings, which are fast to read: 16 MB of float64.
_AHEAD_OF_EMBEDDINGS = 2_000_000
# Distances searched for near-duplicates at a time: 134 MB of float64.
_LOOKED_THROUGH = 2**24
# Distances that the measures process together: 8 MB an array, with some twenty arrays.
_TOGETHER = 2**20
# Below the first share of |x|^2 + |y|^2, |x|^2 + |y|^2 - 2 x.y has too few digits in float32; below the second, none in
# float64.
_CLOSE, _SAME = 2.0**-7, 2.0**-43


class Space:
    """A set of points with Euclidean distances.

    The points may be split into pieces by columns, since squared distances add up over the pieces.

    Attributes:
        n: Number of points.
        values: Number of values a point.
    """

    def __init__(self, pieces: Sequence[Rows], ahead: int = 0, rests: FloatArray | None = None) -> None:
        """Wrap pieces of shape (n, d_1), (n, d_2), ...; products are summed in the pieces' type.

        Args:
            pieces: Matrices that are read in blocks of rows.
            ahead: Number of distances that a walk computes at once, if the pieces are slow to read.
            rests: Squared lengths of the residuals (`Points`), shape (n,).

        Raises:
            ValueError: If there is no piece, or the pieces differ in length.
        """
        if not pieces or len({piece.shape[0] for piece in pieces}) != 1:
            raise ValueError(f"pieces must hold the same points. Received: {[piece.shape for piece in pieces]}")
        self._pieces, self._ahead, self._rests = pieces, ahead, rests
        self._squares: FloatArray | None = None
        self.n = pieces[0].shape[0]
        self.values = sum(piece.shape[1] for piece in pieces)

    def distances(self, rows: IntArray) -> FloatArray:
        """Distances of some points to all points.

        Args:
            rows: Rows of these points, shape (b,).

        Returns:
            float64, shape (b, n); 0 from a point to itself. Computed as sqrt(|x|^2 + |y|^2 - 2 x.y) in the type of the
            pieces; distances too small for float32 are computed in float64.
        """
        return self._strip(rows).distances(slice(None))

    def walk(self, rows: IntArray, size: int) -> Iterator[FloatArray]:
        """Yield distances of some points to all points, shape (size, n) a step; the last step may be smaller."""
        many = max(size, self._ahead // self.n // size * size)
        for block in blocks(rows, many):
            strip = self._strip(block)
            for start in range(0, len(block), size):
                yield strip.distances(slice(start, start + size))
            # Free the memory before the next one is computed.
            del strip

    def among(self, rows: IntArray) -> FloatArray:
        """Distances of all pairs of b points, float64, shape (b (b - 1) / 2,). No other points are read."""
        rests = None if self._rests is None else self._rests[rows]
        some = Space([ChosenRows(piece, rows) for piece in self._pieces], rests=rests)
        distances = some.distances(np.arange(len(rows)))
        return distances[np.triu_indices(len(rows), 1)]

    def _strip(self, rows: IntArray) -> "_Strip":
        dtype = np.result_type(*(piece.dtype for piece in self._pieces))
        strip = _Strip(rows, self.n, dtype, self._squares)
        for piece in self._pieces:
            strip.add(piece)
        if self._rests is not None and self._squares is None:
            strip.squares += self._rests
        if dtype == np.float32:
            strip.refine(self._pieces)
        # All strips share them, and summing them in float64 takes a tenth as long as the products.
        self._squares = strip.squares
        return strip


class _Square:
    """Inner products of points with each other. They are symmetric, so LAPACK stores and computes one triangle.

    The lower triangle of the first half of the columns and the transposed one of the second half fill a rectangle.

    Source: Gustavson, Wasniewski, Dongarra & Langou 2010, "Rectangular full packed format for Cholesky's algorithm".
    """

    def __init__(self, n: int, dtype: np.dtype[Any]) -> None:
        self._n, self._half, even = n, (n + 1) // 2, 1 - n % 2
        self._packed = np.zeros(n * (n + 1) // 2, dtype)
        rectangle = self._packed.reshape(self._half, n + even).T
        self._lower = rectangle[even:]  # [row, column], shape (n, half)
        self._upper = rectangle[: n - self._half, 1 - even :]  # [column - half, row - half]

    def add(self, points: FloatArray) -> None:
        """Add products in place; NumPy would need a second array, twice as large."""
        from scipy.linalg.lapack import dsfrk, ssfrk

        add = dsfrk if self._packed.dtype == np.float64 else ssfrk
        # The transposed rows are the columns that LAPACK expects.
        add(*points.shape, 1.0, points.T, 1.0, self._packed, transr="N", uplo="L", trans="T", overwrite_c=1)

    def rows(self, start: int, stop: int) -> FloatArray:
        """Products of points start .. stop - 1 with all points, shape (stop - start, n)."""
        half = self._half
        if start < half < stop:
            return np.concatenate([self.rows(start, half), self.rows(half, stop)])
        products = np.empty((stop - start, self._n), self._packed.dtype)
        if stop <= half:
            products[:, :start] = self._lower[start:stop, :start]
            corner = self._lower[start:stop, start:stop]
            products[:, stop:] = self._lower[stop:, start:stop].T
        else:
            products[:, :half] = self._lower[start:stop]
            products[:, half:start] = self._upper[: start - half, start - half : stop - half].T
            corner = self._upper[start - half : stop - half, start - half : stop - half].T
            products[:, stop:] = self._upper[start - half : stop - half, stop - half :]
        products[:, start:stop] = np.tril(corner) + np.tril(corner, -1).T
        return products


class _Strip:
    """Inner products of some points with all, accumulated piece by piece."""

    def __init__(self, rows: IntArray, n: int, dtype: np.dtype[Any], squares: FloatArray | None) -> None:
        self._rows, self._n = rows, n
        # Only a contiguous range of points has a square block of products worth separating.
        contiguous = len(rows) > 0 and bool((np.diff(rows) == 1).all())
        self._start, self._stop = (int(rows[0]), int(rows[-1]) + 1) if contiguous else (n, n)
        self._square = _Square(self._stop - self._start, dtype)
        self._others = np.zeros((len(rows), n - (self._stop - self._start)), dtype)
        self._knows_squares = squares is not None
        self.squares = np.zeros(n) if squares is None else squares
        # Position in the strip, column and squared distance of every close pair, in the order of positions.
        self._close = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)

    def _outside(self) -> Iterator[tuple[slice, slice]]:
        """Points outside the square block, and their columns."""
        for begin, end, before in ((0, self._start, 0), (self._stop, self._n, self._stop - self._start)):
            for first in range(begin, end, _BLOCK):
                last = min(first + _BLOCK, end)
                yield slice(first, last), slice(first - before, last - before)

    def add(self, piece: Rows) -> None:
        own = piece[self._rows]
        if self._stop > self._start:
            self._square.add(own)
            self._add_squares(slice(self._start, self._stop), own)
        for points, places in self._outside():
            others = piece[points]
            self._others[:, places] += own @ others.T
            self._add_squares(points, others)

    def _add_squares(self, points: slice, values: FloatArray) -> None:
        if not self._knows_squares:
            self.squares[points] += np.einsum("ij,ij->i", values, values, dtype=np.float64)

    def refine(self, pieces: Sequence[Rows]) -> None:
        """Compute the distances of near-duplicates again in float64; there are few as a rule."""
        size = max(1, min(_BLOCK, _LOOKED_THROUGH // self._n))
        pairs = [self._find_close(slice(start, start + size)) for start in range(0, len(self._rows), size)]
        places, columns = (np.concatenate(parts) for parts in zip(*pairs, strict=True)) if pairs else self._close[:2]
        if not len(places):
            return
        (own, of_place), (others, of_column) = (np.unique(part, return_inverse=True) for part in (places, columns))
        products = np.zeros((len(own), len(others)))
        for piece in pieces:
            products += piece[self._rows[own]].astype(np.float64) @ piece[others].astype(np.float64).T
        lengths = self.squares[self._rows[places]] + self.squares[columns]
        squared = lengths - 2 * products[of_place, of_column]
        self._close = places, columns, np.where(squared < _SAME * lengths, 0.0, squared)

    def _find_close(self, block: slice) -> tuple[IntArray, IntArray]:
        """Positions and columns of the close pairs in a block of the strip's rows."""
        rows = self._rows[block]
        squared = self._squared(block)
        squared /= np.maximum(self.squares[rows, None] + self.squares[None, :], np.finfo(np.float64).tiny)
        places, columns = np.nonzero(squared < _CLOSE)
        apart = rows[places] != columns
        return places[apart] + block.start, columns[apart]

    def distances(self, some: slice) -> FloatArray:
        """Distances of some of the rows to all points, float64."""
        squared = self._squared(some)
        first, last, _ = some.indices(len(self._rows))
        places, columns, exact = self._close
        here = slice(*np.searchsorted(places, [first, last]))
        squared[places[here] - first, columns[here]] = exact[here]
        return np.sqrt(squared, out=squared)

    def _squared(self, some: slice) -> FloatArray:
        rows = self._rows[some]
        squared = np.empty((len(rows), self._n))
        squared[:, : self._start] = self._others[some, : self._start]
        squared[:, self._stop :] = self._others[some, self._start :]
        if self._stop > self._start:
            first, last, _ = some.indices(len(self._rows))
            squared[:, self._start : self._stop] = self._square.rows(first, last)
        squared *= -2
        squared += self.squares[rows, None]
        squared += self.squares[None, :]
        np.maximum(squared, 0, out=squared)
        squared[np.arange(len(squared)), rows] = 0
        return squared


def feature_space(features: Mapping[str, Rows], likeness: Likeness, known: FloatArray | None = None) -> Space:
    """The space of full features by a metric.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: The metric.
        known: See `likenesses.metrics.divisors`.
    """
    n = max((layer.shape[0] for layer in features.values()), default=1) or 1
    # As many columns as fit into memory with the distances of one pass.
    rows = min(n, max(_AHEAD // n, 1))
    width = (_READ if rows == n else _READ_OF_MANY) // rows
    return Space(columns(features, likeness, max(_NARROWEST, width), known), _AHEAD)


def embedding_space(embeddings: FloatArray | Points) -> Space:
    """The space of embeddings, shape (n, d), centred and in float64, to avoid cancellation.

    Args:
        embeddings: Points, or their coordinates.
    """
    points = embeddings if isinstance(embeddings, Points) else Points.plain(embeddings)
    space = Space([_Centred(points.coordinates, np.float64)], _AHEAD_OF_EMBEDDINGS, points.rests.astype(np.float64))
    space.values += bool(points.rests.any())
    return space


def pieces_space(pieces: Sequence[FloatArray], dtype: type[np.floating[Any]] = np.float64) -> Space:
    """The space of coordinates in several arrays, centred.

    Args:
        pieces: Shape (n, d_1), (n, d_2), ..., which may be mapped from files.
        dtype: Type of the products; float32 is twice as fast with thousands of coordinates.
    """
    return Space([_Centred(piece, dtype) for piece in pieces], _AHEAD)


class _Centred:
    """Coordinates minus their mean, computed on demand."""

    def __init__(self, source: Rows, dtype: type[np.floating[Any]]) -> None:
        self._source, self._mean = source, np.mean(source, axis=0, dtype=np.float64)  # type: ignore[call-overload]
        self.shape, self.dtype = source.shape, np.dtype(dtype)

    def __getitem__(self, rows: Any) -> Any:
        return (self._source[rows] - self._mean).astype(self.dtype)


def blocks(rows: IntArray, size: int) -> Iterator[IntArray]:
    """Yield rows, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def rows_at_a_time(n: int) -> int:
    """Number of points that the measures process together, among n."""
    return max(1, min(_BLOCK, _TOGETHER // max(n, 1)))
