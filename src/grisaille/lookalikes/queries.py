"""Files and folders that a person points at, read before anything is computed."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image

from grisaille.collection import images

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Query:
    """A picture that was asked about.

    Attributes:
        name: Its file's name, with the folders below the one that was given.
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


def several(given: str) -> list[str]:
    """What stands between semicolons, or line by line: names may hold semicolons, and hardly ever ends of lines."""
    parts = given.split("\n" if "\n" in given else ";")
    return [part.strip() for part in parts if part.strip()]


def read_queries(given: str | Iterable[str], max_megapixels: float) -> list[Query]:
    """Read pictures; what is not one is named with its reason, and left out.

    Args:
        given: A file, a folder (with all below it), or several (see `several`).
        max_megapixels: As in ingestion.

    Raises:
        ValueError: If a path is not there, or no file can be used.
    """
    if isinstance(given, str):
        # A path that exists may hold a semicolon.
        given = [given] if _path(given).exists() else several(given)
    paths = list(given)
    files = [file for path in paths for file in _files(_path(path))]
    found, reasons = [], []
    for name, file in files:
        try:
            data = file.read_bytes()
            image, _ = images.decode(data, max_megapixels)
        except (OSError, images.UnusableImageError) as error:
            reasons.append(f"{name}: {error}")
            logger.warning("left out: %s", reasons[-1])
            continue
        found.append(Query(name, data, image))
    if not found:
        said = "; ".join(reasons[:3]) or f"no {', '.join(images.SUFFIXES)} file there"
        raise ValueError(f"no picture in {', '.join(paths)}: {said}")
    return found


def _path(given: str) -> Path:
    return Path(given).expanduser()


def _files(path: Path) -> list[tuple[str, Path]]:
    """Name and path of a file, or of every picture below a folder."""
    if path.is_file():
        return [(path.name, path)]
    if not path.is_dir():
        raise ValueError(f"there is no picture or folder {path}")
    below = (file for file in sorted(path.rglob("*")) if file.suffix.lower() in images.SUFFIXES and file.is_file())
    return [(file.relative_to(path).as_posix(), file) for file in below]
