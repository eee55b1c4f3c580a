"""Explains why two pictures are alike: attributes their similarity exactly to positions in both pictures.

On raw features, every likeness is the inner product of two descriptions, and every value of a description is a sum over
positions of the picture. So the similarity is a sum over the positions of either picture, without approximation and
without training. Figures are drawn elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from grisaille.arrays import FloatArray
from grisaille.likenesses.colour import bins, lab, palette, shrunk
from grisaille.likenesses.metrics import NegativeFeatureError
from grisaille.likenesses.style import channel_statistics
from grisaille.parameters import Chunk

Maps = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Evidence:
    """The data of a picture that likenesses read.

    Attributes:
        features: Layer -> features, shape (height, width, channels); not read by colour.
        image: Upright sRGB picture; read by colour only.
    """

    features: Maps
    image: Image.Image


@dataclass(frozen=True)
class Reasons:
    """A similarity, attributed to positions.

    Attributes:
        likeness: The similarity, between 0 (nothing in common) and 1 (equal).
        a: Layer, or `colour` -> contribution of each position of the first picture, float64, shape (height, width). All
            maps together sum to the similarity.
        b: The same for the second picture.
        values: Contribution of each value of the descriptions, float64, shape (d,); for colour, one value a bin.
    """

    likeness: float
    a: Maps
    b: Maps
    values: FloatArray


class Explained(Protocol):
    """A likeness that can be attributed to positions."""

    def describe(self, picture: Evidence) -> FloatArray:
        """The description whose inner products are the similarities, float64, shape (d,), of length 1 or all zero."""

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """Maps of the picture that sum to the inner product of its description and another one, shape (d,)."""


def why(a: Evidence, b: Evidence, likeness: Explained) -> Reasons:
    """Attribute the similarity of two pictures to their positions.

    Raises:
        NegativeFeatureError: If a feature is negative.
        ValueError: If the pictures have different layers, or the features have an unexpected shape.
    """
    shapes = [{layer: maps.shape for layer, maps in picture.features.items()} for picture in (a, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"both pictures must have the same layers. Received: {shapes[0]} and {shapes[1]}")
    of_a, of_b = likeness.describe(a), likeness.describe(b)
    values = of_a * of_b
    return Reasons(float(values.sum()), likeness.contributions(a, of_b), likeness.contributions(b, of_a), values)


def average(pictures: Iterable[Evidence], likeness: Explained) -> FloatArray:
    """The mean description, shape (d,): its inner product with another is the mean similarity to these pictures."""
    return np.mean([likeness.describe(picture) for picture in pictures], axis=0)


def beyond_average(a: Evidence, b: Evidence, likeness: Explained, mean: FloatArray) -> tuple[Maps, Maps]:
    """Contributions to the similarity of two pictures beyond those to the average similarity.

    Args:
        a: One picture.
        b: The other picture.
        likeness: The likeness.
        mean: As `average` returns it.

    Returns:
        Maps of a, which sum to the similarity of a and b minus the mean similarity of a to the others, and maps of b,
        likewise. Parts that are alike in all pictures cancel; values may be negative.
    """
    of_a, of_b = likeness.describe(a), likeness.describe(b)
    return likeness.contributions(a, of_b - mean), likeness.contributions(b, of_a - mean)


@dataclass(frozen=True)
class ByComposition:
    """Composition, position by position: square roots scaled to length 1 a layer; the mean inner product over layers.

    The squared Hellinger distance of two pictures is 2 * layers * (1 - similarity), since layers of length 1 have the
    squared distance 2 - 2 * inner product. A layer of zeros has similarity 0 to any other.

    Source: Arandjelović & Zisserman 2012, "Three things everyone should know to improve object retrieval", section 3.
    """

    def describe(self, picture: Evidence) -> FloatArray:
        """All layers, flattened, shape (values of all layers,)."""
        return np.concatenate([part.ravel() for part in self._parts(picture).values()])

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """Products at each position, summed over channels; the maps of both pictures are equal."""
        parts = self._parts(picture)
        ends = np.cumsum([part.size for part in parts.values()])[:-1]
        others = np.split(other, ends)
        return {
            layer: (part * theirs.reshape(part.shape)).sum(axis=2)
            for (layer, part), theirs in zip(parts.items(), others, strict=True)
        }

    @staticmethod
    def _parts(picture: Evidence) -> dict[str, FloatArray]:
        if not picture.features:
            raise ValueError("composition reads the features of at least one layer. Received: none")
        share = np.sqrt(len(picture.features))
        return {layer: _roots(layer, maps) / share for layer, maps in picture.features.items()}


@dataclass(frozen=True)
class ByStyle:
    """Style, independent of position: mean and standard deviation of every channel in every chunk.

    The description is that of `likenesses.style.describe`, all chunks side by side, scaled to length 1. A chunk of p
    positions has the means m = sum_i x_i / p and the deviations s = sum_i (x_i - m)^2 / (p s), so both are sums over
    positions: a picture's map shows where the channels are active that the other picture has.

    Attributes:
        chunks: Chunks of the layers, flattened row-major (height, width, channel).
        channels: Channels of the maps.
    """

    chunks: Sequence[Chunk]
    channels: int

    def describe(self, picture: Evidence) -> FloatArray:
        """Means and deviations of all chunks, shape (2 * channels * chunks,)."""
        raw = self._statistics(picture)
        return raw / (np.linalg.norm(raw) or 1.0)

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """Each position's contribution to means and deviations, multiplied by those of the other picture."""
        pieces, length = self._pieces(picture), np.linalg.norm(self._statistics(picture)) or 1.0
        flat = {chunk.layer: np.zeros(picture.features[chunk.layer].size) for chunk in self.chunks}
        for chunk, part, theirs in zip(self.chunks, pieces, other.reshape(len(pieces), 2, -1), strict=True):
            mean, deviation = part.mean(axis=0), part.std(axis=0)
            # A constant channel has no deviation.
            weight = np.divide(theirs[1], deviation, out=np.zeros_like(deviation), where=deviation > 0)
            shares = (part * theirs[0] + (part - mean) ** 2 * weight) / (len(part) * length)
            flat[chunk.layer][chunk.start : chunk.stop] += shares.ravel()
        return {layer: values.reshape(picture.features[layer].shape).sum(axis=2) for layer, values in flat.items()}

    def _statistics(self, picture: Evidence) -> FloatArray:
        return np.concatenate([channel_statistics(part[None])[0] for part in self._pieces(picture)])

    def _pieces(self, picture: Evidence) -> list[FloatArray]:
        """The chunks, each of shape (positions, channels)."""
        roots = {layer: _roots(layer, maps).ravel() for layer, maps in picture.features.items()}
        for chunk in self.chunks:
            if chunk.layer not in roots:
                raise ValueError(f"style needs the layer {chunk.layer}. Received: {', '.join(roots) or 'none'}")
            values = roots[chunk.layer].size
            if chunk.stop > values or (chunk.stop - chunk.start) % self.channels:
                raise ValueError(
                    f"style needs whole positions of {self.channels} channels (style.channels), of the {values} values "
                    f"of {chunk.layer}. Received: {chunk.start} to {chunk.stop}"
                )
        return [roots[chunk.layer][chunk.start : chunk.stop].reshape(-1, self.channels) for chunk in self.chunks]


@dataclass(frozen=True)
class ByColour:
    """Colour: the Bhattacharyya coefficient of two palettes, sum_k sqrt(g_k h_k).

    The squared Hellinger distance of the palettes is 2 - 2 * similarity. The contribution of a bin is spread evenly
    over its pixels.

    Attributes:
        bins: See `likenesses.colour`.
        reach: See `likenesses.colour`.

    Source: Bhattacharyya 1943, "On a measure of divergence between two statistical populations".
    """

    bins: int
    reach: int

    def describe(self, picture: Evidence) -> FloatArray:
        """Square roots of the shares of all colours, shape (bins ** 3,)."""
        return np.sqrt(palette(picture.image, self.bins, self.reach).astype(np.float64))

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """One map, `colour`, of the pixels that `likenesses.colour.lab` returns."""
        indices = bins(lab(picture.image), self.bins, self.reach)
        pixels = np.bincount(indices.ravel(), minlength=len(other))
        return {"colour": (self.describe(picture) * other / np.maximum(pixels, 1))[indices]}

    def colours(self, picture: Evidence) -> FloatArray:
        """Mean sRGB of a picture's pixels in each bin, 0 to 255, shape (bins ** 3, 3); black for empty bins."""
        indices = bins(lab(picture.image), self.bins, self.reach).ravel()
        total, count = np.zeros((self.bins**3, 3)), np.bincount(indices, minlength=self.bins**3)
        np.add.at(total, indices, np.asarray(shrunk(picture.image)).reshape(-1, 3))
        return total / np.maximum(count, 1)[:, None]


def _roots(layer: str, maps: FloatArray) -> FloatArray:
    """Square roots, with the whole layer scaled to length 1; zeros stay zero."""
    if maps.ndim != 3:
        raise ValueError(f"{layer} must have the shape (height, width, channels). Received: {maps.shape}")
    values = maps.astype(np.float64)
    if values.min(initial=0) < 0:
        raise NegativeFeatureError(layer)
    return np.sqrt(values / (values.sum() or 1.0))
