"""Principal components of a matrix that is read in blocks of rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32

_BLOCK = 512
# Up to this many rows are read once and kept: 400 MB of 25,088 values. Reading costs more than computing.
READ_ONCE = 4000


@dataclass(frozen=True)
class PrincipalComponents:
    """A mean and the directions of largest variance around it.

    Attributes:
        mean: float32, shape (d,).
        components: Orthonormal rows, float32, shape (k, d), largest variance first.
    """

    mean: FloatArray
    components: FloatArray

    def transform(self, rows: Rows) -> FloatArray:
        """Scores of rows, float32, shape (n, k)."""
        scores = [
            (as_float32(rows[start : start + _BLOCK]) - self.mean) @ self.components.T
            for start in range(0, rows.shape[0], _BLOCK)
        ]
        return np.concatenate(scores)


def fit_principal_components(
    rows: Rows, chosen: IntArray | None, k: int, seed: int, passes: int = 4
) -> PrincipalComponents:
    """Fit principal components by randomised subspace iteration.

    A few thousand rows are kept in memory, and the components are nearly exact. More rows are read in blocks.

    Args:
        rows: Matrix of shape (n, d).
        chosen: Rows to fit on, shape (m,), ascending; None means all rows of an array, which is overwritten.
        k: Number of components; those beyond the rank are zero.
        seed: Seed of the random start.
        passes: Power iterations over a matrix that is too large to keep; each reads it once.

    Returns:
        The components; each row's largest entry by magnitude is positive, which makes signs reproducible.

    Raises:
        ValueError: If there is no row.

    Source: Halko, Martinsson & Tropp 2011, "Finding structure with randomness", algorithms 4.4 and 5.1.
    """
    fitted = rows.shape[0] if chosen is None else len(chosen)
    if not fitted:
        raise ValueError("principal components need at least one row")
    if fitted <= min(rows.shape[1], READ_ONCE):
        return _of_few(as_float32(rows[:] if chosen is None else rows[chosen]), k, seed)
    chosen = np.arange(fitted) if chosen is None else chosen
    width = min(k + 16, len(chosen), rows.shape[1])
    mean = np.zeros(rows.shape[1])
    for block in _blocks(rows, chosen):
        mean += block.sum(axis=0, dtype=np.float64)
    mean = (mean / len(chosen)).astype(np.float32)
    basis = np.random.default_rng(seed).standard_normal((rows.shape[1], width), dtype=np.float32)
    for _ in range(passes):
        basis = np.linalg.qr(_multiply_transposed(rows, chosen, mean, basis))[0]
    projected = np.concatenate([(block - mean) @ basis for block in _blocks(rows, chosen)])
    _, _, rotation = np.linalg.svd(projected, full_matrices=False)
    return _principal_components(mean, (basis @ rotation.T).T[:k], k)


def _of_few(matrix: FloatArray, k: int, seed: int) -> PrincipalComponents:
    """Components from the products of all rows with each other, shape (m, m); the rows are fewer than the columns."""
    from sklearn.utils.extmath import randomized_svd

    mean = matrix.mean(axis=0, dtype=np.float64).astype(np.float32)
    matrix -= mean
    k_found = min(k, max(len(matrix) - 1, 1))
    # Singular values of the products are squares, so few passes separate the directions.
    left, squares, _ = randomized_svd(
        matrix @ matrix.T, k_found, n_oversamples=32, n_iter=4, power_iteration_normalizer="QR", random_state=seed
    )
    known = squares > 1e-6 * max(float(squares[0]), 1e-30)
    directions = left[:, known].T @ matrix
    return _principal_components(mean, directions / np.linalg.norm(directions, axis=1, keepdims=True), k)


def _principal_components(mean: FloatArray, directions: FloatArray, k: int) -> PrincipalComponents:
    components = np.zeros((k, len(mean)), dtype=np.float32)
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
    components[: len(directions)] = directions * signs[:, None]
    return PrincipalComponents(mean, components)


def _blocks(rows: Rows, chosen: IntArray) -> Iterator[FloatArray]:
    """Yield the chosen rows in blocks, as float32."""
    for start in range(0, len(chosen), _BLOCK):
        yield as_float32(rows[chosen[start : start + _BLOCK]])


def _multiply_transposed(rows: Rows, chosen: IntArray, mean: FloatArray, basis: FloatArray) -> FloatArray:
    """X^T X basis for the centred matrix X, read once."""
    result = np.zeros_like(basis)
    for block in _blocks(rows, chosen):
        centred = block - mean
        result += centred.T @ (centred @ basis)
    return result
