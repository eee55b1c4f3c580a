"""Attribution: matches file and folder names to the table of artists."""

from __future__ import annotations

import difflib
import hashlib
import logging
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from grisaille.arrays import IntArray, StringArray
from grisaille.collection import tables
from grisaille.lazy import pd

logger = logging.getLogger(__name__)

# Artist of paintings by unknown hands. They form no group, and comparisons of artists leave them out.
UNKNOWN = "unknown"
MOST_COMPARED = 200
"""Maximum number of artists that are compared; the number of pairs grows as its square."""
# Folders of the public archives that do not name artists.
CONTAINERS = frozenset({"images", "resized"})
# Numbered names given by cameras, scanners and browsers; codes in capitals need not be listed.
_GENERIC = frozenset(
    "artwork download file image img page painting photo photograph pic picture scan screenshot untitled".split()
)
# Museums' terms for unknown artists.
_NOBODY = frozenset(
    ("unknown", "unknown artist", "unknown painter", "anonymous", "artist unknown", "unbekannt", "anonym", "inconnu")
)
# Numbers that distinguish the files of one artist, and suffixes that file managers add to copies.
_LAST_NUMBER = re.compile(r"[\s_\-]*(?:\(?\d+\)?|\(copy\)|(?<=[\s_\-])copy)$", re.IGNORECASE)
_NUMBER = re.compile(f"(?:{_LAST_NUMBER.pattern[:-1]})+$", re.IGNORECASE)

_WORD = re.compile(r"[^\s_\-.,;:()]+")
# Breaks between an artist and a title in names whose words are separated by spaces or underscores.
_BREAK = re.compile(r"\s[-\u2013\u2014]\s|__|[,;:(]")

# Invisible characters, such as direction marks, some of which make different names look alike.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]+")
# A year, with the dashes before and after it if there are any.
_YEAR = re.compile("([-\u2013\u2014]?)\\s*(?<!\\d)(\\d{3,4})(?!\\d)\\s*(?=([-\u2013\u2014]?))")
# Leaves room for a suffix and a version within the 255 bytes that file systems allow.
_LONGEST_FILE_NAME = 120


class ArtistsTableError(tables.TableError):
    """A table of artists that cannot be read."""


def with_most_paintings(artists: StringArray, most: int = MOST_COMPARED) -> StringArray:
    """The known artists with the most paintings; ties are broken by name.

    Args:
        artists: Artist of each painting, shape (n,).
        most: Maximum number of artists.

    Returns:
        Their names, sorted.
    """
    names, counts = np.unique(artists[artists != UNKNOWN], return_counts=True)
    return np.sort(names[np.argsort(-counts, kind="stable")[:most]])


def read_table(data: bytes, **options: Any) -> pd.DataFrame:
    """Read a table of artists as written by spreadsheets and databases.

    UTF-8 and UTF-16 are detected; anything else is read as Windows-1252, with a warning. The separator comes from a
    first line such as `sep=;`, or else is the one of comma, semicolon, tab and bar that yields a column `name`.

    Args:
        data: Content of the file.
        **options: Passed to `pandas.read_csv`; override the detected ones.

    Returns:
        The columns as text, with lower-case names; empty cells are missing. Cells such as "NA" or "None" are text.

    Raises:
        ArtistsTableError: If the file is not a table, or has no column `name`.
    """
    try:
        table = tables.read_delimited(data, "the table of artists", lambda column: column.lower() == "name", **options)
    except tables.TableError as error:
        raise ArtistsTableError(str(error)) from error
    table = table.rename(columns=lambda column: str(column).strip().lower())
    table = table.loc[:, ~table.columns.duplicated()]
    if "name" not in table:
        columns = " ".join(", ".join(table.columns).split())[:200]
        raise ArtistsTableError(f"the table of artists needs a column 'name' in its first line. Received: {columns}")
    return table


def plain(name: str) -> str:
    """A name without invisible characters, control characters and repeated spaces."""
    return " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", name)).split())


def file_name(artist: str) -> str:
    """A file name for an artist: valid on all systems, unique, and without folders.

    Simple names only lose their spaces; others end in eight hexadecimal digits of a hash.
    """
    simple = artist.replace(" ", "_")
    # A machine with another encoding would write a name that others cannot read.
    letters = re.UNICODE if sys.getfilesystemencoding() == "utf-8" else re.ASCII
    safe = re.sub(r"[^\w\-.,'()&]", "_", simple, flags=letters).lstrip(".") or "_"
    if safe == simple and len(safe.encode()) <= _LONGEST_FILE_NAME:
        return safe
    short = safe.encode()[: _LONGEST_FILE_NAME - 9].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(artist.encode()).hexdigest()[:8]}"


def normalise(name: str) -> str:
    """Normalise a name for comparison: without case, accents, underscores, hyphens, dots and repeated spaces."""
    decomposed = unicodedata.normalize("NFKD", plain(name))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\s_\-.]+", " ", bare).casefold().split())


def rows_of(artists: StringArray, names: Iterable[str]) -> IntArray:
    """Rows of some artists in an array; spelling is compared as in `normalise`.

    Args:
        artists: One a painting, or each once, shape (n,).
        names: Names of the artists.
    """
    normalised = {normalise(name) for name in names}
    return np.flatnonzero(
        np.isin(artists, [artist for artist in np.unique(artists) if normalise(artist) in normalised])
    )


def present(names: Iterable[str], artists: StringArray) -> list[str]:
    """The names that have paintings; all names if none has."""
    names, known = list(names), {normalise(artist) for artist in np.unique(artists)}
    return [name for name in names if normalise(name) in known] or names


def misspelt(names: Iterable[str], artists: Iterable[str]) -> dict[str, str]:
    """Names that match no artist but resemble one: name -> artist."""
    known = {normalise(artist): artist for artist in artists}
    suggestions: dict[str, str] = {}
    for name in names:
        close = [] if normalise(name) in known else difflib.get_close_matches(normalise(name), known, 1, cutoff=0.8)
        if close:
            suggestions[name] = known[close[0]]
    return suggestions


def described(artists: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Facts of the table of artists about some artists.

    Args:
        artists: Columns `name` and, if known, `years` and `nationality`; the first of several rows with one name
            counts.
        names: As spelt by `ArtistIndex`.

    Returns:
        One row a name, in the given order: artist, years and nationality, empty text if unknown, and born and died,
        Int64 (`lifespan`).
    """
    rows = artists.assign(name=[plain(str(name)) for name in artists["name"]]).drop_duplicates("name")
    rows = rows.set_index("name").reindex(index=names, columns=["years", "nationality"])
    texts = rows.map(lambda value: "" if pd.isna(value) else plain(str(value)))
    lives = [lifespan(text) for text in texts["years"]]
    years = {name: pd.array([life[end] for life in lives], dtype="Int64") for end, name in enumerate(("born", "died"))}
    return texts.assign(**years).rename_axis("artist").reset_index()


def lifespan(text: str) -> tuple[int | None, int | None]:
    """First and last year of a life, as written in tables: "1834 - 1917", "c. 1390\N{EN DASH}1441", "1881-".

    Returns:
        None for an unknown year. A single year gives none, since it may be either.
    """
    years = [(bool(before), int(year), bool(after)) for before, year, after in _YEAR.findall(text)]
    if len(years) == 1:
        ((before, year, after),) = years
        return year if after else None, year if before else None
    if not years or years[0][1] >= years[-1][1]:
        return None, None
    return years[0][1], years[-1][1]


@dataclass
class ArtistIndex:
    """Artists by all their known spellings.

    Attributes:
        movements: Artist -> comma-separated movements from the table's `genre`.
        spellings: Normalised spelling -> artist.
    """

    movements: dict[str, str] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, artists: pd.DataFrame, aliases: Mapping[str, str]) -> ArtistIndex:
        """Index the table of artists.

        Args:
            artists: Columns `name` and, if known, `genre`; empty without a table.
            aliases: Other spelling -> name in the table.

        Raises:
            ValueError: If the table has rows but no column `name`.
        """
        index = cls(spellings={normalise(alias): name for alias, name in aliases.items()})
        if artists.empty:
            return index
        if "name" not in artists:
            raise ValueError(f"the table of artists needs a column 'name'. Received: {list(artists.columns)}")
        names: dict[str, str] = {}
        twice = []
        for name, genre in _rows(artists):
            if normalise(name) in names:
                twice.append(name)
                continue
            names[normalise(name)] = name
            index.movements[name] = ", ".join(split_movements(genre))
        index.spellings |= names
        if twice:
            logger.warning("repeated in the table of artists, the first row is used: %s", ", ".join(twice))
        return index

    def spelt(self, name: str) -> tuple[str, bool]:
        """An artist named in a table of paintings, as spelt in the table of artists.

        Args:
            name: As written; the first of several names separated by bars counts. "Monet, Claude" matches "Claude
                Monet".

        Returns:
            The artist, `UNKNOWN` if the name is missing or says so, and whether the table (or an alias) contains the
            artist.
        """
        first = plain(name.partition("|")[0])
        if known := self._known(first):
            return known, True
        nobody = normalise(first) in _NOBODY or not any(map(str.isalpha, first))
        return UNKNOWN if nobody else first, False

    def _known(self, name: str) -> str | None:
        """The artist of a spelling, which may begin with the last name and a comma; None if unknown."""
        last, comma, given = name.partition(",")
        spellings = (name, f"{given} {last}") if comma else (name,)
        return next((self.spellings[key] for key in map(normalise, spellings) if key in self.spellings), None)

    def match(self, path: str) -> tuple[str, bool]:
        """Find the artist of a file.

        The table is searched first for the folder, for the file name with and without its numbers, and for the outer
        folders, then for the beginnings of these. Without a match, a text counts as an artist's name only if it has the
        form of one: a folder name, or a file name followed by a number, but no code (`SK-A-4881`), number or word such
        as
            `photo`.

        Args:
            path: Path inside the collection, with forward slashes.

        Returns:
            The artist, `UNKNOWN` if there is none, and whether the table (or an alias) contains the artist.
        """
        folder, *outer = [name for name in reversed(PurePosixPath(path).parent.parts) if name not in CONTAINERS] or [""]
        stem = PurePosixPath(path).stem
        numberless = _NUMBER.sub("", stem)
        names = [folder, *_without_numbers(stem), *outer]
        for candidate in (*names, *(start for name in (stem, folder, *outer) for start in _beginnings(name))):
            if known := self._known(candidate):
                return known, True
        own = folder or (numberless if numberless != stem else "")
        # Some systems store an umlaut as two code points.
        name = plain(unicodedata.normalize("NFC", own).replace("_", " "))
        return name if _is_a_name(name) else UNKNOWN, False


def _without_numbers(stem: str) -> Iterator[str]:
    """A file name as it is, without its last number, and without the last two."""
    yield stem
    while (shorter := _LAST_NUMBER.sub("", stem)) != stem:
        yield shorter
        stem = shorter


def _beginnings(name: str) -> Iterator[str]:
    """The first words of a name, longest first. A single word, perhaps a first name, counts only before a title."""
    words = list(_WORD.finditer(name))
    for count in range(len(words) - 1, 0, -1):
        end, following = words[count - 1].end(), words[count].start()
        between = name[end:following]
        # In names with hyphens or spaces between words, an underscore separates artist and title.
        parts = _BREAK.search(between) or (between == "_" and bool(re.search(r"[^\W_][- ][^\W_]", name)))
        if count > 1 or parts:
            yield name[:end]


def _is_a_name(text: str) -> bool:
    """Whether a text can be a person's name, and not a code of an inventory or a camera."""
    words = [re.sub(r"[.'\u2019]", "", word[0]) for word in _WORD.finditer(text)]
    letters = [word for word in words if word.isalpha()]
    mixed = [word for word in words if not word.isalpha() and not word.isdigit() and any(map(str.isdecimal, word))]
    if mixed or not letters or all(word.casefold() in _GENERIC for word in letters):
        return False
    if text.isupper():
        return sum(len(word) > 2 for word in letters) > 1
    return any(len(word) > 2 or word.istitle() or word.lower() == word.upper() for word in letters)


def _rows(artists: pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Name and genres of every row with a name."""
    genres = artists["genre"] if "genre" in artists else pd.Series("", index=artists.index)
    for name, genre in zip(artists["name"].fillna(""), genres.fillna(""), strict=True):
        if plain(str(name)):
            yield plain(str(name)), plain(str(genre))


def split_movements(written: object) -> list[str]:
    """Split comma-separated movements; empty if the cell is."""
    return [name.strip() for name in written.split(",") if name.strip()] if isinstance(written, str) else []


def movements_of(written: str) -> str:
    """Comma-separated movements from text with commas, semicolons or bars, or from a printed Python list."""
    names = (name.strip(" []'\"") for name in re.split("[,;|]", plain(written)))
    return ", ".join(name for name in names if any(map(str.isalpha, name)))
