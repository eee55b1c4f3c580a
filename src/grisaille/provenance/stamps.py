"""Stamps: a small JSON file next to every stored result, with its recipe and its checksum.

A stamp is written before the result gets its final name. So a result without a valid stamp was not written by this
release, and one whose checksum differs from its stamp's is damaged.
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
    """Content of a stamp.

    Attributes:
        checksum: SHA-256 of the result.
        inputs: Dataset -> checksum of each input of the node that made the result; None for inputs without one.
        recipe: See `provenance.recipes`.
    """

    checksum: str
    inputs: Mapping[str, str | None]
    recipe: Recipe


def path_of(result: AnyPath) -> AnyPath:
    """Path of a result's stamp."""
    return result.with_name(f"{result.name}.stamp.json")


def write(result: AnyPath, stamp: Stamp) -> None:
    """Write a result's stamp atomically.

    Raises:
        DiskFullError: If the disk is full.
    """
    content = json.dumps({"digest": _digest(stamp), **stamp}, indent=1, ensure_ascii=False)
    write_atomically(path_of(result), lambda file: file.write(content.encode()))


def _digest(stamp: Stamp) -> str:
    return hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()


def read(result: AnyPath) -> Stamp | None:
    """A result's stamp, which must not be modified; None if it is missing or damaged."""
    try:
        return unless_changed(_read, path_of(result))
    except OSError:
        return None


@cache
def _read(path: AnyPath, *_state: int) -> Stamp | None:
    try:
        content: Any = json.loads(path.read_text("utf-8"))
        stamp = Stamp(checksum=content["checksum"], inputs=content["inputs"], recipe=content["recipe"])
        return stamp if _digest(stamp) == content["digest"] else None
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
    """Whether a stamped result, or its stamp, differs from what was written."""
    if not result.exists() or not path_of(result).is_file():
        return False
    stamp = read(result)
    return stamp is None or checksum(result) != stamp["checksum"]
