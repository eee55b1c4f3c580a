"""Whose painting is it: file and folder names matched to the table of artists."""

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

# Of paintings of which nobody knows who painted them; they are no group, and are left out where artists are compared.
UNKNOWN = "unknown"
MOST_COMPARED = 200
"""Artists that are compared with each other. Pairs grow as the square of their number, and nobody reads millions."""
# Folders of the public archives that say where files came from, not who painted them.
CONTAINERS = frozenset({"images", "resized"})
# What cameras, scanners and browsers call files, and the numbers with it; codes in capitals need not stand here.
_GENERIC = frozenset(
    "artwork download file image img page painting photo photograph pic picture scan screenshot untitled".split()
)
# What museums call artists whom nobody knows.
_NOBODY = frozenset(
    ("unknown", "unknown artist", "unknown painter", "anonymous", "artist unknown", "unbekannt", "anonym", "inconnu")
)
# What tells the files of one artist apart, and what file managers add to a second copy's name.
_LAST_NUMBER = re.compile(r"[\s_\-]*(?:\(?\d+\)?|\(copy\)|(?<=[\s_\-])copy)$", re.IGNORECASE)
_NUMBER = re.compile(f"(?:{_LAST_NUMBER.pattern[:-1]})+$", re.IGNORECASE)

_WORD = re.compile(r"[^\s_\-.,;:()]+")
# Between an artist and a title, where a space or an underscore may stand between any two words.
_BREAK = re.compile(r"\s[-\u2013\u2014]\s|__|[,;:(]")

# Marks that turn the direction of writing, or nothing at all: nobody sees them, and some make names look like others.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROL = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]+")
# A year, and whether there is a dash before and after it.
_YEAR = re.compile("([-\u2013\u2014]?)\\s*(?<!\\d)(\\d{3,4})(?!\\d)\\s*(?=([-\u2013\u2014]?))")
# Room for an ending and a version within the 255 bytes that filesystems allow.
_LONGEST_FILE_NAME = 120


class ArtistsTableError(tables.TableError):
    """A table of artists that cannot be understood."""


def with_most_paintings(artists: StringArray, most: int = MOST_COMPARED) -> StringArray:
    """The known artists who have the most paintings, of equally many the first by name.

    Args:
        artists: Of each painting, shape (n,).
        most: How many artists at most.

    Returns:
        Their names, sorted.
    """
    names, counts = np.unique(artists[artists != UNKNOWN], return_counts=True)
    return np.sort(names[np.argsort(-counts, kind="stable")[:most]])


def read_table(data: bytes, **options: Any) -> pd.DataFrame:
    """Read a table of artists as spreadsheets and databases write it.

    UTF-8 and UTF-16 are known by their marks; what is neither is taken for Windows-1252, with a warning. The separator
    is what a line `sep=;` before the table says, or the one of comma, semicolon, tab and bar that makes a column `name`
    of the first line.

    Args:
        data: The file.
        **options: Of `pandas.read_csv`, in place of what is found.

    Returns:
        The columns, named in lower case, of text; empty cells are missing. A cell that reads "NA" or "None" is text.

    Raises:
        ArtistsTableError: If the file is no table, or has no column `name`.
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
    """A name as a person sees it: no marks that show nothing, no control characters, no double spaces."""
    return " ".join(_CONTROL.sub(" ", _UNSEEN.sub("", name)).split())


def file_name(artist: str) -> str:
    """A name for an artist's file, on any system, that no other artist has and that leads to no other folder.

    Names that hold nothing special are only freed of spaces; others end in eight digits that stand for the artist.
    """
    simple = artist.replace(" ", "_")
    # What a machine of another encoding calls Dürer, no other could read.
    letters = re.UNICODE if sys.getfilesystemencoding() == "utf-8" else re.ASCII
    safe = re.sub(r"[^\w\-.,'()&]", "_", simple, flags=letters).lstrip(".") or "_"
    if safe == simple and len(safe.encode()) <= _LONGEST_FILE_NAME:
        return safe
    short = safe.encode()[: _LONGEST_FILE_NAME - 9].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(artist.encode()).hexdigest()[:8]}"


def normalise(name: str) -> str:
    """Fold a name to what its spellings share: case, accents, underscores, hyphens, dots and double spaces go."""
    decomposed = unicodedata.normalize("NFKD", plain(name))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\s_\-.]+", " ", bare).casefold().split())


def rows_of(artists: StringArray, names: Iterable[str]) -> IntArray:
    """Where some artists stand in an array, however they are spelt (see `normalise`).

    Args:
        artists: One a painting, or each once, shape (n,).
        names: Of the artists that are meant.
    """
    wanted = {normalise(name) for name in names}
    return np.flatnonzero(np.isin(artists, [artist for artist in np.unique(artists) if normalise(artist) in wanted]))


def present(names: Iterable[str], artists: StringArray) -> list[str]:
    """Those of some names that have paintings; all of them where none has."""
    names, known = list(names), {normalise(artist) for artist in np.unique(artists)}
    return [name for name in names if normalise(name) in known] or names


def misspelt(names: Iterable[str], artists: Iterable[str]) -> dict[str, str]:
    """Names that no artist has but that come close to one's: name -> artist."""
    known = {normalise(artist): artist for artist in artists}
    found: dict[str, str] = {}
    for name in names:
        close = [] if normalise(name) in known else difflib.get_close_matches(normalise(name), known, 1, cutoff=0.8)
        if close:
            found[name] = known[close[0]]
    return found


def described(artists: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """What the table of artists says of some of them.

    Args:
        artists: Columns `name` and, if known, `years` and `nationality`; of several rows of one name the first counts.
        names: As `ArtistIndex` spells them.

    Returns:
        A row a name, in their order: artist, years and nationality, texts that are empty where the table says nothing,
        and born and died, Int64 (`lifespan`).
    """
    rows = artists.assign(name=[plain(str(name)) for name in artists["name"]]).drop_duplicates("name")
    rows = rows.set_index("name").reindex(index=names, columns=["years", "nationality"])
    texts = rows.map(lambda value: "" if pd.isna(value) else plain(str(value)))
    lives = [lifespan(text) for text in texts["years"]]
    years = {name: pd.array([life[end] for life in lives], dtype="Int64") for end, name in enumerate(("born", "died"))}
    return texts.assign(**years).rename_axis("artist").reset_index()


def lifespan(text: str) -> tuple[int | None, int | None]:
    """First and last year of a life, as tables of artists write it: "1834 - 1917", "c. 1390\N{EN DASH}1441", "1881-".

    Returns:
        None for a year that is not known. A year alone is neither, since nobody says which.
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
    """Artists by every spelling they are known under.

    Attributes:
        movements: Artist -> comma-separated movements, as in the table's `genre`.
        spellings: Normalised spelling -> artist.
    """

    movements: dict[str, str] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, artists: pd.DataFrame, aliases: Mapping[str, str]) -> ArtistIndex:
        """Index the table of artists.

        Args:
            artists: Columns `name` and, if known, `genre`; empty when there is no table.
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
            logger.warning("more than once in the table of artists, the first row counts: %s", ", ".join(twice))
        return index

    def spelt(self, name: str) -> tuple[str, bool]:
        """An artist whom a table of paintings names, in the spelling of the table of artists.

        Args:
            name: As it is written; of several with bars between, the first counts. "Monet, Claude" is known if "Claude
                Monet" is.

        Returns:
            The artist, `UNKNOWN` where the name says so or is none, and whether the table (or an alias) knows them.
        """
        first = plain(name.partition("|")[0])
        last, _, given = first.partition(",")
        for spelling in (first, f"{given} {last}"):
            if normalise(spelling) in self.spellings:
                return self.spellings[normalise(spelling)], True
        nobody = normalise(first) in _NOBODY or not any(map(str.isalpha, first))
        return UNKNOWN if nobody else first, False

    def match(self, path: str) -> tuple[str, bool]:
        """Name the artist of a file.

        The table decides. The folder, the file's name with and without its numbers, and the outer folders are looked
        up, then what these begin with. What matches nobody is an artist's name only where it has the form of one: a
        folder's name, or a file's with a number behind it; no code (`SK-A-4881`), number or word like `photo`.

        Args:
            path: Path inside the collection, with forward slashes.

        Returns:
            The artist, `UNKNOWN` where there is none, and whether the table (or an alias) knows them.
        """
        folder, *outer = [name for name in reversed(PurePosixPath(path).parent.parts) if name not in CONTAINERS] or [""]
        stem = PurePosixPath(path).stem
        numberless = _NUMBER.sub("", stem)
        names = [folder, *_without_numbers(stem), *outer]
        for candidate in (*names, *(start for name in (stem, folder, *outer) for start in _beginnings(name))):
            known = self.spellings.get(normalise(candidate))
            if known is not None:
                return known, True
        own = folder or (numberless if numberless != stem else "")
        # Some systems spell an umlaut as two characters; nobody can see it.
        name = plain(unicodedata.normalize("NFC", own).replace("_", " "))
        return name if _is_a_name(name) else UNKNOWN, False


def _without_numbers(stem: str) -> Iterator[str]:
    """A file's name, and what is left when the number behind it is taken away, and the one before."""
    yield stem
    while (shorter := _LAST_NUMBER.sub("", stem)) != stem:
        yield shorter
        stem = shorter


def _beginnings(name: str) -> Iterator[str]:
    """The first words of a name, the longest first. One word alone may be a first name, unless a title follows it."""
    words = list(_WORD.finditer(name))
    for count in range(len(words) - 1, 0, -1):
        end, following = words[count - 1].end(), words[count].start()
        between = name[end:following]
        # Where words are joined by hyphens or spaces, an underscore is what parts the artist from the title.
        parts = _BREAK.search(between) or (between == "_" and bool(re.search(r"[^\W_][- ][^\W_]", name)))
        if count > 1 or parts:
            yield name[:end]


def _is_a_name(text: str) -> bool:
    """Whether a text can be somebody's name, and no code of an inventory or a camera."""
    words = [re.sub(r"[.'\u2019]", "", word[0]) for word in _WORD.finditer(text)]
    letters = [word for word in words if word.isalpha()]
    mixed = [word for word in words if not word.isalpha() and not word.isdigit() and any(map(str.isdecimal, word))]
    if mixed or not letters or all(word.casefold() in _GENERIC for word in letters):
        return False
    if text.isupper():
        return sum(len(word) > 2 for word in letters) > 1
    return any(len(word) > 2 or word.istitle() or word.lower() == word.upper() for word in letters)


def _rows(artists: pd.DataFrame) -> Iterable[tuple[str, str]]:
    """Name and genres of every row that has a name."""
    genres = artists["genre"] if "genre" in artists else pd.Series("", index=artists.index)
    for name, genre in zip(artists["name"].fillna(""), genres.fillna(""), strict=True):
        if plain(str(name)):
            yield plain(str(name)), plain(str(genre))


def split_movements(written: object) -> list[str]:
    """Movements with commas between them, one by one; none where nothing is written."""
    return [name.strip() for name in written.split(",") if name.strip()] if isinstance(written, str) else []


def movements_of(written: str) -> str:
    """Movements with commas between, of a text with commas, semicolons or bars, or a list as Python prints it."""
    names = (name.strip(" []'\"") for name in re.split("[,;|]", plain(written)))
    return ", ".join(name for name in names if any(map(str.isalpha, name)))
