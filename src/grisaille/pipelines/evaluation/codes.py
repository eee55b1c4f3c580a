"""What codes are held against, and what they are made of: queries, full features, and components of every chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, IntArray, Rows
from grisaille.autoencoders.compression import fit_projection
from grisaille.autoencoders.joining import chunk_points
from grisaille.collection.split import HELD_OUT
from grisaille.lazy import pd
from grisaille.likenesses.metrics import MetricRows, columns, layer_norms
from grisaille.measures.code_rows import Contenders, Row
from grisaille.measures.codes import Reference
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder, Chunk
from grisaille.points import Points

# Queries are compared with all paintings at once.
_QUERIES = 500
_COLUMNS = 25_088


def split_of(picture_files: pd.DataFrame, seed: int) -> tuple[IntArray, IntArray]:
    """Rows to fit on, and queries: what training never saw, or all of a collection that holds nothing out.

    Of more than 500 queries a seeded sample is taken.
    """
    held_out = (picture_files["split"] == HELD_OUT).to_numpy()
    queries = np.flatnonzero(held_out) if held_out.any() else np.arange(len(held_out))
    if len(queries) > _QUERIES:
        queries = np.sort(np.random.default_rng(seed).permutation(queries)[:_QUERIES])
    return np.flatnonzero(~held_out), queries


def of_composition(
    features: Mapping[str, Rows],
    chunks: Sequence[Chunk],
    codes: Sequence[FloatArray] | None,
    picture_files: pd.DataFrame,
    settings: Autoencoder,
    k: int,
    seed: int,
) -> tuple[Contenders, list[Row]]:
    """Composition, by the likeness that the embeddings are made for.

    Args:
        features: Layer -> features, shape (n, d).
        chunks: The pieces of the features.
        codes: Of every chunk by `linear`, shape (n, c + 2); of other architectures components are fitted here.
        picture_files: For the split.
        settings: Of the autoencoders.
        k: Neighbours of recall@k.
        seed: Of the sample of queries, and of what is drawn.

    Returns:
        What codes are made of, and the rows that need the features.
    """
    training, queries = split_of(picture_files, seed)
    norms = {layer: layer_norms(features[layer], settings.made_for) for layer in {chunk.layer for chunk in chunks}}
    pieces = []
    for number, chunk in enumerate(chunks):
        if codes is None:
            rows = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)
            known = MetricRows(rows, settings.made_for, norms[chunk.layer])
            projection, _ = fit_projection(known, training, settings.components, settings.seed, settings.channels)
            pieces.append(Points.of("composition", projection.compress(known)))
        else:
            pieces.append(chunk_points(codes[number], norms[chunk.layer], "linear"))
    reference = Reference.measure(feature_space(features, settings.made_for), queries, k)
    contenders = Contenders(pieces, training, reference, seed)
    return contenders, list(contenders.one_bit(columns(features, settings.made_for, _COLUMNS)))


def of_style(
    statistics: Sequence[FloatArray], picture_files: pd.DataFrame, k: int, seed: int
) -> tuple[Contenders, list[Row]]:
    """Style, by the channel statistics of every chunk, shape (n, d) each; the rest as above."""
    training, queries = split_of(picture_files, seed)
    reference = Reference.measure(embedding_space(np.concatenate(statistics, axis=1)), queries, k)
    contenders = Contenders([Points.plain(rows) for rows in statistics], training, reference, seed)
    return contenders, list(contenders.one_bit(statistics))
