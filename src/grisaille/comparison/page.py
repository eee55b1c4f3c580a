"""The page of a comparison, one self-contained HTML file."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from grisaille.api import Collection
from grisaille.collection import images
from grisaille.collection.captions import caption
from grisaille.comparison import moves, settings
from grisaille.comparison.listing import ran
from grisaille.comparison.measures import Figure, Row, Tables, side_by_side
from grisaille.parameters import plain
from grisaille.points import Points
from grisaille.provenance import manifest as manifests
from grisaille.provenance.stored_run import NothingStoredError

if TYPE_CHECKING:
    from grisaille.comparison.moves import Moved, Moves, Shared

# Names of the runs on the page, in the given order.
LETTERS = "ABCDEFGH"
# Paintings a likeness whose neighbours are shown, and pixels of the longer side of a picture.
_SHOWN, _SIDE = 4, 144
# Most names in a sentence of the summary.
_NAMED = 4
_TABLES = ("usefulness", "preservation", "recommendations", "kept_by_codes")
# Measures that are shown unfolded: those of results that users work with.
_MAIN = re.compile(r"\b(embedding|vectors)\b(?! at)|\brandom$|, \d+ bytes$")
_MAIN_MEASURES = frozenset(
    {
        "same artist, nearest k",
        "same artist, nearest one",
        "recall of recommendations",
        "recall of the nearest k",
        "Spearman",
    }
)


@dataclass(frozen=True)
class Comparison:
    """Several runs, compared with the first.

    Attributes:
        collections: Collections of the runs.
        manifests: Manifests of the runs.
        settings: Settings that differ, and their values.
        surroundings: Other differences: CNN, code, machine, threads, packages.
        measures: Heading -> rows.
        shared: The paintings that all runs have.
        moves: Likeness -> neighbours that moved; None if the runs share too few paintings.
        alone: Likenesses that some runs lack -> letters of the runs that have them.
    """

    collections: Sequence[Collection]
    manifests: Sequence[dict[str, Any]]
    settings: list[tuple[str, list[str]]]
    surroundings: list[tuple[str, list[str]]]
    measures: dict[str, list[Row]]
    shared: Shared
    moves: dict[str, Moves | None]
    alone: dict[str, str]


def compare(collections: Sequence[Collection]) -> Comparison:
    """Compare runs with the first of them.

    Raises:
        NothingStoredError: If embeddings are missing or damaged.
    """
    read = [manifests.read(collection.storage, collection.run) for collection in collections]
    together = moves.shared([collection.paintings for collection in collections])
    made = dict.fromkeys(likeness for collection in collections for likeness in collection.likenesses)
    by = {
        likeness: "".join(
            letter for letter, one in zip(LETTERS, collections, strict=False) if likeness in one.likenesses
        )
        for likeness in made
    }
    return Comparison(
        collections,
        read,
        list(settings.differing([plain(collection.parameters.model_dump()) for collection in collections])),
        list(settings.surroundings(read)),
        dict(
            side_by_side(
                [_tables(collection) for collection in collections],
                [collection.parameters.evaluation.neighbours for collection in collections],
            )
        ),
        together,
        {
            likeness: moves.moves(
                [
                    Points.of(likeness, collection.embeddings(likeness)[rows])
                    for collection, rows in zip(collections, together.rows, strict=True)
                ],
                _SHOWN,
            )
            for likeness, letters in by.items()
            if len(letters) == len(collections)
        },
        {likeness: letters for likeness, letters in by.items() if len(letters) < len(collections)},
    )


def _tables(collection: Collection) -> Tables:
    """The tables that a run has, without damaged ones."""
    tables = {}
    for name in _TABLES:
        try:
            tables[name] = collection.table(name)
        except NothingStoredError:
            continue
    return tables


def lines(comparison: Comparison) -> list[str]:
    """The comparison in a few sentences."""
    letters = LETTERS[: len(comparison.collections)]
    count = len(comparison.settings)
    sentences = [f"{count:,} setting{'' if count == 1 else 's'} differ{'s' if count == 1 else ''}."]
    together = comparison.shared.together
    if together < max(len(collection.paintings) for collection in comparison.collections):
        sentences.append(f"The collections differ: {together:,} paintings are in all runs.")
    for number, letter in enumerate(letters[1:]):
        shares = [
            f"{moved.kept[number].mean():.0%} by {likeness}" for likeness, moved in comparison.moves.items() if moved
        ]
        if shares:
            nearest = f"Of a painting's {moves.NEAREST} nearest in {letters[0]}, {letter} keeps"
            sentences.append(f"{nearest} {', '.join(shares)}.")
        for verdict in ("higher", "lower"):
            if names := _differing(comparison, number + 1, verdict):
                sentences.append(f"{letter} is {verdict} than {letters[0]} by more than chance in {'; '.join(names)}.")
    return sentences


def _differing(comparison: Comparison, run: int, verdict: str) -> list[str]:
    """The main measures by which a run differs from the first beyond chance, with their spaces."""
    spaces: dict[str, list[str]] = {}
    for row in (row for rows in comparison.measures.values() for row in rows if _is_main(row)):
        figure = row.figures[run]
        if figure is not None and figure.verdict == verdict:
            spaces.setdefault(row.measure, []).append(row.of)
    return [f"{measure} ({_first(names)})" for measure, names in spaces.items()]


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _is_main(row: Row) -> bool:
    return row.measure in _MAIN_MEASURES and bool(_MAIN.search(row.of))


def render(comparison: Comparison) -> str:
    """Render the comparison page.

    Returns:
        HTML; names from files, tables and settings are escaped.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "interval": _interval, "percent": "{:.0%}".format}
    tiles = _Tiles(comparison)
    explorer = resources.files("grisaille.explorer").joinpath("web")
    own = resources.files("grisaille.comparison")
    return environment.from_string(own.joinpath("page.html.j2").read_text("utf-8")).render(
        letters=LETTERS[: len(comparison.collections)],
        runs=[_run(*pair) for pair in zip(comparison.collections, comparison.manifests, strict=True)],
        lines=lines(comparison),
        settings=comparison.settings,
        surroundings=comparison.surroundings,
        measures=[
            (heading, [row for row in rows if _is_main(row)], [row for row in rows if not _is_main(row)])
            for heading, rows in comparison.measures.items()
        ],
        shared=comparison.shared,
        compared=comparison.shared.rows.shape[1],
        moves={likeness: one for likeness, one in comparison.moves.items() if one},
        alone=comparison.alone,
        tile=tiles.tile,
        neighbours=tiles.neighbours,
        style="\n".join(part.read_text("utf-8") for part in (explorer / "theme.css", own / "page.css")),
        script=explorer.joinpath("dom.js").read_text("utf-8"),
        k=moves.NEAREST,
        measured_k=sorted({collection.parameters.evaluation.neighbours for collection in comparison.collections}),
    )


def _run(collection: Collection, manifest: dict[str, Any]) -> dict[str, Any]:
    """The facts about a run on the page."""
    code = manifest.get("code") or {}
    return {
        "name": collection.run,
        "ran": ran(manifest["command"]),
        "paintings": len(collection.paintings),
        "minutes": manifest["seconds"] / 60,
        "state": manifest["status"],
        "commit": str(code.get("commit", ""))[:8] + ("" if code.get("clean", True) else ", changed"),
    }


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def _interval(figure: Figure) -> str:
    """The ends of an interval; empty without one."""
    return f"{_number(figure.low)}\N{EN DASH}{_number(figure.high)}" if figure.low == figure.low else ""


@dataclass(frozen=True)
class Tile:
    """A painting on the page.

    Attributes:
        picture: Data URI; empty if the file has moved or changed.
        artist: Name of the artist.
        title: Title and date.
        kept: Whether it is among the nearest in all runs.
        elsewhere: Letters of the runs in which it is not among the nearest, with its rank there.
    """

    picture: str
    artist: str
    title: str
    kept: bool = False
    elsewhere: str = ""


class _Tiles:
    """Tiles of the shared paintings."""

    def __init__(self, comparison: Comparison) -> None:
        self._collections, self._rows = comparison.collections, comparison.shared.rows
        first = self._collections[0]
        self._words = first.described().to_dict("records")
        self._pictures: dict[int, str] = {}

    def tile(self, painting: int, **more: Any) -> Tile:
        """A shared painting by its index."""
        words = self._words[self._rows[0, painting]]
        if painting not in self._pictures:
            self._pictures[painting] = self._picture(painting)
        return Tile(self._pictures[painting], words["artist"], caption(words, words["title"]), **more)

    def neighbours(self, moved: Moved, run: int) -> list[Tile]:
        """The nearest paintings of one painting in one run."""
        sets = [set(near) for near in moved.neighbours]
        return [
            self.tile(
                int(painting),
                kept=all(painting in near for near in sets),
                elsewhere=", ".join(
                    f"{letter}: {moved.ranks[run, other, place]:,}"
                    for other, (letter, near) in enumerate(zip(LETTERS, sets, strict=False))
                    if painting not in near
                ),
            )
            for place, painting in enumerate(moved.neighbours[run])
        ]

    def _picture(self, painting: int) -> str:
        """The picture, from the first run that still has it."""
        for collection, row in zip(self._collections, self._rows[:, painting], strict=True):
            image = collection.thumbnail(collection.paintings["painting_id"].iloc[row], _SIDE)
            if image is not None:
                data = base64.b64encode(images.thumbnail(image, _SIDE)).decode()
                return f"data:image/webp;base64,{data}"
        return ""
