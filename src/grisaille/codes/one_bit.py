"""One bit of every coordinate of a random rotation: a code that nothing is learnt for."""

from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray

# Paintings whose bits are unpacked at a time.
_BLOCK = 512


@dataclass(frozen=True)
class OneBit:
    """A rotation that is drawn once: random signs, then the cosine transform, then some of its coordinates.

    Attributes:
        mean: Of the collection, float32, shape (d,).
        signs: -1 or 1, float32, shape (d,).
        chosen: Coordinates that are kept, shape (b,), in an order of chance: the first of them are a shorter code.

    Source: Gao & Long 2024, "RaBitQ: quantizing high-dimensional vectors with a theoretical error bound for approximate
    nearest neighbor search", arXiv 2405.12497; Ailon & Chazelle 2009 for the fast rotation.
    """

    mean: FloatArray
    signs: FloatArray
    chosen: IntArray

    @classmethod
    def draw(cls, mean: FloatArray, bits: int, seed: int) -> "OneBit":
        """Draw a rotation of vectors of the length of the mean, and as many of its coordinates as there are bits."""
        random = np.random.default_rng(seed)
        signs = random.choice(np.array([-1, 1], np.float32), len(mean))
        return cls(mean, signs, random.permutation(len(mean))[:bits])

    @property
    def size(self) -> int:
        """Bytes of a code: the bits, and two float32 (length of the painting, cosine of code and painting)."""
        return -(-len(self.chosen) // 8) + 8

    def rotate(self, rows: FloatArray) -> FloatArray:
        """Centred rows, shape (n, d), rotated, the chosen coordinates: float32, shape (n, b)."""
        from scipy.fft import dct

        turned = dct((rows - self.mean) * self.signs, norm="ortho", axis=1, workers=-1)
        return np.ascontiguousarray(turned[:, self.chosen], dtype=np.float32)


def squares(rotated: FloatArray, lengths: FloatArray, queries: IntArray, query_in_bits: bool) -> FloatArray:
    """Squared distances of some paintings to all, as the bits of the others tell them.

    Args:
        rotated: As `OneBit.rotate` gives it, shape (n, b).
        lengths: Of the centred paintings, shape (n,).
        queries: Rows, shape (q,).
        query_in_bits: Whether of the query, too, only the bits are known.

    Returns:
        float32, shape (q, n).

    Source: as above, section 3.2; Charikar 2002, "Similarity estimation techniques from rounding algorithms", for two
    codes of bits, whose angle is the share of bits that differ.
    """
    asked = _signs(rotated[queries]) if query_in_bits else _unit(rotated[queries])
    cosines = np.empty((len(queries), len(rotated)), np.float32)
    for start in range(0, len(rotated), _BLOCK):
        block = rotated[start : start + _BLOCK]
        codes = _signs(block)
        products = asked @ codes.T
        if not query_in_bits:
            own = np.einsum("ij,ij->i", codes, _unit(block))
            cosines[:, start : start + _BLOCK] = products / np.maximum(own, np.finfo(np.float32).tiny)
        else:
            cosines[:, start : start + _BLOCK] = np.sin(np.pi / 2 * products)
    there, here = lengths[None, :], lengths[queries, None]
    return np.maximum(here**2 + there**2 - 2 * here * there * cosines, 0)


def _unit(rows: FloatArray) -> FloatArray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)


def _signs(rows: FloatArray) -> FloatArray:
    """The nearest corners of a cube, on the unit sphere."""
    length = np.float32(1 / np.sqrt(rows.shape[1]))
    return np.where(rows >= 0, length, -length)
