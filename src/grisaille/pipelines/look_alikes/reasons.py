"""Sheets that show why a picture and its look-alikes are alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.lookalikes.embedded import Embedded
from grisaille.lookalikes.explanations import Explainer, sample_rows
from grisaille.lookalikes.queries import Query
from grisaille.lookalikes.why import Evidence

if TYPE_CHECKING:
    from grisaille.plots.why import Pair

# Look-alikes on a sheet.
_SHOWN = 6
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
            parts = self.collection.parts(likeness)
            if pairs := self._pairs(query, parts, table[:_SHOWN]):
                # Colours are explained to the pixel, which no line is drawn around.
                more = {_OF_LINES if pair.strip is None else _OF_STRIPS: None for pair in pairs}
                note = _FOOTNOTE.format(count=len(self._sample), more=" ".join(more))
                found[f"{stem}_{likeness}"] = why_sheet(pairs, note, len(parts) if len(parts) > 1 else 3)
        return found

    def _pairs(self, query: Query, parts: list[str], table: pd.DataFrame) -> list[Pair]:
        from grisaille.plots.why import SIDE, pair

        rows = table.to_dict("records")
        images = [self.originals.picture(row["path"], SIDE) for row in rows]
        known = [(row, image) for row, image in zip(rows, images, strict=True) if image is not None]
        if not known:
            return []
        readers = [lambda: query.data, *(self.originals[row["path"]] for row, _ in known)]
        asked, *others = self._embedder.evidence(readers, parts, self.max_megapixels)
        return [
            pair(
                self._explainer.explain((asked, other), (query.image, image), part),
                f"{row['rank']}  {row['artist']} {caption(row, '')}",
            )
            for (row, image), other in zip(known, others, strict=True)
            for part in parts
        ]

    @cached_property
    def _embedder(self) -> Any:
        return self.collection.embedder()

    @cached_property
    def _explainer(self) -> Explainer:
        chunks = list(self._embedder.chunks.values())
        return Explainer(chunks, self.channels, self._embedder.colour, lambda: self._sample)

    @cached_property
    def _sample(self) -> list[Evidence]:
        """Of the paintings that can be read."""
        known = self.collection.paintings["path"]
        paths = [path for path in known.iloc[sample_rows(len(known))] if self.originals.picture(path, 1) is not None]
        wanted = {part for likeness in self.likenesses for part in self.collection.parts(likeness)}
        return self._embedder.evidence([self.originals[path] for path in paths], wanted, self.max_megapixels)
