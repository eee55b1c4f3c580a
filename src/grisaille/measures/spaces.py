"""Distances between paintings, a block of rows at a time: memory grows with n, never with n squared."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.likeness import Likeness, columns

# Columns that are multiplied at a time: of 8,000 paintings 50 MB in float32.
_WIDTH = 1568
_BLOCK = 512
# Distances that are computed while features are read once: 256 MB of float32.
_AHEAD = 2**26
# Distances that the measures look at together: 16 MB an array, of which there are some twenty.
_TOGETHER = 2**21


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

    Of the square of the points with themselves, one half is the other's mirror image.
    """

    def __init__(self, rows: IntArray, n: int, dtype: np.dtype[Any], squares: FloatArray | None) -> None:
        self._rows, self._n = rows, n
        # Points of no contiguous range have no square.
        contiguous = len(rows) > 0 and bool((np.diff(rows) == 1).all())
        self._start, self._stop = (int(rows[0]), int(rows[-1]) + 1) if contiguous else (n, n)
        self._inner = np.zeros((len(rows), n), dtype)
        self._knows_squares = squares is not None
        self.squares = np.zeros(n) if squares is None else squares

    def _blocks(self) -> Iterator[tuple[int, int, int]]:
        """Columns [first, last), and how many rows there find their distances mirrored."""
        for first in range(0, self._n, _BLOCK):
            last = min(first + _BLOCK, self._n)
            yield first, last, first - self._start if self._start <= first and last <= self._stop else 0

    def add(self, piece: Rows) -> None:
        own = piece[self._rows]
        for first, last, mirrored in self._blocks():
            inside = self._start <= first and last <= self._stop
            others = own[first - self._start : last - self._start] if inside else piece[first:last]
            if not self._knows_squares:
                self.squares[first:last] += np.einsum("ij,ij->i", others, others, dtype=np.float64)
            self._inner[mirrored:, first:last] += own[mirrored:] @ others.T

    def mirror(self) -> None:
        """Fill in the half that was not computed."""
        for first, last, mirrored in self._blocks():
            if mirrored:
                begin, end = first - self._start, last - self._start
                self._inner[:mirrored, first:last] = self._inner[begin:end, self._start : first].T

    def distances(self, some: slice) -> FloatArray:
        """Of some of the rows to all points, float64."""
        rows, squared = self._rows[some], self._inner[some].astype(np.float64)
        squared *= -2
        squared += self.squares[rows, None]
        squared += self.squares[None, :]
        np.maximum(squared, 0, out=squared)
        squared[np.arange(len(squared)), rows] = 0
        return np.sqrt(squared, out=squared)


def feature_space(features: Mapping[str, Rows], likeness: Likeness) -> Space:
    """The space of unreduced features under a likeness.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: Which likeness.
    """
    return Space(columns(features, likeness, _WIDTH), _AHEAD)


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
