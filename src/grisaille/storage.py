"""Files wherever fsspec reaches: written whole or not at all, hashed, and mapped into memory from a local copy.

What the files hold is not known here.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"


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


def write_whole(path: AnyPath, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file under a temporary name and rename it, so that a killed run leaves no half of it.

    Args:
        path: Where; what was there is replaced.
        write: Writes into an open file.
    """
    # Two processes that write the same file must not write into each other's.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            if isinstance(path, Path):
                os.fsync(file.fileno())
        # `rename` of a local file would not replace another on every system.
        temporary.replace(path) if isinstance(temporary, Path) else temporary.rename(path)  # type: ignore[arg-type]
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sha256(path: AnyPath) -> str:
    """SHA-256 of a file, in hexadecimal digits; the file is read a block at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 22), b""):
            digest.update(block)
    return digest.hexdigest()


def local_copy(path: AnyPath) -> Path:
    """The file itself where it is local; elsewhere a copy, fetched once and kept in the folder for temporary files.

    For files that never change under their name only.
    """
    if isinstance(path, Path):
        return path
    import fsspec

    folder = Path(tempfile.gettempdir()) / "grisaille"
    cached = fsspec.filesystem("simplecache", fs=path.fs, cache_storage=str(folder))
    with cached.open(path.path) as file:
        return Path(file.name)
