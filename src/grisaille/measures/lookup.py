"""The nearest points of some points: exact and block by block up to a million, through an index beyond."""

from collections.abc import Callable, Iterable

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.points import Points

EXACT_UP_TO = 1_000_000
# Queries and points that are multiplied at a time: 128 MB of float32 products.
_QUERIES, _POINTS = 512, 65536
# More candidates than asked for, since float32 may order near-ties wrongly.
_SPARE = 8
# By what part of the squared lengths of two points float32 may be wrong about their squared distance.
_ROUNDING = 2.0**-16
# Links a point of the index, and points looked at a query: Malkov & Yashunin's M and ef.
_LINKS, _LOOKED_AT = 32, 256


def search(
    collection: Points | FloatArray,
    asked: Points | FloatArray,
    k: int,
    exact_up_to: int = EXACT_UP_TO,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> tuple[IntArray, FloatArray]:
    """Find the k nearest points of every query.

    Args:
        collection: Points, or coordinates of shape (n, d).
        asked: Queries, or coordinates of shape (q, d). One that is itself in the collection finds itself like any
            other, at a distance that is 0 only where coordinates leave nothing out.
        k: How many; fewer are found among fewer points.
        exact_up_to: Of more points than this an index is built, which misses some neighbours.
        progress: Wraps the walk over blocks of queries, for a progress bar.

    Returns:
        Rows of the nearest, int64, shape (q, min(k, n)), nearest first, and their distances, float64. Of equally
        distant ones the earlier comes first.

    Raises:
        ValueError: If the shapes do not fit, or there is no point.
        ImportError: If an index is needed and faiss is not installed.

    Source of the index: Malkov & Yashunin 2018, "Efficient and robust approximate nearest neighbor search using
    hierarchical navigable small world graphs", as built by Faiss.
    """
    collection, asked = (x if isinstance(x, Points) else Points.plain(x) for x in (collection, asked))
    shapes = collection.coordinates.shape, asked.coordinates.shape
    if len(shapes[0]) != 2 or shapes[0][1:] != shapes[1][1:] or not len(collection):
        raise ValueError(f"points and queries must be (n, d) and (q, d). Received: {shapes[0]} and {shapes[1]}")
    points, queries = collection.coordinates, asked.coordinates
    if collection.rests.any():
        # One more coordinate, 0 for queries, adds what points leave out to squared distances.
        points = collection.as_rows()
        queries = np.concatenate([queries, np.zeros((len(queries), 1), queries.dtype)], axis=1)
    k = min(k, len(points))
    spare = min(k + _SPARE, len(points))
    exactly = len(points) <= exact_up_to
    # Centred, so that less is lost in float32.
    mean = points.mean(axis=0, dtype=np.float64)
    find = _exactly(points, mean, spare) if exactly else _through_an_index(points, mean, spare)
    rows, distances = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
    for start in progress(range(0, len(queries), _QUERIES)):
        block = queries[start : start + _QUERIES].astype(np.float64)
        candidates = find((block - mean).astype(np.float32))
        # An index fills up with -1 where it reached fewer points.
        doubtful = (candidates < 0).any(axis=1)
        found, far = _by_distance(points, candidates, block)
        if exactly and spare < len(points):
            doubtful |= _crowded(far, k, np.linalg.norm(block - mean, axis=1))
        for row in np.flatnonzero(doubtful):
            found[row, :k], far[row, :k] = _one_by_one(points, block[row], k)
        rows[start : start + len(block)] = found[:, :k]
        distances[start : start + len(block)] = far[:, :k]
    return rows, np.sqrt(distances**2 + asked.rests[:, None])


def others(found: IntArray, distances: FloatArray, themselves: IntArray) -> tuple[IntArray, FloatArray]:
    """What was found for points of the collection, without these themselves.

    Args:
        found: Rows, shape (q, k).
        distances: Of these, shape (q, k).
        themselves: The row of each query, shape (q,).

    Returns:
        Rows and distances, shape (q, k - 1); the last is left out where a query has not found itself.
    """
    itself = found == themselves[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = len(found), found.shape[1] - 1
    return found[~itself].reshape(shape), distances[~itself].reshape(shape)


def _by_distance(points: FloatArray, candidates: IntArray, block: FloatArray) -> tuple[IntArray, FloatArray]:
    """The candidates of some queries, nearest first, and their distances in float64."""
    candidates = np.sort(candidates, axis=1)
    exact = np.linalg.norm(points[candidates].astype(np.float64) - block[:, None], axis=2)
    order = np.argsort(exact, axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1), np.take_along_axis(exact, order, axis=1)


def _crowded(far: FloatArray, k: int, lengths: FloatArray) -> BoolArray:
    """Whether a query's last candidate is as near as its k-th, to float32: others, no candidates, may be, too."""
    doubt = 2 * _ROUNDING * (lengths + far[:, -1]) ** 2
    crowded: BoolArray = far[:, -1] ** 2 - far[:, k - 1] ** 2 <= doubt
    return crowded


def _one_by_one(points: FloatArray, query: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k nearest of one query, all distances in float64."""
    parts = (points[start : start + _POINTS] for start in range(0, len(points), _POINTS))
    distances = np.concatenate([np.linalg.norm(part.astype(np.float64) - query, axis=1) for part in parts])
    rows = np.argsort(distances, kind="stable")[:k]
    return rows, distances[rows]


Find = Callable[[FloatArray], IntArray]


def _exactly(points: FloatArray, mean: FloatArray, k: int) -> Find:
    def find(block: FloatArray) -> IntArray:
        best = np.empty((len(block), 0), dtype=np.float32)
        rows = np.empty((len(block), 0), dtype=np.int64)
        for start in range(0, len(points), _POINTS):
            part = (points[start : start + _POINTS] - mean).astype(np.float32)
            squared = (part**2).sum(axis=1)[None, :] - 2 * block @ part.T
            best = np.concatenate([best, squared], axis=1)
            here = np.broadcast_to(np.arange(start, start + len(part)), squared.shape)
            rows = np.concatenate([rows, here], axis=1)
            if best.shape[1] > k:
                nearest = np.argpartition(best, k - 1, axis=1)[:, :k]
                best, rows = np.take_along_axis(best, nearest, axis=1), np.take_along_axis(rows, nearest, axis=1)
        return rows

    return find


def _through_an_index(points: FloatArray, mean: FloatArray, k: int) -> Find:
    try:
        import faiss
    except ImportError as error:
        raise ImportError(f"{len(points):,} points are searched through an index: pip install faiss-cpu") from error
    index = faiss.IndexHNSWFlat(points.shape[1], _LINKS)
    for start in range(0, len(points), _POINTS):
        index.add((points[start : start + _POINTS] - mean).astype(np.float32))
    index.hnsw.efSearch = max(_LOOKED_AT, 2 * k)

    def find(block: FloatArray) -> IntArray:
        found: IntArray = index.search(block, k)[1]
        return found

    return find
