"""What codes of few bytes are made of, and held against: queries, full features, and components of every chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grisaille.arrays import ColumnRange, FloatArray, IntArray, Rows, StringArray
from grisaille.autoencoders.compression import Projection, fit_projection
from grisaille.autoencoders.joining import chunk_points
from grisaille.likenesses.metrics import MetricRows, columns, layer_norms
from grisaille.measures.code_rows import Contenders
from grisaille.measures.codes import Reference, training_and_queries
from grisaille.measures.spaces import feature_space, pieces_space
from grisaille.parameters import Autoencoder, Chunk
from grisaille.points import Points

_COLUMNS = 25_088


def of_composition(
    features: Mapping[str, Rows],
    chunks: Sequence[Chunk],
    split: StringArray,
    settings: Autoencoder,
    k: int,
    seed: int,
    codes: Sequence[FloatArray] = (),
) -> tuple[Contenders, Sequence[Rows]]:
    """Composition, by the likeness that the embeddings are made for.

    Args:
        features: Layer -> features, shape (n, d); all of them are what is to be kept.
        chunks: The pieces of the features.
        split: As `training_and_queries` takes it.
        settings: Of the autoencoders.
        k: Neighbours of recall@k.
        seed: Of the sample of queries, and of what is drawn.
        codes: Of every chunk by `linear`, shape (n, c + 2); without them components are fitted here.

    Returns:
        What codes are made of, and the full features, cut by columns.
    """
    training, queries = training_and_queries(split, seed)
    if codes:
        norms = {layer: layer_norms(features[layer], settings.made_for) for layer in {chunk.layer for chunk in chunks}}
        known = zip(codes, chunks, strict=True)
        pieces = [chunk_points(rows, norms[chunk.layer], "linear") for rows, chunk in known]
    else:
        pieces = [points for _, points in fit_chunks(features, chunks, training, settings)]
    reference = Reference.measure(feature_space(features, settings.made_for), queries, k)
    return Contenders(pieces, training, reference, seed), columns(features, settings.made_for, _COLUMNS)


def fit_chunks(
    features: Mapping[str, Rows], chunks: Sequence[Chunk], training: IntArray, settings: Autoencoder
) -> Iterator[tuple[Projection, Points]]:
    """Fit the components of every chunk on the training rows, shape (m,), and take all paintings there."""
    norms = {layer: layer_norms(features[layer], settings.made_for) for layer in {chunk.layer for chunk in chunks}}
    for chunk in chunks:
        rows = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)
        known = MetricRows(rows, settings.made_for, norms[chunk.layer])
        projection, _ = fit_projection(known, training, settings.components, settings.seed, settings.channels)
        yield projection, Points.of("composition", projection.compress(known))


def of_vectors(
    statistics: Sequence[FloatArray], split: StringArray, k: int, seed: int
) -> tuple[Contenders, Sequence[Rows]]:
    """What Euclidean distances compare: the channel statistics of every chunk, for style, or the vectors given.

    Args:
        statistics: Columns, shape (n, d) each, whose components are taken apart from each other's.
        split: As above; the rest as well.
        k: As above.
        seed: As above.
    """
    training, queries = training_and_queries(split, seed)
    reference = Reference.measure(pieces_space(statistics), queries, k)
    return Contenders([Points.plain(rows) for rows in statistics], training, reference, seed), statistics
