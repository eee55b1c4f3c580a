"""The table of paintings: one row a picture, in the formats that collections publish.

Columns are recognised by name, and rows are joined to pictures by file. `catalogue` decides how artists and movements
are used.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
_SEPARATORS = re.compile(r"[\W_]+")
# Boundaries between letters and digits.
_BETWEEN = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d_])(?=\d)")
# Maximum words in a part of a name; long names would have tens of thousands of parts.
_WORDS = 8
# Minimum digits of adjacent numbers that identify a picture.
_DIGITS = 5
# Minimum letters of a name that may end a compound.
_LONG = 5
# Number of names in a message, and maximum length of each.
_LISTED, _SHOWN = 5, 80

# Our column -> other names for it, in order of preference. Only letters and digits are compared.
_NAMES: dict[str, tuple[str, ...]] = {
    "file": (
        "file", "filepath", "path", "imagepath", "filename", "imagefile", "imagefilename", "newfilename", "image",
        "datei", "dateiname", "bilddatei", "fichier", "bestandsnaam", "bild", "scan", "foto",
    ),
    "title": ("title", "worktitle", "productname", "titel", "titre", "bezeichnung", "titolo", "título", "titulo",
        "désignation", "désignationdelœuvre", "titredelœuvre", "intitulé", "werk"),
    "artist": (
        "artist", "artistname", "artistdisplayname",  # the Met
        "painter", "creator", "attribution",  # the National Gallery of Art
        "maker", "author", "künstler", "kuenstler", "künstlerin", "künstlername", "maler", "malerin", "urheber",
        "artiste", "peintre", "auteur", "kunstenaar", "schilder", "vervaardiger", "artista", "autore", "autor",
        "pittore", "pintor",
    ),
    "movement": ("movement", "movements", "artmovement", "style", "styles", "stil", "genre"),  # Kaggle's WikiArt
    "date": (
        "date", "displaydate",  # the National Gallery of Art
        "objectdate",  # the Met
        "dated", "executed", "datecreated", "creationdate", "year", "years", "yearcreated", "completionyear",
        "completitionyear",  # WikiArt's spelling
        "datierung", "jahr", "entstehungsjahr", "entstehungszeit", "entstehungsdatum", "entstanden", "datation",
        "année", "datering", "datum", "jaar", "datazione", "cronologia", "anno", "fecha", "datación",
        "cronología", "año",
    ),
    "year_from": (
        "yearfrom", "beginyear", "objectbegindate", "begindate", "startyear", "startdate", "yearstart", "datestart",
        "earliestyear", "earliestdate", "yearearly",
    ),
    "year_to": (
        "yearto", "endyear", "objectenddate", "enddate", "yearend", "dateend", "latestyear", "latestdate", "yearlate",
    ),
    "medium": (
        "medium", "media", "material", "materials", "technique", "technik", "materialtechnique", "materialtechnik",
        "materiaal", "techniek", "tecnica", "técnica", "mediumsupport", "mediumandsupport",
    ),
    "museum": (
        "museum", "repository", "collection", "institution", "gallery", "holdinginstitution", "owner", "sammlung",
        "musée", "location", "standort", "collectie", "museo",
    ),
    "rights": ("rights", "rightsandreproduction", "imagerights", "license", "licence", "copyright", "rechte", "lizenz"),
    "link": (
        "link", "permalink", "linkresource", "url", "objecturl", "pageurl", "sourceurl", "website", "producturl",
        "productlink", "shoplink",
    ),
    "tags": ("tags", "keywords", "keyword", "subjects", "schlagworte", "schlagwörter", "trefwoorden"),
    "text": ("text", "description", "notes", "note", "comment", "caption", "beschreibung", "texte"),
}  # fmt: skip
# Columns, besides `file`, that may identify pictures.
_IDENTIFIERS = frozenset(
    (
        "id", "imageid", "objectid", "objectnumber", "accessionnumber", "accessionnum", "inventorynumber",
        "inventoryno", "propertyno", "propno", "paintingid", "workid", "uuid", "identifier",
        "sku", "productid", "productno", "productnumber", "articleno", "articlenumber", "artikelnr", "artikelnummer",
        "inventarnummer", "inventarnr",
        "invnr", "ninv", "nrinv", "invno", "inv", "objektnummer", "objektnr", "inventarisnummer",
        "numérodinventaire", "numinv", "noinv",
        "numeroinventario", "númerodeinventario", "nºinventario", "nºdeinventario", "ninventario", "numinventario",
    )
)  # fmt: skip
# Names that are also recognised at the end of compounds: Werktitel, Bildtitel.
_COMPOUNDS = ("title", "medium")
# Columns that `paintings` already has.
_OURS = frozenset(
    (
        "painting_id", "path", "movements", "width", "height", "mode", "sha256", "duplicate_of", "split", *RECOGNISED,
    )
)  # fmt: skip

# The parts of a path that are compared; how many of them match, and whether all do.
_Key: TypeAlias = tuple[str, ...]
_Fit: TypeAlias = tuple[int, bool]


def read_works(data: bytes, suffix: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read a table of paintings.

    Args:
        data: Content of the file.
        suffix: Its suffix, which determines the format (see `tables.read`).
        columns: Our name -> name in the table, for columns that are not recognised.

    Returns:
        As `recognise`.

    Raises:
        TableError: If the file cannot be read as such a table.
    """
    table = read_columns(data, suffix)
    works = recognise(table, columns)
    log_reading(table, columns, works)
    return works


def read_columns(data: bytes, suffix: str) -> pd.DataFrame:
    """A table of paintings as written; arguments and errors as in `read_works`."""
    return tables.read(data, suffix, TABLE, lambda name: _letters(name) in _KNOWN)


def recognise(table: pd.DataFrame, columns: Mapping[str, str], name: str = TABLE) -> pd.DataFrame:
    """Rename the columns of a table to ours, and parse its dates.

    Args:
        table: Text as written; without columns if there is no table.
        columns: Our name -> name in the table, for columns that are not recognised.
        name: Name of the table in messages.

    Returns:
        The columns `RECOGNISED`, present or not: text, "" if unknown, and years as nullable Int64. Then all other
        columns under their own names, or as `table_<name>` if `paintings` has a column of that name. Years are the
        table's own, or else parsed from the date by `parse_years`.

    Raises:
        TableError: If no column identifies pictures, or a given column is missing.
    """
    names = [" ".join(str(column).split()) for column in table.columns]
    positions = _positions(names, columns, name)
    if names and "file" not in positions and not any(map(_identifies, names)) and "id" not in positions:
        # Only the table of paintings has a parameter for this.
        hint = "; set it with --params ingestion.columns.file=NAME" if name == TABLE else ""
        raise TableError(
            f"{name} needs a column that names the files of pictures, such as file or id{hint}. Received: "
            f"{_some(names)}"
        )
    works = pd.DataFrame(
        {ours: table.iloc[:, positions[ours]] if ours in positions else "" for ours in RECOGNISED}, index=table.index
    ).astype(str)
    first, last = _years(works)
    works = works.assign(year_from=first, year_to=last)
    others = {"id": table.iloc[:, positions["id"]]} if "id" in positions else {}
    for number, theirs in enumerate(names):
        # A number or code that identifies pictures is worth keeping.
        if number not in positions.values() or (number == positions.get("file") and "file" in columns):
            others.setdefault(f"table_{theirs}" if theirs in _OURS | others.keys() else theirs, table.iloc[:, number])
    return works.join(pd.DataFrame(others, index=table.index))


def check(paths: Sequence[str], table: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Raise what `recognise` and `join_works` would raise, before anything is computed from the pictures.

    Args:
        paths: Paths of the pictures, with forward slashes.
        table: As `recognise` takes it.
        columns: Likewise.

    Raises:
        TableError: See there.
    """
    join_works(paths, recognise(table, columns))


def log_reading(table: pd.DataFrame, columns: Mapping[str, str], works: pd.DataFrame) -> None:
    """Log how the table of paintings was read.

    Args:
        table: As `recognise` takes it.
        columns: Likewise.
        works: What it returned.
    """
    names = [" ".join(str(column).split()) for column in table.columns]
    if names:
        _log_columns(names, _positions(names, columns, TABLE))
    dated = works["date"].str.strip() != ""
    unparsed = works.loc[dated & works[YEARS].isna().all(axis=1), "date"]
    if len(unparsed):
        logger.warning(
            "dates that give no years, kept as written (%d of %d): %s",
            len(unparsed), int(dated.sum()), first_of(dict.fromkeys(unparsed)),
        )  # fmt: skip


def _log_columns(names: Sequence[str], positions: Mapping[str, int]) -> None:
    taken = ", ".join(f"{ours} from {names[number]}" for ours, number in positions.items())
    rest = [name for number, name in enumerate(names) if number not in positions.values()]
    logger.debug("%s: %s; unchanged: %s", TABLE, taken or "no column recognised", _some(rest) or "none")
    missing = [ours for ours in ("title", "artist", "date") if ours not in positions]
    if missing and rest:
        logger.warning(
            "%s: no column is recognised for %s; set ingestion.columns if they are among %s",
            TABLE, ", ".join(missing), _some(rest),
        )  # fmt: skip


def _letters(name: str) -> str:
    """A column name reduced to the letters and digits that spellings share."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", str(name)).casefold())


_KNOWN = _IDENTIFIERS.union(*_NAMES.values())


def _identifies(name: str) -> bool:
    return _letters(name) in _IDENTIFIERS


def _positions(names: Sequence[str], columns: Mapping[str, str], table: str) -> dict[str, int]:
    """Our name -> index of the column in the table; given columns take precedence."""
    letters = [_letters(name) for name in names]
    positions = {}
    for ours, name in columns.items():
        if not names:
            continue
        if name in names:
            positions[ours] = names.index(name)
        elif _letters(name) in letters:
            positions[ours] = letters.index(_letters(name))
        else:
            raise TableError(f"ingestion.columns.{ours}={name}: {table} has no such column. Received: {_some(names)}")
    # Of names like "Künstler/in", "Titolo / Soggetto" and "Title (English)", the first word, if no other column has it.
    first = [_letters(re.split(r"[/(]", name)[0]) for name in names]
    letters = [
        one if one in _KNOWN and one not in letters else whole for one, whole in zip(first, letters, strict=True)
    ]
    for ours, theirs in _NAMES.items():
        taken = set(positions.values())
        free = (letters.index(name) for name in theirs if name in letters and letters.index(name) not in taken)
        if ours not in positions and (number := next(free, None)) is not None:
            positions[ours] = number
    for ours in _COMPOUNDS:
        ends = tuple(name for name in _NAMES[ours] if len(name) >= _LONG)
        free = (
            number for number, name in enumerate(letters) if name.endswith(ends) and number not in positions.values()
        )
        if ours not in positions and (number := next(free, None)) is not None:
            positions[ours] = number
    return positions


def _some(names: Sequence[str]) -> str:
    return ", ".join(names)[:200]


def _years(works: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """First and last years: the table's own, or else those of its dates."""
    dates = {text: parse_years(text) for text in works["date"].unique()}
    bounds = {text: _bounds(text) for column in YEARS for text in works[column].unique()}
    rows = [
        _years_of(bounds[begin][0], bounds[end][1], dates[date])
        for begin, end, date in zip(works["year_from"], works["year_to"], works["date"], strict=True)
    ]
    first, last = (pd.array([row[end] for row in rows], dtype="Int64") for end in (0, 1))
    return pd.Series(first, index=works.index), pd.Series(last, index=works.index)


def _bounds(text: str) -> Years:
    """The years in a cell of years. Unlike in a date, a number such as 850 counts."""
    if not _YEAR.fullmatch(text.strip()):
        return parse_years(text)
    year = int(float(text)) or None
    return year, year


def _years_of(begin: int | None, end: int | None, date: Years) -> Years:
    if begin is None and end is None:
        return date
    first, last = (date[0] if begin is None else begin), (date[1] if end is None else end)
    # Ignore the table's years if the last is before the first.
    return date if first is not None and last is not None and first > last else (first, last)


def first_of(names: Iterable[str]) -> str:
    """The first names of a list, each shortened."""
    names = list(names)
    return ", ".join(map(_short, names[:_LISTED])) + (", ..." if len(names) > _LISTED else "")


def _short(name: str) -> str:
    start = plain(name[: 2 * _SHOWN])
    return start if len(start) <= _SHOWN else f"{start[:_SHOWN]}..."


@dataclass(frozen=True)
class Join:
    """The match between rows of a table and pictures.

    Attributes:
        rows: Row of the table for each picture, -1 without a row, shape (n,).
        key: The matched column, and how it was compared, in words.
        rows_without: Names of the rows without a picture: their file, or else their title.
        pictures_without: Paths of the pictures without a row.
        unclear: Names of ambiguous rows, which match several pictures, or one that other rows match as well. They are
            not joined, and are among `rows_without`.
        doubled: Names of the rows whose picture has an earlier row.
    """

    rows: IntArray
    key: str
    rows_without: list[str]
    pictures_without: list[str]
    unclear: list[str]
    doubled: list[str]


def join_works(paths: Sequence[str], works: pd.DataFrame, table: str = TABLE) -> Join:
    """Match pictures to rows.

    Paths are compared from their ends, as far as both go, without regard to case, slashes and Unicode form: the picture
    `Monet/1.jpg` matches the row `/home/ada/Monet/1.jpg`, or the row `1.jpg` if no other folder has a `1.jpg`. The
    longest match counts. The column `file` is tried with and without suffixes, then every identifier column without;
    the one that joins most pictures is used. If some pictures remain, all separators are treated alike, provided that
    joins more: `GG_225.jpg` matches the row `GG 225`, and `1902_117.jpg` the row `1902/117`. A row's name may be a part
    of the names of several pictures: they show one work. Folders may differ only if nothing else joins any picture.

    Args:
        paths: Paths of the pictures, with forward slashes.
        works: As `recognise` returns it.
        table: Name of the table in messages.

    Raises:
        TableError: If there are rows and pictures, but no match.
    """
    identifiers = [str(name) for name in works if name == "id" or _identifies(str(name).removeprefix("table_"))]
    strict = [_Way("file", endings=True), _Way("file"), *map(_Way, identifiers)]
    loose = [replace(way, separators=False, whole=whole) for way in strict[1:] for whole in (False, True)]
    tried = [(way, _match(paths, works[way.column], way)) for way in strict]
    way, best = max(tried, key=lambda pair: pair[1].joined)
    # The first with most matches is used, so a looser comparison counts only if it joins more.
    parts = [replace(way, separators=False, whole=True, part=True) for way in strict[1:]]
    for more in (loose, parts, [replace(way, folders=False) for way in strict]):
        if best.joined == min(len(paths), len(works)) or (best.joined and more is not loose and more is not parts):
            break
        candidates = [(other, _match(paths, works[other.column], other)) for other in more]
        way, best = max([(way, best), *candidates], key=lambda pair: pair[1].joined)
    if best.joined or not len(works) or not paths:
        return _in_names(best, str(way), paths, works, way.column)
    way, match = max(tried, key=lambda pair: len(pair[1].unclear))
    if match.unclear:
        raise TableError(
            f"no row of {table} matches exactly one picture; ambiguous rows, which match several or share one "
            f"({len(match.unclear)}): {first_of(works[way.column].iloc[match.unclear])}. Add folders to the file names"
        )
    first = ", ".join(f"{name}={_short(works[name].iloc[0])}" for name in ("file", *identifiers) if works[name].iloc[0])
    hint = ". Set the column of file names with --params ingestion.columns.file=NAME" if table == TABLE else ""
    raise TableError(
        f"no row of {table} matches a picture: its first row names {first or 'no file'}, and the first "
        f"picture is {paths[0]}{hint}"
    )


@dataclass(frozen=True)
class _Way:
    """How rows and pictures are compared.

    Attributes:
        column: The column that names pictures.
        endings: Whether suffixes must be equal.
        folders: Whether folders must be equal, as far as both paths have some.
        separators: Whether spaces, dots, dashes, leading zeros and the like must be equal.
        whole: Whether slashes count as such separators, instead of separating folders.
        part: Whether a picture's name need only contain the row's, of at least a word and a number or several numbers.
    """

    column: str
    endings: bool = False
    folders: bool = True
    separators: bool = True
    whole: bool = False
    part: bool = False

    def __str__(self) -> str:
        """The comparison in words."""
        notes = ["without endings"] * (self.column == "file" and not self.endings) + ["ignoring folders"] * (
            not self.folders
        )
        notes += ["ignoring separators"] * (not self.separators) + ["as part of names"] * self.part
        return ", ".join([self.column, *notes])


@dataclass(frozen=True, eq=False)
class _Match:
    """Rows of pictures, and the ambiguous rows."""

    rows: IntArray
    unclear: list[int]
    doubled: list[int]

    @property
    def joined(self) -> int:
        return int((self.rows >= 0).sum())


def _match(paths: Sequence[str], values: pd.Series, way: _Way) -> _Match:
    """Match rows by one column."""
    pictures = [_spelt(_key(path, way.endings), way) for path in paths]
    known = [_key(value, way.endings) for value in values]
    keys = [_spelt(("_".join(key),) if way.whole else key, way) for key in known]
    namesakes: dict[str, list[int]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        for name in _parts_of(picture[-1]) if way.part else {picture[-1]} - {""}:
            namesakes[name].append(number)
    offers: dict[int, dict[int, _Fit]] = defaultdict(dict)
    unclear, doubled = [], []
    for row, key in enumerate(keys):
        fits = {number: fit for number in namesakes.get(key[-1], ()) if (fit := _fit(key, pictures[number], way))}
        best = _best(fits)
        if len(best) == 1 or way.part:
            for number in best:
                offers[number][row] = fits[number]
        elif best:
            unclear.append(row)
    rows = np.full(len(paths), -1)
    for number, offered in offers.items():
        first, *others = _best(offered)
        if any(known[other] != known[first] for other in others):
            unclear += [first, *others]
        else:
            rows[number] = first
            doubled += others
    return _Match(rows, sorted(set(unclear) - set(rows.tolist())), sorted(set(doubled)))


def _spelt(key: _Key, way: _Way) -> _Key:
    return key if way.separators else tuple(_plainly(part) for part in key)


def _plainly(part: str) -> str:
    words = _SEPARATORS.split(_BETWEEN.sub("_", part))
    return "_".join(word.lstrip("0") or word[:1] for word in words if word)


def _key(path: str, endings: bool) -> _Key:
    """The parts of a path that are compared."""
    tidy = unicodedata.normalize("NFC", path).casefold().replace("\\", "/").strip()
    *outer, name = [part for part in tidy.split("/") if part not in {"", ".", ".."}] or [""]
    stem, dot, ending = name.rpartition(".")
    return (*outer, stem if dot and not endings and f".{ending}" in images.SUFFIXES else name)


def _parts_of(name: str) -> set[str]:
    """Sequences of words with a number; sequences of numbers only if they are too long for a year or a count."""
    words = name.split("_")
    ends = range(2, _WORDS + 1)
    rows = {tuple(words[start : start + many]) for start in range(len(words) - 1) for many in ends}
    return {
        "_".join(row)
        for row in rows
        if any(map(str.isdigit, row)) and (not all(map(str.isdigit, row)) or len("".join(row)) >= _DIGITS)
    }


def _fit(key: _Key, picture: _Key, way: _Way) -> _Fit | None:
    """Number of parts that two paths share, from their ends, and whether these are all; None if the paths differ."""
    if way.part:
        return key[-1].count("_") + 1, key[-1] == picture[-1]
    folders = way.folders
    common = sum(takewhile(bool, (one == other for one, other in zip(reversed(key), reversed(picture), strict=False))))
    if folders and common < min(len(key), len(picture)):
        return None
    return common, key == picture


def _best(fits: Mapping[int, _Fit]) -> list[int]:
    """The best matches, possibly several."""
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
