"""Recommendations: from works that a person likes, and works that a person does not, to one ranked and varied list.

Likeness alone decides: nobody's purchases or ratings are known. Which paintings may be recommended is decided
elsewhere.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.measures.lookup import Lookup
from grisaille.points import Points

DIVERSITY = 0.3
"""What variety counts unless a person says otherwise."""
NEAREST_LIKED = 3
"""Liked works that a painting is held against: those that it is most like.

More find a little more of one taste, and lose the weaker one of two: docs/findings.md, Recommendations.
"""
DISLIKE = 0.25
"""What likeness to disliked works counts, against that to liked ones.

Measured in the same place: a tenth and a half find less, and 1 mostly less than no dislikes at all.
"""
# Candidates a place in the list, and at least, among which variety chooses.
_CANDIDATES, _LEAST = 10, 200
# Paintings that are all held against liked works where no more may be recommended: some 20 ms.
_FEW = 10_000


class Recommender:
    """A collection from which paintings are recommended.

    The similarity of two paintings is 1 - d^2 / D^2, where D^2 is the mean squared distance of two paintings of the
    collection: 1 is the same, and paintings that have nothing in common have 0 on average.

    Attributes:
        points: Of n paintings.
    """

    def __init__(self, points: Points, lookup: Lookup | None = None) -> None:
        """Take a collection, and what looks for neighbours among the same points."""
        self.points, self._lookup = points, lookup

    @cached_property
    def _squares(self) -> FloatArray:
        """Squared lengths, with what coordinates leave out: float32, shape (n,)."""
        coordinates = self.points.coordinates
        return np.einsum("ij,ij->i", coordinates, coordinates) + self.points.rests

    @cached_property
    def _scale(self) -> float:
        """The mean squared distance of two paintings; 1 where all are the same."""
        return self.points.mean_square() or 1.0

    def of(self, rows: IntArray) -> Recommender:
        """Some of the paintings, which stay as similar as they are."""
        part = Recommender(self.points[rows])
        part._scale = self._scale
        return part

    def recommend(
        self, liked: Points, disliked: Points, allowed: BoolArray, count: int, diversity: float
    ) -> tuple[IntArray, FloatArray]:
        """A list for somebody: `choose` by `relevance`.

        Where neighbours are looked for through an index, only paintings around liked works are candidates. A painting's
        mean squared distance to three works is that to their centroid, and what these differ among themselves. So the
        index is asked around the centroid of each liked work and the two that are nearest to it.

        Args:
            liked: At least one.
            disliked: Any number.
            allowed: As in `choose`.
            count: As in `choose`.
            diversity: As in `choose`.

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
        chosen = part.choose(relevance, np.ones(len(rows), bool), count, diversity)
        return rows[chosen], relevance[chosen]

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
        """How much every painting is like what is liked, and unlike what is not.

        Args:
            liked: At least one.
            disliked: Likeness to these counts only where there is any.
            nearest: How many of the liked, and of the disliked, a painting is held against: those it is most like.
            dislike: What likeness to disliked works counts.

        Returns:
            The mean similarity to the nearest liked works, less `dislike` times that to disliked ones, shape (n,).

        Source: VisRank, Messina et al. 2019, "Content-based artwork recommendation: integrating painting metadata with
        neural and manually-engineered visual features", section 5.1; negative examples as Rocchio 1971.
        """
        found = _mean_of_largest(self.similarities(liked), nearest)
        if disliked is not None and len(disliked):
            found -= dislike * np.maximum(_mean_of_largest(self.similarities(disliked), nearest), 0)
        return found

    def choose(self, relevance: FloatArray, allowed: BoolArray, count: int, diversity: float) -> IntArray:
        """A list of which no painting is too like those before it.

        Args:
            relevance: Of every painting, shape (n,).
            allowed: Which may be chosen, shape (n,).
            count: How many; fewer where fewer may be.
            diversity: 0 orders by relevance alone; with 1, only unlikeness to what is chosen counts after the first.

        Returns:
            Rows, first choice first: each has the largest (1 - diversity) * relevance - diversity * (the similarity to
            the chosen painting that it is most like).

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
    """Centroids of each liked work and the two nearest to it, shape (c, d)."""
    sets = np.sort(np.argsort(liked.squares_to(liked), axis=1, kind="stable")[:, :NEAREST_LIKED], axis=1)
    return np.asarray(liked.coordinates[np.unique(sets, axis=0)].mean(axis=1))


def _mean_of_largest(similarities: FloatArray, count: int) -> FloatArray:
    """Of every row, the mean of so many of the largest values, or of all where there are fewer."""
    if similarities.shape[1] > count:
        similarities = np.partition(similarities, -count, axis=1)[:, -count:]
    return np.asarray(similarities.mean(axis=1))


def _largest(values: FloatArray, count: int) -> IntArray:
    """Where the largest values are, largest first; of equal ones the earlier first."""
    count = min(count, len(values))
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        places = np.flatnonzero(values >= least)
        return places[np.argsort(-values[places], kind="stable")][:count]
    return np.argsort(-values, kind="stable")
