"""What is lost where a shortlist is ordered by codes of the features in place of the features themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.likenesses.metrics import Likeness, MetricRows, layer_norms
from grisaille.likenesses.style import channel_statistics, describe_chunks
from grisaille.parameters import Chunk

_BLOCK = 128

Describe = Callable[[Mapping[str, FloatArray]], FloatArray]
"""From layer -> features of b paintings to rows whose Euclidean distances are those of a likeness, shape (b, d)."""


def by_composition(metric: Likeness) -> Describe:
    """Composition: all layers by a metric, side by side."""

    def describe(features: Mapping[str, FloatArray]) -> FloatArray:
        rows = [MetricRows(values, metric, layer_norms(values, metric))[:] for values in features.values()]
        return np.concatenate(rows, axis=1)

    return describe


def by_style(chunks: Sequence[Chunk], channels: int) -> Describe:
    """Style: channel statistics of all chunks."""

    def describe(features: Mapping[str, FloatArray]) -> FloatArray:
        norms = np.stack([layer_norms(values, "hellinger") for values in features.values()], axis=1)
        return np.concatenate(list(describe_chunks(features, norms, chunks, channels)), axis=1)

    return describe


def decoded(likeness: str, chunks: Sequence[Chunk], channels: int) -> Describe:
    """The same of square roots of features, every layer of length 1, as codes of features decode to.

    Args:
        likeness: `composition`, by Hellinger's distance, or `style`.
        chunks: Of the features.
        channels: Of the maps.
    """

    def describe(roots: Mapping[str, FloatArray]) -> FloatArray:
        if likeness == "composition":
            return np.concatenate(list(roots.values()), axis=1)
        pieces = [roots[chunk.layer][:, chunk.start : chunk.stop] for chunk in chunks]
        return np.concatenate([channel_statistics(rows.reshape(len(rows), -1, channels)) for rows in pieces], axis=1)

    return describe


@dataclass(frozen=True)
class Reranked:
    """How many of the k nearest are found.

    Attributes:
        by_features: Share of each query's k nearest in the full features that is in its shortlist, which ordering by
            these would find, shape (q,).
        by_codes: Share that is among the k first of the shortlist as the codes order it, shape (q,).
    """

    by_features: FloatArray
    by_codes: FloatArray


def rerank(
    features: Mapping[str, Rows],
    coded: Mapping[str, Rows],
    describe: tuple[Describe, Describe],
    rows: IntArray,
    places: IntArray,
    shortlists: IntArray,
    k: int,
) -> Reranked:
    """Order shortlists by features and by what codes of them decode to; the features of queries are known.

    Args:
        features: Layer -> features, shape (n, d).
        coded: Layer -> what codes stand for, shape (n, d).
        describe: What is compared, of features and of what codes stand for.
        rows: Paintings that are compared, shape (m,).
        places: Of the queries among them, shape (q,).
        shortlists: Places of paintings among them, no query in its own, shape (q, s).
        k: Nearest paintings that are to be found.
    """
    of_features, of_codes = describe
    queries = of_features({layer: values[rows[places]] for layer, values in features.items()})
    true = _squares(queries, features, rows, of_features)
    true[np.arange(len(places)), places] = np.inf
    nearest = np.argsort(true, axis=1, kind="stable")[:, :k]
    listed, position = np.unique(shortlists, return_inverse=True)
    told = _squares(queries, coded, rows[listed], of_codes)
    position = position.reshape(shortlists.shape)
    order = np.argsort(np.take_along_axis(told, position, axis=1), axis=1, kind="stable")[:, :k]
    return Reranked(_share(nearest, shortlists), _share(nearest, np.take_along_axis(shortlists, order, axis=1)))


def _squares(queries: FloatArray, source: Mapping[str, Rows], rows: IntArray, describe: Describe) -> FloatArray:
    """Squared distances, less the queries' own squares, which do not change an order: float32, shape (q, m)."""
    found = np.empty((len(queries), len(rows)), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        described = describe({layer: values[block] for layer, values in source.items()})
        squares = np.square(described).sum(axis=1)
        found[:, start : start + len(block)] = squares - 2 * queries @ described.T
    return found


def _share(nearest: IntArray, found: IntArray) -> FloatArray:
    return np.asarray((nearest[:, :, None] == found[:, None, :]).any(axis=2).mean(axis=1))
