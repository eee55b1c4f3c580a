"""Silhouettes of all pairs of clusters, from one matrix of distance sums."""

import numpy as np

from grisaille.arrays import FloatArray, IntArray


class DistanceSums:
    """Sum of the distances from every point to every cluster, filled block by block.

    Every silhouette of two clusters follows from these n x c numbers, so that the distances themselves are computed
    once for all pairs and never kept.

    Attributes:
        sums: float64, shape (n, c).
    """

    def __init__(self, labels: IntArray, clusters: int) -> None:
        """Start with zeros.

        Args:
            labels: Cluster of each point, 0 .. c - 1, shape (n,).
            clusters: c.
        """
        self._members = np.eye(clusters)[labels]
        self.sums = np.zeros((len(labels), clusters))

    def update(self, start: int, distances: FloatArray) -> None:
        """Take in the distances of points start, start + 1, ... to all points, shape (b, n)."""
        self.sums[start : start + len(distances)] = distances @ self._members


def pair_silhouette(sums: FloatArray, labels: IntArray, left: IntArray, right: IntArray) -> float:
    """Mean silhouette of two groups of clusters, each group taken as one cluster.

    Args:
        sums: `DistanceSums.sums`, shape (n, c).
        labels: Cluster of each point, shape (n,).
        left: Clusters that make up the one group.
        right: Clusters that make up the other.

    Returns:
        Between -1 and 1, or NaN if a group has no point, or both have but one.

    Source: Rousseeuw 1987, "Silhouettes"; a point alone in its cluster scores 0, as in scikit-learn.
    """
    groups = [np.isin(labels, left), np.isin(labels, right)]
    if not all(group.any() for group in groups) or groups[0].sum() + groups[1].sum() < 3:
        return float("nan")
    scores = []
    for (own, own_clusters), (other, other_clusters) in (
        ((groups[0], left), (groups[1], right)),
        ((groups[1], right), (groups[0], left)),
    ):
        within = sums[np.ix_(own, own_clusters)].sum(axis=1) / max(own.sum() - 1, 1)
        between = sums[np.ix_(own, other_clusters)].sum(axis=1) / other.sum()
        scores.append(_score(within, between, alone=own.sum() == 1))
    return float(np.concatenate(scores).mean())


def pair_silhouettes(sums: FloatArray, labels: IntArray) -> FloatArray:
    """Mean silhouette of every pair of clusters.

    Args:
        sums: `DistanceSums.sums`, shape (n, c).
        labels: Cluster of each point, shape (n,).

    Returns:
        Symmetric, shape (c, c), float64; NaN on the diagonal and where a cluster has no point, or both have one.

    Source: as `pair_silhouette`.
    """
    clusters = sums.shape[1]
    counts = np.bincount(labels, minlength=clusters)
    totals = np.zeros((clusters, clusters))
    means = sums / np.maximum(counts, 1)
    for cluster in range(clusters):
        own = labels == cluster
        within = sums[own, cluster] / max(counts[cluster] - 1, 1)
        totals[cluster] = _score(within[:, None], means[own], alone=counts[cluster] == 1).sum(axis=0)
    sizes = counts[:, None] + counts[None, :]
    defined = (counts[:, None] > 0) & (counts[None, :] > 0) & (sizes > 2)
    np.fill_diagonal(defined, False)
    return np.where(defined, (totals + totals.T) / np.maximum(sizes, 1), np.nan)


def _score(within: FloatArray, between: FloatArray, alone: bool) -> FloatArray:
    if alone:
        return np.zeros(np.broadcast_shapes(within.shape, between.shape))
    larger = np.maximum(within, between)
    return np.divide(between - within, larger, out=np.zeros_like(larger), where=larger > 0)
