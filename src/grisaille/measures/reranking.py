"""What is lost where a shortlist is ordered by codes of the features in place of the features themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.codes.features import FeatureCodes
from grisaille.likenesses.metrics import Likeness, MetricRows, layer_norms
from grisaille.likenesses.style import describe_chunks
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
    codes: FeatureCodes,
    likeness: tuple[str, Describe],
    rows: IntArray,
    places: IntArray,
    shortlists: IntArray,
    k: int,
) -> Reranked:
    """Order shortlists by features and by codes that take their place; the features of queries are known.

    Args:
        features: Layer -> features, shape (n, d).
        codes: Of the same paintings.
        likeness: Its name, and how features become rows that it compares.
        rows: Paintings that are compared, shape (m,).
        places: Of the queries among them, shape (q,).
        shortlists: Places of paintings among them, no query in its own, shape (q, s).
        k: Nearest paintings that are to be found.
    """
    name, describe = likeness
    queries = describe({layer: values[rows[places]] for layer, values in features.items()})
    squares = _squares(queries, features, rows, describe)
    squares[np.arange(len(places)), places] = np.inf
    nearest = np.argsort(squares, axis=1, kind="stable")[:, :k]
    listed, position = np.unique(shortlists, return_inverse=True)
    by_codes = codes.squares(name, queries, rows[listed])
    position = position.reshape(shortlists.shape)
    order = np.argsort(np.take_along_axis(by_codes, position, axis=1), axis=1, kind="stable")[:, :k]
    return Reranked(_share(nearest, shortlists), _share(nearest, np.take_along_axis(shortlists, order, axis=1)))


def _squares(queries: FloatArray, features: Mapping[str, Rows], rows: IntArray, describe: Describe) -> FloatArray:
    """Squared distances, less the queries' own squares, which do not change an order: float32, shape (q, m)."""
    found = np.empty((len(queries), len(rows)), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        described = describe({layer: values[block] for layer, values in features.items()})
        squares = np.square(described).sum(axis=1)
        found[:, start : start + len(block)] = squares - 2 * queries @ described.T
    return found


def _share(nearest: IntArray, found: IntArray) -> FloatArray:
    return np.asarray((nearest[:, :, None] == found[:, None, :]).any(axis=2).mean(axis=1))
