"""Output of `similar` and `path`: printed lines, and a folder with a table and contact sheets."""

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
# Number of look-alikes that are printed, and number on an explanatory sheet.
_PRINTED, _EXPLAINED = 10, 6
_PERCENTILE_NOTE = "* percentage of paintings in the collection whose neighbour of this rank is farther away"
_WHY = (
    "Full colour marks the parts where the two are more alike than the left picture and a sample of the collection "
    "are on average.\n{}"
)
_OUTLINE_NOTE = "The lines enclose half of this likeness."
_STRIP_NOTE = "A strip shows the colours that both share; the more alike the palettes, the fuller the strip."


@dataclass(frozen=True)
class QueryPicture:
    """A query of a command.

    Attributes:
        name: The painting's or the file's name, to be printed.
        picture: The name of a painting, or the content of a file.
        image: Upright RGB image; None if the painting's file has moved.
    """

    name: str
    picture: str | bytes
    image: Image.Image | None

    def placed(self, collection: Collection) -> str | EmbeddedPicture:
        """The query as methods of a collection accept it; a file is embedded once for all likenesses."""
        if isinstance(self.picture, str):
            return self.picture
        return replace(collection.embed(self.picture), name=self.name)


class Answers:
    """Prints answers and writes them to a folder, which is created with the first answer."""

    def __init__(self, collection: Collection, folder: Path | None, kind: str) -> None:
        """Choose the folder.

        Args:
            collection: The collection that answers.
            folder: Output folder; None creates `08_reporting/<kind>/<time>` in the storage.
            kind: Name of the parent folder in the storage.
        """
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H.%M.%S.%f")[:-3] + "Z"
        self.folder = folder or collection.storage / "08_reporting" / kind / now
        self._collection = collection
        self._tables: list[pd.DataFrame] = []
        self._number, self._blank = 0, False

    def add(self, query: QueryPicture, results: dict[str, pd.DataFrame], why: bool) -> None:
        """Print and write the look-alikes of one query.

        Args:
            query: The picture.
            results: Likeness -> table of its look-alikes.
            why: Whether to draw sheets that explain each likeness.
        """
        held = self._collection.holds(query.picture)
        self._number += 1
        self._print(query, results, held)
        self._tables += [
            table.assign(query=query.name, likeness=likeness, in_collection=held) for likeness, table in results.items()
        ]
        self._write_table(self._tables, _COLUMNS, "look_alikes")
        stem = f"{self._number:03d}_{PurePath(query.name).stem}"
        self._save(self._sheet(query, results, held), stem)
        for likeness, table in results.items() if why else ():
            if likeness != VECTORS and (sheet := self._why(query, likeness, table[:_EXPLAINED])):
                self._save(sheet, f"{stem}_why_{likeness}")

    def chain(self, ends: Sequence[QueryPicture], steps: pd.DataFrame, likeness: str) -> None:
        """Print and write a chain from one picture to another, and draw it."""
        from grisaille.plots.contact_sheet import strip

        last = len(steps) - 1
        stands_for = [
            end.name if isinstance(end.picture, str) and name != end.name else ""
            for end, name in zip(ends, steps["painting_id"].iloc[[0, last]], strict=True)
        ]
        steps["stands_for"] = [stands_for[0], *[""] * (last - 1), stands_for[1]]
        images = {end.name: end.image for end in ends if not self._collection.holds(end.picture)}

        def note(row: Mapping[Any, Any]) -> str:
            distance = f"distance {_three_digits(row['distance'])}" if row["step"] else ""
            return "\n".join(filter(None, (distance, row["stands_for"] and f"stands for {row['stands_for']}")))

        for row in steps.to_dict("records"):
            duplicate = f"  (stands for its duplicate, {row['stands_for']})" if row["stands_for"] else ""
            distance = _three_digits(row["distance"]) if row["step"] else ""
            click.echo(f"  {row['step']:>2}  {distance:<8} {_named(row)}{duplicate}")
        columns = ["step", "painting_id", "artist", "title", "distance", "stands_for"]
        self._write_table([steps], columns, "chain")
        self._save(strip(self._tiles(steps, note, images), f"From one to the next by {likeness}"), "chain")

    def _print(self, query: QueryPicture, results: dict[str, pd.DataFrame], held: bool) -> None:
        click.echo(f"\n{query.name}" + (" (this file is in the collection)" if held else ""))
        for likeness, table in results.items():
            if len(results) > 1:
                click.echo(f" by {likeness}")
            for row in table.head(_PRINTED).to_dict("records"):
                percentile = _percentile(
                    row["distance_percentile"], "  (closer than {} of 100 neighbours of this rank)"
                )
                click.echo(f"  {row['rank']:>2}  {_three_digits(row['distance']):<8} {_named(row)}{percentile}")
            if table.attrs["recall"] < 1:
                click.echo(
                    f"  An approximate index answered; its recall of the ten nearest is {table.attrs['recall']:.3f}."
                )

    def _sheet(self, query: QueryPicture, results: dict[str, pd.DataFrame], held: bool) -> Figure:
        from grisaille.plots.contact_sheet import Tile, contact_sheet

        def note(row: Mapping[Any, Any]) -> str:
            percentile = _percentile(row["distance_percentile"], "closer than {} of 100 *")
            return f"distance {_three_digits(row['distance'])}\n{percentile}"

        bands = {f"By {likeness}": self._tiles(table, note) for likeness, table in results.items()}
        by = f"by {next(iter(results))}" if len(results) == 1 else ""
        starred = any(table["distance_percentile"].notna().any() for table in results.values())
        tile = Tile(query.image, query.name, by, "this file is in the collection" if held else "")
        return contact_sheet(tile, bands, _PERCENTILE_NOTE if starred else "")

    def _why(self, query: QueryPicture, likeness: str, table: pd.DataFrame) -> Figure | None:
        """A sheet that pairs the query with each look-alike, once for each likeness of a mixture.

        Returns:
            None if the file of no look-alike is left.
        """
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
        # Pairs with a strip are explained pixel by pixel and have no lines.
        notes = dict.fromkeys(_OUTLINE_NOTE if each.strip is None else _STRIP_NOTE for each in pairs)
        return why_sheet(pairs, _WHY.format(" ".join(notes)), len(parts) if len(parts) > 1 else 3)

    def _tiles(
        self,
        table: pd.DataFrame,
        note: Callable[[Mapping[Any, Any]], str],
        images: dict[str, Image.Image | None] | None = None,
    ) -> list[Tile]:
        """One tile a row; `images` holds the pictures that are not in the collection, by name."""
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
                click.echo(
                    "Some pictures have moved or changed since the run. Name their folder with --pictures", err=True
                )
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
    """A distance rounded to three digits, and to whole numbers from 100: 0.415, 12.3, 1,530."""
    return f"{distance:,.0f}" if distance >= 100 else f"{distance:#.3g}"


def _named(row: Mapping[Any, Any]) -> str:
    """A painting's name, then its artist and title if they are known and the name does not say them."""
    from grisaille.collection.artists import UNKNOWN, normalise
    from grisaille.collection.captions import caption

    name: str = row["painting_id"]
    said = normalise(name)
    known = [text for text in (row["artist"], caption(row, "")) if text != UNKNOWN and normalise(text) not in said]
    return f"{name}  {', '.join(known)}" if known else name


def _percentile(share: float, words: str) -> str:
    """A distance percentile in words; empty if it is NaN, as in collections with fewer neighbours than the rank."""
    return "" if math.isnan(share) else words.format(f"{100 * share:.0f}")
