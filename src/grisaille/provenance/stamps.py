"""Stamps: a small JSON file beside every stored result, with its recipe and its checksum.

A stamp is written before its result appears under its name, so a result without a whole stamp was not written by a run
of this release, and one that does not have the stamp's checksum is damaged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypedDict

from grisaille.provenance.recipes import Recipe
from grisaille.storage import AnyPath, sha256, write_atomically
from grisaille.storage.files import unless_changed


class Stamp(TypedDict):
    """What a stamp holds.

    Attributes:
        checksum: SHA-256 of the result.
        inputs: Dataset -> checksum of what the node that made the result read; None of what has none.
        recipe: See `provenance.recipes`.
    """

    checksum: str
    inputs: Mapping[str, str | None]
    recipe: Recipe


def path_of(result: AnyPath) -> AnyPath:
    """Where the stamp of a result lies."""
    return result.with_name(f"{result.name}.stamp.json")


def write(result: AnyPath, stamp: Stamp) -> None:
    """Write a result's stamp, whole or not at all.

    Raises:
        DiskFullError: If there is no room for it.
    """
    content = json.dumps({"digest": _digest(stamp), **stamp}, indent=1, ensure_ascii=False)
    write_atomically(path_of(result), lambda file: file.write(content.encode()))


def _digest(stamp: Stamp) -> str:
    return hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()


def read(result: AnyPath) -> Stamp | None:
    """A result's stamp, which is not to be changed; None where there is none, or it is damaged."""
    try:
        return unless_changed(_read, path_of(result))
    except OSError:
        return None


@cache
def _read(path: AnyPath, *_state: int) -> Stamp | None:
    try:
        found: Any = json.loads(path.read_text("utf-8"))
        stamp = Stamp(checksum=found["checksum"], inputs=found["inputs"], recipe=found["recipe"])
        return stamp if _digest(stamp) == found["digest"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def checksum(result: AnyPath) -> str:
    """SHA-256 of a file, or of the names and checksums of the files in a folder."""
    if not result.is_dir():
        return sha256(result)
    files = sorted(path for path in result.rglob("*") if path.is_file())
    lines = [f"{path.relative_to(result).as_posix()} {sha256(path)}" for path in files]  # type: ignore[arg-type]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def is_damaged(result: AnyPath) -> bool:
    """Whether a stamped result, or its stamp, does not hold what was written."""
    if not result.exists() or not path_of(result).is_file():
        return False
    stamp = read(result)
    return stamp is None or checksum(result) != stamp["checksum"]
