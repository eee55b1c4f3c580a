"""Recommendations: from liked and disliked works to one ranked and varied list.

Only likeness counts, since no purchases or ratings are known. The caller decides which paintings may be recommended.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.measures.lookup import Lookup
from grisaille.points import Points

DIVERSITY = 0.3
"""Default weight of variety."""
NEAREST_LIKED = 3
"""Number of liked works that a painting is compared with: the nearest ones.

More find slightly more of a single taste, but lose the weaker of two: docs/findings.md, Recommendations.
"""
DISLIKE = 0.25
"""Weight of likeness to disliked works, relative to liked ones.

Measured in the same place: a tenth and a half find less; 1 mostly finds less than ignoring dislikes.
"""
# Candidates per place in the list, and at least, among which variety chooses.
_CANDIDATES, _LEAST = 10, 200
# Up to this many allowed paintings are all compared with liked works, in some 20 ms.
_FEW = 10_000


class Recommender:
    """Recommends paintings of a collection.

    The similarity of two paintings is 1 - d^2 / D^2, where D^2 is the mean squared distance of two paintings of the
    collection: 1 means equal, and unrelated paintings have 0 on average.

    Attributes:
        points: Points of n paintings.
    """

    def __init__(self, points: Points, lookup: Lookup | None = None) -> None:
        """Take a collection, and a neighbour lookup on the same points."""
        self.points, self._lookup = points, lookup

    @cached_property
    def _squares(self) -> FloatArray:
        """Squared lengths including residuals: float32, shape (n,)."""
        coordinates = self.points.coordinates
        return np.einsum("ij,ij->i", coordinates, coordinates) + self.points.rests

    @cached_property
    def _scale(self) -> float:
        """Mean squared distance of two paintings; 1 if all are equal."""
        return self.points.mean_square() or 1.0

    def of(self, rows: IntArray) -> Recommender:
        """A subset of the paintings, with unchanged similarities."""
        part = Recommender(self.points[rows])
        part._scale = self._scale
        return part

    def recommend(
        self, liked: Points, disliked: Points, allowed: BoolArray, count: int, diversity: float
    ) -> tuple[IntArray, FloatArray]:
        """Recommend a list: `choose` by `relevance`.

        With an approximate index, only paintings near liked works are candidates. A painting's mean squared distance to
        three works is its distance to their centroid plus their own spread. So the index is queried at the centroid of
        each liked work and its two nearest.

        Args:
            liked: At least one point.
            disliked: Any number of points.
            allowed: See `choose`.
            count: See `choose`.
            diversity: See `choose`.

        Returns:
            Rows, first choice first, and their relevance.
        """
        if self._lookup is None or self._lookup.exact:
            relevance = self.relevance(liked, disliked)
            rows = self.choose(relevance, allowed, count, diversity)
            return rows, relevance[rows]
        rows = np.flatnonzero(allowed)
        if len(rows) > _FEW:
            rows = self._lookup.around(_centroids(liked), max(_CANDIDATES * count, _LEAST), allowed)
        part = self.of(rows)
        relevance = part.relevance(liked, disliked)
        order = part.choose(relevance, np.ones(len(rows), bool), count, diversity)
        return rows[order], relevance[order]

    def similarities(self, others: Points) -> FloatArray:
        """Similarities of all paintings to some points, float32, shape (n, m)."""
        lengths = np.square(others.coordinates).sum(axis=1) + others.rests
        products = self.points.coordinates @ others.coordinates.T
        products *= 2
        products -= self._squares[:, None]
        products -= lengths
        products /= np.float32(self._scale)
        products += 1
        return products

    def relevance(
        self,
        liked: Points,
        disliked: Points | None = None,
        nearest: int = NEAREST_LIKED,
        dislike: float = DISLIKE,
    ) -> FloatArray:
        """How much every painting is like liked works, and unlike disliked ones.

        Args:
            liked: At least one point.
            disliked: Any number of points.
            nearest: Number of liked, and of disliked, works that a painting is compared with: the most similar ones.
            dislike: Weight of the similarity to disliked works.

        Returns:
            Mean similarity to the nearest liked works, minus `dislike` times that to the nearest disliked ones, shape
            (n,).

        Source: VisRank, Messina et al. 2019, "Content-based artwork recommendation: integrating painting metadata with
        neural and manually-engineered visual features", section 5.1; negative examples as Rocchio 1971.
        """
        relevance = _mean_of_largest(self.similarities(liked), nearest)
        if disliked is not None and len(disliked):
            relevance -= dislike * np.maximum(_mean_of_largest(self.similarities(disliked), nearest), 0)
        return relevance

    def choose(self, relevance: FloatArray, allowed: BoolArray, count: int, diversity: float) -> IntArray:
        """Choose a list in which no painting is too similar to an earlier one.

        Args:
            relevance: Relevance of every painting, shape (n,).
            allowed: Which paintings may be chosen, shape (n,).
            count: Length of the list; shorter if fewer are allowed.
            diversity: 0 orders by relevance alone; with 1, only dissimilarity to earlier choices counts after the
                first.

        Returns:
            Rows, first choice first: each maximises (1 - diversity) * relevance - diversity * (its largest similarity
            to an earlier choice).

        Source: Carbonell & Goldstein 1998, "The use of MMR, diversity-based reranking for reordering documents and
        producing summaries" (maximal marginal relevance).
        """
        rows = np.flatnonzero(allowed)
        rows = rows[_largest(relevance[rows], max(_CANDIDATES * count, _LEAST))]
        if not diversity:
            return rows[:count]
        candidates, nearest = self.of(rows), np.full(len(rows), -np.inf, np.float32)
        worth = (1 - diversity) * relevance[rows]
        chosen: list[int] = []
        while len(chosen) < min(count, len(rows)):
            marginal = worth - diversity * nearest if chosen else worth.copy()
            marginal[chosen] = -np.inf
            best = int(marginal.argmax())
            chosen.append(best)
            nearest = np.maximum(nearest, candidates.similarities(candidates.points[best : best + 1])[:, 0])
        return rows[chosen]


def _centroids(liked: Points) -> FloatArray:
    """Centroids of each liked work and its two nearest, shape (c, d)."""
    sets = np.sort(np.argsort(liked.squares_to(liked), axis=1, kind="stable")[:, :NEAREST_LIKED], axis=1)
    return np.asarray(liked.coordinates[np.unique(sets, axis=0)].mean(axis=1))


def _mean_of_largest(similarities: FloatArray, count: int) -> FloatArray:
    """The mean of the largest values of every row; of all, if there are fewer."""
    if similarities.shape[1] > count:
        similarities = np.partition(similarities, -count, axis=1)[:, -count:]
    return np.asarray(similarities.mean(axis=1))


def _largest(values: FloatArray, count: int) -> IntArray:
    """Indices of the largest values, largest first; equal ones in their order."""
    count = min(count, len(values))
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        places = np.flatnonzero(values >= least)
        return places[np.argsort(-values[places], kind="stable")][:count]
    return np.argsort(-values, kind="stable")
