"""Components of a likeness: a linear map from what describes a painting to a short code, fitted without labels."""

from collections.abc import Mapping

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Components that deviate less than this part of the first are rounding.
_NEGLIGIBLE = 1e-5


def fit_components(
    whole: FloatArray, halves: FloatArray, k: int, shrinkage: float = 1.0, whitening: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Fit the map.

    Directions in which the halves of one painting differ are scaled down first; then principal components are taken.

    Args:
        whole: What describes each painting to learn from, shape (m, d).
        halves: The same of the two halves of each painting, shape (2, m, d); of shape (0, m, d) nothing is scaled down.
        k: Values of a code.
        shrinkage: Share of the mean variance within paintings that is added to the variance of every direction.
        whitening: Power of a component's standard deviation that it is divided by: 0 leaves the components as they
            are, 1 makes all of them count the same.

    Returns:
        Mean, shape (d,), and directions, shape (d, k), float32: the code is (whole - mean) @ directions. Where
        fewer than k components vary, the others are zero.

    Raises:
        ValueError: If there is nothing to learn from.

    Source: Shental, Hertz, Weinshall & Pavel 2002, "Adjustment learning and relevant component analysis"; the
    chunklets are the halves of a painting.
    """
    if not len(whole):
        raise ValueError("a likeness is learnt from paintings, and there is none to learn from")
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
    """Put codes side by side, and scale every painting to length 1.

    Args:
        codes: One array a chunk, shape (n, k) each.

    Returns:
        float32, shape (n, sum of k). A painting whose codes are all zero stays so.
    """
    joined = np.concatenate(codes, axis=1).astype(np.float32)
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    return np.divide(joined, lengths, out=np.zeros_like(joined), where=lengths > 0)


def shares(embeddings: Mapping[str, FloatArray], weights: Mapping[str, float], training: IntArray) -> dict[str, float]:
    """What likenesses are multiplied by, so that each has its share in the squared distances of the mixture.

    Args:
        embeddings: Likeness -> embeddings, shape (n, d).
        weights: Likeness -> its share; others have none.
        training: Rows that say how large the distances of a likeness are, shape (m,).
    """
    total, found = sum(weights.get(name, 0.0) for name in embeddings), {}
    for name, values in embeddings.items():
        if weight := weights.get(name, 0.0):
            spread = float(np.sqrt(((values[training] - values[training].mean(axis=0)) ** 2).sum(axis=1).mean()))
            found[name] = float(np.sqrt(weight / total)) / (spread or 1.0)
    return found


def mix(embeddings: Mapping[str, FloatArray], factors: Mapping[str, float]) -> FloatArray:
    """Put likenesses side by side.

    Args:
        embeddings: Likeness -> embeddings, shape (n, d).
        factors: As `shares` gives them.

    Returns:
        float32, shape (n, sum of d).
    """
    return np.concatenate([embeddings[name] * np.float32(factor) for name, factor in factors.items()], axis=1)
