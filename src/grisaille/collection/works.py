"""What is known of each painting: a table with one row a picture, in any of the shapes that collections publish.

Its columns are recognised by their names, its rows are joined to pictures by their files. What becomes of artists and
movements is decided in `catalogue`.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

import numpy as np

from grisaille.arrays import IntArray
from grisaille.collection import images, tables
from grisaille.collection.artists import plain
from grisaille.collection.tables import TableError
from grisaille.collection.years import Years, parse_years
from grisaille.lazy import pd

logger = logging.getLogger(__name__)

YEARS = ["year_from", "year_to"]
DESCRIPTION = ["title", "date", *YEARS, "medium", "museum", "rights", "link", "tags", "text"]
RECOGNISED = ["file", "artist", "movement", *DESCRIPTION]

TABLE = "the table of paintings"
_YEAR = re.compile(r"-?\d{1,4}(?:\.0+)?")
# How many names a message has, and how much of each.
_TOLD, _SHOWN = 5, 80

# Our column -> what others call it, in the order in which they are looked for. Letters and digits count.
_NAMES: dict[str, tuple[str, ...]] = {
    "file": (
        "file", "filepath", "path", "imagepath", "filename", "imagefile", "imagefilename", "newfilename", "image",
        "datei", "dateiname", "fichier",
    ),
    "title": ("title", "worktitle", "titel", "titre", "bezeichnung"),
    "artist": (
        "artist", "artistname", "artistdisplayname",  # the Met
        "painter", "creator", "attribution",  # the National Gallery of Art
        "maker", "author", "künstler", "kuenstler", "artiste", "peintre",
    ),
    "movement": ("movement", "movements", "artmovement", "style", "styles", "stil", "genre"),  # Kaggle's WikiArt
    "date": (
        "date", "displaydate",  # the National Gallery of Art
        "objectdate",  # the Met
        "dated", "datecreated", "creationdate", "year", "years", "yearcreated", "completionyear",
        "completitionyear",  # WikiArt spells it so
        "datierung", "jahr", "année",
    ),
    "year_from": (
        "yearfrom", "beginyear", "objectbegindate", "begindate", "startyear", "startdate", "yearstart", "datestart",
        "earliestyear", "earliestdate", "yearearly",
    ),
    "year_to": (
        "yearto", "endyear", "objectenddate", "enddate", "yearend", "dateend", "latestyear", "latestdate", "yearlate",
    ),
    "medium": ("medium", "media", "material", "materials", "technique", "technik", "materialtechnique"),
    "museum": (
        "museum", "repository", "collection", "institution", "gallery", "holdinginstitution", "owner", "sammlung",
        "musée", "location",
    ),
    "rights": ("rights", "rightsandreproduction", "license", "licence", "copyright", "rechte", "lizenz"),
    "link": ("link", "permalink", "linkresource", "url", "objecturl", "pageurl", "sourceurl", "website"),
    "tags": ("tags", "keywords", "keyword", "subjects", "schlagworte", "schlagwörter"),
    "text": ("text", "description", "notes", "note", "comment", "caption", "beschreibung", "texte"),
}  # fmt: skip
# Columns that pictures may be named after, beside `file`.
_IDENTIFIERS = frozenset(
    (
        "id", "imageid", "objectid", "objectnumber", "accessionnumber", "accessionnum", "inventorynumber",
        "inventoryno", "paintingid", "workid", "uuid", "identifier", "inventarnummer", "objektnummer",
    )
)  # fmt: skip
# What the table of paintings holds already.
_OURS = frozenset(
    (
        "painting_id", "path", "movements", "width", "height", "mode", "sha256", "duplicate_of", "split", *RECOGNISED,
    )
)  # fmt: skip

# The parts of a path, as far as they count; how many of them are shared, and whether all are.
_Key: TypeAlias = tuple[str, ...]
_Fit: TypeAlias = tuple[int, bool]


def read_works(data: bytes, suffix: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a table of paintings.

    Args:
        data: The file.
        suffix: Its ending, which says what it is (see `tables.read`).
        columns: Our name -> name in the table, of columns that are not recognised.

    Returns:
        As `recognise`.

    Raises:
        TableError: If the file is no such table.
    """
    return recognise(read_columns(data, suffix), columns)


def read_columns(data: bytes, suffix: str) -> pd.DataFrame:
    """A table of paintings as it is written; arguments and errors as those of `read_works`."""
    return tables.read(data, suffix, TABLE, lambda name: _letters(name) in _KNOWN)


def recognise(table: pd.DataFrame, columns: Mapping[str, str], name: str = TABLE) -> pd.DataFrame:
    """Give the columns of a table our names, and its dates years.

    Args:
        table: As it is written, of text; without any column where there is no table.
        columns: Our name -> name in the table, of columns that are not recognised.
        name: What to call the table in messages.

    Returns:
        `RECOGNISED`, whether or not the table has them: text, "" where nothing is known, and years as nullable Int64.
        Then all other columns under their own names, or as `table_<name>` where the table of paintings has one of that
        name. Years are those of the table, where it has some, and what `parse_years` makes of the date otherwise.

    Raises:
        TableError: If no column says which picture a row is about, or a column that was named is not there.
    """
    names = [" ".join(str(column).split()) for column in table.columns]
    found = _positions(names, columns, name)
    if names and "file" not in found and not any(map(_identifies, names)) and "id" not in found:
        # There is a parameter for the table of paintings alone.
        mended = "; say which by --params ingestion.columns.file=NAME" if name == TABLE else ""
        raise TableError(
            f"{name} needs a column that names the files of pictures, such as file or id{mended}. Received: "
            f"{_some(names)}"
        )
    works = pd.DataFrame(
        {ours: table.iloc[:, found[ours]] if ours in found else "" for ours in RECOGNISED}, index=table.index
    ).astype(str)
    first, last = _years(works)
    works = works.assign(year_from=first, year_to=last)
    others = {"id": table.iloc[:, found["id"]]} if "id" in found else {}
    for number, theirs in enumerate(names):
        if number not in found.values():
            others.setdefault(f"table_{theirs}" if theirs in _OURS | others.keys() else theirs, table.iloc[:, number])
    return works.join(pd.DataFrame(others, index=table.index))


def _letters(name: str) -> str:
    """What spellings of a column's name share."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", str(name)).casefold())


_KNOWN = _IDENTIFIERS.union(*_NAMES.values())


def _identifies(name: str) -> bool:
    return _letters(name) in _IDENTIFIERS


def _positions(names: Sequence[str], columns: Mapping[str, str], table: str) -> dict[str, int]:
    """Our name -> which column of the table it is; one that was named is not looked for."""
    letters = [_letters(name) for name in names]
    found = {}
    for ours, name in columns.items():
        if not names:
            continue
        if name in names:
            found[ours] = names.index(name)
        elif _letters(name) in letters:
            found[ours] = letters.index(_letters(name))
        else:
            raise TableError(f"ingestion.columns.{ours}={name}: {table} has no such column. Received: {_some(names)}")
    for ours, theirs in _NAMES.items():
        taken = set(found.values())
        free = (letters.index(name) for name in theirs if name in letters and letters.index(name) not in taken)
        if ours not in found and (number := next(free, None)) is not None:
            found[ours] = number
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names)[:200]


def _years(works: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """First and last years: those of the table, where it has some, and else those of its dates."""
    dates = {text: parse_years(text) for text in works["date"].unique()}
    bounds = {text: _bounds(text) for column in YEARS for text in works[column].unique()}
    rows = [
        _years_of(bounds[begin][0], bounds[end][1], dates[date])
        for begin, end, date in zip(works["year_from"], works["year_to"], works["date"], strict=True)
    ]
    lost = [date for date, years in zip(works["date"], rows, strict=True) if date.strip() and years == (None, None)]
    if lost:
        logger.warning(
            "%d dates of %d give no years, and are kept as they are written: %s",
            len(lost), int((works["date"].str.strip() != "").sum()), first_of(dict.fromkeys(lost)),
        )  # fmt: skip
    first, last = (pd.array([row[end] for row in rows], dtype="Int64") for end in (0, 1))
    return pd.Series(first, index=works.index), pd.Series(last, index=works.index)


def _bounds(text: str) -> Years:
    """The years of a cell that holds a year, which may be early: 850 beside a date would be no year."""
    if not _YEAR.fullmatch(text.strip()):
        return parse_years(text)
    year = int(float(text)) or None
    return year, year


def _years_of(begin: int | None, end: int | None, date: Years) -> Years:
    if begin is None and end is None:
        return date
    first, last = (date[0] if begin is None else begin), (date[1] if end is None else end)
    # A table that ends before it begins is not believed.
    return date if first is not None and last is not None and first > last else (first, last)


def first_of(names: Iterable[str]) -> str:
    """The first names of a list, which may be long, as may each of them."""
    names = list(names)
    return ", ".join(map(_short, names[:_TOLD])) + (", ..." if len(names) > _TOLD else "")


def _short(name: str) -> str:
    start = plain(name[: 2 * _SHOWN])
    return start if len(start) <= _SHOWN else f"{start[:_SHOWN]}..."


@dataclass(frozen=True)
class Join:
    """Which row of a table is about which picture.

    Attributes:
        rows: Row of the table for each picture, -1 where there is none, shape (n,).
        key: What joins them, in words.
        rows_without: Names of the rows without a picture: what they call their file, or else their title.
        pictures_without: Paths of the pictures without a row.
        unclear: Names of the rows that fit several pictures, or one that other rows fit as well. They are joined to
            none, and are among `rows_without`.
        doubled: Names of the rows whose picture has an earlier row.
    """

    rows: IntArray
    key: str
    rows_without: list[str]
    pictures_without: list[str]
    unclear: list[str]
    doubled: list[str]


def join_works(paths: Sequence[str], works: pd.DataFrame, table: str = TABLE) -> Join:
    """Find the row of every picture.

    Rows and pictures are compared from the ends of their paths, as far as both go, whatever their case, slashes and
    Unicode form: the picture `Monet/1.jpg` has the row `/home/ada/Monet/1.jpg`, or the row `1.jpg` if no other folder
    has a `1.jpg`. Of several, the longest path counts. The column `file` is tried with endings and without, then every
    column of identifiers without; what joins most pictures is taken. Only where nothing joins may folders differ.

    Args:
        paths: Of the pictures, with forward slashes.
        works: As `recognise` returns it.
        table: What to call it in messages.

    Raises:
        TableError: If there are rows and pictures, and none belong together.
    """
    identifiers = [str(name) for name in works if name == "id" or _identifies(str(name).removeprefix("table_"))]
    tried = [("file", True), ("file", False), *((name, False) for name in identifiers)]
    for folders in (True, False):
        matches = [_match(paths, works[name], endings, folders) for name, endings in tried]
        best = max(matches, key=lambda match: match.joined)
        if best.joined or not len(works) or not paths:
            name, endings = tried[matches.index(best)]
            how = ["without endings"] * (name == "file" and not endings) + ["folders aside"] * (not folders)
            return _in_names(best, ", ".join([name, *how]), paths, works, name)
    (name, _), match = max(zip(tried, matches, strict=True), key=lambda pair: len(pair[1].unclear))
    if match.unclear:
        raise TableError(
            f"no row of {table} belongs to one picture alone: {len(match.unclear)} rows fit several pictures, or one "
            f"that other rows fit too: {first_of(works[name].iloc[match.unclear])}. Name folders as well as files"
        )
    first = ", ".join(f"{name}={_short(works[name].iloc[0])}" for name in ("file", *identifiers) if works[name].iloc[0])
    mended = ". Say by --params ingestion.columns.file=NAME which column names the files" if table == TABLE else ""
    raise TableError(
        f"no row of {table} belongs to a picture: its first row says {first or 'nothing of a file'}, and the first "
        f"picture is {paths[0]}{mended}"
    )


@dataclass(frozen=True, eq=False)
class _Match:
    """Rows of pictures, and the rows that are in doubt."""

    rows: IntArray
    unclear: list[int]
    doubled: list[int]

    @property
    def joined(self) -> int:
        return int((self.rows >= 0).sum())


def _match(paths: Sequence[str], values: pd.Series, endings: bool, folders: bool) -> _Match:
    """Match rows by one column.

    Args:
        paths: Of the pictures.
        values: What rows call their pictures.
        endings: Whether these must be the same.
        folders: Whether these must be the same, as far as both name some.
    """
    pictures = [_key(path, endings) for path in paths]
    keys = [_key(value, endings) for value in values]
    namesakes: dict[str, list[int]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        namesakes[picture[-1]].append(number)
    offers: dict[int, dict[int, _Fit]] = defaultdict(dict)
    unclear, doubled = [], []
    for row, key in enumerate(keys):
        fits = {number: fit for number in namesakes.get(key[-1], ()) if (fit := _fit(key, pictures[number], folders))}
        if len(best := _best(fits)) == 1:
            offers[best[0]][row] = fits[best[0]]
        elif best:
            unclear.append(row)
    rows = np.full(len(paths), -1)
    for number, offered in offers.items():
        first, *others = _best(offered)
        if any(keys[other] != keys[first] for other in others):
            unclear += [first, *others]
        else:
            rows[number] = first
            doubled += others
    return _Match(rows, sorted(unclear), sorted(doubled))


def _key(path: str, endings: bool) -> _Key:
    """The parts of a path that count."""
    tidy = unicodedata.normalize("NFC", path).casefold().replace("\\", "/").strip()
    *outer, name = [part for part in tidy.split("/") if part not in {"", ".", ".."}] or [""]
    stem, dot, ending = name.rpartition(".")
    return (*outer, stem if dot and not endings and f".{ending}" in images.SUFFIXES else name)


def _fit(key: _Key, picture: _Key, folders: bool) -> _Fit | None:
    """How many parts two paths share, from their ends, and whether that is all; None where they contradict."""
    common = sum(takewhile(bool, (one == other for one, other in zip(reversed(key), reversed(picture), strict=False))))
    if folders and common < min(len(key), len(picture)):
        return None
    return common, key == picture


def _best(fits: Mapping[int, _Fit]) -> list[int]:
    """What fits best, possibly several."""
    highest = max(fits.values(), default=None)
    return [number for number, fit in fits.items() if fit == highest]


def _in_names(match: _Match, key: str, paths: Sequence[str], works: pd.DataFrame, column: str) -> Join:
    def named(rows: Iterable[int]) -> list[str]:
        return [values[row] or titles[row] or f"row {row + 1}" for row in rows]

    values, titles = works[column].tolist(), works["title"].tolist()
    with_one = {*match.rows.tolist(), *match.doubled}
    return Join(
        match.rows,
        key,
        named(row for row in range(len(works)) if row not in with_one),
        [path for path, row in zip(paths, match.rows, strict=True) if row < 0],
        named(match.unclear),
        named(match.doubled),
    )
