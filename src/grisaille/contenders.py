"""Inputs of compact codes and their baselines: queries, full features, and components of every chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from grisaille.arrays import ColumnRange, FloatArray, IntArray, Rows, StringArray
from grisaille.autoencoders.compression import Projection, fit_projection
from grisaille.autoencoders.joining import chunk_points
from grisaille.likenesses.metrics import MetricRows, columns, divisors
from grisaille.measures.code_rows import Contenders
from grisaille.measures.codes import Reference, training_and_queries
from grisaille.measures.spaces import feature_space, pieces_space
from grisaille.parameters import Autoencoder, Chunk
from grisaille.points import Points

_COLUMNS = 25_088


def of_composition(  # noqa: PLR0913 - what is known is not computed again
    features: Mapping[str, Rows],
    chunks: Sequence[Chunk],
    split: StringArray,
    settings: Autoencoder,
    k: int,
    seed: int,
    *,
    codes: Sequence[FloatArray] = (),
    known: FloatArray | None = None,
) -> tuple[Contenders, Sequence[Rows]]:
    """Composition, by the metric of the embeddings.

    Args:
        features: Layer -> features, shape (n, d); their distances are to be preserved.
        chunks: The chunks.
        split: As `training_and_queries` takes it.
        settings: Settings of the autoencoders.
        k: Neighbours of recall@k.
        seed: Seed of the sample of queries, and of random numbers.
        codes: Codes of every chunk by `linear`, shape (n, c + 2); without them, components are fitted here.
        known: See `likenesses.metrics.divisors`.

    Returns:
        The inputs of codes, and the full features, cut by columns.
    """
    training, queries = training_and_queries(split, seed)
    if codes:
        norms = divisors(features, settings.made_for, known)
        pieces = [chunk_points(rows, norms[chunk.layer], "linear") for rows, chunk in zip(codes, chunks, strict=True)]
    else:
        pieces = [points for _, points in fit_chunks(features, chunks, training, settings)]
    reference = Reference.measure(feature_space(features, settings.made_for, known), queries, k)
    return Contenders(pieces, training, reference, seed), columns(features, settings.made_for, _COLUMNS, known)


def fit_chunks(
    features: Mapping[str, Rows], chunks: Sequence[Chunk], training: IntArray, settings: Autoencoder
) -> Iterator[tuple[Projection, Points]]:
    """Fit the components of every chunk on the training rows, shape (m,), and project all paintings."""
    norms = divisors(features, settings.made_for)
    for chunk in chunks:
        rows = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)
        known = MetricRows(rows, settings.made_for, norms[chunk.layer])
        projection, _ = fit_projection(known, training, settings.components, settings.seed, settings.channels)
        yield projection, Points.of("composition", projection.compress(known))


def of_vectors(
    statistics: Sequence[FloatArray], split: StringArray, k: int, seed: int
) -> tuple[Contenders, Sequence[Rows]]:
    """Euclidean likenesses: channel statistics of every chunk, for style, or the given vectors.

    Args:
        statistics: Columns, shape (n, d) each, whose components are computed separately.
        split: See `of_composition`, as for all arguments below.
        k: Neighbours of recall@k.
        seed: Seed of the sample and of random numbers.
    """
    training, queries = training_and_queries(split, seed)
    reference = Reference.measure(pieces_space(statistics), queries, k)
    return Contenders([Points.plain(rows) for rows in statistics], training, reference, seed), statistics
