"""Chunks as their first principal components and the length of the rest: all that training on likeness reads.

|x_i - x_j|^2 is close to |a_i - a_j|^2 + r_i^2 + r_j^2 for coordinates a and lengths r, since the rest has so
many dimensions that its parts of two paintings are nearly orthogonal.
"""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.factored_components import fit_factored_components
from grisaille.autoencoders.principal_components import PrincipalComponents, fit_principal_components

_BLOCK = 512
# Paintings that the components of a chunk are fitted on; more change them little. A collection of so many is read once
# and kept, 500 MB of 25,088 values: reading costs more than computing.
_SAMPLE = 5000
# Training paintings a component, at least. Components of fewer fit these so closely that hardly anything of them is
# left over, which is true of no painting that comes later: an encoder trained on such lengths mistakes it.
_ROWS_A_COMPONENT = 3
# Training paintings from which plain components are better than factored ones (docs/findings.md, "Small collections").
_PLENTY = 2000


@dataclass(frozen=True)
class Projection:
    """An orthonormal basis that holds a chunk's mean and its first principal components.

    Attributes:
        basis: float32, shape (k + 1, d): the components, then what they leave of the mean.
    """

    basis: FloatArray

    @classmethod
    def fit(cls, rows: Rows, training: IntArray, k: int, seed: int) -> "Projection":
        """Fit on the training rows of a chunk, shape (n, d), as its likeness transforms them; on a sample of many."""
        if len(training) > _SAMPLE:
            training = np.sort(np.random.default_rng(seed).permutation(training)[:_SAMPLE])
        return cls.on(fit_principal_components(rows, training, k, seed))

    @classmethod
    def on(cls, found: PrincipalComponents) -> "Projection":
        """Take a mean and components that were fitted."""
        rest = found.mean - found.components.T @ (found.components @ found.mean)
        length = np.linalg.norm(rest)
        return cls(np.vstack([found.components, rest / length if length > 0 else rest]))

    def compress(self, rows: Rows) -> FloatArray:
        """Coordinates on the basis and, last, the length of the rest: float32, shape (n, k + 2)."""
        compressed = np.empty((rows.shape[0], len(self.basis) + 1), dtype=np.float32)
        for start in range(0, rows.shape[0], _BLOCK):
            block = as_float32(rows[start : start + _BLOCK])
            inside = block @ self.basis.T
            compressed[start : start + _BLOCK, :-1] = inside
            # Not |x|^2 - |a|^2: where components explain nearly all, the difference of two float32 sums is rounding.
            compressed[start : start + _BLOCK, -1] = np.linalg.norm(block - inside @ self.basis, axis=1)
        return compressed


def compress_chunk(
    rows: Rows, training: IntArray, k: int, seed: int, channels: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Fit a basis and compress all rows with it.

    Args:
        rows: A chunk, shape (n, d), as its likeness transforms it.
        training: Rows to fit on, shape (m,), ascending.
        k: Components. In a small collection, of a chunk that is no whole positions, no more than m / 3 are found.
        seed: Of the fit.
        channels: Of the map that the chunk is a piece of, where it is known.

    Returns:
        The basis, float32, shape (k + 1, d), and the compressed chunk, float32, shape (n, k + 2).
    """
    if rows.shape[0] <= _SAMPLE:
        rows = rows[: rows.shape[0]]
    k = min(k, rows.shape[1] - 1)
    if channels and len(training) < _PLENTY and rows.shape[1] % channels == 0:
        projection = Projection.on(fit_factored_components(rows, training, k, channels))
    else:
        projection = Projection.fit(rows, training, min(k, max(1, len(training) // _ROWS_A_COMPONENT)), seed)
    return projection.basis, projection.compress(rows)


def compressed_squares(left: FloatArray, right: FloatArray) -> FloatArray:
    """Squared distances of chunks from their compressed rows, shapes (a, k + 2) and (b, k + 2), to (a, b)."""
    inner = left[:, :-1] @ right[:, :-1].T
    lengths = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :]
    return np.maximum(lengths - 2 * inner, 0)
