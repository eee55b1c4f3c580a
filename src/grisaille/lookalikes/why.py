"""Why two pictures are alike: a likeness, put back exactly on the places of both that make it.

On raw features, every likeness is the inner product of two descriptions, and every value of a description is a sum over
places of the picture. So the likeness is a sum over the places of either picture. Nothing is approximated and nothing
is trained. Figures are elsewhere.
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
    """What likenesses read of a picture.

    Attributes:
        features: Layer -> features, shape (height, width, channels); colour reads none.
        image: The picture, upright sRGB; colour alone reads it.
    """

    features: Maps
    image: Image.Image


@dataclass(frozen=True)
class Reasons:
    """A likeness in parts.

    Attributes:
        likeness: Between 0 (nothing in common) and 1 (the same).
        a: Layer, or `colour` -> what each place of the first picture contributes, float64, shape (height, width). All
            maps together add up to the likeness.
        b: The same of the second picture.
        values: What each value of the descriptions contributes, float64, shape (d,); of colour, one value a bin.
    """

    likeness: float
    a: Maps
    b: Maps
    values: FloatArray


class Explained(Protocol):
    """A likeness that can be put back on places."""

    def describe(self, picture: Evidence) -> FloatArray:
        """The description whose inner products are the likeness, float64, shape (d,), of length 1 unless all zero."""

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """Maps of the picture that add up to the inner product of its description and another, shape (d,)."""


def why(a: Evidence, b: Evidence, likeness: Explained) -> Reasons:
    """Put the likeness of two pictures on their places.

    Raises:
        NegativeFeatureError: If a feature is negative.
        ValueError: If the layers of the two differ, or the features are not of the shape that the likeness reads.
    """
    shapes = [{layer: maps.shape for layer, maps in picture.features.items()} for picture in (a, b)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"two pictures are compared by the same layers. Received: {shapes[0]} and {shapes[1]}")
    of_a, of_b = likeness.describe(a), likeness.describe(b)
    values = of_a * of_b
    return Reasons(float(values.sum()), likeness.contributions(a, of_b), likeness.contributions(b, of_a), values)


def average(pictures: Iterable[Evidence], likeness: Explained) -> FloatArray:
    """The mean description, shape (d,): its inner product with another is the mean likeness to these pictures."""
    return np.mean([likeness.describe(picture) for picture in pictures], axis=0)


def beyond_average(a: Evidence, b: Evidence, likeness: Explained, mean: FloatArray) -> tuple[Maps, Maps]:
    """What the places of two pictures say for their likeness more than for that to an average picture.

    Args:
        a: One.
        b: The other.
        likeness: Which.
        mean: As `average` gives it.

    Returns:
        Maps of a, which add up to the likeness of a and b less the mean likeness of a to the others, and of b,
        likewise. What is alike in all pictures cancels, and values may be negative.
    """
    of_a, of_b = likeness.describe(a), likeness.describe(b)
    return likeness.contributions(a, of_b - mean), likeness.contributions(b, of_a - mean)


@dataclass(frozen=True)
class ByComposition:
    """What is where: every layer square-rooted and scaled to length 1; the mean over layers of their inner products.

    The squared Hellinger distance of two pictures is 2 * layers * (1 - likeness), since layers of length 1 have the
    squared distance 2 - 2 * inner product. A layer of zeros has no likeness to any.

    Source: Arandjelović & Zisserman 2012, "Three things everyone should know to improve object retrieval", section 3.
    """

    def describe(self, picture: Evidence) -> FloatArray:
        """All layers, flattened, shape (values of all layers,)."""
        return np.concatenate([part.ravel() for part in self._parts(picture).values()])

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """Products at a position, summed over channels: the maps of both pictures are the same."""
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
    """Which patterns there are, wherever they are: mean and deviation of every channel in every chunk.

    The description is that of `likenesses.style.describe`, all chunks side by side, scaled to length 1. A chunk of p
    positions has the means m = sum_i x_i / p and the deviations s = sum_i (x_i - m)^2 / (p s), so each is a sum over
    positions, too: a picture's own map shows where the channels fire that the other picture has.

    Attributes:
        chunks: Pieces of the layers, flattened row-major (height, width, channel).
        channels: Of the maps.
    """

    chunks: Sequence[Chunk]
    channels: int

    def describe(self, picture: Evidence) -> FloatArray:
        """Means and deviations of all chunks, shape (2 * channels * chunks,)."""
        raw = self._statistics(picture)
        return raw / (np.linalg.norm(raw) or 1.0)

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """What each position adds to the means and deviations, times those of the other."""
        pieces, length = self._pieces(picture), np.linalg.norm(self._statistics(picture)) or 1.0
        flat = {chunk.layer: np.zeros(picture.features[chunk.layer].size) for chunk in self.chunks}
        for chunk, part, theirs in zip(self.chunks, pieces, other.reshape(len(pieces), 2, -1), strict=True):
            mean, deviation = part.mean(axis=0), part.std(axis=0)
            # A channel that is the same everywhere deviates nowhere.
            weight = np.divide(theirs[1], deviation, out=np.zeros_like(deviation), where=deviation > 0)
            shares = (part * theirs[0] + (part - mean) ** 2 * weight) / (len(part) * length)
            flat[chunk.layer][chunk.start : chunk.stop] += shares.ravel()
        return {layer: values.reshape(picture.features[layer].shape).sum(axis=2) for layer, values in flat.items()}

    def _statistics(self, picture: Evidence) -> FloatArray:
        return np.concatenate([channel_statistics(part[None])[0] for part in self._pieces(picture)])

    def _pieces(self, picture: Evidence) -> list[FloatArray]:
        """Of each chunk, shape (positions, channels)."""
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
    """Which colours: the Bhattacharyya coefficient of two palettes, sum_k sqrt(g_k h_k).

    The squared Hellinger distance of the palettes is 2 - 2 * likeness. What a bin contributes is spread evenly over the
    pixels in it.

    Attributes:
        bins: As in `likenesses.colour`.
        reach: Likewise.

    Source: Bhattacharyya 1943, "On a measure of divergence between two statistical populations".
    """

    bins: int
    reach: int

    def describe(self, picture: Evidence) -> FloatArray:
        """Square roots of the shares of all colours, shape (bins ** 3,)."""
        return np.sqrt(palette(picture.image, self.bins, self.reach).astype(np.float64))

    def contributions(self, picture: Evidence, other: FloatArray) -> dict[str, FloatArray]:
        """One map, `colour`, of the pixels that `likenesses.colour.lab` counts."""
        found = bins(lab(picture.image), self.bins, self.reach)
        pixels = np.bincount(found.ravel(), minlength=len(other))
        return {"colour": (self.describe(picture) * other / np.maximum(pixels, 1))[found]}

    def colours(self, picture: Evidence) -> FloatArray:
        """Mean sRGB of a picture's pixels in each bin, 0 to 255, shape (bins ** 3, 3); of none, black."""
        found = bins(lab(picture.image), self.bins, self.reach).ravel()
        total, count = np.zeros((self.bins**3, 3)), np.bincount(found, minlength=self.bins**3)
        np.add.at(total, found, np.asarray(shrunk(picture.image)).reshape(-1, 3))
        return total / np.maximum(count, 1)[:, None]


def _roots(layer: str, maps: FloatArray) -> FloatArray:
    """Square roots, the whole layer scaled to length 1; zeros stay so."""
    if maps.ndim != 3:
        raise ValueError(f"{layer} must be of height x width x channels. Received: {maps.shape}")
    values = maps.astype(np.float64)
    if values.min(initial=0) < 0:
        raise NegativeFeatureError(layer)
    return np.sqrt(values / (values.sum() or 1.0))
