"""One bit for every coordinate of a random rotation: a code without training."""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Paintings whose bits are unpacked at a time.
_BLOCK = 512


@dataclass(frozen=True)
class OneBit:
    """A fixed random rotation: random signs, then the cosine transform, then a subset of its coordinates.

    Attributes:
        mean: Mean of the collection, float32, shape (d,).
        signs: -1 or 1, float32, shape (d,).
        chosen: Indices of the subset, shape (b,), in random order, so its beginning is a shorter code.

    Source: Gao & Long 2024, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound for approximate
    nearest neighbor search", arXiv 2405.12497; Ailon & Chazelle 2009 for the fast rotation.
    """

    mean: FloatArray
    signs: FloatArray
    chosen: IntArray

    @classmethod
    def draw(cls, mean: FloatArray, bits: int, seed: int) -> "OneBit":
        """Draw a rotation of vectors as long as the mean, and one coordinate a bit."""
        random = np.random.default_rng(seed)
        signs = random.choice(np.array([-1, 1], np.float32), len(mean))
        return cls(mean, signs, random.permutation(len(mean))[:bits])

    @property
    def size(self) -> int:
        """Bytes of a code: the bits, and two float32 (length of the painting, cosine of code and painting)."""
        return -(-len(self.chosen) // 8) + 8

    def rotate(self, rows: FloatArray) -> FloatArray:
        """Centre and rotate rows, shape (n, d), and take the subset of coordinates: float32, shape (n, b)."""
        from scipy.fft import dct

        turned = dct((rows - self.mean) * self.signs, norm="ortho", axis=1, workers=-1)
        return np.ascontiguousarray(turned[:, self.chosen], dtype=np.float32)


def squares(rotated: FloatArray, lengths: FloatArray, queries: IntArray, query_in_bits: bool) -> FloatArray:
    """Squared distances of some paintings to all, estimated from the bits of the others.

    Args:
        rotated: As `OneBit.rotate` returns it, shape (n, b).
        lengths: Lengths of the centred paintings, shape (n,).
        queries: Rows, shape (q,).
        query_in_bits: Whether the query is reduced to bits, too.

    Returns:
        float32, shape (q, n).

    Source: as above, section 3.2; Charikar 2002, "Similarity estimation techniques from rounding algorithms", for two
    binary codes, whose angle is estimated by the share of differing bits.
    """
    directions = _signs(rotated[queries]) if query_in_bits else _unit(rotated[queries])
    cosines = np.empty((len(queries), len(rotated)), np.float32)
    for start in range(0, len(rotated), _BLOCK):
        block = rotated[start : start + _BLOCK]
        codes = _signs(block)
        products = directions @ codes.T
        if not query_in_bits:
            own = np.einsum("ij,ij->i", codes, _unit(block))
            cosines[:, start : start + _BLOCK] = products / np.maximum(own, np.finfo(np.float32).tiny)
        else:
            cosines[:, start : start + _BLOCK] = np.sin(np.pi / 2 * products)
    others, own = lengths[None, :], lengths[queries, None]
    return np.maximum(own**2 + others**2 - 2 * own * others * cosines, 0)


def _unit(rows: FloatArray) -> FloatArray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def _signs(rows: FloatArray) -> FloatArray:
    """The nearest corners of a cube, scaled to the unit sphere."""
    length = np.float32(1 / np.sqrt(rows.shape[1]))
    return np.where(rows >= 0, length, -length)
