"""Compresses chunks to their first principal components and the length of the residual.

|x_i - x_j|^2 is close to |a_i - a_j|^2 + r_i^2 + r_j^2 for coordinates a and lengths r, since the residuals of two
paintings have so many dimensions that they are nearly orthogonal.
"""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.factored_components import fit_factored_components
from grisaille.autoencoders.principal_components import READ_ONCE, PrincipalComponents, fit_principal_components

_BLOCK = 512
# Paintings that the components of a chunk are fitted on; more change them little. Up to this many are read once and
# kept, 400 MB of 25,088 values, since reading costs more than computing.
_SAMPLE = READ_ONCE
# Minimum training paintings per component. With fewer, components overfit: the training paintings have almost no
# residual, unlike later paintings, whose distances would be larger.
_ROWS_A_COMPONENT = 3
# From this many training paintings on, plain components beat factored ones (docs/findings.md, "Small collections").
_PLENTY = 2000


@dataclass(frozen=True)
class Projection:
    """An orthonormal basis of a chunk's first principal components and its mean.

    Attributes:
        basis: float32, shape (k + 1, d): the components, then the residual of the mean.
    """

    basis: FloatArray

    @classmethod
    def on(cls, found: PrincipalComponents) -> "Projection":
        """Create the basis from fitted mean and components."""
        rest = found.mean - found.components.T @ (found.components @ found.mean)
        length = np.linalg.norm(rest)
        return cls(np.vstack([found.components, rest / length if length > 0 else rest]))

    def compress(self, rows: Rows) -> FloatArray:
        """Coordinates on the basis and, last, the length of the residual: float32, shape (n, k + 2)."""
        compressed = np.empty((rows.shape[0], len(self.basis) + 1), dtype=np.float32)
        for start in range(0, rows.shape[0], _BLOCK):
            block = as_float32(rows[start : start + _BLOCK])
            inside = block @ self.basis.T
            compressed[start : start + _BLOCK, :-1] = inside
            # Not |x|^2 - |a|^2: if components explain nearly everything, the difference of two float32 sums is rounding
            # error.
            compressed[start : start + _BLOCK, -1] = np.linalg.norm(block - inside @ self.basis, axis=1)
        return compressed


def fit_projection(
    rows: Rows, training: IntArray, k: int, seed: int, channels: int | None = None
) -> tuple[Projection, float]:
    """Fit a basis on a chunk.

    Args:
        rows: A chunk, shape (n, d), transformed for its metric.
        training: Rows to fit on, shape (m,), ascending.
        k: Number of components; at most m / 3 in a small collection whose chunk is not a whole number of positions.
        seed: Seed of the fit.
        channels: Channels of the chunk's map, if known.

    Returns:
        The basis, and the mean squared reconstruction error on the training rows (a sample, if there are many).
    """
    k = min(k, rows.shape[1] - 1)
    if len(training) > _SAMPLE:
        training = np.sort(np.random.default_rng(seed).permutation(training)[:_SAMPLE])
    # Read once, since reading costs more than computing.
    known = as_float32(rows[training])
    some = known[:: -(-len(known) // _BLOCK)].copy()
    if channels and len(training) < _PLENTY and rows.shape[1] % channels == 0:
        found = fit_factored_components(known, np.arange(len(known)), k, channels)
    else:
        # In place: the rows are not needed afterwards, and a copy would be as large.
        found = fit_principal_components(known, None, min(k, max(1, len(training) // _ROWS_A_COMPONENT)), seed)
    projection = Projection.on(found)
    return projection, float(np.square(projection.compress(some)[:, -1]).mean() / rows.shape[1])
