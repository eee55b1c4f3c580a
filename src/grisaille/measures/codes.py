"""How well a code preserves a likeness: queries never seen in training, compared with the full features."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grisaille.arrays import FloatArray, IntArray, StringArray
from grisaille.collection.split import HELD_OUT
from grisaille.measures.spaces import Space, blocks

# Number of queries that are compared with all paintings at once.
_QUERIES = 500
# Number of queries whose distances are ranked, which takes longer than computing them.
_RANKED = 100


def training_and_queries(split: StringArray, seed: int) -> tuple[IntArray, IntArray]:
    """Rows to fit on, and queries: held-out paintings, or all if nothing is held out.

    Args:
        split: "train", "validation" or "held_out", shape (n,).
        seed: Seed of the sample of 500 queries, if there are more.
    """
    held_out = split == HELD_OUT
    queries = np.flatnonzero(held_out) if held_out.any() else np.arange(len(split))
    if len(queries) > _QUERIES:
        queries = np.sort(np.random.default_rng(seed).permutation(queries)[:_QUERIES])
    return np.flatnonzero(~held_out), queries


@dataclass(frozen=True)
class Reference:
    """Neighbours and distances in the full features.

    Attributes:
        queries: Rows, shape (q,).
        nearest: The k nearest of every query, shape (q, k).
        distances: Distances of every query to all paintings, float64, shape (q, n); NaN to itself.
    """

    queries: IntArray
    nearest: IntArray
    distances: FloatArray

    @classmethod
    def measure(cls, space: Space, queries: IntArray, k: int) -> "Reference":
        """Compute neighbours and distances once.

        Args:
            space: A space of n paintings.
            queries: Rows, shape (q,).
            k: Neighbours of recall@k.
        """
        distances = np.concatenate([space.distances(rows) for rows in blocks(queries, 512)])
        distances[np.arange(len(queries)), queries] = np.nan
        return cls(queries, np.argsort(distances, axis=1, kind="stable")[:, :k], distances)

    def kept(self, squares: FloatArray, shortlist: int) -> dict[str, float]:
        """Compare the distances of a code with those of the features.

        Args:
            squares: Squared distances of the queries to all paintings, shape (q, n).
            shortlist: Length of a shortlist that is reranked by the full features.

        Returns:
            recall: Mean share of a query's k nearest that are among its k nearest by the code. reranked: The same after
            reranking, which is the share of the true k nearest in the shortlist. spearman: Spearman's coefficient of
            all distances of 100 evenly spaced queries.
        """
        squares = squares.astype(np.float64)
        squares[np.arange(len(squares)), self.queries] = np.nan
        many = min(shortlist, squares.shape[1])
        # NaN sorts last, so no query finds itself.
        listed = np.argpartition(squares, many - 1, axis=1)[:, :many]
        order = np.argsort(np.take_along_axis(squares, listed, axis=1), axis=1, kind="stable")
        reordered, k = np.take_along_axis(listed, order, axis=1), self.nearest.shape[1]

        def share(many: int) -> float:
            hits = (reordered[:, :many, None] == self.nearest[:, None, :]).any(axis=1)
            return float(hits.mean())

        ranks = self._ranked(squares)
        spearman = float(np.corrcoef(ranks, self._ranks)[0, 1])
        return {"recall": share(k), "reranked": share(shortlist), "spearman": spearman}

    @cached_property
    def _sample(self) -> IntArray:
        return np.unique(np.linspace(0, len(self.queries) - 1, _RANKED).astype(int))

    @cached_property
    def _ranks(self) -> FloatArray:
        """Ranks of the distances, except those to the queries themselves, with mid-ranks for ties."""
        return self._ranked(self.distances)

    def _ranked(self, distances: FloatArray) -> FloatArray:
        from scipy.stats import rankdata

        some = distances[self._sample]
        return np.asarray(rankdata(some[~np.isnan(some)]))
