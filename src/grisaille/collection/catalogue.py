"""Builds the tables of files, of rejected files and of paintings from a folder of images."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from grisaille.collection import Files, duplicates, images, split
from grisaille.collection.artists import CONTAINERS, UNKNOWN, ArtistIndex, movements_of, normalise
from grisaille.collection.works import DESCRIPTION, YEARS, Join, first_of, join_works
from grisaille.errors import GrisailleError, counted
from grisaille.lazy import pd
from grisaille.parameters import Ingestion
from grisaille.terminal import Bar

logger = logging.getLogger(__name__)

FILE_COLUMNS = ["painting_id", "path", "width", "height", "mode", "sha256", "duplicate_of", "split"]
# First columns of `paintings`, before the other columns of a table of paintings.
FIRST_COLUMNS = ["painting_id", "artist", "movements", *DESCRIPTION]


_LISTED = 5
_NO_IMAGE = f"no image by its name: {', '.join(images.SUFFIXES)} are read"
# Two paintings have a single distance, which cannot be compared with anything.
_FEWEST = 3


class EmptyCollectionError(GrisailleError):
    """Too few usable files for any comparison."""


def inspect_files(
    files: Files, settings: Ingestion, seed: int, known: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every file once.

    Args:
        files: Path inside the collection -> function that reads the file.
        settings: Limits and shares.
        seed: Seed of the split.
        known: `picture_files` of the run that fitted the encoders, if these are kept: its paintings keep their sides.

    Returns:
        `picture_files`, one row a usable file, sorted by path (columns: `FILE_COLUMNS`), and `rejected_paintings`
        (path, reason).

    Raises:
        EmptyCollectionError: If fewer than three files are usable.
    """
    paths = [path for path in sorted(files) if not _is_second_copy(path, files)]
    facts, rejected = _inspect_all(paths, files, settings.max_megapixels)
    rejected += [(printable(path), _NO_IMAGE) for path in getattr(files, "others", [])]
    rejected += [(printable(path), reason) for path, reason in getattr(files, "rejected", [])]
    if len(facts) < _FEWEST:
        raise EmptyCollectionError(_too_few(files, facts, rejected))
    table = _describe(facts)
    hashes = np.array([fact.perceptual_hash for fact in facts.values()], dtype=np.uint64)
    second = np.array([fact.difference_hash for fact in facts.values()], dtype=np.uint64)
    digests = table["sha256"].tolist()
    originals = duplicates.first_of_each(hashes, second, digests, settings.near_duplicate_bits)
    ids = table["painting_id"].to_numpy(dtype=object)
    copies = originals != np.arange(len(ids))
    table["duplicate_of"] = [ids[row] if copy else None for row, copy in zip(originals, copies, strict=True)]
    if known is None:
        table["split"] = split.assign(digests, originals, settings.validation, settings.held_out, seed)
    else:
        table["split"] = split.keep(digests, dict(zip(known["sha256"], known["split"], strict=True)))
        added = int((table["split"] == split.ADDED).sum())
        logger.info("%d paintings came after they were fitted", added)
    logger.info(
        "%s paintings, duplicates: %s, files left out: %s",
        *(f"{count:,}" for count in (len(table), copies.sum(), len(rejected))),
    )
    return table[FILE_COLUMNS], pd.DataFrame(rejected, columns=["path", "reason"])


def name_artists(
    files: pd.DataFrame, artists: pd.DataFrame, works: pd.DataFrame, aliases: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add artist, movements and the data of a table of paintings to every file.

    Args:
        files: As `inspect_files` returns them.
        artists: The table of artists, possibly empty.
        works: The table of paintings (see `works.recognise`), possibly empty. Its artist overrides the one in a file's
            name; its movements fill gaps of the table of artists.
        aliases: Other spelling of an artist -> name in the table of artists.

    Returns:
        `paintings`, with the rows of `files` in the same order: `FIRST_COLUMNS`, the other columns of the table of
        paintings, and the columns of `files`. And `unmatched_works`, rows without a picture and pictures without a row
        (columns: `what`, `name`).

    Raises:
        TableError: If the table of paintings has rows, and none matches a picture.
    """
    index = ArtistIndex.build(artists, aliases)
    join = join_works(files["path"].tolist(), works)
    # Row -1, for pictures without a row, does not exist.
    described = works.reset_index(drop=True).reindex(join.rows).set_axis(files.index)
    described = described.fillna(dict.fromkeys(described.columns.drop(YEARS), ""))
    if len(works):
        _log_join(join)
    matches = {
        path: index.spelt(artist) if artist.strip() else index.match(path)
        for path, artist in zip(files["path"], described["artist"], strict=True)
    }
    matches = _one_spelling(matches)
    _log_unknown_artists(index, matches)
    names = [artist for artist, _ in matches.values()]
    movements = [
        index.movements.get(name) or movements_of(written)
        for name, written in zip(names, described["movement"], strict=True)
    ]
    table = described.drop(columns=["file", "artist"]).assign(artist=names, movements=movements).join(files)
    if not described["movement"].any():
        table = table.drop(columns="movement")
    _warn_of_conflicting_artists(table)
    last = FILE_COLUMNS[1:]
    others = table.columns.drop([*FIRST_COLUMNS, *last])
    return table[[*FIRST_COLUMNS, *others, *last]], _unmatched(join if len(works) else None)


def _log_join(join: Join) -> None:
    count, whole = int((join.rows >= 0).sum()), len(join.rows)
    logger.info("%s of %s are in the table of paintings, by %s", f"{count:,}", f"{whole:,}", join.key)
    for reason, names in (
        ("ambiguous rows, left out because they match several pictures or share one with other rows", join.unclear),
        ("rows of a picture with an earlier row, which is used instead", join.doubled),
        ("rows without a picture", join.rows_without),
        ("pictures without a row", join.pictures_without),
    ):
        if names:
            logger.warning("%s in the table of paintings (%s): %s", reason, f"{len(names):,}", first_of(names))


def _unmatched(join: Join | None) -> pd.DataFrame:
    listed = [] if join is None else [("row without a picture", name) for name in join.rows_without]
    listed += [] if join is None else [("picture without a row", path) for path in join.pictures_without]
    return pd.DataFrame(listed, columns=["what", "name"])


def _one_spelling(matches: Mapping[str, tuple[str, bool]]) -> dict[str, tuple[str, bool]]:
    """Artists missing in all tables, in their most frequent spelling; case, accents and hyphens do not count."""
    counts = Counter(artist for artist, known in matches.values() if not known)
    spelling: dict[str, str] = {}
    for artist in sorted(counts, key=lambda name: (-counts[name], name)):
        spelling.setdefault(normalise(artist), artist)
    return {
        path: (artist if known else spelling[normalise(artist)], known) for path, (artist, known) in matches.items()
    }


def _log_unknown_artists(index: ArtistIndex, matches: Mapping[str, tuple[str, bool]]) -> None:
    strangers = sorted({artist for artist, known in matches.values() if not known} - {UNKNOWN})
    if strangers and index.movements:
        logger.warning("not in the table of artists, used as written: %s", ", ".join(strangers))
    nameless = [path for path, (artist, _) in matches.items() if artist == UNKNOWN]
    if nameless:
        logger.warning(
            "paintings without an artist, left out of comparisons of artists (%d of %d): %s",
            len(nameless), len(matches), first_of(nameless),
        )  # fmt: skip


def _inspect_all(
    paths: list[str], files: Files, max_megapixels: float
) -> tuple[dict[str, images.ImageFacts], list[tuple[str, str]]]:
    def look(path: str) -> images.ImageFacts | str:
        if path != printable(path):
            return "its name is not in UTF-8: rename it"
        try:
            return images.inspect(files[path](), max_megapixels)
        except images.UnusableImageError as error:
            return str(error)
        except OSError as error:
            return f"cannot be read: {error.strerror or error}"

    facts: dict[str, images.ImageFacts] = {}
    rejected: list[tuple[str, str]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(look, paths)
        for path, outcome in zip(paths, Bar(outcomes, "looking at files", len(paths), unit=" files"), strict=True):
            if isinstance(outcome, str):
                rejected.append((printable(path), outcome))
            else:
                facts[path] = outcome
    return facts, rejected


def printable(path: str) -> str:
    """A path that can be written to a file; bytes that are not UTF-8 are escaped."""
    return path.encode("utf-8", "backslashreplace").decode()


def _describe(facts: Mapping[str, images.ImageFacts]) -> pd.DataFrame:
    described = [
        {name: getattr(fact, name) for name in ("width", "height", "mode", "sha256")} for fact in facts.values()
    ]
    return pd.DataFrame({"painting_id": _identifiers(list(facts)), "path": list(facts)}).join(pd.DataFrame(described))


def _warn_of_conflicting_artists(table: pd.DataFrame) -> None:
    whose = dict(zip(table["painting_id"], table["artist"], strict=True))
    doubtful = [
        f"{row.path} ({row.artist}) is a duplicate of {row.duplicate_of} ({whose[row.duplicate_of]})"
        for row in table.dropna(subset=["duplicate_of"]).itertuples()
        if row.artist != whose[row.duplicate_of] and UNKNOWN not in (row.artist, whose[row.duplicate_of])
    ]
    if doubtful:
        more = f", and {len(doubtful) - _LISTED} more" if len(doubtful) > _LISTED else ""
        logger.warning("one painting under two artists' names: %s%s", "; ".join(doubtful[:_LISTED]), more)


def _identifiers(paths: list[str]) -> list[str]:
    """The path without its suffix, unless two files would share it."""
    bare = [path.rpartition(".")[0] for path in paths]
    counts = pd.Series(bare).value_counts()
    return [path if counts[name] > 1 else name for path, name in zip(paths, bare, strict=True)]


def _is_second_copy(path: str, files: Files) -> bool:
    """Whether a file is the resized copy of an original in the Kaggle archive.

    `images/images/Artist/Artist_1.jpg` and `resized/resized/Artist_1.jpg` show one painting.
    """
    if not path.startswith("resized/resized/"):
        return False
    name = path.rpartition("/")[2]
    folder = name.rpartition("_")[0]
    return f"images/images/{folder}/{name}" in files


def _too_few(files: Files, facts: Mapping[str, images.ImageFacts], rejected: list[tuple[str, str]]) -> str:
    where = getattr(files, "root", "the collection")
    if not files:
        layouts = "Artist_Name_12.jpg, Artist_Name/Artist_Name_12.jpg or one of " + ", ".join(
            f"{name}/{name}/..." for name in sorted(CONTAINERS)
        )
        return f"no painting found in {where}. Looked for {', '.join(images.SUFFIXES)} files, named {layouts}"
    reasons = "; ".join(f"{path}: {reason}" for path, reason in rejected[:3])
    usable = f"only {len(facts)}" if facts else "none"
    return f"{usable} of {counted(len(files), 'file')} in {where} can be used, but a run needs {_FEWEST} or more" + (
        f". The first that cannot: {reasons}" if reasons else ""
    )
