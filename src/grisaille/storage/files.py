"""Files wherever fsspec reaches: written whole or not at all, sealed with a checksum, and mapped into memory.

What the files hold is not known here.
"""

from __future__ import annotations

import errno
import getpass
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"

LOCK = ".lock"

_PARTIAL = ".partial"
# Values of an array, as NumPy reports them.
_CUT_SHORT = re.compile(r"\d+ requested and \d+ written")
# Seconds after its last use in which a copy may be about to be opened.
_IN_USE = 60
_COPIES_GB = 20
_fetching = threading.Lock()
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Of local files, by path: what told this state of the file from others, and its checksum.
_hashed: dict[Path, tuple[tuple[int, int, int], str]] = {}


class NoRoomError(OSError):
    """There is no room for a file."""


def place(path: str | AnyPath, options: dict[str, Any] | None = None) -> AnyPath:
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
def whole(path: AnyPath, sealed: bool = False) -> Iterator[AnyPath]:
    """A temporary path that becomes this one when the block ends well, so that a killed run leaves no half of a file.

    Args:
        path: Of a file; what was there is replaced.
        sealed: Whether the file's checksum is written beside it, before there is a file. A sealed file must not be
            replaced unless its reader can do with finding the seal of the next: the two are not renamed as one.

    Yields:
        Where to write, in the same folder.

    Raises:
        NoRoomError: If the disk or a quota is full; nothing of the file is left then.
    """
    # Two processes that write the same file must not write into each other's.
    temporary = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        yield temporary
        if isinstance(temporary, Path):
            _sync(temporary)
        if sealed:
            seal = _seal(path)
            seal.write_text(sha256(temporary), "utf-8")
            if isinstance(seal, Path):
                _sync(seal)
        # `rename` of a local file would not replace another on every system.
        temporary.replace(path) if isinstance(temporary, Path) else temporary.rename(path)  # type: ignore[arg-type]
        if isinstance(path, Path):
            _sync_folder(path.parent)
        if temporary in _hashed:
            _hashed[path] = _hashed.pop(temporary)  # type: ignore[index,arg-type]
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if sealed and not path.exists():
            _seal(path).unlink(missing_ok=True)
        reason = _want_of_room(error)
        if reason is None:
            raise
        raise NoRoomError(
            f"there is no room to write {path} ({reason}). Nothing that was stored before is damaged: "
            "make room and give the same command again"
        ) from error


def write_whole(path: AnyPath, write: Callable[[IO[bytes]], object], sealed: bool = False) -> None:
    """Write a file under a temporary name and rename it.

    Args:
        path: Where; what was there is replaced.
        write: Writes into an open file.
        sealed: As `whole`.

    Raises:
        NoRoomError: As `whole`.
    """
    with whole(path, sealed) as temporary, temporary.open("wb") as file:
        write(file)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Let names survive a power failure, too: a manifest must not, when the shards that it lists have lost theirs."""
    # Windows opens no folders, and some mounted drives sync none.
    with suppress(OSError):
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


def sealed_checksum(path: AnyPath) -> str | None:
    """The checksum that a file was sealed with; None where it never was."""
    try:
        return _seal(path).read_text("utf-8")
    except FileNotFoundError:
        return None


def is_damaged(path: AnyPath) -> bool:
    """Whether a sealed file does not hold what was written; of a file without seal nobody knows."""
    sealed = sealed_checksum(path)
    return sealed is not None and path.is_file() and sha256(path) != sealed


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


def sweep(root: Path) -> list[Path]:
    """Remove what killed processes left half written below a folder; nobody may be writing there.

    Args:
        root: Of a storage. Folders inside of it that are storages themselves, with a lock of their own, are left alone.

    Returns:
        The files that were removed.
    """
    left = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not Path(folder, name, LOCK).exists()]
        left += [Path(folder, name) for name in files if name.endswith(_PARTIAL)]
    for path in left:
        path.unlink(missing_ok=True)
    return left


def local_copy(path: AnyPath, checksum: str | None = None) -> Path:
    """The file itself where it is local; elsewhere a copy, in a folder of the user's own for temporary files.

    Copies that were not used for longest are removed when all of them have more than 20 GB, or as many as the
    environment variable GRISAILLE_COPIES_GB says; none that was used in the last minute.

    Args:
        path: Of a file that never changes under its name.
        checksum: Of its content. A copy that has another is fetched anew.

    Raises:
        NoRoomError: As `whole`.
    """
    if isinstance(path, Path):
        return path
    folder = Path(tempfile.gettempdir()) / f"grisaille-{getattr(os, 'getuid', getpass.getuser)()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(repr((str(path), sorted(path.storage_options.items()))).encode()).hexdigest()
    copy = folder / f"{name}{path.suffix}"
    # Threads of a process would write into one temporary file.
    with _fetching:
        if not copy.is_file() or checksum not in {None, sha256(copy)}:
            with whole(copy) as temporary:
                path.fs.get_file(path.path, str(temporary))
            _make_room(folder)
        # What tells a changed file is its time of modification, which stays.
        os.utime(copy, ns=(time.time_ns(), copy.stat().st_mtime_ns))
    return copy


def _make_room(folder: Path) -> None:
    """Remove what was used before all else, halves of files that killed processes left, too."""
    room = float(os.environ.get("GRISAILLE_COPIES_GB", _COPIES_GB)) * 1e9
    # Others come and go meanwhile, and Windows removes nothing that is open.
    with suppress(OSError):
        states = {path: path.stat() for path in folder.iterdir()}
        used = {path: max(state.st_atime, state.st_mtime) for path, state in states.items()}
        for path in sorted(used, key=lambda path: used[path], reverse=True):
            room -= states[path].st_size
            if room < 0 and used[path] < time.time() - _IN_USE:
                path.unlink()
