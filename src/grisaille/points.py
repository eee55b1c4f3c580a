"""Paintings as points: coordinates, and the length of the residual that the coordinates leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grisaille.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Points:
    """Points whose squared distances are |a - b|^2 + r_a + r_b.

    The residuals of two paintings have so many dimensions that they are nearly orthogonal, so their squared lengths add
    up. A painting has distance 0 to itself.

    Attributes:
        coordinates: float32, shape (n, c).
        rests: Squared lengths of the residuals, float32, shape (n,).
    """

    coordinates: FloatArray
    rests: FloatArray

    @classmethod
    def of(cls, likeness: str, embeddings: FloatArray) -> Points:
        """Convert stored embeddings.

        Args:
            likeness: The last value of `composition` is the length of the residual; other likenesses have coordinates
                only.
            embeddings: Shape (n, d).
        """
        if likeness != "composition":
            return cls.plain(embeddings)
        return cls(embeddings[:, :-1], np.square(embeddings[:, -1]))

    @classmethod
    def plain(cls, coordinates: FloatArray) -> Points:
        """Points without residuals, shape (n, c)."""
        return cls(coordinates, np.zeros(len(coordinates), np.float32))

    @classmethod
    def join(cls, parts: list[Points]) -> Points:
        """Concatenate the points of several collections."""
        return cls(np.concatenate([p.coordinates for p in parts]), np.concatenate([p.rests for p in parts]))

    def __len__(self) -> int:
        """Number of points."""
        return len(self.coordinates)

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """A subset of the points."""
        return Points(self.coordinates[rows], self.rests[rows])

    def leading(self, values: int) -> Points:
        """The first coordinates only; the others are added to the residual."""
        left = np.square(self.coordinates[:, values:]).sum(axis=1)
        return Points(self.coordinates[:, :values], self.rests + left)

    def as_rows(self) -> FloatArray:
        """Coordinates and, last, the length of the residual: float32, shape (n, c + 1).

        To rank them by Euclidean distance to a query, set the query's last value to 0: its own residual adds the same
        to every distance.
        """
        return np.concatenate([self.coordinates, np.sqrt(self.rests)[:, None]], axis=1).astype(np.float32)

    def squares_to(self, others: Points) -> FloatArray:
        """Squared distances, float32, shape (n, m). The residual also counts between a painting and itself."""
        lengths = [np.square(points.coordinates).sum(axis=1) + points.rests for points in (self, others)]
        squares = lengths[0][:, None] + lengths[1][None, :] - 2 * self.coordinates @ others.coordinates.T
        return np.maximum(squares, 0, out=squares)

    def mean_square(self) -> float:
        """Mean squared distance of all n * n pairs, including the n pairs of a painting with itself, at 0.

        Returns:
            2 * (mean |x|^2 - |mean x|^2 + mean r * (n - 1) / n), summed in float64.
        """
        n = len(self)
        middle = self.coordinates.mean(axis=0, dtype=np.float64)
        squares = np.einsum("ij,ij->", self.coordinates, self.coordinates, dtype=np.float64) / n
        left = self.rests.mean(dtype=np.float64) * (n - 1) / n
        return max(0.0, 2 * float(squares - middle @ middle + left))


class PointRows(Protocol):
    """Points that are made, or read, when rows of them are asked for."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """Some of them."""


@dataclass(frozen=True)
class SideBySide:
    """Coordinates that lie in several arrays, which may be mapped from files.

    Attributes:
        pieces: Shape (n, d_1), (n, d_2), ...
    """

    pieces: Sequence[FloatArray]

    def __len__(self) -> int:
        """How many points."""
        return len(self.pieces[0])

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """Some of them, which leave nothing out."""
        return Points.plain(np.concatenate([piece[rows] for piece in self.pieces], axis=1))
