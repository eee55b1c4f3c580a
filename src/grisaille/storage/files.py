"""Files wherever fsspec reaches: written whole or not at all, sealed with a checksum, and mapped into memory.

What the files hold is not known here.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from grisaille.errors import GrisailleError

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"

LOCK = ".lock"

_PARTIAL = ".partial"
# Values of an array, as NumPy reports them.
_CUT_SHORT = re.compile(r"\d+ requested and \d+ written")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Of local files, by path: what told this state of the file from others, and its checksum.
_hashed: dict[Path, tuple[tuple[int, int, int], str]] = {}


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
def atomic_path(path: AnyPath, checksummed: bool = False) -> Iterator[AnyPath]:
    """A temporary path that becomes this one when the block ends well, so that a killed run leaves no half of a file.

    Args:
        path: Of a file; what was there is replaced.
        checksummed: Whether the file's checksum is written beside it, before there is a file. A sealed file must not be
            replaced unless its reader can do with finding the seal of the next: the two are not renamed as one.

    Yields:
        Where to write, in the same folder.

    Raises:
        DiskFullError: If the disk or a quota is full; nothing of the file is left then.
    """
    # Two processes that write the same file must not write into each other's.
    temporary = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        yield temporary
        if isinstance(temporary, Path):
            for written in [temporary] if temporary.is_file() else temporary.rglob("*"):
                _sync(written)
        if checksummed:
            seal = _seal(path)
            seal.write_text(sha256(temporary), "utf-8")
            if isinstance(seal, Path):
                _sync(seal)
        # `rename` of a local file would not replace another on every system.
        if not isinstance(path, Path):
            path.fs.mv(temporary.path, path.path, recursive=True)  # type: ignore[union-attr]
        else:
            temporary.replace(path)
            # Let the name survive a power failure, too: a manifest must not, when the shards that it lists have lost
            # theirs. Windows opens no folders, and some mounted drives sync none.
            with suppress(OSError):
                _sync(path.parent)
        if temporary in _hashed:
            _hashed[path] = _hashed.pop(temporary)  # type: ignore[index,arg-type]
    except BaseException as error:
        _remove(temporary)
        if checksummed and not path.exists():
            _seal(path).unlink(missing_ok=True)
        reason = _want_of_room(error)
        if reason is None:
            raise
        raise DiskFullError(
            f"there is no room to write {path} ({reason}). Nothing that was stored before is damaged: "
            "make room and give the same command again"
        ) from error


def _remove(path: AnyPath) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        path.fs.rm(path.path, recursive=True) if not isinstance(path, Path) else shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_atomically(path: AnyPath, write: Callable[[IO[bytes]], object], checksummed: bool = False) -> None:
    """Write a file under a temporary name and rename it.

    Args:
        path: Where; what was there is replaced.
        write: Writes into an open file.
        checksummed: As `atomic_path`.

    Raises:
        DiskFullError: As `atomic_path`.
    """
    with atomic_path(path, checksummed) as temporary, temporary.open("wb") as file:
        write(file)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _want_of_room(error: BaseException | None) -> str | None:
    """What an error, or one that led to it, says of a full disk; HDF5 and NumPy say it in words only."""
    while error is not None:
        if isinstance(error, OSError) and _CUT_SHORT.fullmatch(str(error)):
            return str(error)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return f"{os.strerror(error.errno or 0)}" + (f": {error.filename}" if error.filename else "")
        for code in _NO_ROOM:
            if isinstance(error, OSError | RuntimeError) and os.strerror(code) in str(error):
                return os.strerror(code)
        error = error.__cause__ or error.__context__
    return None


def _seal(path: AnyPath) -> AnyPath:
    return path.with_name(f"{path.name}.sha256")


def stored_checksum(path: AnyPath) -> str | None:
    """The checksum that a file was sealed with; None where it never was."""
    try:
        return _seal(path).read_text("utf-8")
    except FileNotFoundError:
        return None


def is_damaged(path: AnyPath) -> bool:
    """Whether a sealed file does not hold what was written; of a file without seal nobody knows."""
    expected = stored_checksum(path)
    return expected is not None and path.is_file() and sha256(path) != expected


def sha256(path: AnyPath) -> str:
    """SHA-256 of a file in hexadecimal digits. A local file is read once a process, unless it changes."""
    if not isinstance(path, Path):
        return _digest(path)
    stat = path.stat()
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    known, digest = _hashed.get(path, (None, ""))
    if known != state:
        digest = _digest(path)
        _hashed[path] = state, digest
    return digest


def _digest(path: AnyPath) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    return digest.hexdigest()


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
    """The file itself where it is local; elsewhere a copy, fetched once and kept in the folder for temporary files.

    Args:
        path: Of a file that never changes under its name.
        checksum: Of its content. A copy that has another is fetched anew.
    """
    if isinstance(path, Path):
        return path
    copy = _fetch(path)
    if checksum is not None and sha256(copy) != checksum:
        copy.unlink()
        copy = _fetch(path)
    return copy


def _fetch(path: UPath) -> Path:
    import fsspec

    folder = Path(tempfile.gettempdir()) / "grisaille"
    cached = fsspec.filesystem("simplecache", fs=path.fs, cache_storage=str(folder))
    with cached.open(path.path) as file:
        return Path(file.name)
