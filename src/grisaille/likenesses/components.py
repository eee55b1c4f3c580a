"""Linear components of a likeness: a map from descriptions of paintings to short codes, fitted without labels."""

from collections.abc import Mapping

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Components with a smaller deviation, relative to the first, are rounding errors.
_NEGLIGIBLE = 1e-5


def fit_components(
    whole: FloatArray, halves: FloatArray, k: int, shrinkage: float = 1.0, whitening: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Fit the map.

    Directions in which the halves of a painting differ are scaled down first; then principal components are computed.

    Args:
        whole: Descriptions of the paintings to fit on, shape (m, d).
        halves: Descriptions of the two halves of each painting, shape (2, m, d); with shape (0, m, d), nothing is
            scaled.
        k: Values of a code.
        shrinkage: Share of the mean within-painting variance that is added to the variance of every direction.
        whitening: Power of a component's standard deviation that it is divided by: 0 keeps the scale of components, 1
            equalises it.

    Returns:
        Mean, shape (d,), and directions, shape (d, k), float32: the code is (whole - mean) @ directions. If fewer than
        k components vary, the others are zero.

    Raises:
        ValueError: If there are no training rows.

    Source: Shental, Hertz, Weinshall & Pavel 2002, "Adjustment learning and relevant component analysis"; the
    chunklets are the halves of a painting.
    """
    if not len(whole):
        raise ValueError("a likeness needs at least one painting to be fitted on. Received: none")
    known = whole.astype(np.float64)
    mean, d = known.mean(axis=0), whole.shape[1]
    scaling = np.eye(d)
    if len(halves):
        apart = (halves[0] - halves[1]).astype(np.float64)
        within = apart.T @ apart / (2 * len(whole))
        typical = float(np.trace(within)) / d
        if typical:
            variances, directions = np.linalg.eigh(within)
            scaling = directions / np.sqrt(np.maximum(variances, 0) + shrinkage * typical)
    _, deviations, components = np.linalg.svd((known - mean) @ scaling, full_matrices=False)
    deviations = deviations / np.sqrt(len(whole))
    varying = int(np.sum(deviations > _NEGLIGIBLE * max(deviations.max(initial=0), _NEGLIGIBLE)))
    many = min(k, varying)
    result = np.zeros((d, k), np.float32)
    components = components[:many] * np.sign(components[:many].sum(axis=1, keepdims=True) + _NEGLIGIBLE)
    result[:, :many] = scaling @ components.T / deviations[:many] ** whitening
    return mean.astype(np.float32), result


def join(codes: list[FloatArray]) -> FloatArray:
    """Put codes side by side, and scale every row to length 1.

    Args:
        codes: One array a chunk, shape (n, k) each.

    Returns:
        float32, shape (n, sum of k). All-zero rows stay zero.
    """
    joined = np.concatenate(codes, axis=1).astype(np.float32)
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    return np.divide(joined, lengths, out=np.zeros_like(joined), where=lengths > 0)


def shares(embeddings: Mapping[str, FloatArray], weights: Mapping[str, float], training: IntArray) -> dict[str, float]:
    """Factors of likenesses that give each its share in the squared distances of the mixture.

    Args:
        embeddings: Likeness -> embeddings, shape (n, d).
        weights: Likeness -> its share; missing ones count as 0.
        training: Rows that the scale of a likeness's distances is computed from, shape (m,).
    """
    total, factors = sum(weights.get(name, 0.0) for name in embeddings), {}
    for name, values in embeddings.items():
        if weight := weights.get(name, 0.0):
            spread = float(np.sqrt(((values[training] - values[training].mean(axis=0)) ** 2).sum(axis=1).mean()))
            factors[name] = float(np.sqrt(weight / total)) / (spread or 1.0)
    return factors


def mix(embeddings: Mapping[str, FloatArray], factors: Mapping[str, float]) -> FloatArray:
    """Put likenesses side by side, each multiplied by its factor.

    Args:
        embeddings: Likeness -> embeddings, shape (n, d).
        factors: As `shares` returns them.

    Returns:
        float32, shape (n, sum of d).
    """
    return np.concatenate([embeddings[name] * np.float32(factor) for name, factor in factors.items()], axis=1)
