"""Does likeness mean anything: how often the nearest paintings are by the same artist."""

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray


class Retrieval:
    """1-NN accuracy, precision@k and mean average precision, filled block by block.

    Points that are left out (near-duplicates) are neither queries nor answers.

    Source: Manning, Raghavan & Schütze, Introduction to Information Retrieval, section 8.4.
    """

    def __init__(self, labels: IntArray, kept: BoolArray, k: int = 10) -> None:
        """Start an empty count.

        Args:
            labels: Label of each point, shape (n,).
            kept: Whether a point takes part, shape (n,).
            k: Neighbours of precision@k; fewer where there are fewer.
        """
        self._labels, self._kept, self._k = labels, kept, max(1, min(k, int(kept.sum()) - 1))
        self._first: list[FloatArray] = []
        self._precision: list[FloatArray] = []
        self._average: list[FloatArray] = []

    def update(self, rows: IntArray, order: IntArray) -> None:
        """Take in the neighbours of some points, shape (b,), nearest first, shape (b, n - 1)."""
        queries = self._kept[rows]
        if not queries.any() or self._kept.sum() < 2:
            return
        rows, order = rows[queries], order[queries]
        order = order[self._kept[order]].reshape(len(rows), -1)
        relevant = self._labels[order] == self._labels[rows, None]
        self._first.append(relevant[:, 0].astype(float))
        self._precision.append(relevant[:, : self._k].mean(axis=1))
        self._average.append(_average_precision(relevant))

    def result(self) -> dict[str, float]:
        """`one_nn`, `precision` and `mean_average_precision` over all queries, each between 0 and 1.

        Average precision is taken over the queries that have another painting by their artist. All are NaN if there
        was no query.
        """
        if not self._first:
            return dict.fromkeys(("one_nn", "precision", "mean_average_precision"), float("nan"))
        average = np.concatenate(self._average)
        return {
            "one_nn": float(np.concatenate(self._first).mean()),
            "precision": float(np.concatenate(self._precision).mean()),
            "mean_average_precision": float(np.nanmean(average)) if np.isfinite(average).any() else float("nan"),
        }


def _average_precision(relevant: BoolArray) -> FloatArray:
    """Mean over the relevant answers of the precision at their rank, shape (b,); NaN where none is relevant."""
    hits = np.cumsum(relevant, axis=1)
    precision = np.where(relevant, hits / np.arange(1, relevant.shape[1] + 1), 0.0).sum(axis=1)
    total = hits[:, -1].astype(float)
    return np.divide(precision, total, out=np.full(len(total), np.nan), where=total > 0)
