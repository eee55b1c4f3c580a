"""Distances between paintings, a block of rows at a time: memory grows with n, never with n squared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.likeness import Likeness, columns

# Values that are read and multiplied at a time: 25 MB in float32, and twice that while they are converted.
_READ = 6_000_000
_NARROWEST = 64
_BLOCK = 512
# Distances that are computed while features are read once: 280 MB of float32, which are those of the Kaggle set.
_AHEAD = 70_000_000
# Distances that the measures look at together: 8 MB an array, of which there are some twenty.
_TOGETHER = 2**20


class Space:
    """A set of points whose Euclidean distances are wanted.

    The points may be cut into pieces by columns: squared distances add up over the pieces.

    Attributes:
        n: Number of points.
    """

    def __init__(self, pieces: Sequence[Rows], ahead: int = 0) -> None:
        """Wrap pieces of shape (n, d_1), (n, d_2), ...; products are summed in the pieces' type.

        Args:
            pieces: Read a block of rows at a time.
            ahead: How many distances a walk computes at once, where reading the pieces costs much.

        Raises:
            ValueError: If there is no piece, or the pieces differ in length.
        """
        if not pieces or len({piece.shape[0] for piece in pieces}) != 1:
            raise ValueError(f"pieces must hold the same points. Received: {[piece.shape for piece in pieces]}")
        self._pieces, self._ahead = pieces, ahead
        self._squares: FloatArray | None = None
        self.n = pieces[0].shape[0]

    def distances(self, rows: IntArray) -> FloatArray:
        """Distances of some points to all points.

        Args:
            rows: Which points, shape (b,).

        Returns:
            float64, shape (b, n); 0 from a point to itself. Computed as
            sqrt(|x|^2 + |y|^2 - 2 x.y), so that a distance much below 1e-3 of the lengths has few exact digits
            unless the pieces are float64.
        """
        return self._strip(rows).distances(slice(None))

    def walk(self, rows: IntArray, size: int) -> Iterator[FloatArray]:
        """Distances of some points to all points, shape (size, n) a step; the last step may be smaller."""
        many = max(size, self._ahead // self.n // size * size)
        for chosen in blocks(rows, many):
            strip = self._strip(chosen)
            for start in range(0, len(chosen), size):
                yield strip.distances(slice(start, start + size))
            # Before the next is made.
            del strip

    def _strip(self, rows: IntArray) -> "_Strip":
        dtype = np.result_type(*(piece.dtype for piece in self._pieces))
        strip = _Strip(rows, self.n, dtype, self._squares)
        for piece in self._pieces:
            strip.add(piece)
        strip.mirror()
        # They are every strip's, and summing them in float64 takes as long as a tenth of the products.
        self._squares = strip.squares
        return strip


class _Strip:
    """Inner products of some points with all, which grow piece by piece.

    A contiguous range of points has a symmetric square with itself, of which BLAS computes one triangle in place.
    """

    def __init__(self, rows: IntArray, n: int, dtype: np.dtype[Any], squares: FloatArray | None) -> None:
        self._rows, self._n = rows, n
        contiguous = len(rows) > 0 and bool((np.diff(rows) == 1).all())
        self._start, self._stop = (int(rows[0]), int(rows[-1]) + 1) if contiguous else (n, n)
        own = self._stop - self._start
        self._square = np.zeros((len(rows), own), dtype)
        self._others = np.zeros((len(rows), n - own), dtype)
        self._knows_squares = squares is not None
        self.squares = np.zeros(n) if squares is None else squares

    def _outside(self) -> Iterator[tuple[slice, slice]]:
        """Points that are not in the square, and their columns among the others."""
        for begin, end, before in ((0, self._start, 0), (self._stop, self._n, self._stop - self._start)):
            for first in range(begin, end, _BLOCK):
                last = min(first + _BLOCK, end)
                yield slice(first, last), slice(first - before, last - before)

    def add(self, piece: Rows) -> None:
        own = piece[self._rows]
        if self._square.size:
            _add_products(own, self._square)
            self._add_squares(slice(self._start, self._stop), own)
        for points, places in self._outside():
            others = piece[points]
            self._others[:, places] += own @ others.T
            self._add_squares(points, others)

    def _add_squares(self, points: slice, values: FloatArray) -> None:
        if not self._knows_squares:
            self.squares[points] += np.einsum("ij,ij->i", values, values, dtype=np.float64)

    def mirror(self) -> None:
        """Fill in the triangle that was not computed."""
        for first in range(0, self._square.shape[1], _BLOCK):
            block = self._square[first : first + _BLOCK]
            corner = block[:, first : first + _BLOCK]
            corner[:] = np.triu(corner) + np.triu(corner, 1).T
            self._square[first + _BLOCK :, first : first + _BLOCK] = block[:, first + _BLOCK :].T

    def distances(self, some: slice) -> FloatArray:
        """Of some of the rows to all points, float64."""
        rows = self._rows[some]
        squared = np.empty((len(rows), self._n))
        squared[:, : self._start] = self._others[some, : self._start]
        squared[:, self._start : self._stop] = self._square[some]
        squared[:, self._stop :] = self._others[some, self._start :]
        squared *= -2
        squared += self.squares[rows, None]
        squared += self.squares[None, :]
        np.maximum(squared, 0, out=squared)
        squared[np.arange(len(squared)), rows] = 0
        return np.sqrt(squared, out=squared)


def _add_products(points: FloatArray, square: FloatArray) -> None:
    """Add the inner products of points among themselves to the upper triangle of `square`.

    NumPy's own product would be a second array as large as the first.
    """
    from scipy.linalg.blas import dsyrk, ssyrk

    syrk = dsyrk if square.dtype == np.float64 else ssyrk
    # Transposed, rows are the columns that BLAS expects, and its lower triangle is our upper one.
    syrk(1.0, points.T, beta=1.0, c=square.T, trans=1, lower=1, overwrite_c=1)


def feature_space(features: Mapping[str, Rows], likeness: Likeness) -> Space:
    """The space of unreduced features under a likeness.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: Which likeness.
    """
    n = max((layer.shape[0] for layer in features.values()), default=0)
    return Space(columns(features, likeness, max(_NARROWEST, _READ // max(n, 1))), _AHEAD)


def embedding_space(embeddings: FloatArray) -> Space:
    """The space of embeddings, shape (n, d), centred and in float64 so that cancellation costs no digits."""
    exact = embeddings.astype(np.float64)
    return Space([exact - exact.mean(axis=0)])


def blocks(rows: IntArray, size: int) -> Iterator[IntArray]:
    """Rows, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def rows_at_a_time(n: int) -> int:
    """How many points the measures look at together, of n."""
    return max(1, min(_BLOCK, _TOGETHER // max(n, 1)))
