"""Explains why two pictures are alike, compared with the average in their collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from grisaille.arrays import FloatArray
from grisaille.lookalikes.why import ByColour, ByComposition, ByStyle, Evidence, Explained, average, beyond_average, why
from grisaille.parameters import Chunk, Colour

SAMPLE = 32
"""Number of paintings that the average is computed from."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A likeness of two pictures, by position.

    Attributes:
        likeness: Name of the likeness.
        similarity: Between 0 (nothing in common) and 1 (equal).
        usual: Mean similarity of the first picture to paintings of the collection.
        maps: For each picture, layer or `colour` -> how much each position contributes to their similarity beyond its
            contribution to the average one, float64, shape (height, width); may be negative. The maps of the first
            picture sum to similarity - usual.
        colours: For colour only: sRGB, 0 to 255, shape (k, 3), and their shares of the similarity, shape (k,).
        images: The two pictures.
    """

    likeness: str
    similarity: float
    usual: float
    maps: tuple[Mapping[str, FloatArray], Mapping[str, FloatArray]]
    colours: tuple[FloatArray, FloatArray] | None
    images: tuple[Image.Image, Image.Image]


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains likenesses within a collection.

    Attributes:
        chunks: Chunks of the features, in order.
        channels: Channels of the maps, for style.
        colour: Settings of the palettes.
        sample: Reads some paintings, evenly spaced in the collection.
    """

    chunks: Sequence[Chunk]
    channels: int
    colour: Colour
    sample: Callable[[], list[Evidence]]

    def explain(
        self, evidence: tuple[Evidence, Evidence], images: tuple[Image.Image, Image.Image], likeness: str
    ) -> Explanation:
        """Explain one likeness of two pictures.

        Args:
            evidence: Evidence of both pictures (`Embedder.evidence`).
            images: Both pictures.
            likeness: `composition`, `style` or `colour`.

        Raises:
            ValueError: If the likeness cannot be explained.
        """
        if likeness not in self._kinds:
            raise ValueError(f"likeness must be one of {', '.join(self._kinds)}. Received: likeness={likeness}")
        (a, b), kind, usual = evidence, self._kinds[likeness], self._average_of(likeness)
        reasons = why(a, b, kind)
        colours = (kind.colours(a), reasons.values) if isinstance(kind, ByColour) else None
        mean = float(kind.describe(a) @ usual)
        return Explanation(likeness, reasons.likeness, mean, beyond_average(a, b, kind, usual), colours, images)

    @cached_property
    def _kinds(self) -> dict[str, Explained]:
        return {
            "composition": ByComposition(),
            "style": ByStyle(tuple(self.chunks), self.channels),
            "colour": ByColour(self.colour.bins, self.colour.reach),
        }

    @cached_property
    def _sampled(self) -> list[Evidence]:
        return self.sample()

    @cached_property
    def _known(self) -> dict[str, FloatArray]:
        return {}

    def _average_of(self, likeness: str) -> FloatArray:
        if likeness not in self._known:
            self._known[likeness] = average(self._sampled, self._kinds[likeness])
        return self._known[likeness]


def sample_rows(count: int) -> list[int]:
    """At most `SAMPLE` evenly spaced rows of a table."""
    return [int(row) for row in np.unique(np.linspace(0, count - 1, SAMPLE).astype(int))]
