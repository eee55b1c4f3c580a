"""Atomic file operations on any fsspec filesystem, independent of file content."""

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

# Of these fsspec remembers listings for good, and would not see what other machines write.
_SHARED = ("abfs", "az", "gcs", "gs", "s3", "s3a")
_PARTIAL = ".partial"
_fetching = threading.Lock()
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# HDF5 and NumPy report a full disk only in messages, NumPy with numbers of bytes.
_DISK_FULL = re.compile("|".join([*map(os.strerror, _NO_ROOM), r"\d+ requested and \d+ written"]))


class DiskFullError(GrisailleError):
    """The disk is full."""


def as_path(path: str | AnyPath, options: dict[str, Any] | None = None) -> AnyPath:
    """A path with pathlib's interface, on any filesystem.

    Args:
        path: Local, or with a protocol such as `s3://`.
        options: Options of the filesystem, such as credentials.
    """
    from upath import UPath

    forget_listings()
    return UPath(path, **(options or {}))


def forget_listings() -> None:
    """Let no filesystem of fsspec that is opened from now on remember what it has listed, unless it is told to."""
    from fsspec.config import conf

    for protocol in _SHARED:
        conf.setdefault(protocol, {}).setdefault("use_listings_cache", False)


def expanded(path: str | os.PathLike[str]) -> str:
    """A path with `~` expanded, which shells do not do after an equals sign."""
    return str(Path(path).expanduser()) if str(path).startswith("~") else str(path)


@contextmanager
def atomic_path(path: AnyPath) -> Iterator[AnyPath]:
    """A temporary path that is renamed to the given one on success, so that a killed run leaves no partial file.

    Args:
        path: Path of a file or folder; an existing file is replaced.

    Yields:
        The temporary path, in the same folder.

    Raises:
        DiskFullError: If the disk or a quota is full; the partial file is removed.
    """
    # Two processes that write the same file need separate temporary files.
    temporary = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        yield temporary
        if not isinstance(temporary, Path):
            _rename(temporary, path)
            return
        for written in [temporary] if temporary.is_file() else temporary.rglob("*"):
            _sync(written)
        temporary.replace(path)  # type: ignore[arg-type]
        # Sync the folder, too, so that the new name survives a power failure: a manifest must not outlive the shards
        # that it lists. Windows does not open folders, and some mounted drives do not sync them.
        with suppress(OSError):
            _sync(temporary.parent)
    except BaseException as error:
        _remove(temporary)
        reason = _want_of_room(error)
        if reason is None:
            raise
        raise DiskFullError(
            f"there is no room to write {path} ({reason}). Stored results are intact: free some "
            "space and run the same command again"
        ) from error


def _rename(temporary: UPath, path: AnyPath) -> None:
    """Rename a file, or every file of a folder: an object storage has no folders, and fsspec's `mv` asks for them."""
    files, sources = temporary.fs, temporary.fs.find(temporary.path)
    for source in sources:
        target = str(path.path) + source.removeprefix(temporary.path)  # type: ignore[union-attr]
        if source != temporary.path:
            files.makedirs(target.rpartition("/")[0], exist_ok=True)
        files.mv(source, target)
    if sources != [temporary.path]:
        _remove(temporary)


def link(path: AnyPath, other: AnyPath) -> None:
    """Link a file under another name, or copy it if links are not supported.

    Args:
        path: Path of the file.
        other: The other path, on the same filesystem.
    """
    if isinstance(path, Path) and isinstance(other, Path):
        try:
            os.link(path, other)
        except OSError:
            shutil.copyfile(path, other)
    else:
        path.fs.cp_file(path.path, other.path)  # type: ignore[union-attr]


def write_atomically(path: AnyPath, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file atomically.

    Args:
        path: Path of the file; an existing one is replaced.
        write: Writes to an open file.

    Raises:
        DiskFullError: See `atomic_path`.
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
    """The message about a full disk in an error or its causes, if there is one."""
    while error is not None:
        match = _DISK_FULL.search(str(error)) if isinstance(error, OSError | RuntimeError) else None
        if match is not None:
            return match[0]
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return os.strerror(error.errno or 0)
        error = error.__cause__ or error.__context__
    return None


def sha256(path: AnyPath) -> str:
    """SHA-256 of a file in hexadecimal digits. A local file is read once a process unless it changes."""
    return unless_changed(_digest, path)


def unless_changed(read: Callable[..., T], path: AnyPath) -> T:
    """Call a cached function of a path, which reads a local file again only if it has changed.

    Args:
        read: Made by `functools.cache`; its arguments after the first identify the state of the file.
        path: Path of the file.
    """
    if not isinstance(path, Path):
        uncached: Callable[..., T] = read.__wrapped__  # type: ignore[attr-defined]
        return uncached(path)
    stat = path.stat()
    return read(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


def listing(folder: AnyPath) -> dict[str, tuple[int, str]]:
    """Files of a folder: name -> bytes, and what is another if the file has changed; of an object storage, one request.

    Args:
        folder: Which may not be there.
    """
    try:
        if isinstance(folder, Path):
            stats = ((entry.name, entry.stat()) for entry in os.scandir(folder))
            return {name: (stat.st_size, f"{stat.st_mtime_ns} {stat.st_ino}") for name, stat in stats}
        entries = folder.fs.ls(folder.path, detail=True)
        return {entry["name"].rpartition("/")[2]: (entry["size"] or 0, repr(entry)) for entry in entries}
    except FileNotFoundError:
        return {}


@cache
def _digest(path: AnyPath, *_state: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    return digest.hexdigest()


def seal(path: AnyPath, written: AnyPath | None = None) -> None:
    """Write a file's checksum next to it, before the file gets its name if `written` is its temporary path."""
    checksum = sha256(path if written is None else written)
    write_atomically(path.with_name(f"{path.name}.sha256"), methodcaller("write", checksum.encode()))


def stored_checksum(path: AnyPath) -> str | None:
    """The checksum that a file was sealed with; None if there is none."""
    try:
        return path.with_name(f"{path.name}.sha256").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None


def remove_partials(root: Path) -> list[Path]:
    """Remove partial files of killed processes below a folder, which no process may be writing to.

    Args:
        root: Folder of a storage. Nested storages with a lock of their own are left alone.

    Returns:
        The removed files.
    """
    left = []
    for folder, folders, files in os.walk(root):
        left += [Path(folder, name) for name in (*files, *folders) if name.endswith(_PARTIAL)]
        folders[:] = [name for name in folders if not (name.endswith(_PARTIAL) or Path(folder, name, LOCK).exists())]
    for path in left:
        _remove(path)
    return left


def local_copy(path: AnyPath, checksum: str | None = None) -> Path:
    """A local file itself, or a local copy of a remote one, which this process keeps until it ends.

    Args:
        path: Path of a file.
        checksum: Checksum of its content. A copy with another one is fetched again.

    Raises:
        DiskFullError: See `atomic_path`.
    """
    if isinstance(path, Path):
        return path
    name = hashlib.sha256(repr((str(path), sorted(path.storage_options.items()))).encode()).hexdigest()
    copy = Path(_copies().name) / f"{name}{path.suffix}"
    # Threads of a process would write to the same temporary file.
    with _fetching:
        if not copy.is_file() or checksum not in {None, sha256(copy)}:
            with atomic_path(copy) as temporary:
                path.fs.get_file(path.path, str(temporary))
    return copy


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="grisaille-")
