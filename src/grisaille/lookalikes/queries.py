"""Files and folders that a person points at, read before anything is computed."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from grisaille.collection import Reader, images
from grisaille.collection.folder import PictureFolder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Query:
    """A picture that was asked about.

    Attributes:
        name: Its file's name, with the folders below the one that was given, and as many above as tell it from others.
        data: The file.
        image: The picture, upright RGB.
    """

    name: str
    data: bytes
    image: Image.Image

    @cached_property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.data).hexdigest()


def read_queries(given: str | Iterable[str], max_megapixels: float) -> list[Query]:
    """Read pictures; what is not one is named with its reason, and left out. A file that is named twice is read once.

    Args:
        given: A file, a folder (with all below it), or several of them.
        max_megapixels: As in ingestion.

    Raises:
        ValueError: If a path is not there, or no file can be used.
    """
    paths = [given] if isinstance(given, str) else list(given)
    files = {path: (name, read) for one in paths for path, name, read in _files(_path(one))}
    names = _told_apart({path: name for path, (name, _) in files.items()})
    found, reasons = [], []
    for path, (_, read) in files.items():
        try:
            data = read()
            image, _ = images.decode(data, max_megapixels)
        except (OSError, images.UnusableImageError) as error:
            reasons.append(f"{names[path]}: {error}")
            logger.warning("left out: %s", reasons[-1])
            continue
        found.append(Query(names[path], data, image))
    if not found:
        said = "; ".join(reasons[:3]) or f"no {', '.join(images.SUFFIXES)} file there"
        raise ValueError(f"no picture in {', '.join(paths)}: {said}")
    return found


def _path(given: str) -> Path:
    return Path(given).expanduser().absolute()


def _files(path: Path) -> list[tuple[Path, str, Reader]]:
    """Path, name and reader of a file, or of every picture below a folder."""
    if path.is_file():
        return [(path, path.name, path.read_bytes)]
    if not path.is_dir():
        raise ValueError(f"there is no picture or folder {path}")
    return [(path / name, name, read) for name, read in PictureFolder(str(path)).items()]


def _told_apart(names: dict[Path, str]) -> dict[Path, str]:
    """The same names, with as many folders before them as it takes until no two paths share one."""
    while shared := {name for name, count in Counter(names.values()).items() if count > 1}:
        names = {
            path: "/".join(path.parts[-name.count("/") - 2 :]) if name in shared else name
            for path, name in names.items()
        }
    return names
