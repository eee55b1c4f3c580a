"""Which artists are near to which: shares of nearest paintings, held against chance, and how sure each edge is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.lazy import pd
from grisaille.measures.spaces import blocks
from grisaille.points import Points

# Edges of an artist, and resamples of the bootstrap.
EDGES, RESAMPLES = 3, 200
# Squared distances that are held at once, in float32: 256 MB.
_TOGETHER = 2**26
# More paintings at a time gain no speed.
_BLOCK = 512


@dataclass(frozen=True)
class ArtistEdges:
    """Every artist's edges to the nearest other artists, sorted by artist and rank.

    Attributes:
        artists: Artist, 0 .. c - 1, int64, shape (e,).
        neighbours: Another artist, int64, shape (e,).
        ranks: 1 for the artist's nearest, int64, shape (e,).
        nearness: As `nearness` gives it, float64, shape (e,).
        support: Share of resamples in which the neighbour is among the artist's nearest, float64, shape (e,).
    """

    artists: IntArray
    neighbours: IntArray
    ranks: IntArray
    nearness: FloatArray
    support: FloatArray


def artist_edges(points: Points, labels: IntArray, k: int, seed: int) -> ArtistEdges:
    """Join every artist to the nearest three others, or fewer: those nearer than by chance, half of all at most.

    The bootstrap draws each artist's paintings with replacement. A painting's nearest are not looked for again: in a
    resample, a pair of a painting and one of its nearest counts as often as both were drawn. So an edge that hangs on
    one painting, on either side, has little support.

    Args:
        points: Paintings without duplicates, all by known artists.
        labels: Artist of each painting, 0 .. c - 1, each with a painting, at least three artists, shape (n,).
        k: Nearest paintings by others that count, of each painting; fewer where there are fewer.
        seed: Of the bootstrap.

    Source of the support: Felsenstein 1985, "Confidence limits on phylogenies: an approach using the bootstrap".
    """
    sizes = np.bincount(labels)
    count = len(sizes)
    edges = min(EDGES, (count - 1) // 2)
    near = nearest_by_others(points, labels, k)
    cells = labels[:, None] * count + labels[near]

    def values_of(drawn: FloatArray) -> FloatArray:
        weights = drawn[:, None] * drawn[near]
        counts = np.bincount(cells.ravel(), weights.ravel(), count**2).astype(float)
        return nearness(counts.reshape(count, count), sizes)

    random = np.random.default_rng(seed)
    support = np.zeros((count, count))
    for _ in range(RESAMPLES):
        support += _ranks(values_of(_resample(labels, sizes, random)), edges) > 0
    values = values_of(np.ones(len(labels)))
    ranks = _ranks(values, edges)
    found = np.nonzero(ranks)
    sort = np.lexsort((ranks[found], found[0]))
    found = found[0][sort], found[1][sort]
    return ArtistEdges(*found, ranks[found], values[found], support[found] / RESAMPLES)


def nearest_by_others(points: Points, labels: IntArray, k: int) -> IntArray:
    """The k nearest of every painting among those by other artists.

    An artist's own paintings are left out, since some artists repeat themselves and some do not: with them, few of the
    k would be left to tell who else is near.

    Args:
        points: Paintings.
        labels: Artist of each painting, at least two, 0 .. c - 1, shape (n,).
        k: How many; fewer where there are fewer by others.

    Returns:
        Rows in no particular order, int64, shape (n, k).
    """
    n = len(labels)
    k = min(k, n - int(np.bincount(labels).max()))
    near = np.empty((n, k), np.int64)
    for rows in blocks(np.arange(n), max(1, min(_BLOCK, _TOGETHER // n))):
        squares = points[rows].squares_to(points)
        squares[labels[rows, None] == labels] = np.inf
        near[rows] = np.argpartition(squares, k - 1, axis=1)[:, :k]
    return near


def nearness(counts: FloatArray, sizes: IntArray) -> FloatArray:
    """How many times as often as by chance two artists' paintings are among each other's nearest.

    With c_ab of the t_a paintings nearest to a's that are by b, chance gives e_ab = t_a n_b / (n - n_a): as many as
    b's share of all paintings by others. Both directions count together, and one half is added to what was found and
    to what chance gives, which draws artists with few paintings towards 1:

        (c_ab + c_ba + 1/2) / (e_ab + e_ba + 1/2)

    Args:
        counts: c, shape (c, c), 0 on the diagonal.
        sizes: Paintings of each artist, n_a, shape (c,).

    Returns:
        float64, shape (c, c), symmetric; 1 is chance, -inf on the diagonal.

    Sources: Dixon 1994, "Testing spatial segregation using a nearest-neighbor contingency table", for counts and what
    chance gives; Norén, Hopstadius & Bate 2013, "Shrinkage observed-to-expected ratios for robust and transparent
    large-scale pattern discovery", for the halves.
    """
    expected = counts.sum(axis=1)[:, None] * sizes / (sizes.sum() - sizes)[:, None]
    ratios = (counts + counts.T + 0.5) / (expected + expected.T + 0.5)
    np.fill_diagonal(ratios, -np.inf)
    return ratios


def pairs(edges: pd.DataFrame) -> pd.DataFrame:
    """The two edges of artists that are each among the other's nearest, as one.

    Args:
        edges: Columns likeness, artist, neighbour, nearness, support and earlier (one of both artists, or "").

    Returns:
        Columns likeness, source, target, nearness, support (the larger of both) and directed. A directed pair leads
        from the earlier artist to the later; the source of another is the first by name.
    """
    ends = np.sort(edges[["artist", "neighbour"]].to_numpy(dtype=object), axis=1)
    reverse = edges["earlier"].to_numpy() == ends[:, 1]
    ends[reverse] = ends[reverse, ::-1]
    table = edges.assign(source=ends[:, 0], target=ends[:, 1], directed=edges["earlier"] != "")
    columns = {"nearness": "first", "support": "max", "directed": "first"}
    return table.groupby(["likeness", "source", "target"], sort=False, as_index=False).agg(columns)


def _ranks(values: FloatArray, edges: int) -> IntArray:
    """1 for each artist's nearest to `edges` for the last that has an edge, 0 for all others, shape (c, c)."""
    ranks = np.zeros(values.shape, np.int64)
    nearest = np.argsort(-values, axis=1, kind="stable")[:, :edges]
    np.put_along_axis(ranks, nearest, np.arange(1, edges + 1)[None, :], axis=1)
    return np.where(values > 1, ranks, 0)


def _resample(labels: IntArray, sizes: IntArray, random: np.random.Generator) -> FloatArray:
    """How often each painting is drawn when every artist's are drawn with replacement, shape (n,)."""
    order = np.argsort(labels, kind="stable")
    own = labels[order]
    drawn = (np.cumsum(sizes) - sizes)[own] + random.integers(0, sizes[own])
    return np.bincount(order[drawn], minlength=len(labels)).astype(float)
