"""Does a reduced space keep the neighbourhoods and the distances of the space it came from."""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Distances are ranked by counting them in this many bins of (nearly) equal probability; what that costs Spearman's
# coefficient is below 1e-5 and checked in the tests.
_BINS = 1024
_FINE = 1 << 16


def nearest(distances: FloatArray, start: int) -> IntArray:
    """All other points, nearest first.

    Args:
        distances: Of points start, start + 1, ... to all points, shape (b, n).
        start: First of the points.

    Returns:
        Shape (b, n - 1), int64; of equally distant points the earlier comes first.
    """
    order = np.argsort(distances, axis=1, kind="stable")
    own = np.arange(start, start + len(distances))[:, None]
    return order[order != own].reshape(len(distances), -1)


def ranks(order: IntArray, start: int) -> IntArray:
    """Turn `nearest` around: the rank of every point as a neighbour.

    Args:
        order: As `nearest` returns it, shape (b, n - 1).
        start: First of the points.

    Returns:
        Shape (b, n), int64: 1 for the nearest, n - 1 for the farthest, 0 for the point itself.
    """
    result = np.zeros((len(order), order.shape[1] + 1), dtype=np.int64)
    np.put_along_axis(result, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    return result


class _RankedDistances:
    """Maps distances to bins of nearly equal probability, learnt from a sample."""

    def __init__(self, sample: FloatArray) -> None:
        self._top = float(sample.max()) * 1.25 or 1.0
        fine = np.bincount(self._fine(sample.ravel()), minlength=_FINE)
        below = np.concatenate([[0], np.cumsum(fine)[:-1]])
        self._coarse = (below * _BINS // max(sample.size, 1)).clip(0, _BINS - 1).astype(np.int32)

    def _fine(self, distances: FloatArray) -> IntArray:
        return (distances * ((_FINE - 1) / self._top)).clip(0, _FINE - 1).astype(np.int32)

    def __call__(self, distances: FloatArray) -> IntArray:
        return self._coarse[self._fine(distances)]


@dataclass(frozen=True)
class Preserved:
    """How much of a space another one keeps, for a set of queries against all points.

    Attributes:
        recall: Mean share of a point's k nearest that are among its k nearest in the other space.
        trustworthiness: 1 unless points are near in the reduced space that are far in the reference.
        continuity: 1 unless points are far in the reduced space that are near in the reference.
        area_under_rnx: Agreement of neighbourhoods over all sizes, on a logarithmic scale; 0 is chance.
        spearman: Of the distances.
        rnx: R_NX(K) for K = 1 .. n - 2, shape (n - 2,).
    """

    recall: float
    trustworthiness: float
    continuity: float
    area_under_rnx: float
    spearman: float
    rnx: FloatArray


class Preservation:
    """Compares a reduced space with its reference block by block.

    Recall, trustworthiness, continuity and R_NX follow from the ranks of neighbours in both spaces, Spearman's
    coefficient from a joint histogram of the distances.

    Attributes:
        queries: Queries so far.

    Sources: Venna & Kaski 2001 (trustworthiness, continuity); Lee & Verleysen 2009 (Q_NX) and Lee, Renard, Bernard,
    Dupont & Verleysen 2013 (R_NX, its area); Spearman 1904, ties by mid-ranks.
    """

    def __init__(self, n: int, k: int = 10, k_ranks: int = 20) -> None:
        """Start an empty comparison.

        Args:
            n: Points in the spaces.
            k: Neighbours of recall; at most n - 1 are used.
            k_ranks: Neighbours of trustworthiness and continuity; fewer than half of n are used, where the
                measures are defined.
        """
        self._n, self._k, self._k_ranks = n, min(k, n - 1), max(1, min(k_ranks, (n - 1) // 2))
        self.queries = 0
        self._found = 0
        self._intruders = self._missing = 0
        self._larger_rank = np.zeros(n, dtype=np.int64)
        self._joint = np.zeros(_BINS * _BINS, dtype=np.int64)
        self._bins: tuple[_RankedDistances, _RankedDistances] | None = None

    @classmethod
    def together(cls, parts: "list[Preservation]") -> "Preservation":
        """The comparison over the queries of all parts, which must have learnt the same scale."""
        whole = cls(parts[0]._n, parts[0]._k, parts[0]._k_ranks)
        for part in parts:
            whole.queries += part.queries
            whole._found += part._found
            whole._intruders += part._intruders
            whole._missing += part._missing
            whole._larger_rank += part._larger_rank
            whole._joint += part._joint
        return whole

    def learn_scale(self, reference: FloatArray, reduced: FloatArray) -> None:
        """Look at a sample of both spaces' distances before the first update."""
        self._bins = (_RankedDistances(reference), _RankedDistances(reduced))

    def update(
        self, start: int, reference: tuple[FloatArray, IntArray], reduced: tuple[FloatArray, IntArray], chosen: IntArray
    ) -> None:
        """Take in some queries.

        Args:
            start: First point of the block.
            reference: Distances and `ranks` of the block in the reference space, shapes (b, n).
            reduced: The same in the reduced space.
            chosen: Rows of the block that count as queries.
        """
        if not len(chosen):
            return
        own = np.arange(len(reference[0])) + start
        other = np.arange(self._n)[None, :] != own[chosen, None]
        high, low = reference[1][chosen], reduced[1][chosen]
        self.queries += len(chosen)
        self._count_ranks(high[other], low[other])
        self._count_distances(reference[0][chosen][other], reduced[0][chosen][other])

    def _count_ranks(self, high: IntArray, low: IntArray) -> None:
        larger = np.maximum(high, low)
        self._larger_rank += np.bincount(larger, minlength=self._n)[: self._n]
        self._found += int(np.count_nonzero(larger <= self._k))
        k = self._k_ranks
        self._intruders += int(np.maximum(high[low <= k] - k, 0).sum())
        self._missing += int(np.maximum(low[high <= k] - k, 0).sum())

    def _count_distances(self, high: FloatArray, low: FloatArray) -> None:
        if self._bins is None:
            self.learn_scale(high, low)
        assert self._bins is not None
        joint = self._bins[0](high).astype(np.int64) * _BINS + self._bins[1](low)
        self._joint += np.bincount(joint, minlength=_BINS * _BINS)

    def result(self) -> Preserved:
        """The measures over all queries so far.

        Raises:
            ValueError: If there was no query.
        """
        if not self.queries:
            raise ValueError("nothing was compared")
        n, k = self._n, self._k_ranks
        worst = self.queries * k * (2 * n - 3 * k - 1) / 2
        sizes = np.arange(1, n - 1)
        agreement = np.cumsum(self._larger_rank[1:])[: n - 2] / (self.queries * sizes)
        rnx = ((n - 1) * agreement - sizes) / (n - 1 - sizes)
        return Preserved(
            recall=self._found / (self.queries * self._k),
            trustworthiness=1 - self._intruders / worst,
            continuity=1 - self._missing / worst,
            area_under_rnx=float(np.average(rnx, weights=1 / sizes)) if n > 2 else float("nan"),
            spearman=spearman_of_counts(self._joint.reshape(_BINS, _BINS)),
            rnx=rnx,
        )


def spearman_of_counts(joint: IntArray) -> float:
    """Spearman's coefficient of pairs that were counted in bins, ties by mid-ranks.

    Args:
        joint: How many pairs fell into each bin of the one and of the other variable, shape (a, b).

    Returns:
        Between -1 and 1, or NaN if one variable is constant.
    """

    def centred_ranks(counts: IntArray) -> FloatArray:
        middle = np.cumsum(counts) - counts / 2
        return middle - counts.sum() / 2

    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    x, y = centred_ranks(rows), centred_ranks(columns)
    scale = float(np.sqrt((rows * x**2).sum() * (columns * y**2).sum()))
    return float(x @ joint @ y) / scale if scale else float("nan")
