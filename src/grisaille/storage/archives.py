"""Archives unpacked with care: nothing lands outside the folder, nothing fills the disk, nothing is left half done.

Where an archive comes from, and what it holds, is not known here.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from grisaille.errors import GrisailleError


class UnsafeArchiveError(GrisailleError):
    """An archive that is refused, with the reason a person should read."""


# RuntimeError: encrypted, or packed in a way that Python does not know.
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError)


def unpack(archive: Path, folder: Path, most_gigabytes: float = 20.0, most_files: int = 200_000) -> Path:
    """Unpack a zip or tar archive into a folder that is there whole or not at all.

    Args:
        archive: The file; its content, not its name, says what it is.
        folder: Where; it must not exist, or be empty.
        most_gigabytes: What may lie on the disk afterwards, in units of 1e9 bytes.
        most_files: Members, at most.

    Returns:
        The folder.

    Raises:
        UnsafeArchiveError: If the file is no archive or a broken one, a member would lie outside the folder or is a
            device, or if there is more than allowed.
        FileExistsError: If something is in the folder already.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name another folder, or remove it")
    half = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    try:
        _unpack(archive, half, int(most_gigabytes * 1e9), most_files)
        half.mkdir(parents=True, exist_ok=True)  # an empty archive makes no folder
        if folder.is_dir():
            folder.rmdir()
        return half.rename(folder)
    except _BROKEN as error:
        raise UnsafeArchiveError(f"{archive} cannot be unpacked: {error or type(error).__name__}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _unpack(archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            # Of a member, zipfile writes no more than its header says.
            _check(((member.filename, member.file_size) for member in opened.infolist()), most_bytes, most_files)
            opened.extractall(folder)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as packed:
            # Headers are read one by one: a small file that would never end is given up early.
            _check(((member.name, member.size) for member in packed), most_bytes, most_files)
            packed.extractall(folder, filter="data")
    else:
        raise UnsafeArchiveError(f"{archive} is no zip or tar archive")


def _check(members: Iterable[tuple[str, int]], most_bytes: int, most_files: int) -> None:
    total = 0
    for number, (name, size) in enumerate(members, 1):
        total += size
        if _leaves(name):
            raise UnsafeArchiveError(f"{name} would lie outside the folder")
        if number > most_files:
            raise UnsafeArchiveError(f"more than {most_files:,} files")
        if total > most_bytes:
            raise UnsafeArchiveError(f"more than {most_bytes / 1e9:g} GB when unpacked")


def _leaves(name: str) -> bool:
    windows = PureWindowsPath(name)
    return PurePosixPath(name).is_absolute() or bool(windows.anchor) or ".." in windows.parts
