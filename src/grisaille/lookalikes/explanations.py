"""Why two pictures are alike by the likenesses of a collection, beside what is usual in it."""

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
"""Paintings of a collection that say what is usual."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A likeness of two pictures, on their places.

    Attributes:
        likeness: Which.
        similarity: Between 0 (nothing in common) and 1 (the same).
        usual: The mean similarity of the first picture to paintings of the collection.
        maps: Of each picture, layer or `colour` -> how much more each place says for their likeness than for that to an
            average painting, float64, shape (height, width); negative where it says less. The maps of the first add up
            to similarity - usual.
        colours: Of colour alone: sRGB, 0 to 255, shape (k, 3), and their shares of the similarity, shape (k,).
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
    """What explains likenesses in a collection.

    Attributes:
        chunks: Of the features, in order.
        channels: Of the maps, for style.
        colour: How colours are counted.
        sample: Reads some paintings of the collection, from its whole length.
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
            evidence: Of both (`Embedder.evidence`).
            images: Both.
            likeness: `composition`, `style` or `colour`.

        Raises:
            ValueError: If there is no reason for such a likeness.
        """
        if likeness not in self._kinds:
            raise ValueError(f"what is explained is {', '.join(self._kinds)}. Received: likeness={likeness}")
        (a, b), kind, usual = evidence, self._kinds[likeness], self._usual(likeness)
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

    def _usual(self, likeness: str) -> FloatArray:
        if likeness not in self._known:
            self._known[likeness] = average(self._sampled, self._kinds[likeness])
        return self._known[likeness]


def sample_rows(count: int) -> list[int]:
    """Rows from the whole length of a table, at most `SAMPLE`."""
    return [int(row) for row in np.unique(np.linspace(0, count - 1, SAMPLE).astype(int))]
