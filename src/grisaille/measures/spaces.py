"""Distances between paintings, a block of rows at a time: memory grows with n, never with n squared."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.likeness import Likeness, columns

# Columns that are multiplied at a time: with 512 rows a side, two operands of 25 MB in float32.
_WIDTH = 12544


class Space:
    """A set of points whose Euclidean distances are wanted.

    The points may be cut into pieces by columns: squared distances add up over the pieces.

    Attributes:
        n: Number of points.
    """

    def __init__(self, pieces: Sequence[Rows]) -> None:
        """Wrap pieces of shape (n, d_1), (n, d_2), ...; the sums are made in float64 when all pieces hold it.

        Raises:
            ValueError: If there is no piece, or the pieces differ in length.
        """
        if not pieces or len({piece.shape[0] for piece in pieces}) != 1:
            raise ValueError(f"pieces must hold the same points. Received: {[piece.shape for piece in pieces]}")
        self._pieces = pieces
        self.n = pieces[0].shape[0]
        self._squares = np.zeros(self.n)
        for piece in pieces:
            for start in range(0, self.n, 512):
                rows = piece[start : start + 512]
                self._squares[start : start + 512] += np.einsum("ij,ij->i", rows, rows, dtype=np.float64)

    def distances(self, rows: IntArray) -> FloatArray:
        """Distances of some points to all points.

        Args:
            rows: Which points, shape (b,).

        Returns:
            float64, shape (b, n); 0 from a point to itself. Computed as
            sqrt(|x|^2 + |y|^2 - 2 x.y), so that a distance much below 1e-3 of the lengths has few exact digits
            unless the pieces are float64.
        """
        squared = self._squares[rows, None] + self._squares[None, :]
        for piece in self._pieces:
            own = piece[rows]
            for first in range(0, self.n, 512):
                squared[:, first : first + 512] -= 2 * (own @ piece[first : first + 512].T)
        np.maximum(squared, 0, out=squared)
        squared[np.arange(len(rows)), rows] = 0
        return np.sqrt(squared, out=squared)


def feature_space(features: Mapping[str, Rows], likeness: Likeness) -> Space:
    """The space of unreduced features under a likeness.

    Args:
        features: Layer -> features, shape (n, d).
        likeness: Which likeness.
    """
    return Space(columns(features, likeness, _WIDTH))


def embedding_space(embeddings: FloatArray) -> Space:
    """The space of embeddings, shape (n, d), centred and in float64 so that cancellation costs no digits."""
    exact = embeddings.astype(np.float64)
    return Space([exact - exact.mean(axis=0)])


def blocks(rows: IntArray, size: int) -> Iterator[IntArray]:
    """Rows, at most `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
