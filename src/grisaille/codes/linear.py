"""Principal components at a few bits a value, and one number for the length of the residual.

The squared distance of a painting x to a query q is estimated from the painting's code alone:

    |q - x|^2 = |q - c|^2 + |x - c|^2 + 2 (q - c) . (c - x)

where c is the decoded painting. The code holds the second term, as a length. The third is small and left out. Its
variance is proportional to the sum over components of v^2 D(b): v is the variance of a component, and D(b) the share of
it that b bits lose. So bits are spent where they reduce v^2 D(b) the most. Minimal reconstruction error would use v
D(b).
"""

import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from grisaille.arrays import ByteArray, FloatArray, IntArray
from grisaille.points import Points

MOST_BITS = 8
_LENGTH_BITS = 16
# Margin for later paintings, which may be longer than those that a code is fitted on.
_ROOM = 1.5
_STEPS = 1000
# Components of a chunk, and its mean, from which the components of all chunks are computed.
_OF_A_PIECE = 513
_BLOCK = 1024


@dataclass(frozen=True)
class Rotation:
    """A mean and orthonormal directions, largest variance first.

    Attributes:
        mean: float32, shape (d,).
        directions: float32, shape (d, c).
        variances: Variances of the training rows along the directions, float64, shape (c,).
    """

    mean: FloatArray
    directions: FloatArray
    variances: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray) -> "Rotation":
        """All principal components of some rows that have variance.

        Args:
            rows: Shape (m, d).

        Raises:
            ValueError: If there are fewer than two rows.
        """
        from sklearn.decomposition import PCA

        if len(rows) < 2:
            raise ValueError(f"a code needs at least two paintings to be fitted on. Received: {len(rows)}")
        if not rows.shape[1]:
            return cls(np.zeros(0, np.float32), np.zeros((0, 0), np.float32), np.zeros(0))
        solver = "covariance_eigh" if len(rows) > rows.shape[1] else "full"
        with np.errstate(invalid="ignore"):  # shares of zero variance, if all paintings are equal
            pca = PCA(svd_solver=solver).fit(rows.astype(np.float64))
        variances = pca.explained_variance_ * (len(rows) - 1) / len(rows)
        varying = variances > np.finfo(np.float32).eps * variances[0]
        directions = np.ascontiguousarray(pca.components_[varying].T, dtype=np.float32)
        return cls(pca.mean_.astype(np.float32), directions, variances[varying])

    @classmethod
    def fit_pieces(cls, pieces: Sequence[FloatArray]) -> "Rotation":
        """Like `fit`, for rows split by columns, from the first 513 components of every piece.

        Args:
            pieces: Shape (m, d_1), (m, d_2), ...
        """
        own = [cls.fit(rows).leading(_OF_A_PIECE) for rows in pieces]
        joint = cls.fit(np.concatenate([r.project(rows).coordinates for r, rows in zip(own, pieces, strict=True)], 1))
        ends = np.cumsum([rotation.directions.shape[1] for rotation in own])
        parts = np.split(joint.directions, ends[:-1])
        directions = np.concatenate([rotation.directions @ part for rotation, part in zip(own, parts, strict=True)])
        return cls(np.concatenate([rotation.mean for rotation in own]), directions, joint.variances)

    def leading(self, values: int) -> "Rotation":
        """The first directions only."""
        return Rotation(self.mean, np.ascontiguousarray(self.directions[:, :values]), self.variances[:values])

    def project(self, rows: FloatArray, rests: FloatArray | float = 0.0) -> Points:
        """Coordinates of rows, shape (n, d), with squared lengths of their residuals, shape (n,), in full precision."""
        centred = rows - self.mean
        values = centred @ self.directions
        left = np.square(centred).sum(axis=1) - np.square(values).sum(axis=1)
        return Points(values.astype(np.float32), (rests + np.maximum(left, 0)).astype(np.float32))


@dataclass(frozen=True)
class LinearCode:
    """Converts paintings to bytes, and bytes to points.

    Layout of a code: the level of every component that has bits, in the order of the components, as an unsigned number
    of that many bits, most significant bit first; then 16 bits for the length of the residual, in parts of the longest.

    Attributes:
        rotation: Mean and directions of the components.
        bits: Bits of each component, 0 .. 8, shape (c,).
        longest: The length that 65535 stands for; longer residuals are clipped to it.
    """

    rotation: Rotation
    bits: IntArray
    longest: float

    @classmethod
    def fit(cls, rotation: Rotation, points: Points, size: int) -> "LinearCode":
        """Allocate the bytes.

        Args:
            rotation: The fitted rotation.
            points: Paintings that determine the range of lengths (`Rotation.project`).
            size: Bytes of a code, more than the two of the length.
        """
        bits = spend(rotation.variances, 8 * size - _LENGTH_BITS)
        # Use the length of whole paintings: components fitted on few paintings leave no residual for these.
        lengths = points.rests + np.square(points.coordinates).sum(axis=1)
        return cls(rotation, bits, _ROOM * float(np.sqrt(lengths.max(initial=0))) or 1.0)

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray]) -> "LinearCode":
        """Restore the code from its `arrays`."""
        rotation = Rotation(arrays["mean"], arrays["directions"], arrays["variances"])
        return cls(rotation, arrays["bits"].astype(np.int64), float(arrays["longest"]))

    def arrays(self) -> dict[str, FloatArray | ByteArray]:
        """All arrays that encoding and decoding need, as documented in docs/how-to/codes.md."""
        return {
            "mean": self.rotation.mean,
            "directions": self.rotation.directions,
            "variances": self.rotation.variances,
            "bits": self.bits.astype(np.uint8),
            "longest": np.array(self.longest),
            "levels": np.stack([np.resize(gaussian_levels(bits), 2**MOST_BITS) for bits in range(MOST_BITS + 1)]),
        }

    @property
    def size(self) -> int:
        """Bytes of a code."""
        return -(-(int(self.bits.sum()) + _LENGTH_BITS) // 8)

    def encode(self, points: Points) -> ByteArray:
        """Codes of points that `rotation` projected: uint8, shape (n, size)."""
        codes = np.empty((len(points.coordinates), self.size), np.uint8)
        for start in range(0, len(codes), _BLOCK):
            block = slice(start, start + _BLOCK)
            values = points.coordinates[block]
            levels = self._levels(values)
            rests = points.rests[block] + _rest(values, self._values(levels))
            parts = np.minimum(np.rint(np.sqrt(rests) / self.longest * 65535), 65535).astype(np.int64)
            bits = [_as_bits(levels[:, place], int(self.bits[column])) for place, column in enumerate(self._columns)]
            codes[block] = np.packbits(np.concatenate([*bits, _as_bits(parts, _LENGTH_BITS)], axis=1), axis=1)
        return codes

    def decode(self, codes: ByteArray) -> Points:
        """Decode codes, uint8, shape (n, size), to points."""
        values, rests = np.zeros((len(codes), len(self.bits)), np.float32), np.empty(len(codes), np.float32)
        for start in range(0, len(codes), _BLOCK):
            block = slice(start, start + _BLOCK)
            bits = np.unpackbits(codes[block], axis=1)
            edges = np.concatenate([[0], np.cumsum(self.bits[self._columns])]).astype(int)
            levels = np.empty((len(bits), len(self._columns)), np.int64)
            for place, (first, last) in enumerate(itertools.pairwise(edges)):
                levels[:, place] = _as_numbers(bits[:, first:last])
            values[block] = self._values(levels)
            parts = _as_numbers(bits[:, edges[-1] : edges[-1] + _LENGTH_BITS])
            rests[block] = np.square(parts / 65535 * self.longest)
        return Points(values, rests)

    @property
    def _columns(self) -> IntArray:
        return np.flatnonzero(self.bits)

    def _levels(self, values: FloatArray) -> IntArray:
        columns = self._columns
        numbers = np.empty((len(values), len(columns)), np.int64)
        scaled = values[:, columns] / np.sqrt(self.rotation.variances[columns])
        for bits in np.unique(self.bits[columns]):
            these = self.bits[columns] == bits
            levels = gaussian_levels(int(bits))
            numbers[:, these] = np.searchsorted((levels[1:] + levels[:-1]) / 2, scaled[:, these])
        return numbers

    def _values(self, levels: IntArray) -> FloatArray:
        columns = self._columns
        values = np.zeros((len(levels), len(self.bits)), np.float32)
        for bits in np.unique(self.bits[columns]):
            these = self.bits[columns] == bits
            spread = np.sqrt(self.rotation.variances[columns[these]])
            values[:, columns[these]] = gaussian_levels(int(bits))[levels[:, these]] * spread
        return values


def spend(variances: FloatArray, bits: int) -> IntArray:
    """Give every bit to the component whose v^2 D(b) it reduces the most.

    Args:
        variances: Variances of the components, shape (c,).
        bits: Number of bits to spend. A component gets at most 8; bits beyond that stay unspent.

    Returns:
        uint8, shape (c,).

    Source: Gersho & Gray 1992, Vector Quantization and Signal Compression, section 8.3 (greedy bit allocation).
    """
    weights = np.square(variances / max(float(variances.max(initial=0)), 1e-30))
    gains = -np.diff([lost(number) for number in range(MOST_BITS + 1)])
    spent = np.zeros(len(variances), np.uint8)
    waiting = [(-float(weight * gains[0]), place) for place, weight in enumerate(weights)]
    heapq.heapify(waiting)
    for _ in range(bits):
        if not waiting:
            break
        _, place = heapq.heappop(waiting)
        spent[place] += 1
        if spent[place] < MOST_BITS:
            heapq.heappush(waiting, (-float(weights[place] * gains[spent[place]]), place))
    return spent


@cache
def gaussian_levels(bits: int) -> FloatArray:
    """The 2^bits optimal quantisation levels of a standard Gaussian variable, ascending, float64.

    Source: Max 1960, "Quantizing for minimum distortion"; Lloyd 1982, "Least squares quantization in PCM".
    """
    from scipy.special import ndtr, ndtri

    count = 2**bits
    # Optimal levels have the density of the cube root of the distribution, a Gaussian with three times the variance.
    levels: FloatArray = np.sqrt(3) * ndtri((np.arange(count) + 0.5) / count)
    for _ in range(_STEPS):
        edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
        density = np.exp(-np.square(edges) / 2) / np.sqrt(2 * np.pi)
        levels = -np.diff(density) / np.diff(ndtr(edges))
        # Symmetrise, so that rounding errors at the far ends do not accumulate.
        levels = (levels - levels[::-1]) / 2
    return levels


@cache
def lost(bits: int) -> float:
    """Share of a Gaussian variable's variance lost at a number of bits; its levels are the means of their cells."""
    from scipy.special import ndtr

    levels = gaussian_levels(bits)
    edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
    return float(1 - np.square(levels) @ np.diff(ndtr(edges)))


def _rest(values: FloatArray, kept: FloatArray) -> FloatArray:
    return np.asarray(np.square(values - kept).sum(axis=1))


def _as_bits(numbers: IntArray, bits: int) -> IntArray:
    return (numbers[:, None] >> np.arange(bits - 1, -1, -1)) & 1


def _as_numbers(bits: IntArray) -> IntArray:
    return np.asarray(bits.astype(np.int64) @ (1 << np.arange(bits.shape[1] - 1, -1, -1)))
