"""Archives unpacked within bounds, whole or not at all; `zipfile` and `tarfile` see that nothing leaves the folder."""

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from grisaille.errors import GrisailleError

# RuntimeError: encrypted, or packed in a way that Python does not know.
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError)


class UnsafeArchiveError(GrisailleError):
    """An archive that is refused, with the reason a person should read."""


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
        UnsafeArchiveError: If the file is no archive or a broken one, holds a link out of the folder or a device, or
            if there is more than allowed.
        FileExistsError: If something is in the folder already.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; name another folder, or remove it")
    half = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                # Of a member, zipfile writes no more than its header says.
                _check((member.file_size for member in zipped.infolist()), most_gigabytes, most_files)
                zipped.extractall(half)
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as tarred:
                # Headers are read one by one: a small file that would never end is given up early.
                _check((member.size for member in tarred), most_gigabytes, most_files)
                tarred.extractall(half, filter="data")
        else:
            raise UnsafeArchiveError(f"{archive} is no zip or tar archive")
        if folder.is_dir():
            folder.rmdir()
        return half.rename(folder)
    except _BROKEN as error:
        raise UnsafeArchiveError(f"{archive} cannot be unpacked: {error or type(error).__name__}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _check(sizes: Iterable[int], most_gigabytes: float, most_files: int) -> None:
    for number, total in enumerate(accumulate(sizes), 1):
        if number > most_files:
            raise UnsafeArchiveError(f"more than {most_files:,} files")
        if total > most_gigabytes * 1e9:
            raise UnsafeArchiveError(f"more than {most_gigabytes:g} GB when unpacked")
