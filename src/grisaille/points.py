"""Paintings as points, and what the coordinates of a point leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grisaille.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Points:
    """Paintings whose squared distances are |a - b|^2 + r_a + r_b.

    What the coordinates of two paintings leave out has so many dimensions that the two parts are nearly orthogonal, so
    their squared lengths add up. From a painting to itself the distance is 0.

    Attributes:
        coordinates: float32, shape (n, c).
        rests: Squared length of what these leave out, float32, shape (n,).
    """

    coordinates: FloatArray
    rests: FloatArray

    @classmethod
    def of(cls, likeness: str, embeddings: FloatArray) -> Points:
        """Take embeddings as they are stored.

        Args:
            likeness: The last value of `composition` is the length of what the others leave out; other likenesses have
                coordinates alone.
            embeddings: Shape (n, d).
        """
        if likeness != "composition":
            return cls.plain(embeddings)
        return cls(embeddings[:, :-1], np.square(embeddings[:, -1]))

    @classmethod
    def plain(cls, coordinates: FloatArray) -> Points:
        """Points that leave nothing out, shape (n, c)."""
        return cls(coordinates, np.zeros(len(coordinates), np.float32))

    @classmethod
    def join(cls, parts: list[Points]) -> Points:
        """Points of several collections, one after the other."""
        return cls(np.concatenate([p.coordinates for p in parts]), np.concatenate([p.rests for p in parts]))

    def __len__(self) -> int:
        """How many."""
        return len(self.coordinates)

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """Some of them."""
        return Points(self.coordinates[rows], self.rests[rows])

    def leading(self, values: int) -> Points:
        """The first values alone; the others count as left out."""
        left = np.square(self.coordinates[:, values:]).sum(axis=1)
        return Points(self.coordinates[:, :values], self.rests + left)

    def as_rows(self) -> FloatArray:
        """Coordinates and, last, the length of what they leave out: float32, shape (n, c + 1).

        Ranked by their Euclidean distance to a query whose last value is set to 0, they are in the order of their
        distances: the query's own length counts for all alike.
        """
        return np.concatenate([self.coordinates, np.sqrt(self.rests)[:, None]], axis=1).astype(np.float32)

    def squares_to(self, others: Points) -> FloatArray:
        """Squared distances, float32, shape (n, m); from a painting to itself, too, as if it were another."""
        lengths = [np.square(points.coordinates).sum(axis=1) + points.rests for points in (self, others)]
        squares = lengths[0][:, None] + lengths[1][None, :] - 2 * self.coordinates @ others.coordinates.T
        return np.maximum(squares, 0, out=squares)

    def mean_square(self) -> float:
        """Mean squared distance of all n * n pairs, of which n are a painting with itself, at 0.

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
