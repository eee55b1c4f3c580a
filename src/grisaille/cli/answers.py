"""Answers of the commands: lines to read, and a folder with a table and sheets of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from grisaille.likenesses.names import MIXTURE, VECTORS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from PIL import Image

    from grisaille.api import Collection, EmbeddedPicture
    from grisaille.plots.contact_sheet import Tile

_COLUMNS = [
    "query", "likeness", "rank", "painting_id", "artist", "title", "distance", "distance_percentile", "in_collection",
]  # fmt: skip
# Look-alikes that are printed, and those on a sheet that explains.
_PRINTED, _EXPLAINED = 10, 6
_USUAL = "* of 100 paintings in the collection, this many have a neighbour of the same rank that is farther away"
_WHY = (
    "In full colour: where the two are more alike than the left picture and a sample of the collection are on "
    "average.\n{}"
)
_OF_LINES = "Half of that lies inside the lines."
_OF_STRIPS = "A strip holds the colours that both have, and is as full as the palettes are alike."


@dataclass(frozen=True)
class Asked:
    """A picture that somebody asks about.

    Attributes:
        name: That people know it by.
        picture: The name of a painting, or a file's content.
        image: Upright RGB; None where the painting's file was moved.
    """

    name: str
    picture: str | bytes
    image: Image.Image | None

    def placed(self, collection: Collection) -> str | EmbeddedPicture:
        """As a collection takes it, embedded once for all likenesses."""
        if isinstance(self.picture, str):
            return self.picture
        return replace(collection.embed(self.picture), name=self.name)


class Answers:
    """What was found is printed, and written to a folder, which is made with the first answer."""

    def __init__(self, collection: Collection, folder: Path | None, kind: str) -> None:
        """Begin.

        Args:
            collection: That answers.
            folder: Where to; None takes a new one in the storage.
            kind: The folder above that.
        """
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H.%M.%S.%f")[:-3] + "Z"
        self.folder = folder or collection.storage / "08_reporting" / kind / now
        self._collection = collection
        self._tables: list[pd.DataFrame] = []
        self._number, self._blank = 0, False

    def add(self, query: Asked, found: dict[str, pd.DataFrame], why: bool) -> None:
        """Look-alikes of a picture by one likeness or more: lines, rows of the table, sheets."""
        held = self._collection.holds(query.picture)
        self._number += 1
        self._print(query, found, held)
        self._tables += [
            table.assign(query=query.name, likeness=likeness, in_collection=held) for likeness, table in found.items()
        ]
        self._write_table(self._tables, _COLUMNS, "look_alikes")
        stem = f"{self._number:03d}_{PurePath(query.name).stem}"
        self._save(self._sheet(query, found, held), stem)
        for likeness, table in found.items() if why else ():
            if likeness != VECTORS and (sheet := self._why(query, likeness, table[:_EXPLAINED])):
                self._save(sheet, f"{stem}_why_{likeness}")

    def chain(self, ends: Sequence[Asked], found: pd.DataFrame, likeness: str) -> None:
        """A way from one picture to another: lines, a table and a figure."""
        from grisaille.plots.contact_sheet import strip

        last = len(found) - 1
        stands_for = [
            end.name if isinstance(end.picture, str) and name != end.name else ""
            for end, name in zip(ends, found["painting_id"].iloc[[0, last]], strict=True)
        ]
        found["stands_for"] = [stands_for[0], *[""] * (last - 1), stands_for[1]]
        images = {end.name: end.image for end in ends if not self._collection.holds(end.picture)}

        def note(row: Mapping[Any, Any]) -> str:
            far = f"distance {_three_digits(row['distance'])}" if row["step"] else ""
            return "\n".join(filter(None, (far, row["stands_for"] and f"stands for {row['stands_for']}")))

        for row in found.to_dict("records"):
            other = f"  (stands for its duplicate, {row['stands_for']})" if row["stands_for"] else ""
            far = _three_digits(row["distance"]) if row["step"] else ""
            click.echo(f"  {row['step']:>2}  {far:<8} {row['painting_id']}{other}")
        columns = ["step", "painting_id", "artist", "title", "distance", "stands_for"]
        self._write_table([found], columns, "chain")
        self._save(strip(self._tiles(found, note, images), f"From one to the next by {likeness}"), "chain")

    def _print(self, query: Asked, found: dict[str, pd.DataFrame], held: bool) -> None:
        click.echo(f"\n{query.name}" + (" (this file is in the collection)" if held else ""))
        for likeness, table in found.items():
            if len(found) > 1:
                click.echo(f" by {likeness}")
            for row in table.head(_PRINTED).to_dict("records"):
                usual = _usual(row["distance_percentile"], "  (closer than {} of 100 paintings to theirs)")
                click.echo(f"  {row['rank']:>2}  {_three_digits(row['distance']):<8} {row['painting_id']}{usual}")
            if table.attrs["recall"] < 1:
                click.echo(f"  An index answered, which finds {table.attrs['recall']:.3f} of the ten nearest.")

    def _sheet(self, query: Asked, found: dict[str, pd.DataFrame], held: bool) -> Figure:
        from grisaille.plots.contact_sheet import Tile, contact_sheet

        def note(row: Mapping[Any, Any]) -> str:
            usual = _usual(row["distance_percentile"], "closer than {} of 100 *")
            return f"distance {_three_digits(row['distance'])}\n{usual}"

        bands = {f"By {likeness}": self._tiles(table, note) for likeness, table in found.items()}
        by = f"by {next(iter(found))}" if len(found) == 1 else ""
        starred = any(table["distance_percentile"].notna().any() for table in found.values())
        asked = Tile(query.image, query.name, by, "this file is in the collection" if held else "")
        return contact_sheet(asked, bands, _USUAL if starred else "")

    def _why(self, query: Asked, likeness: str, table: pd.DataFrame) -> Figure | None:
        """The picture beside each look-alike, by each likeness that the answer is made of; None if no file is left."""
        from grisaille.collection.captions import caption
        from grisaille.plots.why import pair, why_sheet

        parts = list(self._collection.weights) if likeness == MIXTURE else [likeness]
        pairs = [
            pair(
                self._collection.why(query.picture, row["painting_id"], part),
                f"{row['rank']}  {row['artist']} {caption(row, '')}",
            )
            for row in table.to_dict("records")
            if self._collection.thumbnail(row["painting_id"], 1) is not None
            for part in parts
        ]
        if not pairs:
            return None
        # Colours are explained to the pixel, which no line is drawn around.
        notes = dict.fromkeys(_OF_LINES if each.strip is None else _OF_STRIPS for each in pairs)
        return why_sheet(pairs, _WHY.format(" ".join(notes)), len(parts) if len(parts) > 1 else 3)

    def _tiles(
        self,
        table: pd.DataFrame,
        note: Callable[[Mapping[Any, Any]], str],
        images: dict[str, Image.Image | None] | None = None,
    ) -> list[Tile]:
        """Paintings, or pictures that are none, whose images are given."""
        from grisaille.collection.captions import caption
        from grisaille.plots.contact_sheet import SIDE, Tile

        tiles = []
        for row in table.to_dict("records"):
            name = row["painting_id"]
            if images and name in images:
                tiles.append(Tile(images[name], name, "", note(row)))
                continue
            image = self._collection.thumbnail(name, SIDE)
            if image is None and not self._blank:
                click.echo("Some pictures were moved or changed since the run: --pictures names their folder", err=True)
            self._blank |= image is None
            tiles.append(Tile(image, row["artist"], caption(row, row["title"]), note(row)))
        return tiles

    def _write_table(self, tables: Sequence[pd.DataFrame], columns: list[str], name: str) -> None:
        import pandas as pd

        from grisaille.collection.tables import without_formulas

        self.folder.mkdir(parents=True, exist_ok=True)
        table = without_formulas(pd.concat(tables, ignore_index=True).reindex(columns=columns))
        table.to_csv(self.folder / f"{name}.csv", index=False)

    def _save(self, figure: Figure, name: str) -> None:
        figure.savefig(self.folder / f"{name}.png", dpi=110, metadata={"Software": None})


def _three_digits(distance: float) -> str:
    """A distance for people: 0.415, 12.3, 1,530."""
    return f"{distance:,.0f}" if distance >= 100 else f"{distance:#.3g}"


def _usual(share: float, words: str) -> str:
    """How unusual a distance is; nothing where nobody knows: no painting of a tiny collection has so many others."""
    return "" if math.isnan(share) else words.format(f"{100 * share:.0f}")
