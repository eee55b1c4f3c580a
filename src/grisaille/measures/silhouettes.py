"""Silhouettes of all pairs of clusters, from one matrix of distance sums."""

import numpy as np

from grisaille.arrays import FloatArray, IntArray


class DistanceSums:
    """Sum of the distances from points to every cluster, filled block by block.

    Every silhouette of two clusters follows from these q x c numbers, so that the distances themselves are computed
    once for all pairs and never kept.
    """

    def __init__(self, labels: IntArray, clusters: int) -> None:
        """Start with nothing known.

        Args:
            labels: Cluster of each point, 0 .. c - 1, shape (n,).
            clusters: c.
        """
        from scipy.sparse import csr_array

        n = len(labels)
        # Dense, the members of c clusters would take n x c numbers: with few paintings an artist, n squared.
        self._members = csr_array((np.ones(n), (labels, np.arange(n))), shape=(clusters, n))
        self._blocks = [np.empty((0, clusters))]

    def update(self, distances: FloatArray) -> None:
        """Append the distances of some points, shape (b,), to all points, shape (b, n)."""
        self._blocks.append((self._members @ distances.T).T)

    @property
    def sums(self) -> FloatArray:
        """Of all points so far, float64, shape (q, c)."""
        return np.concatenate(self._blocks)


def pair_silhouette(
    sums: FloatArray, labels: IntArray, left: IntArray, right: IntArray, rows: IntArray | None = None
) -> float:
    """Mean silhouette of two groups of clusters, each group taken as one cluster.

    Args:
        sums: `DistanceSums.sums`, shape (q, c).
        labels: Cluster of each point, shape (n,).
        left: Clusters that make up the one group.
        right: Clusters that make up the other.
        rows: The points of `sums`, shape (q,); None if these are all n.

    Returns:
        Between -1 and 1, or NaN if a group has no point, or both have but one. Of a sample of points, each group's
        mean over the sampled points, weighted by the size of the group; NaN if a group has none of them.

    Source: Rousseeuw 1987, "Silhouettes"; a point alone in its cluster scores 0, as in scikit-learn.
    """
    groups = [np.isin(labels, left), np.isin(labels, right)]
    sizes = [int(group.sum()) for group in groups]
    if not all(sizes) or sum(sizes) < 3:
        return float("nan")
    total = 0.0
    for one, (clusters, others) in enumerate(((left, right), (right, left))):
        own = groups[one] if rows is None else groups[one][rows]
        if not own.any():
            return float("nan")
        within = sums[np.ix_(own, clusters)].sum(axis=1) / max(sizes[one] - 1, 1)
        between = sums[np.ix_(own, others)].sum(axis=1) / sizes[1 - one]
        total += sizes[one] * _score(within, between, alone=sizes[one] == 1).mean()
    return float(total / sum(sizes))


def pair_silhouettes(sums: FloatArray, labels: IntArray, rows: IntArray | None = None) -> FloatArray:
    """Mean silhouette of every pair of clusters.

    Args:
        sums: `DistanceSums.sums`, shape (q, c).
        labels: Cluster of each point, shape (n,).
        rows: The points of `sums`, shape (q,); None if these are all n.

    Returns:
        Symmetric, shape (c, c), float64; NaN on the diagonal and where a cluster has no point, or both have one.

    Source: as `pair_silhouette`.
    """
    clusters = sums.shape[1]
    counts = np.bincount(labels, minlength=clusters)
    totals = np.full((clusters, clusters), np.nan)
    means = sums / np.maximum(counts, 1)
    sampled = labels if rows is None else labels[rows]
    for cluster in range(clusters):
        own = sampled == cluster
        if own.any():
            within = sums[own, cluster] / max(counts[cluster] - 1, 1)
            scores = _score(within[:, None], means[own], alone=counts[cluster] == 1)
            totals[cluster] = counts[cluster] * scores.mean(axis=0)
    sizes = counts[:, None] + counts[None, :]
    defined = (counts[:, None] > 0) & (counts[None, :] > 0) & (sizes > 2)
    np.fill_diagonal(defined, False)
    return np.where(defined, (totals + totals.T) / np.maximum(sizes, 1), np.nan)


def point_silhouettes(sums: FloatArray, labels: IntArray, rows: IntArray | None = None) -> FloatArray:
    """Silhouette of points among all clusters.

    Args:
        sums: `DistanceSums.sums`, shape (q, c).
        labels: Cluster of each point, 0 .. c - 1, each with a point, shape (n,).
        rows: The points of `sums`, shape (q,); None if these are all n.

    Returns:
        float64, shape (q,), between -1 and 1; NaN where there is one cluster.

    Source: as `pair_silhouette`.
    """
    counts = np.bincount(labels, minlength=sums.shape[1])
    if len(counts) < 2:
        return np.full(len(sums), np.nan)
    own = labels if rows is None else labels[rows]
    every = np.arange(len(own))
    within = sums[every, own] / np.maximum(counts[own] - 1, 1)
    others = sums / counts
    others[every, own] = np.inf
    scores = _score(within, others.min(axis=1), alone=False)
    scores[counts[own] == 1] = 0
    scores[np.isnan(within)] = np.nan
    return scores


def pair_agreement(reference: FloatArray, reduced: FloatArray) -> tuple[float, float]:
    """Do the silhouettes of the same pairs agree in two spaces.

    Args:
        reference: Silhouettes in the one space, shape (p,); pairs that are NaN in either are left out.
        reduced: Silhouettes in the other, shape (p,).

    Returns:
        Spearman's coefficient (ties by mid-ranks), and the share of pairs whose silhouettes have the same sign. NaN for
        fewer than two pairs.

    Source: Spearman 1904.
    """
    from scipy.stats import spearmanr

    known = np.isfinite(reference) & np.isfinite(reduced)
    if known.sum() < 2:
        return float("nan"), float("nan")
    one, other = reference[known], reduced[known]
    same = float(np.mean(np.sign(one) == np.sign(other)))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan"), same
    return float(spearmanr(one, other).statistic), same


def groups_by_chance(
    candidates: IntArray, sizes: tuple[int, int], draws: int, random: np.random.Generator
) -> list[tuple[IntArray, IntArray]]:
    """Two groups of clusters, drawn many times: what a comparison of groups is held against.

    Groups of many clusters are spread wider than one cluster, so their silhouettes are lower than those of pairs.

    Args:
        candidates: Clusters to draw from, shape (m,).
        sizes: Clusters in the one group and in the other.
        draws: How often.
        random: Draws.

    Returns:
        Different ones only, as many as were found; none where there are too few clusters.
    """
    one, both = sizes[0], sum(sizes)
    if both > len(candidates):
        return []
    drawn = (random.permutation(candidates)[:both] for _ in range(draws))
    found = {(tuple(sorted(some[:one])), tuple(sorted(some[one:]))) for some in drawn}
    return [(np.array(left), np.array(right)) for left, right in sorted(found)]


def share_farther(silhouette: float, others: FloatArray) -> float:
    """Share of other silhouettes that are larger, equal ones by half; NaN where one is undefined, or of no others."""
    if not len(others) or not np.isfinite(silhouette):
        return float("nan")
    return float(np.mean(others > silhouette) + np.mean(others == silhouette) / 2)


def _score(within: FloatArray, between: FloatArray, alone: bool) -> FloatArray:
    if alone:
        return np.zeros(np.broadcast_shapes(within.shape, between.shape))
    larger = np.maximum(within, between)
    # Of infinite distances nothing can be said.
    with np.errstate(invalid="ignore"):
        return np.divide(between - within, larger, out=np.zeros_like(larger), where=larger > 0)
