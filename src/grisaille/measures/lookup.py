"""Nearest neighbours: exact search in blocks if that is fast enough, otherwise an approximate index."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.points import Points

MULTIPLIED, READ = 2e10, 2e9
"""Throughput of exact search on one core, a second: multiply-adds, with ranking, and values of points read.

Both are rounded from measurements by `python -m benchmarks scale` on an AMD EPYC (docs/performance.md, A million
paintings). They are constants, so that a collection is searched in the same way on every machine.
"""
SAMPLE, SAMPLE_NEIGHBOURS = 200, 10
"""Number of points for the measurement of recall, and neighbours of each."""

# Queries and points that are multiplied at a time: 32 MB of float32 products.
_QUERIES, _POINTS = 512, 16384
# Extra candidates, since float32 and codes of one byte a value may misorder near-ties.
_SPARE = 8
_SPARE_OF_CODES = 32
# Maximum error of squared distances in float32, as a share of the squared lengths of both points.
_ROUNDING = 2.0**-16
# Lists of the index, as a multiple of the root of the number of points; lists searched for a query; training points of
# k-means a list, and its iterations.
_LISTS, _PROBED, _TRAINED_ON, _ROUNDS = 2, 32, 50, 10
# Up to this many queries are answered one by one by an index; its vectors are padded to a multiple of this length.
_FEW, _ALIGNED = 64, 16


def exact_seconds(points: Points, queries: int) -> float:
    """Duration of exact search on one core, by `MULTIPLIED` and `READ`: n * d * (queries / MULTIPLIED + 1 / READ)."""
    return points.coordinates.size * (queries / MULTIPLIED + 1 / READ)


def affordable(values: int, seconds: float) -> int:
    """The most points with this many values whose pairs can all be compared in a time, by `MULTIPLIED`."""
    return math.isqrt(int(seconds * MULTIPLIED / values))


class Lookup:
    """Finds nearest neighbours among points.

    Attributes:
        points: n points.
        recall: Share of a point's ten nearest that are found: 1 for exact search; for an index, the mean over a seeded
            sample of 200 points.
    """

    def __init__(self, points: Points | FloatArray) -> None:
        """Take points, or coordinates of shape (n, d). Search is exact until `prepare` builds an index.

        Raises:
            ValueError: If the shape is wrong, or there is no point.
        """
        self.points = points if isinstance(points, Points) else Points.plain(points)
        shape = self.points.coordinates.shape
        if len(shape) != 2 or not shape[0]:
            raise ValueError(f"points must be (n, d), with at least one point. Received: {shape}")
        self.recall = 1.0
        self._find: _Exact | _Index = _Exact(self.points)

    @property
    def exact(self) -> bool:
        """Whether search is exact."""
        return isinstance(self._find, _Exact)

    def prepare(self, queries: int, seconds: float) -> None:
        """Build an index if exact search for this many queries takes longer (`exact_seconds`), and measure its recall.

        The decision depends only on points and arguments, never on a clock, and the index does not depend on the number
        of threads. An index of a million points of 320 values takes a minute or more.
        """
        if self.exact and len(self.points) > 1 and exact_seconds(self.points, queries) > seconds:
            index = _Index(self.points)
            self.recall = self._recall_of(index)
            self._find = index

    def nearest(
        self,
        queries: Points | FloatArray,
        k: int,
        progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> tuple[IntArray, FloatArray]:
        """Find the k nearest points of every query.

        Args:
            queries: Queries, or coordinates of shape (q, d). A query that is among the points finds itself like any
                other point, at distance 0 only if coordinates have no residual.
            k: Number of neighbours; fewer if there are fewer points.
            progress: Wraps the loop over blocks of queries, for a progress bar.

        Returns:
            Rows of the nearest, int64, shape (q, min(k, n)), nearest first, and their distances, float64. Among equally
            distant points, the earlier comes first.

        Raises:
            ValueError: If the queries' shape is wrong.
        """
        return self._nearest(self._find, queries, k, progress)

    def around(self, places: FloatArray, count: int, allowed: BoolArray) -> IntArray:
        """Points that the index finds around some positions.

        Args:
            places: Positions, shape (q, d).
            count: Points a position.
            allowed: Which points may be returned, shape (n,).

        Returns:
            Their rows, ascending; all allowed ones without an index.
        """
        if isinstance(self._find, _Exact):
            return np.flatnonzero(allowed)
        near = np.unique(self._find(places, count, allowed))
        return near[near >= 0]

    def _nearest(
        self,
        find: _Exact | _Index,
        queries: Points | FloatArray,
        k: int,
        progress: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> tuple[IntArray, FloatArray]:
        queries = queries if isinstance(queries, Points) else Points.plain(queries)
        shapes = self.points.coordinates.shape, queries.coordinates.shape
        if shapes[1][1:] != shapes[0][1:]:
            raise ValueError(f"points and queries must be (n, d) and (q, d). Received: {shapes[0]} and {shapes[1]}")
        k = min(k, len(self.points))
        spare = min(k + find.spare, len(self.points))
        rows, distances = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        for start in progress(range(0, len(queries), _QUERIES)):
            block = queries.coordinates[start : start + _QUERIES].astype(np.float64)
            found, squares = _by_distance(self.points, find(block, spare), block)
            doubtful = ~np.isfinite(squares[:, k - 1])
            if isinstance(find, _Exact) and spare < len(self.points):
                doubtful |= _crowded(squares, k, np.linalg.norm(block - find.centre, axis=1))
            for row in np.flatnonzero(doubtful):
                found[row, :k], squares[row, :k] = _one_by_one(self.points, block[row], k)
            here = slice(start, start + len(block))
            rows[here], distances[here] = found[:, :k], np.sqrt(squares[:, :k] + queries.rests[here, None])
        return rows, distances

    def _recall_of(self, index: _Index) -> float:
        sample = np.sort(np.random.default_rng(0).permutation(len(self.points))[:SAMPLE])
        k = min(SAMPLE_NEIGHBOURS, len(self.points) - 1)
        queries = self.points[sample]
        exact, found = (others(*self._nearest(find, queries, k + 1), sample)[0] for find in (self._find, index))
        return float(np.mean([np.isin(one, other).mean() for one, other in zip(exact, found, strict=True)]))


def others(found: IntArray, distances: FloatArray, themselves: IntArray) -> tuple[IntArray, FloatArray]:
    """Remove the queries themselves from their neighbours, if the queries are points of the collection.

    Args:
        found: Rows, shape (q, k).
        distances: Their distances, shape (q, k).
        themselves: The row of each query, shape (q,).

    Returns:
        Rows and distances, shape (q, k - 1); if a query did not find itself, its last neighbour is removed.
    """
    itself = found == themselves[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = len(found), found.shape[1] - 1
    return found[~itself].reshape(shape), distances[~itself].reshape(shape)


def _by_distance(points: Points, candidates: IntArray, block: FloatArray) -> tuple[IntArray, FloatArray]:
    """The candidates of some queries, nearest first, and their squared distances in float64; infinite for -1."""
    candidates = np.sort(candidates, axis=1)
    apart = points.coordinates[candidates] - block[:, None]
    squares = np.einsum("qkd,qkd->qk", apart, apart) + points.rests[candidates]
    squares[candidates < 0] = np.inf
    order = np.argsort(squares, axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(squares, order, axis=1)


def _crowded(squares: FloatArray, k: int, lengths: FloatArray) -> BoolArray:
    """Whether a query's last candidate may be as near as its k-th in float32, so that candidates may be missing."""
    doubt = 2 * _ROUNDING * (lengths + np.sqrt(squares[:, -1])) ** 2
    crowded: BoolArray = squares[:, -1] - squares[:, k - 1] <= doubt
    return crowded


def _one_by_one(points: Points, query: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k nearest of one query, by squared distances in float64."""
    squares = np.empty(len(points))
    for start in range(0, len(points), _POINTS):
        part = points[start : start + _POINTS]
        apart = part.coordinates - query
        squares[start : start + len(part)] = np.einsum("nd,nd->n", apart, apart) + part.rests
    rows = np.argsort(squares, kind="stable")[:k]
    return rows, squares[rows]


class _Exact:
    """Candidates by comparison of all points with a query in float32.

    Attributes:
        centre: Subtracted from points far from the origin, to reduce rounding errors; otherwise 0. Shape (d,).
    """

    spare = _SPARE

    def __init__(self, points: Points) -> None:
        self._points = points
        mean = points.coordinates.mean(axis=0, dtype=np.float64)
        squares = sum(np.einsum("nd,nd->", part, part, dtype=np.float64) for part in _parts(points.coordinates))
        far = 2 * mean @ mean > squares / len(points)
        self.centre = (mean if far else np.zeros_like(mean)).astype(points.coordinates.dtype)
        centred = map(self._centred, _parts(points.coordinates))
        self._squares = np.concatenate([np.einsum("nd,nd->n", part, part) for part in centred]) + points.rests

    def _centred(self, coordinates: FloatArray) -> FloatArray:
        """The coordinates, copied only if something is subtracted."""
        return (coordinates - self.centre if self.centre.any() else coordinates).astype(np.float32, copy=False)

    def __call__(self, block: FloatArray, k: int) -> IntArray:
        """Rows of the k nearest of each query, unordered, shape (q, k)."""
        block = (block - self.centre).astype(np.float32)
        best, rows = np.empty((len(block), 0), np.float32), np.empty((len(block), 0), np.int64)
        for start, part in zip(range(0, len(self._points), _POINTS), _parts(self._points.coordinates), strict=True):
            squares = block @ self._centred(part).T
            squares *= -2
            squares += self._squares[start : start + len(part)]
            places = np.arange(len(part))
            if best.shape[1] == k:
                # Most points are candidates of no query and are not ranked.
                places = np.flatnonzero((squares < best.max(axis=1)[:, None]).any(axis=0))
            best = np.concatenate([best, squares[:, places]], axis=1)
            rows = np.concatenate([rows, np.broadcast_to(start + places, (len(block), len(places)))], axis=1)
            if best.shape[1] > k:
                nearest = np.argpartition(best, k - 1, axis=1)[:, :k]
                best, rows = np.take_along_axis(best, nearest, axis=1), np.take_along_axis(rows, nearest, axis=1)
        return rows


class _Index:
    """Candidates from lists of points around centroids, with codes of one byte a value, as built by Faiss.

    Source: Jégou, Douze & Schmid 2011, "Product quantization for nearest neighbor search", section IV, for inverted
    lists of residuals; Douze et al. 2024, "The Faiss library", for the scalar quantiser.
    """

    spare = _SPARE_OF_CODES

    def __init__(self, points: Points) -> None:
        import faiss

        self._faiss: Any = faiss
        n = len(points)
        self._centre = points.coordinates.mean(axis=0, dtype=np.float64)
        self._lists = min(n, 2 ** round(math.log2(_LISTS * math.sqrt(n))))
        # The residual is an extra value, which is 0 in queries. Faiss is several times slower unless the width is a
        # multiple of 16.
        self._width = -(-(points.coordinates.shape[1] + bool(points.rests.any())) // _ALIGNED) * _ALIGNED
        self._index = cast(Any, faiss.index_factory(self._width, f"IVF{self._lists},SQ8"))
        kmeans = self._index.cp
        kmeans.seed, kmeans.niter, kmeans.max_points_per_centroid = 0, _ROUNDS, _TRAINED_ON
        kmeans.min_points_per_centroid = 1
        sample = np.sort(np.random.default_rng(0).permutation(n)[: _TRAINED_ON * self._lists])
        self._index.train(self._rows(points[sample]))
        for start in range(0, n, _POINTS):
            self._index.add(self._rows(points[start : start + _POINTS]))

    def _rows(self, points: Points) -> FloatArray:
        rows, values = np.zeros((len(points), self._width), np.float32), points.coordinates.shape[1]
        rows[:, :values] = points.coordinates - self._centre
        if values < self._width:
            rows[:, values] = np.sqrt(points.rests)
        return rows

    def __call__(self, block: FloatArray, k: int, allowed: BoolArray | None = None) -> IntArray:
        """Rows of k near points of each query, nearest first, -1 for missing ones, shape (q, k)."""
        queries = self._rows(Points.plain(block))
        options: dict[str, Any] = {"nprobe": _PROBED}
        if allowed is not None:
            # Search as many allowed points as without the restriction.
            options["nprobe"] = min(self._lists, math.ceil(_PROBED / max(allowed.mean(), 1 / len(allowed))))
            options["sel"] = self._faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = self._faiss.SearchParametersIVF(**options)
        # For a few queries, synchronising OpenMP threads takes longer than the search.
        parts = [queries] if len(queries) > _FEW else np.split(queries, len(queries))
        return np.concatenate([self._index.search(part, k, params=parameters)[1] for part in parts])


def _parts(coordinates: FloatArray) -> Iterable[FloatArray]:
    return (coordinates[start : start + _POINTS] for start in range(0, len(coordinates), _POINTS))
