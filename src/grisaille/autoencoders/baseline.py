"""PCA at the size of the embedding, the baseline of every embedding."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, IntArray, Rows
from grisaille.autoencoders.principal_components import PrincipalComponents, fit_principal_components
from grisaille.likenesses.metrics import Likeness, MetricRows, divisors
from grisaille.parameters import Chunk
from grisaille.terminal import Bar

# 100 MB of float32 for VGG16's block4_pool.
_BLOCK = 256


def pca_embeddings(
    features: Mapping[str, Rows],
    chunks: Sequence[Chunk],
    training: IntArray,
    k: int,
    likenesses: Iterable[Likeness],
    seed: int,
    known: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """Reduce every chunk to k principal components.

    The training rows of one chunk are in memory at a time. Then all features are read once.

    Args:
        features: Layer -> features, shape (n, d).
        chunks: The chunks to reduce, in order.
        training: Rows the components are fitted on, ascending.
        k: Components a chunk.
        likenesses: The metrics that transform the features first.
        seed: Seed of the randomised PCA.
        known: See `likenesses.metrics.divisors`.

    Returns:
        Metric -> float32, shape (n, k * chunks).
    """
    components: dict[Likeness, list[PrincipalComponents]] = {likeness: [] for likeness in likenesses}
    norms = {likeness: divisors(features, likeness, known) for likeness in components}
    everything = np.arange(len(training))
    for chunk in Bar(chunks, "fitting PCA", unit=" chunks"):
        few = ColumnRange(features[chunk.layer], chunk.start, chunk.stop)[training]
        for likeness, found in components.items():
            known_rows = MetricRows(few, likeness, norms[likeness][chunk.layer][training])
            found.append(fit_principal_components(known_rows, everything, k, seed))
    n = next(iter(features.values())).shape[0]
    scores: dict[str, FloatArray] = {likeness: np.empty((n, k * len(chunks)), np.float32) for likeness in components}
    for start in Bar(range(0, n, _BLOCK), "reducing by PCA", unit=" blocks"):
        some = slice(start, start + _BLOCK)
        for layer in dict.fromkeys(chunk.layer for chunk in chunks):
            block = features[layer][some]
            for likeness, found in components.items():
                rows = MetricRows(block, likeness, norms[likeness][layer][some])[:]
                for place, (chunk, principal) in enumerate(zip(chunks, found, strict=True)):
                    if chunk.layer == layer:
                        values = rows[:, chunk.start : chunk.stop]
                        scores[likeness][some, place * k : (place + 1) * k] = principal.transform(values)
    return scores
