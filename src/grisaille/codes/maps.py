"""A painting's features in a twentieth of their bytes, to order a shortlist by.

A layer is square-rooted and scaled to length 1, as Hellinger's distance reads it, the mean painting is taken from it,
and it is rotated by the components of its positions times the components of its channels. Each painting shows all
channels at every position, so a thousand are plenty for both small covariances, and paintings that come later fit as
well. Bits go to coordinates as `codes.linear.spend` gives them.

Quantising takes length from a painting, and of each another share; what is decoded gets its own length back, without
which a painting that loses much would be far from everybody. It has small negative values, which no feature's root has;
cutting them off would add to every product, and find fewer neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from grisaille.arrays import ByteArray, FloatArray, IntArray, Rows, as_float32
from grisaille.codes.linear import gaussian_levels, spend
from grisaille.errors import GrisailleError

# Name of the array that says whose features were encoded, beside those of `encode`.
FINGERPRINT = "fingerprint"
# Paintings that the components are fitted on, 400 MB of VGG16's block4_pool; more change them little.
_SAMPLE = 1000
_BLOCK = 64
# Of the length of a painting's layer after the mean is taken away.
_LENGTH = 4


class MapCodeError(GrisailleError, ValueError):
    """Features that cannot be encoded as asked."""


@dataclass(frozen=True)
class Components:
    """What one layer is rotated by.

    Attributes:
        mean: Of the layer as Hellinger's distance reads it, float32, shape (positions * channels,).
        patterns: Components of the positions, in columns, float32, shape (positions, positions).
        mixtures: Components of the channels, in columns, float32, shape (channels, channels).
        variances: Of the rotated coordinates, float32, shape (positions * channels,).
    """

    mean: FloatArray
    patterns: FloatArray
    mixtures: FloatArray
    variances: FloatArray

    @classmethod
    def fit(cls, layer: Rows, rows: IntArray, channels: int) -> Components:
        """Fit on some paintings.

        Args:
            layer: Features, flattened row-major (position, channel), shape (n, positions * channels).
            rows: Which ones, shape (m,), ascending; of more than 1,000 every so many.
            channels: Of the map.

        Raises:
            MapCodeError: If there is no painting, the layer is no whole positions, or a feature is negative.

        Source: Zhang & Zhou 2005, "(2D)^2 PCA: two-directional two-dimensional PCA for efficient face representation
        and recognition".
        """
        positions, over = divmod(layer.shape[1], channels)
        if over or not len(rows):
            raise MapCodeError(
                f"codes of features (features.keep) need a painting, and whole positions of {channels} channels "
                f"(style.channels). Received: {len(rows)} paintings of {layer.shape[1]} values"
            )
        known = _hellinger(layer[rows[:: -(-len(rows) // _SAMPLE)]])
        mean = known.mean(axis=0, dtype=np.float64).astype(np.float32)
        known -= mean
        of_positions, of_channels = np.zeros((positions, positions)), np.zeros((channels, channels))
        for block in _blocks(known):
            by_channel = block.reshape(-1, channels)
            of_channels += by_channel.T @ by_channel
            by_position = block.reshape(-1, positions, channels).transpose(1, 0, 2).reshape(positions, -1)
            of_positions += by_position @ by_position.T
        patterns, mixtures = (np.linalg.eigh(matrix)[1].astype(np.float32) for matrix in (of_positions, of_channels))
        rotation = cls(mean, patterns, mixtures, np.empty(0, np.float32))
        squares = sum(np.square(rotation.turn(block), dtype=np.float64).sum(axis=0) for block in _blocks(known))
        return cls(mean, patterns, mixtures, (squares / len(known)).astype(np.float32))

    def turn(self, centred: FloatArray) -> FloatArray:
        """Rotate rows that the mean was taken from, shape (n, positions * channels)."""
        return _multiplied(centred, self.patterns.T, self.mixtures)

    def turn_back(self, coordinates: FloatArray) -> FloatArray:
        """The inverse of `turn`."""
        return _multiplied(coordinates, self.patterns, self.mixtures.T)


@dataclass(frozen=True)
class MapCode:
    """How one layer becomes bytes.

    Attributes:
        components: What it is rotated by.
        bits: Of each coordinate, uint8, 0 .. 8, shape (positions * channels,).
    """

    components: Components
    bits: ByteArray

    @classmethod
    def of(cls, arrays: Mapping[str, FloatArray]) -> MapCode:
        """The code that `arrays` was made of."""
        parts = (arrays[name] for name in ("mean", "patterns", "mixtures", "variances"))
        return cls(Components(*parts), np.asarray(arrays["bits"]))

    def arrays(self) -> dict[str, FloatArray | ByteArray]:
        """All that encodes and decodes."""
        found = self.components
        return {
            "mean": found.mean,
            "patterns": found.patterns,
            "mixtures": found.mixtures,
            "variances": found.variances,
            "bits": self.bits,
        }

    @property
    def size(self) -> int:
        """Bytes of a painting's layer, without its length."""
        return -(-int(self.bits.sum()) // 8)

    def encode(self, rows: FloatArray) -> tuple[ByteArray, FloatArray]:
        """Encode some paintings.

        Args:
            rows: Features of the layer, shape (n, positions * channels).

        Returns:
            Bits of all coordinates, most bits first, in the order of the layer among those of as many: uint8, shape (n,
            size). And the length of the centred painting, float32, shape (n,).
        """
        known = _hellinger(rows)
        known -= self.components.mean
        coordinates = self.components.turn(known)
        parts = [
            np.unpackbits(np.searchsorted(edges, coordinates[:, columns] / spread).astype(np.uint8)[..., None], axis=2)[
                ..., 8 - bits :
            ].reshape(len(rows), -1)
            for bits, columns, spread, _, edges in self._groups
        ]
        codes = np.packbits(np.concatenate(parts, axis=1), axis=1) if parts else np.empty((len(rows), 0), np.uint8)
        return codes, np.linalg.norm(known, axis=1)

    def decode(self, codes: ByteArray, lengths: FloatArray) -> FloatArray:
        """Square roots of the features that codes stand for, of length 1: float32, shape (n, positions * channels)."""
        stream = np.unpackbits(codes, axis=1)
        coordinates, place = np.zeros((len(codes), len(self.bits)), np.float32), 0
        for bits, columns, spread, levels, _ in self._groups:
            stop = place + bits * len(columns)
            # Filled up from the left to whole bytes.
            padded = np.zeros((len(codes), len(columns), 8), np.uint8)
            padded[..., 8 - bits :] = stream[:, place:stop].reshape(len(codes), -1, bits)
            coordinates[:, columns] = levels[np.packbits(padded, axis=2)[..., 0]] * spread
            place = stop
        own = np.linalg.norm(coordinates, axis=1)
        coordinates *= (lengths / np.where(own > 0, own, 1))[:, None]
        return _unit(self.components.turn_back(coordinates) + self.components.mean)

    @cached_property
    def _groups(self) -> list[tuple[int, IntArray, FloatArray, FloatArray, FloatArray]]:
        """Coordinates of as many bits, the most first: bits, columns, deviations, levels, edges between levels."""
        found: list[tuple[int, IntArray, FloatArray, FloatArray, FloatArray]] = []
        for bits in np.unique(self.bits[self.bits > 0])[::-1].tolist():
            columns, levels = np.flatnonzero(self.bits == bits), gaussian_levels(bits).astype(np.float32)
            spread = np.sqrt(self.components.variances[columns])
            found.append((bits, columns, spread, levels, (levels[1:] + levels[:-1]) / 2))
        return found


def fit(features: Mapping[str, Rows], rows: IntArray, channels: int, size: int) -> dict[str, MapCode]:
    """Fit the codes of all layers, which share the bytes.

    Args:
        features: Layer -> features, shape (n, d).
        rows: Paintings to fit on, shape (m,), ascending.
        channels: Of the maps.
        size: Bytes of a painting, the lengths included.

    Raises:
        MapCodeError: As `Components.fit`, or if the bytes do not suffice for the lengths.
    """
    # A layer's bits are filled up to whole bytes.
    left = size - len(features) * (_LENGTH + 1)
    if left < 1:
        raise MapCodeError(f"a code of {len(features)} layers needs more bytes (features.share). Received: {size}")
    fitted = {layer: Components.fit(values, rows, channels) for layer, values in features.items()}
    bits = spend(np.concatenate([found.variances for found in fitted.values()]).astype(np.float64), 8 * left)
    ends = np.cumsum([len(found.variances) for found in fitted.values()])[:-1]
    # Of a coordinate that does not vary, every level would be wrong.
    return {
        layer: MapCode(found, np.where(found.variances > 0, own, 0).astype(np.uint8))
        for (layer, found), own in zip(fitted.items(), np.split(bits, ends), strict=True)
    }


def encode(codes: Mapping[str, MapCode], features: Mapping[str, Rows]) -> dict[str, FloatArray | ByteArray]:
    """Encode all paintings, a block at a time: what `CodedRoots` reads, by the names of files."""
    stored: dict[str, FloatArray | ByteArray] = {}
    for layer, code in codes.items():
        rows, n = features[layer], features[layer].shape[0]
        coded, lengths = np.empty((n, code.size), np.uint8), np.empty(n, np.float32)
        for start in range(0, n, _BLOCK):
            block = slice(start, start + _BLOCK)
            coded[block], lengths[block] = code.encode(rows[block])
        parts = {"codes": coded, "lengths": lengths, **code.arrays()}
        stored |= {f"{layer}.{part}": values for part, values in parts.items()}
    return stored


class CodedRoots(Mapping[str, Rows]):
    """Square roots of features, every layer of length 1, that are decoded when rows of them are asked for."""

    def __init__(self, stored: Mapping[str, FloatArray | ByteArray], layers: Sequence[str]) -> None:
        """Read what `encode` gives.

        Args:
            stored: Arrays by their names.
            layers: In the order of the backbone.
        """
        self._layers = {
            layer: _CodedLayer(
                {
                    name.removeprefix(f"{layer}."): values
                    for name, values in stored.items()
                    if name.startswith(f"{layer}.")
                }
            )
            for layer in layers
        }

    def __getitem__(self, layer: str) -> Rows:
        """Rows of a layer."""
        return self._layers[layer]

    def __iter__(self) -> Iterator[str]:
        """Names of the layers."""
        return iter(self._layers)

    def __len__(self) -> int:
        """Number of layers."""
        return len(self._layers)

    @property
    def size(self) -> int:
        """Bytes of a painting."""
        return sum(layer.size for layer in self._layers.values())


class _CodedLayer:
    """A matrix whose rows are decoded."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._code, self._codes, self._lengths = MapCode.of(arrays), arrays["codes"], arrays["lengths"]
        self.shape, self.dtype = (len(self._codes), len(self._code.bits)), np.dtype(np.float32)
        self.size = self._codes.shape[1] + _LENGTH

    def __getitem__(self, key: Any) -> FloatArray:
        """Rows (a slice or an integer array), then optionally columns (a slice)."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        codes, lengths = np.asarray(self._codes[rows]), np.asarray(self._lengths[rows])
        found = np.empty((len(codes), self.shape[1]), np.float32)
        for start in range(0, len(codes), _BLOCK):
            block = slice(start, start + _BLOCK)
            found[block] = self._code.decode(codes[block], lengths[block])
        return found[:, columns]


def _multiplied(rows: FloatArray, positions: FloatArray, channels: FloatArray) -> FloatArray:
    """Maps, flattened to rows, between two square matrices.

    One product for all maps, and contiguous factors: NumPy is eleven times slower otherwise.
    """
    mixed = (rows.reshape(-1, len(channels)) @ channels).reshape(len(rows), len(positions), len(channels))
    return np.asarray(np.ascontiguousarray(positions) @ mixed).reshape(len(rows), -1)


def _hellinger(rows: FloatArray) -> FloatArray:
    """Square roots of a layer, scaled to length 1, as an array of its own."""
    known = np.array(as_float32(rows))
    if known.min(initial=0) < 0:
        raise MapCodeError("codes of features (features.keep) take square roots, and a layer has negative features")
    return _unit(np.sqrt(known, out=known))


def _unit(rows: FloatArray) -> FloatArray:
    """Scale rows to length 1, in place; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1)
    rows /= np.where(lengths > 0, lengths, 1)[:, None]
    return rows


def _blocks(rows: FloatArray) -> Iterator[FloatArray]:
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
