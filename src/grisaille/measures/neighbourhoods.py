"""Does a reduced space keep the neighbourhoods and the distances of the space it came from."""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Distances are ranked by counting them in this many bins of (nearly) equal probability; what that costs Spearman's
# coefficient is below 1e-5 and checked in the tests.
_BINS = 1024
_FINE = 1 << 16
# For the margin of Spearman's coefficient: groups of queries, and fewer bins.
_GROUPS = 16
_COARSE = 128


def nearest(distances: FloatArray, rows: IntArray) -> IntArray:
    """All other points, nearest first.

    Args:
        distances: Of some points to all points, shape (b, n).
        rows: Which points these are, shape (b,).

    Returns:
        Shape (b, n - 1), int64; of equally distant points the earlier comes first.
    """
    order = np.argsort(distances, axis=1)
    # NumPy's quick sort takes a third of the time of its stable one, and equals are rare.
    ordered = np.take_along_axis(distances, order, axis=1)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    order[tied] = np.argsort(distances[tied], axis=1, kind="stable")
    return order[order != rows[:, None]].reshape(len(distances), -1)


def ranks(order: IntArray) -> IntArray:
    """Turn `nearest` around: the rank of every point as a neighbour.

    Args:
        order: As `nearest` returns it, shape (b, n - 1).

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
        # Rounded, since 0 and the sample's largest distance would lie on a border, where the last digit decides.
        fine = distances * ((_FINE - 1) / self._top) + 0.5
        return np.minimum(fine, _FINE - 1, out=fine).astype(np.int32)

    def __call__(self, distances: FloatArray) -> IntArray:
        return self._coarse[self._fine(distances)]


MEASURES = ("recall", "trustworthiness", "continuity", "area_under_rnx", "spearman")


@dataclass(frozen=True)
class Preserved:
    """How much of a space another one keeps, for a set of queries against all points.

    Of two points only the recall is defined, and all else NaN.

    Attributes:
        recall: Mean share of a point's k nearest that are among its k nearest in the other space.
        trustworthiness: 1 unless points are near in the reduced space that are far in the reference.
        continuity: 1 unless points are far in the reduced space that are near in the reference.
        area_under_rnx: Agreement of neighbourhoods over all sizes, on a logarithmic scale; 0 is chance.
        spearman: Of the distances.
        rnx: R_NX(K) for K = 1 .. n - 2, shape (n - 2,).
        margins: Measure -> half the width of its 95% confidence interval; 0 when every point was a query.
    """

    recall: float
    trustworthiness: float
    continuity: float
    area_under_rnx: float
    spearman: float
    rnx: FloatArray
    margins: dict[str, float]


class Preservation:
    """Compares a reduced space with its reference block by block.

    Recall, trustworthiness, continuity and R_NX follow from the ranks of neighbours in both spaces, Spearman's
    coefficient from a joint histogram of the distances.

    Attributes:
        queries: Queries so far.

    Sources: Venna & Kaski 2001 (trustworthiness, continuity); Lee & Verleysen 2009 (Q_NX) and Lee, Renard, Bernard,
    Dupont & Verleysen 2013 (R_NX, its area); Spearman 1904, ties by mid-ranks. Margins: means of a sample without
    replacement (Cochran 1977, section 2.6); for Spearman the jackknife over groups of queries (Efron 1982).
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
        # One row a query: its recall, trustworthiness, continuity and area, which average to those of all.
        self._scores: list[FloatArray] = []
        self._larger_rank = np.zeros(n, dtype=np.int64)
        self._joint = np.zeros(_BINS * _BINS, dtype=np.int64)
        self._groups = np.zeros((_GROUPS, _COARSE * _COARSE), dtype=np.int64)
        self._bins: tuple[_RankedDistances, _RankedDistances] | None = None

    @classmethod
    def together(cls, parts: "list[Preservation]") -> "Preservation":
        """The comparison over the queries of all parts, which must have learnt the same scale."""
        whole = cls(parts[0]._n, parts[0]._k, parts[0]._k_ranks)
        for part in parts:
            whole.queries += part.queries
            whole._scores += part._scores
            whole._larger_rank += part._larger_rank
            whole._joint += part._joint
            whole._groups += part._groups
        return whole

    @property
    def knows_scale(self) -> bool:
        """Whether it has looked at a sample of distances."""
        return self._bins is not None

    def learn_scale(self, reference: FloatArray, reduced: FloatArray) -> None:
        """Look at a sample of both spaces' distances before the first update."""
        self._bins = (_RankedDistances(reference), _RankedDistances(reduced))

    def update(
        self, rows: IntArray, reference: tuple[FloatArray, IntArray], reduced: tuple[FloatArray, IntArray]
    ) -> None:
        """Take in some queries.

        Args:
            rows: The queries, shape (b,).
            reference: Their distances and `ranks` in the reference space, shapes (b, n).
            reduced: The same in the reduced space.
        """
        if not len(rows):
            return
        other = np.arange(self._n)[None, :] != rows[:, None]
        shape = (len(rows), self._n - 1)
        self._count_ranks(reference[1][other].reshape(shape), reduced[1][other].reshape(shape))
        self._count_distances(reference[0][other].reshape(shape), reduced[0][other].reshape(shape))
        self.queries += len(rows)

    def _count_ranks(self, high: IntArray, low: IntArray) -> None:
        larger = np.maximum(high, low)
        self._larger_rank += np.bincount(larger.ravel(), minlength=self._n)[: self._n]
        n, k = self._n, self._k_ranks
        worst = k * (2 * n - 3 * k - 1) / 2 if n > 2 else float("nan")
        intruders = np.where(low <= k, np.maximum(high - k, 0), 0).sum(axis=1)
        missing = np.where(high <= k, np.maximum(low - k, 0), 0).sum(axis=1)
        found = np.count_nonzero(larger <= self._k, axis=1) / self._k
        area = self._shares_of_area()[larger].sum(axis=1) - self._area_of_chance()
        self._scores.append(np.stack([found, 1 - intruders / worst, 1 - missing / worst, area], axis=1))

    def _area_weights(self) -> FloatArray:
        """Weight of R_NX(K) in the area, for K = 1 .. n - 2."""
        weights = 1 / np.arange(1, max(self._n - 1, 2))
        return np.asarray(weights / weights.sum())

    def _shares_of_area(self) -> FloatArray:
        """What a neighbour adds to the area, by the larger of its two ranks, shape (n,).

        R_NX(K) = ((n - 1) Q(K) - K) / (n - 1 - K) is linear in Q(K), the share of neighbours found within K.
        """
        n, shares = self._n, np.zeros(self._n)
        if n > 2:
            sizes = np.arange(1, n - 1)
            each = self._area_weights() * (n - 1) / (sizes * (n - 1 - sizes))
            shares[1 : n - 1] = np.cumsum(each[::-1])[::-1]
        return shares

    def _area_of_chance(self) -> float:
        n = self._n
        if n <= 2:
            return float("nan")
        sizes = np.arange(1, n - 1)
        return float((self._area_weights() * sizes / (n - 1 - sizes)).sum())

    def _count_distances(self, high: FloatArray, low: FloatArray) -> None:
        if self._bins is None:
            self.learn_scale(high, low)
        assert self._bins is not None
        one, other = self._bins[0](high), self._bins[1](low)
        self._joint += np.bincount((one.astype(np.int64) * _BINS + other).ravel(), minlength=_BINS * _BINS)
        ratio = _BINS // _COARSE
        coarse = (one // ratio).astype(np.int64) * _COARSE + other // ratio
        group = (self.queries + np.arange(len(coarse))) % _GROUPS
        for number in np.unique(group):
            self._groups[number] += np.bincount(coarse[group == number].ravel(), minlength=_COARSE * _COARSE)

    def result(self, population: int | None = None) -> Preserved:
        """The measures over all queries so far.

        Args:
            population: How many points the queries are a sample of; None if they are no sample.

        Raises:
            ValueError: If there was no query.
        """
        if not self.queries:
            raise ValueError("nothing was compared")
        n = self._n
        sizes = np.arange(1, n - 1)
        agreement = np.cumsum(self._larger_rank[1:])[: n - 2] / (self.queries * sizes)
        rnx = ((n - 1) * agreement - sizes) / (n - 1 - sizes)
        recall, trust, continuity, area = (float(mean) for mean in np.concatenate(self._scores).mean(axis=0))
        return Preserved(
            recall=recall,
            trustworthiness=trust,
            continuity=continuity,
            area_under_rnx=area,
            spearman=spearman_of_counts(self._joint.reshape(_BINS, _BINS)),
            rnx=rnx,
            margins=self._margins(population or self.queries),
        )

    def _margins(self, population: int) -> dict[str, float]:
        left_out = max(1 - self.queries / population, 0.0)
        if left_out == 0.0:
            return dict.fromkeys(MEASURES, 0.0)
        if self.queries < 2 * _GROUPS:
            return dict.fromkeys(MEASURES, float("nan"))
        errors = np.concatenate(self._scores).std(axis=0, ddof=1) / np.sqrt(self.queries)
        without = [
            spearman_of_counts((self._groups.sum(axis=0) - group).reshape(_COARSE, _COARSE)) for group in self._groups
        ]
        jackknife = np.sqrt((_GROUPS - 1) * np.var(without))
        return {
            name: float(1.96 * error * np.sqrt(left_out))
            for name, error in zip(MEASURES, [*errors, jackknife], strict=True)
        }


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
