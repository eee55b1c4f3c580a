"""Whose painting is it: file and folder names matched to the table of artists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grisaille.lazy import pd

# Folders of the public archives that say where files came from, not who painted them.
CONTAINERS = frozenset({"images", "resized"})
_NUMBER = re.compile(r"[\s_\-]*\(?\d+\)?$")


def normalise(name: str) -> str:
    """Fold a name to what its spellings share: case, accents, underscores, hyphens, dots and double spaces go."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\s_\-.]+", " ", plain).casefold().split())


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
        if artists.empty:
            return cls(spellings={normalise(a): name for a, name in aliases.items()})
        if "name" not in artists:
            raise ValueError(f"the table of artists needs a column 'name'. Received: {list(artists.columns)}")
        names = artists["name"].astype(str).str.strip()
        genres = artists["genre"].fillna("").astype(str) if "genre" in artists else [""] * len(names)
        index = cls(movements={n: ", ".join(_split(g)) for n, g in zip(names, genres, strict=True)})
        index.spellings = {normalise(alias): name for alias, name in aliases.items()}
        index.spellings |= {normalise(name): name for name in names}
        return index

    def match(self, path: str) -> tuple[str, bool]:
        """Name the artist of a file.

        The folder is asked first, then the file name without its number. What matches nobody keeps its own name.

        Args:
            path: Path inside the collection, with forward slashes.

        Returns:
            The artist, and whether the table (or an alias) knows them.
        """
        candidates = list(_candidates(path))
        for candidate in candidates:
            known = self.spellings.get(normalise(candidate))
            if known is not None:
                return known, True
        # Some systems spell an umlaut as two characters; nobody can see it.
        own = unicodedata.normalize("NFC", candidates[0])
        return " ".join(own.replace("_", " ").split()) or "unknown", False


def _candidates(path: str) -> Iterable[str]:
    file = PurePosixPath(path)
    folder = file.parent.name
    if folder and folder not in CONTAINERS:
        yield folder
    yield _NUMBER.sub("", file.stem) or file.stem


def _split(genres: str) -> list[str]:
    return [genre.strip() for genre in genres.split(",") if genre.strip()]
