"""Measures how well a reduced space preserves the neighbourhoods and distances of its reference."""

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Distances are ranked by counting them in bins of (nearly) equal probability: pairs in coarse bins, single ones in fine
# bins. The error of Spearman's coefficient is below 1e-5, which the tests check.
_FINE, _COARSE = 8192, 256
_RATIO = _FINE // _COARSE
# Distances that differ by less than this share of the largest count as equal, since copies differ by rounding.
_EQUAL = 2.0**-23
# Most distances find their bin in a table with this many cells; cells with more than one edge need a search.
_CELLS = 1 << 18
# Groups of queries, for the margin of Spearman's coefficient.
_GROUPS = 16


def nearest(distances: FloatArray, rows: IntArray) -> IntArray:
    """All other points, nearest first.

    Args:
        distances: Distances of some points to all points, shape (b, n).
        rows: Row of each of these points, shape (b,).

    Returns:
        Shape (b, n - 1), int64; among equally distant points, the earlier comes first.
    """
    order = np.argsort(distances, axis=1)
    # NumPy's quicksort takes a third of the time of its stable sort, and ties are rare.
    ordered = np.take_along_axis(distances, order, axis=1)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    order[tied] = np.argsort(distances[tied], axis=1, kind="stable")
    return order[order != rows[:, None]].reshape(len(distances), -1)


def ranks(order: IntArray) -> IntArray:
    """Invert `nearest`: the rank of every point as a neighbour.

    Args:
        order: As `nearest` returns it, shape (b, n - 1).

    Returns:
        Shape (b, n), int64: 1 for the nearest, n - 1 for the farthest, 0 for the point itself.
    """
    result = np.zeros((len(order), order.shape[1] + 1), dtype=np.int64)
    np.put_along_axis(result, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    return result


class DistanceBins:
    """Maps the distances of a space to bins of nearly equal probability; a value as frequent as a bin gets its own."""

    def __init__(self, sample: FloatArray) -> None:
        """Choose the edges of the bins.

        Args:
            sample: A representative sample of distances, shape (m,), not those of neighbours in a sorted table.
        """
        equal = float(sample.max(initial=0)) * _EQUAL or 1.0
        ordered = np.sort(np.rint(sample / equal)) if sample.size else np.zeros(1)
        places = np.arange(1, _FINE) * ordered.size // _FINE
        values = ordered[places]
        first, last = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
        # Edges are between values, where rounding cannot decide. An edge is moved to the nearer side of a frequent
        # value, so that such values are not always merged with those below.
        self._edges = equal * (values + np.where(places - first < last - places, -0.5, 0.5))
        self._cells_a_unit = (_CELLS - 1) / self._edges[-1]
        edges = np.bincount(self._cell(self._edges), minlength=_CELLS)
        self._bin_of_cell = np.where(edges > 1, -1, np.cumsum(edges))

    def _cell(self, distances: FloatArray) -> IntArray:
        cell = distances * self._cells_a_unit
        return np.clip(cell, 0, _CELLS - 1, out=cell).astype(np.int32)

    def __call__(self, distances: FloatArray) -> IntArray:
        """The bin of every distance, 0 .. 8191, int64, in the shape of the distances."""
        bins = self._bin_of_cell[self._cell(distances)]
        crowded = bins < 0
        bins[crowded] = np.searchsorted(self._edges, distances[crowded])
        return bins


MEASURES = ("recall", "trustworthiness", "continuity", "area_under_rnx", "spearman")


class Preservation:
    """Compares a reduced space with its reference, block by block.

    Recall, trustworthiness, continuity and R_NX are computed from ranks of neighbours in both spaces, Spearman's
    coefficient from a joint histogram of the distances.

    Attributes:
        queries: Number of queries so far.

    Sources: Venna & Kaski 2001 (trustworthiness, continuity); Lee & Verleysen 2009 (Q_NX) and Lee, Renard, Bernard,
    Dupont & Verleysen 2013 (R_NX, its area); Spearman 1904, ties by mid-ranks. Margins: means of a sample without
    replacement (Cochran 1977, section 2.6); for Spearman the jackknife over groups of queries (Efron 1982).
    """

    def __init__(self, n: int, k: int = 10, k_ranks: int = 20) -> None:
        """Start an empty comparison.

        Args:
            n: Number of points in the spaces.
            k: Neighbours of recall, at most n - 1.
            k_ranks: Neighbours of trustworthiness and continuity, fewer than half of n, since the measures are not
                defined beyond.
        """
        self._n, self._k, self._k_ranks = n, min(k, n - 1), max(1, min(k_ranks, (n - 1) // 2))
        self.queries = 0
        # One row a query: its recall, trustworthiness, continuity and area, whose means are the results.
        self._scores: list[FloatArray] = []
        self._larger_rank = np.zeros(n, dtype=np.int64)
        # Pairs of coarse bins, by groups of queries.
        self._joint = np.zeros((_GROUPS, _COARSE, _COARSE), dtype=np.int64)
        self._shares, self._chance = _area_under_rnx(n)
        # For both spaces, by fine bins: number of distances, and sums of the other space's bins, fine and coarse.
        self._fine = np.zeros((2, 2, _FINE))

    @classmethod
    def together(cls, parts: "list[Preservation]") -> "Preservation":
        """The comparison over the queries of all parts, which must have used the same bins."""
        whole = cls(parts[0]._n, parts[0]._k, parts[0]._k_ranks)
        for part in parts:
            whole.queries += part.queries
            whole._scores += part._scores
            whole._larger_rank += part._larger_rank
            whole._joint += part._joint
            whole._fine += part._fine
        return whole

    def update(self, rows: IntArray, reference: tuple[IntArray, IntArray], reduced: tuple[IntArray, IntArray]) -> None:
        """Add some queries.

        Args:
            rows: The queries, shape (b,).
            reference: The `DistanceBins` of their distances and their `ranks` in the reference space, shapes (b, n).
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
        recall = np.count_nonzero(larger <= self._k, axis=1) / self._k
        area = self._shares[larger].sum(axis=1) - self._chance
        self._scores.append(np.stack([recall, 1 - intruders / worst, 1 - missing / worst, area], axis=1))

    def _count_distances(self, high: IntArray, low: IntArray) -> None:
        group = (self.queries + np.arange(len(high)))[:, None] % _GROUPS
        one, other = high // _RATIO, low // _RATIO
        joint = (group * _COARSE + one) * _COARSE + other
        self._joint += np.bincount(joint.ravel(), minlength=self._joint.size).reshape(self._joint.shape)
        besides = low + other * _RATIO, high + one * _RATIO
        for fine, own, beside in zip(self._fine, (high, low), besides, strict=True):
            fine[0] += np.bincount(own.ravel(), minlength=_FINE)
            fine[1] += np.bincount(own.ravel(), beside.ravel(), minlength=_FINE)

    def result(self, population: int | None = None) -> dict[str, float]:
        """The measures over all queries so far.

        Args:
            population: Number of points that the queries are a sample of; None if they are all points.

        Returns:
            `recall`, the mean share of a point's k nearest that are among its k nearest in the other space;
            `trustworthiness`, 1 unless points that are near in the reduced space are far in the reference;
            `continuity`, 1 unless points that are near in the reference are far in the reduced space;
            `area_under_rnx`, agreement of neighbourhoods over all sizes, on a logarithmic scale, with 0 for chance; and
            `spearman` of the distances. With two points only recall is defined, and the rest is NaN. Then, as
            `recall_margin` and so on, half the width of each 95% confidence interval; 0 if every point was a query.

        Raises:
            ValueError: If there was no query.
        """
        if not self.queries:
            raise ValueError("the comparison has no queries")
        means = [float(mean) for mean in np.concatenate(self._scores).mean(axis=0)]
        margins = self._margins(population or self.queries)
        return dict(zip(MEASURES, [*means, self._spearman()], strict=True)) | {
            f"{name}_margin": margin for name, margin in zip(MEASURES, margins, strict=True)
        }

    def rnx(self) -> FloatArray:
        """R_NX(K) over all queries so far, for K = 1 .. n - 2, shape (n - 2,)."""
        n, sizes = self._n, np.arange(1, self._n - 1)
        agreement = np.cumsum(self._larger_rank[1:])[: n - 2] / (self.queries * sizes)
        return np.asarray(((n - 1) * agreement - sizes) / (n - 1 - sizes))

    def _spearman(self) -> float:
        """Spearman's coefficient of the coarse bins, with a correction from the fine bins.

        With R the rank of a distance's coarse bin and r the correction by its fine bin, and S and s in the other space,
        the sum of (R + r)(S + s) equals that of RS + r(S + s / 2) + s(R + r / 2). Only RS needs pairs of bins: r has
        mean 0 in every coarse bin, so its factor may be the number of a bin, which is nearly proportional to its rank.
        """
        ranks_of_coarse, added, scale = [], [], 1.0
        for counts, _ in self._fine:
            coarse = _centred_ranks(counts.reshape(_COARSE, _RATIO).sum(axis=1))
            fine = _centred_ranks(counts)
            ranks_of_coarse.append(coarse)
            added.append(fine - np.repeat(coarse, _RATIO))
            scale *= float((counts * fine**2).sum())
        product = ranks_of_coarse[0] @ self._joint.sum(axis=0) @ ranks_of_coarse[1]
        ranks_a_bin = self._joint.sum() / _FINE
        product += ranks_a_bin / 2 * (added[0] @ self._fine[0, 1] + added[1] @ self._fine[1, 1])
        return float(product) / np.sqrt(scale) if scale else float("nan")

    def _margins(self, population: int) -> list[float]:
        left_out = max(1 - self.queries / population, 0.0)
        if left_out == 0.0:
            return [0.0] * len(MEASURES)
        if self.queries < 2 * _GROUPS:
            return [float("nan")] * len(MEASURES)
        errors = np.concatenate(self._scores).std(axis=0, ddof=1) / np.sqrt(self.queries)
        whole = self._joint.sum(axis=0)
        without = [spearman_of_counts(whole - group) for group in self._joint]
        jackknife = np.sqrt((_GROUPS - 1) * np.var(without))
        return [float(1.96 * error * np.sqrt(left_out)) for error in (*errors, jackknife)]


def _area_under_rnx(n: int) -> tuple[FloatArray, float]:
    """Contribution of a neighbour to the area, by the larger of its two ranks, shape (n,), and the area of chance.

    R_NX(K) = ((n - 1) Q(K) - K) / (n - 1 - K) is linear in Q(K), the share of neighbours within K.
    """
    shares = np.zeros(n)
    if n <= 2:
        return shares, float("nan")
    sizes = np.arange(1, n - 1)
    weights = 1 / sizes
    weights = weights / weights.sum()
    each = weights * (n - 1) / (sizes * (n - 1 - sizes))
    shares[1 : n - 1] = np.cumsum(each[::-1])[::-1]
    return shares, float((weights * sizes / (n - 1 - sizes)).sum())


def spearman_of_counts(joint: IntArray) -> float:
    """Spearman's coefficient of binned pairs, with mid-ranks for ties.

    Args:
        joint: Number of pairs in each bin of the first and of the second variable, shape (a, b).

    Returns:
        Between -1 and 1; NaN if a variable is constant.
    """
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    x, y = _centred_ranks(rows), _centred_ranks(columns)
    scale = float(np.sqrt((rows * x**2).sum() * (columns * y**2).sum()))
    return float(x @ joint @ y) / scale if scale else float("nan")


def _centred_ranks(counts: FloatArray | IntArray) -> FloatArray:
    """Mid-ranks of the bins, minus the mean rank."""
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(middle - counts.sum() / 2)
