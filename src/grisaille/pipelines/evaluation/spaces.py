"""The spaces that evaluation compares, and the full features that each is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.features.palettes import LAYER
from grisaille.likenesses.components import fit_components
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures.comparison import Name, Pair
from grisaille.measures.spaces import Space, embedding_space, feature_space, pieces_space
from grisaille.points import Points


def column(name: Name) -> str:
    """Name of a space as a column of tables."""
    return "_".join(name)


def name_of(column: str) -> Name:
    """The space of a column."""
    space, _, likeness = column.partition("_")
    return space, likeness


def pairs(names: Sequence[Name]) -> list[Pair]:
    """The reduced spaces, each with the full features that it is compared with."""
    compared: list[Pair] = []
    for space in ("pca", "embedding"):
        for likeness in [likeness for kind, likeness in names if kind == "raw"]:
            # There is one embedding of composition, which is compared with the full features by both metrics.
            composition = space == "embedding" and likeness in LIKENESSES
            reduced = (space, "composition" if composition else likeness)
            if reduced in names:
                compared.append((("raw", likeness), reduced))
    return compared


def reduce_style(statistics: Sequence[FloatArray], training: IntArray, k: int) -> FloatArray:
    """PCA of every chunk's channel statistics, shape (n, d) each: float32, shape (n, k * chunks)."""
    return np.concatenate([_principal(part, training, k) for part in statistics], axis=1)


def reduce_colour(palettes: Mapping[str, Rows], training: IntArray, values: int) -> FloatArray:
    """PCA of the palettes: float32, shape (n, values)."""
    return _principal(np.sqrt(palettes[LAYER][:]), training, values)


def reduce_vectors(vectors: FloatArray, training: IntArray, values: int) -> FloatArray:
    """PCA of the given vectors: float32, shape (n, values)."""
    return _principal(vectors, training, values)


def build(
    features: Mapping[str, Rows] | None,
    statistics: Sequence[FloatArray],
    palettes: Mapping[str, Rows] | None,
    reduced: Mapping[str, FloatArray],
    embeddings: Mapping[str, FloatArray],
    layer_norms: FloatArray | None = None,
) -> dict[Name, Space]:
    """Build all spaces. Given vectors are not reduced; they are their own full features.

    Args:
        features: Layer -> features, shape (n, d); None without composition.
        statistics: Channel statistics of every chunk, shape (n, d) each; empty without style.
        palettes: Shares of colours; None without colour.
        reduced: Likeness or metric -> PCA, shape (n, d).
        embeddings: Likeness -> embeddings, shape (n, d).
        layer_norms: Of the features, if they are known (`likenesses.metrics.divisors`).
    """
    spaces: dict[Name, Space] = {}
    if features is not None:
        spaces |= {("raw", likeness): feature_space(features, likeness, layer_norms) for likeness in LIKENESSES}
    if statistics:
        spaces["raw", "style"] = pieces_space(statistics, np.float32)
    if palettes is not None:
        spaces["raw", "colour"] = embedding_space(np.sqrt(palettes[LAYER][:]))
    if "vectors" in embeddings:
        spaces["raw", "vectors"] = embedding_space(embeddings["vectors"])
    spaces |= {("pca", likeness): embedding_space(values) for likeness, values in reduced.items()}
    return spaces | {
        ("embedding", likeness): embedding_space(Points.of(likeness, values))
        for likeness, values in embeddings.items()
        if likeness != "vectors"
    }


def _principal(values: FloatArray, training: IntArray, k: int) -> FloatArray:
    """Principal components: the linear map of a likeness without the halves of paintings, and without whitening."""
    known = values[training]
    mean, directions = fit_components(known, known[None][:0], k)
    return np.asarray((values - mean) @ directions)
