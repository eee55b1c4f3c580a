"""Retrieval by artist: how often the nearest paintings are by the same artist."""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.measures.neighbourhoods import nearest
from grisaille.measures.spaces import Space, blocks, rows_at_a_time


@dataclass(frozen=True)
class Answers:
    """The neighbours of all queries in a space.

    Attributes:
        rows: The queries, shape (q,).
        near: Rows of the k nearest that take part, nearest first, shape (q, k).
        average_precision: By artist, shape (q,); NaN if no other painting is by the same artist.
    """

    rows: IntArray
    near: IntArray
    average_precision: FloatArray


class Retrieval:
    """1-NN accuracy, precision@k and mean average precision, collected block by block.

    Excluded points (near-duplicates) are neither queries nor answers.

    Source: Manning, Raghavan & Schütze, Introduction to Information Retrieval, section 8.4.
    """

    def __init__(self, labels: IntArray, kept: BoolArray, k: int = 10) -> None:
        """Start without queries.

        Args:
            labels: Label of each point, shape (n,).
            kept: Whether a point takes part, shape (n,).
            k: Neighbours of precision@k; fewer if there are fewer points.
        """
        self._labels, self._kept, self._k = labels, kept, max(1, min(k, int(kept.sum()) - 1))
        self._found: list[Answers] = []

    def update(self, rows: IntArray, order: IntArray) -> None:
        """Add the neighbours of some points, shape (b,), nearest first, shape (b, n - 1)."""
        queries = self._kept[rows]
        if not queries.any() or self._kept.sum() < 2:
            return
        rows, order = rows[queries], order[queries]
        order = order[self._kept[order]].reshape(len(rows), -1)
        relevant = self._labels[order] == self._labels[rows, None]
        # Copied, since a view would keep the whole order in memory.
        self._found.append(Answers(rows, order[:, : self._k].copy(), _average_precision(relevant)))

    def answers(self) -> Answers:
        """The answers to all queries so far."""
        if not self._found:
            return Answers(np.empty(0, np.int64), np.empty((0, self._k), np.int64), np.empty(0))
        parts = ([getattr(found, name) for found in self._found] for name in ("rows", "near", "average_precision"))
        return Answers(*(np.concatenate(part) for part in parts))

    def result(self) -> dict[str, float]:
        """`one_nn`, `precision` and `mean_average_precision` over all queries, each between 0 and 1.

        Average precision is averaged over queries with another painting by their artist. All are NaN without queries.
        """
        answers = self.answers()
        if not len(answers.rows):
            return dict.fromkeys(("one_nn", "precision", "mean_average_precision"), float("nan"))
        same, average = self._labels[answers.near] == self._labels[answers.rows, None], answers.average_precision
        return {
            "one_nn": float(same[:, 0].mean()),
            "precision": float(same.mean()),
            "mean_average_precision": float(np.nanmean(average)) if np.isfinite(average).any() else float("nan"),
        }


def csls_offsets(distances: FloatArray) -> FloatArray:
    """The correction that CSLS subtracts from squared distances to a point: large for isolated points, small for hubs.

    With squared Euclidean distances instead of cosines, a query's answers are ordered by |x - y|^2 - r(y) / 2, where
    r(y) is the mean squared distance of y to its nearest points. Terms of the query alone do not change the order.

    Args:
        distances: Distances of every point to its k nearest, shape (n, k).

    Returns:
        Shape (n,).

    Source: Conneau et al. 2018, "Word translation without parallel data", section 2.3.
    """
    return np.asarray((distances**2).mean(axis=1) / 2)


def csls_answers(space: Space, offsets: FloatArray, labels: IntArray, kept: BoolArray, k: int) -> Answers:
    """The answers of a space to every point after CSLS.

    Args:
        space: n points.
        offsets: As `csls_offsets` returns them.
        labels: See `Retrieval`.
        kept: See `Retrieval`.
        k: See `Retrieval`.
    """
    retrieval, everybody, size = Retrieval(labels, kept, k), np.arange(space.n), rows_at_a_time(space.n)
    for rows, distances in zip(blocks(everybody, size), space.walk(everybody, size), strict=True):
        retrieval.update(rows, nearest(distances**2 - offsets, rows))
    return retrieval.answers()


def _average_precision(relevant: BoolArray) -> FloatArray:
    """Mean over the relevant answers of the precision at their rank, shape (b,); NaN if none is relevant."""
    hits = np.cumsum(relevant, axis=1)
    precision = np.where(relevant, hits / np.arange(1, relevant.shape[1] + 1), 0.0).sum(axis=1)
    total = hits[:, -1].astype(float)
    return np.divide(precision, total, out=np.full(len(total), np.nan), where=total > 0)
