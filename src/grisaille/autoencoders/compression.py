"""Chunks as their first principal components and the length of the rest.

|x_i - x_j|^2 is close to |a_i - a_j|^2 + r_i^2 + r_j^2 for coordinates a and lengths r, since the rest has so
many dimensions that its parts of two paintings are nearly orthogonal.
"""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.factored_components import fit_factored_components
from grisaille.autoencoders.principal_components import READ_ONCE, PrincipalComponents, fit_principal_components

_BLOCK = 512
# Paintings that the components of a chunk are fitted on; more change them little. A collection of so many is read once
# and kept, 400 MB of 25,088 values: reading costs more than computing.
_SAMPLE = READ_ONCE
# Training paintings a component, at least. Components of fewer fit these so closely that hardly anything of them is
# left over, which is true of no painting that comes later: its distances would be larger than theirs.
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


def fit_projection(
    rows: Rows, training: IntArray, k: int, seed: int, channels: int | None = None
) -> tuple[Projection, float]:
    """Fit a basis on a chunk.

    Args:
        rows: A chunk, shape (n, d), as its likeness transforms it.
        training: Rows to fit on, shape (m,), ascending.
        k: Components. In a small collection, of a chunk that is no whole positions, no more than m / 3 are found.
        seed: Of the fit.
        channels: Of the map that the chunk is a piece of, where it is known.

    Returns:
        The basis, and the mean squared error of what it makes of the training rows (of a sample of many).
    """
    k = min(k, rows.shape[1] - 1)
    if len(training) > _SAMPLE:
        training = np.sort(np.random.default_rng(seed).permutation(training)[:_SAMPLE])
    # Read once: reading costs more than computing.
    known = as_float32(rows[training])
    some = known[:: -(-len(known) // _BLOCK)].copy()
    if channels and len(training) < _PLENTY and rows.shape[1] % channels == 0:
        found = fit_factored_components(known, np.arange(len(known)), k, channels)
    else:
        # Nobody else needs them, and a copy would be as large again.
        found = fit_principal_components(known, None, min(k, max(1, len(training) // _ROWS_A_COMPONENT)), seed)
    projection = Projection.on(found)
    return projection, float(np.square(projection.compress(some)[:, -1]).mean() / rows.shape[1])
