"""Principal components at a few bits a value, and one number for the length of what they leave out.

A painting x is told apart from a query q by its code alone:

    |q - x|^2 = |q - c|^2 + |x - c|^2 + 2 (q - c) . (c - x)

where c is what the code decodes to. The code holds the second term, as a length. The third is small and left out. Its
variance is proportional to the sum over components of v^2 D(b): v is the variance of a component, and D(b) the share of
it that b bits lose. So bits go where they lower v^2 D(b) the most. A faithful reconstruction would ask for v D(b).
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
# Paintings that come later may be longer than those that a code is fitted on.
_ROOM = 1.5
_STEPS = 1000
# Components of a chunk, and its mean, that components of all chunks are made of.
_OF_A_PIECE = 513
_BLOCK = 1024


@dataclass(frozen=True)
class Rotation:
    """A mean and orthonormal directions, largest variance first.

    Attributes:
        mean: float32, shape (d,).
        directions: float32, shape (d, c).
        variances: Of the training rows along the directions, float64, shape (c,).
    """

    mean: FloatArray
    directions: FloatArray
    variances: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray) -> "Rotation":
        """Principal components of some rows, as many as vary.

        Args:
            rows: Shape (m, d).

        Raises:
            ValueError: If there are fewer than two rows.
        """
        from sklearn.decomposition import PCA

        if len(rows) < 2:
            raise ValueError(f"a code is fitted on at least two paintings. Received: {len(rows)}")
        if not rows.shape[1]:
            return cls(np.zeros(0, np.float32), np.zeros((0, 0), np.float32), np.zeros(0))
        solver = "covariance_eigh" if len(rows) > rows.shape[1] else "full"
        with np.errstate(invalid="ignore"):  # shares of no variance, where all paintings are equal
            found = PCA(svd_solver=solver).fit(rows.astype(np.float64))
        variances = found.explained_variance_ * (len(rows) - 1) / len(rows)
        varying = variances > np.finfo(np.float32).eps * variances[0]
        directions = np.ascontiguousarray(found.components_[varying].T, dtype=np.float32)
        return cls(found.mean_.astype(np.float32), directions, variances[varying])

    @classmethod
    def fit_pieces(cls, pieces: Sequence[FloatArray]) -> "Rotation":
        """As `fit` for rows that are cut by columns, by way of the first 513 components of every piece.

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
        """The first directions."""
        return Rotation(self.mean, np.ascontiguousarray(self.directions[:, :values]), self.variances[:values])

    def project(self, rows: FloatArray, rests: FloatArray | float = 0.0) -> Points:
        """Rows, shape (n, d), and the squared length of what these leave out, shape (n,), in full precision."""
        centred = rows - self.mean
        values = centred @ self.directions
        left = np.square(centred).sum(axis=1) - np.square(values).sum(axis=1)
        return Points(values.astype(np.float32), (rests + np.maximum(left, 0)).astype(np.float32))


@dataclass(frozen=True)
class LinearCode:
    """How paintings become bytes, and bytes points.

    Layout of a code: the level of every component that has bits, in the order of the components, as an unsigned number
    of so many bits, most significant first; then 16 bits for the rest's length, in parts of the longest.

    Attributes:
        rotation: What the components are.
        bits: Of each component, 0 .. 8, shape (c,).
        longest: Length of a rest that 65535 stands for; what is longer counts as that.
    """

    rotation: Rotation
    bits: IntArray
    longest: float

    @classmethod
    def fit(cls, rotation: Rotation, points: Points, size: int) -> "LinearCode":
        """Spend the bytes.

        Args:
            rotation: As fitted.
            points: Paintings that say how long rests may be (`Rotation.project`).
            size: Bytes of a code, more than the two that the length takes.
        """
        bits = spend(rotation.variances, 8 * size - _LENGTH_BITS)
        # As long as a whole painting: components that a few paintings were fitted on leave nothing over of these.
        lengths = points.rests + np.square(points.coordinates).sum(axis=1)
        return cls(rotation, bits, _ROOM * float(np.sqrt(lengths.max(initial=0))) or 1.0)

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray]) -> "LinearCode":
        """The code that `arrays` was made of."""
        rotation = Rotation(arrays["mean"], arrays["directions"], arrays["variances"])
        return cls(rotation, arrays["bits"].astype(np.int64), float(arrays["longest"]))

    def arrays(self) -> dict[str, FloatArray | ByteArray]:
        """All that encodes and decodes, as the documentation describes it: docs/how-to/codes.md."""
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
        found = np.empty((len(points.coordinates), self.size), np.uint8)
        for start in range(0, len(found), _BLOCK):
            block = slice(start, start + _BLOCK)
            values = points.coordinates[block]
            levels = self._levels(values)
            rests = points.rests[block] + _rest(values, self._values(levels))
            parts = np.minimum(np.rint(np.sqrt(rests) / self.longest * 65535), 65535).astype(np.int64)
            bits = [_as_bits(levels[:, place], int(self.bits[column])) for place, column in enumerate(self._columns)]
            found[block] = np.packbits(np.concatenate([*bits, _as_bits(parts, _LENGTH_BITS)], axis=1), axis=1)
        return found

    def decode(self, codes: ByteArray) -> Points:
        """Points that codes, uint8, shape (n, size), stand for."""
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
        found = np.empty((len(values), len(columns)), np.int64)
        scaled = values[:, columns] / np.sqrt(self.rotation.variances[columns])
        for bits in np.unique(self.bits[columns]):
            these = self.bits[columns] == bits
            levels = gaussian_levels(int(bits))
            found[:, these] = np.searchsorted((levels[1:] + levels[:-1]) / 2, scaled[:, these])
        return found

    def _values(self, levels: IntArray) -> FloatArray:
        columns = self._columns
        values = np.zeros((len(levels), len(self.bits)), np.float32)
        for bits in np.unique(self.bits[columns]):
            these = self.bits[columns] == bits
            spread = np.sqrt(self.rotation.variances[columns[these]])
            values[:, columns[these]] = gaussian_levels(int(bits))[levels[:, these]] * spread
        return values


def spend(variances: FloatArray, bits: int) -> IntArray:
    """Give every bit to the component whose v^2 D(b) it lowers the most.

    Args:
        variances: Of the components, shape (c,).
        bits: To spend; at most 8 on a component, and none where all have as many.

    Returns:
        uint8, shape (c,).

    Source: Gersho & Gray 1992, Vector Quantization and Signal Compression, section 8.3 (greedy bit allocation).
    """
    weights = np.square(variances / max(float(variances.max(initial=0)), 1e-30))
    gains = -np.diff([lost(number) for number in range(MOST_BITS + 1)])
    found = np.zeros(len(variances), np.uint8)
    waiting = [(-float(weight * gains[0]), place) for place, weight in enumerate(weights)]
    heapq.heapify(waiting)
    for _ in range(bits):
        if not waiting:
            break
        _, place = heapq.heappop(waiting)
        found[place] += 1
        if found[place] < MOST_BITS:
            heapq.heappush(waiting, (-float(weights[place] * gains[found[place]]), place))
    return found


@cache
def gaussian_levels(bits: int) -> FloatArray:
    """The 2^bits levels that lose the least of a standard Gaussian variable, ascending, float64.

    Source: Max 1960, "Quantizing for minimum distortion"; Lloyd 1982, "Least squares quantization in PCM".
    """
    from scipy.special import ndtr, ndtri

    count = 2**bits
    # Optimal levels lie as dense as the cube root of the density, which is a Gaussian of three times the variance.
    levels: FloatArray = np.sqrt(3) * ndtri((np.arange(count) + 0.5) / count)
    for _ in range(_STEPS):
        edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
        density = np.exp(-np.square(edges) / 2) / np.sqrt(2 * np.pi)
        levels = -np.diff(density) / np.diff(ndtr(edges))
        # What rounding makes of the far ends must not build up.
        levels = (levels - levels[::-1]) / 2
    return levels


@cache
def lost(bits: int) -> float:
    """Share of a Gaussian variable's variance that is lost with so many bits; its levels are their cells' means."""
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
