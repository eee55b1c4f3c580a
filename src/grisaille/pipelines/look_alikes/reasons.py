"""Sheets that show why a picture and its look-alikes are alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.lookalikes.embedded import Embedded
from grisaille.lookalikes.queries import Query
from grisaille.lookalikes.why import ByColour, ByComposition, ByStyle, Evidence, Explained, average, beyond_average, why

if TYPE_CHECKING:
    from grisaille.plots.why import Pair

# Look-alikes on a sheet, and paintings of the collection that say what is usual.
_SHOWN, _SAMPLE = 6, 32
_FOOTNOTE = (
    "In full colour: where the two are more alike than the left picture and {count} paintings of the collection are on "
    "average.\n{more}"
)
_OF_LINES = "Half of that lies inside the lines."
_OF_STRIPS = "A strip holds the colours that both have, and is as full as the palettes are alike."


@dataclass(frozen=True)
class Reasons:
    """What the sheets of some questions are drawn from; pictures are read and shown to the CNN when the first is drawn.

    The features are computed from the files once more: a question is answered without the feature store, which may have
    been deleted, or lie in a bucket.

    Attributes:
        likenesses: By which the questions are answered.
        collection: That is asked.
        originals: Their files.
        max_megapixels: As in ingestion.
        channels: Of the maps, for style.
    """

    likenesses: Collection[str]
    collection: Embedded
    originals: Originals
    max_megapixels: float
    channels: int

    def sheets(self, query: Query, answers: Mapping[str, pd.DataFrame], number: int) -> dict[str, Any]:
        """One sheet a likeness: name -> figure; none where no look-alike's picture can be read.

        Args:
            query: The picture.
            answers: Likeness -> its look-alikes, nearest first: columns path, rank, artist, title and, if known, date.
            number: Of the query, from 1.
        """
        from grisaille.plots.why import why_sheet

        stem, found = f"{number:03d}_{PurePosixPath(query.name).stem}_why", {}
        for likeness, table in answers.items():
            parts = self._parts(likeness)
            if pairs := self._pairs(query, parts, table[:_SHOWN]):
                # Colours are explained to the pixel, which no line is drawn around.
                more = {_OF_LINES if pair.strip is None else _OF_STRIPS: None for pair in pairs}
                note = _FOOTNOTE.format(count=len(self._sample), more=" ".join(more))
                found[f"{stem}_{likeness}"] = why_sheet(pairs, note, len(parts) if len(parts) > 1 else 3)
        return found

    def _pairs(self, query: Query, parts: list[str], table: pd.DataFrame) -> list[Pair]:
        from grisaille.plots.why import SIDE

        rows = table.to_dict("records")
        images = [self.originals.picture(row["path"], SIDE) for row in rows]
        known = [(row, image) for row, image in zip(rows, images, strict=True) if image is not None]
        if not known:
            return []
        readers = [lambda: query.data, *(self.originals[row["path"]] for row, _ in known)]
        asked, *others = self._embedder.evidence(readers, parts, self.max_megapixels)
        return [
            self._pair((query.image, asked), (image, other), part, f"{row['rank']}  {row['artist']} {caption(row, '')}")
            for (row, image), other in zip(known, others, strict=True)
            for part in parts
        ]

    def _pair(self, one: tuple[Any, Evidence], other: tuple[Any, Evidence], part: str, heading: str) -> Pair:
        from grisaille.plots.why import Half, Pair

        (image, a), (image_of_other, b), kind, usual = one, other, self._kinds[part], self._usual[part]
        reasons, (of_a, of_b) = why(a, b, kind), beyond_average(a, b, kind, usual)
        note = f"alike in {part}: {reasons.likeness:.3f}  (on average {kind.describe(a) @ usual:.3f})"
        strip = (kind.colours(a), reasons.values) if isinstance(kind, ByColour) else None
        return Pair((Half(image, of_a), Half(image_of_other, of_b)), heading, note, strip)

    def _parts(self, likeness: str) -> list[str]:
        """The likenesses that explain one: itself, or those that the mixture is made of."""
        weights = self.collection.mixture.model_dump()
        made = [name for name in self.collection.embeddings if weights.get(name)]
        return made if likeness == "mixture" else [likeness]

    @cached_property
    def _embedder(self) -> Any:
        return self.collection.embedder()

    @cached_property
    def _kinds(self) -> dict[str, Explained]:
        colour = self._embedder.colour
        return {
            "composition": ByComposition(),
            "style": ByStyle(tuple(self._embedder.chunks.values()), self.channels),
            "colour": ByColour(colour.bins, colour.reach),
        }

    @cached_property
    def _sample(self) -> list[Evidence]:
        """Paintings from the whole length of the table, of those that can be read."""
        known = self.collection.paintings["path"]
        rows = np.unique(np.linspace(0, len(known) - 1, _SAMPLE).astype(int))
        paths = [path for path in known.iloc[rows] if self.originals.picture(path, 1) is not None]
        return self._embedder.evidence([self.originals[path] for path in paths], self._wanted, self.max_megapixels)

    @cached_property
    def _usual(self) -> dict[str, FloatArray]:
        return {part: average(self._sample, self._kinds[part]) for part in self._wanted}

    @cached_property
    def _wanted(self) -> set[str]:
        return {part for likeness in self.likenesses for part in self._parts(likeness)}
