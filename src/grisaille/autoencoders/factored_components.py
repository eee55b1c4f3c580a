"""Components that are products of a pattern over positions and a mixture of channels, for few training paintings."""

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.principal_components import PrincipalComponents

_BLOCK = 512


def fit_factored_components(rows: Rows, chosen: IntArray, k: int, channels: int) -> PrincipalComponents:
    """Fit principal components of positions and of channels, and multiply them.

    Plain principal components of a few hundred paintings overfit: they have a direction of 25,088 values for each
    painting, and separate the training paintings better than later ones. Here every painting contributes all channels
    at 49 positions and all positions in 512 channels, which is enough to estimate the two small covariances.

    Args:
        rows: Maps, flattened row-major (height, width, channel): shape (n, positions * channels).
        chosen: Rows to fit on, shape (m,), ascending.
        k: Number of components, at most the number of columns.
        channels: Channels of the map.

    Returns:
        Mean and components, largest product of variances first; each row's largest entry by magnitude is positive.

    Raises:
        ValueError: If there is no row, or the columns are not a whole number of positions.

    Source: Zhang & Zhou 2005, "(2D)^2 PCA: two-directional two-dimensional PCA for efficient face representation and
    recognition"; Ye 2005, "Generalized low rank approximations of matrices".
    """
    positions, over = divmod(rows.shape[1], channels)
    if over or not len(chosen):
        raise ValueError(
            f"factored components need a row, and whole positions of {channels} channels. "
            f"Received: {len(chosen)} rows of {rows.shape[1]} values"
        )
    mean = np.zeros(rows.shape[1])
    for start in range(0, len(chosen), _BLOCK):
        mean += as_float32(rows[chosen[start : start + _BLOCK]]).sum(axis=0, dtype=np.float64)
    mean = (mean / len(chosen)).astype(np.float32)
    of_positions, of_channels = np.zeros((positions, positions)), np.zeros((channels, channels))
    for start in range(0, len(chosen), _BLOCK):
        block = as_float32(rows[chosen[start : start + _BLOCK]]) - mean
        by_channel = block.reshape(-1, channels)
        of_channels += by_channel.T @ by_channel
        by_position = block.reshape(-1, positions, channels).transpose(1, 0, 2).reshape(positions, -1)
        of_positions += by_position @ by_position.T
    return PrincipalComponents(mean, _products(of_positions, of_channels, k))


def _products(of_positions: FloatArray, of_channels: FloatArray, k: int) -> FloatArray:
    """The k Kronecker products of eigenvectors with the largest products of eigenvalues."""
    (spread, patterns), (strength, mixtures) = (np.linalg.eigh(matrix) for matrix in (of_positions, of_channels))
    order = np.argsort(-np.outer(spread, strength).ravel(), kind="stable")[:k]
    pairs = np.unravel_index(order, (len(spread), len(strength)))
    products = np.einsum("ak,bk->kab", patterns[:, pairs[0]], mixtures[:, pairs[1]]).reshape(len(order), -1)
    signs = np.sign(products[np.arange(len(products)), np.abs(products).argmax(axis=1)])
    return (products * signs[:, None]).astype(np.float32)
