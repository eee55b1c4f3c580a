"""PCA at the size of the embedding, the baseline of every embedding."""

from collections.abc import Mapping, Sequence

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, IntArray, Rows
from grisaille.autoencoders.principal_components import READ_ONCE, fit_principal_components
from grisaille.likenesses.metrics import Likeness, MetricRows, layer_norms
from grisaille.parameters import Chunk
from grisaille.terminal import Bar


def pca_embeddings(
    features: Mapping[str, Rows], chunks: Sequence[Chunk], training: IntArray, k: int, likeness: Likeness, seed: int
) -> FloatArray:
    """Reduce every chunk to k principal components.

    Args:
        features: Layer -> features, shape (n, d).
        chunks: The chunks to reduce, in order.
        training: Rows the components are fitted on, ascending.
        k: Components a chunk.
        likeness: The metric that transforms the features first.
        seed: Seed of the randomised PCA.

    Returns:
        float32, shape (n, k * chunks).
    """
    norms = {layer: layer_norms(features[layer], likeness) for layer in {chunk.layer for chunk in chunks}}
    scores = []
    for chunk in Bar(chunks, f"PCA, {likeness}", unit=" chunks"):
        columns = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)
        rows: Rows = MetricRows(columns, likeness, norms[chunk.layer])
        if rows.shape[0] <= READ_ONCE:
            rows = rows[:]
        scores.append(fit_principal_components(rows, training, k, seed).transform(rows))
    return np.concatenate(scores, axis=1)
