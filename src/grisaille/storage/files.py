"""Files wherever fsspec reaches, written whole or not at all; what they hold is not known here."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from operator import methodcaller
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from grisaille.errors import GrisailleError

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"
T = TypeVar("T")

LOCK = ".lock"

_PARTIAL = ".partial"
_fetching = threading.Lock()
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# HDF5 and NumPy tell of a full disk in words only, the latter in values of an array.
_TOLD = re.compile("|".join([*map(os.strerror, _NO_ROOM), r"\d+ requested and \d+ written"]))


class DiskFullError(GrisailleError):
    """There is no room for a file."""


def as_path(path: str | AnyPath, options: dict[str, Any] | None = None) -> AnyPath:
    """A path that behaves as `pathlib`'s do, on any filesystem.

    Args:
        path: Local, or with a protocol such as `s3://`.
        options: Of the filesystem, such as credentials.
    """
    from upath import UPath

    return UPath(path, **(options or {}))


def expanded(path: str | os.PathLike[str]) -> str:
    """A path as a shell would read it, which sees no `~` behind an equals sign."""
    return str(Path(path).expanduser()) if str(path).startswith("~") else str(path)


@contextmanager
def atomic_path(path: AnyPath) -> Iterator[AnyPath]:
    """A temporary path that becomes this one when the block ends well, so that a killed run leaves no half of a file.

    Args:
        path: Of a file or a folder; a file that was there is replaced.

    Yields:
        Where to write, in the same folder.

    Raises:
        DiskFullError: If the disk or a quota is full; nothing of the file is left then.
    """
    # Two processes that write the same file must not write into each other's.
    temporary = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        yield temporary
        if not isinstance(temporary, Path):
            temporary.fs.mv(temporary.path, path.path, recursive=True)  # type: ignore[union-attr]
            return
        for written in [temporary] if temporary.is_file() else temporary.rglob("*"):
            _sync(written)
        temporary.replace(path)  # type: ignore[arg-type]
        # Let the name survive a power failure, too: a manifest must not, when the shards that it lists have lost
        # theirs. Windows opens no folders, and some mounted drives sync none.
        with suppress(OSError):
            _sync(temporary.parent)
    except BaseException as error:
        _remove(temporary)
        reason = _want_of_room(error)
        if reason is None:
            raise
        raise DiskFullError(
            f"there is no room to write {path} ({reason}). Nothing that was stored before is damaged: "
            "make room and give the same command again"
        ) from error


def link(path: AnyPath, other: AnyPath) -> None:
    """Give a file another name; where there are no links, copy it.

    Args:
        path: Of the file.
        other: The other name, on the same filesystem.
    """
    if isinstance(path, Path) and isinstance(other, Path):
        try:
            os.link(path, other)
        except OSError:
            shutil.copyfile(path, other)
    else:
        path.fs.cp_file(path.path, other.path)  # type: ignore[union-attr]


def write_atomically(path: AnyPath, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file, whole or not at all.

    Args:
        path: Where; what was there is replaced.
        write: Writes into an open file.

    Raises:
        DiskFullError: As `atomic_path`.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        write(file)


def _remove(path: AnyPath) -> None:
    if path.is_dir():
        path.fs.rm(path.path, recursive=True) if not isinstance(path, Path) else shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _want_of_room(error: BaseException | None) -> str | None:
    """What an error, or one that led to it, says of a full disk."""
    while error is not None:
        told = _TOLD.search(str(error)) if isinstance(error, OSError | RuntimeError) else None
        if told is not None:
            return told[0]
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return os.strerror(error.errno or 0)
        error = error.__cause__ or error.__context__
    return None


def sha256(path: AnyPath) -> str:
    """SHA-256 of a file in hexadecimal digits. A local file is read once a process, unless it changes."""
    return unless_changed(_digest, path)


def unless_changed(read: Callable[..., T], path: AnyPath) -> T:
    """What a cached function of a path and its state has read, and reads again where a local file has changed.

    Args:
        read: Made by `functools.cache`; its arguments but the first only tell one state of a file from another.
        path: Of the file.
    """
    if not isinstance(path, Path):
        uncached: Callable[..., T] = read.__wrapped__  # type: ignore[attr-defined]
        return uncached(path)
    stat = path.stat()
    return read(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@cache
def _digest(path: AnyPath, *_state: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    return digest.hexdigest()


def seal(path: AnyPath, written: AnyPath | None = None) -> None:
    """Write a file's checksum beside it; before it has its name, the checksum of what was written elsewhere."""
    checksum = sha256(path if written is None else written)
    write_atomically(path.with_name(f"{path.name}.sha256"), methodcaller("write", checksum.encode()))


def stored_checksum(path: AnyPath) -> str | None:
    """The checksum that a file was sealed with; None where it never was."""
    try:
        return path.with_name(f"{path.name}.sha256").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None


def remove_partials(root: Path) -> list[Path]:
    """Remove what killed processes left half written below a folder; nobody may be writing there.

    Args:
        root: Of a storage. Folders inside of it that are storages themselves, with a lock of their own, are left alone.

    Returns:
        The files that were removed.
    """
    left = []
    for folder, folders, files in os.walk(root):
        left += [Path(folder, name) for name in (*files, *folders) if name.endswith(_PARTIAL)]
        folders[:] = [name for name in folders if not (name.endswith(_PARTIAL) or Path(folder, name, LOCK).exists())]
    for path in left:
        _remove(path)
    return left


def local_copy(path: AnyPath, checksum: str | None = None) -> Path:
    """The file itself where it is local; elsewhere a copy, which this process keeps until it ends.

    Args:
        path: Of a file.
        checksum: Of its content. A copy that has another is fetched anew.

    Raises:
        DiskFullError: As `atomic_path`.
    """
    if isinstance(path, Path):
        return path
    name = hashlib.sha256(repr((str(path), sorted(path.storage_options.items()))).encode()).hexdigest()
    copy = Path(_copies().name) / f"{name}{path.suffix}"
    # Threads of a process would write into one temporary file.
    with _fetching:
        if not copy.is_file() or checksum not in {None, sha256(copy)}:
            with atomic_path(copy) as temporary:
                path.fs.get_file(path.path, str(temporary))
    return copy


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="grisaille-")
