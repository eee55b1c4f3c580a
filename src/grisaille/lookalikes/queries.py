"""Reads the files and folders of a query before anything is computed."""

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
    """A query picture.

    Attributes:
        name: Its file name, with the folders below the given one, and as many above as make it unique.
        data: Content of the file.
        image: Upright RGB picture.
    """

    name: str
    data: bytes
    image: Image.Image

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.data).hexdigest()


def read_queries(given: str | Iterable[str], max_megapixels: float) -> list[Query]:
    """Read pictures. Unusable files are logged with their reason and left out; repeated files are read once.

    Args:
        given: A file, a folder (read recursively), or several of them.
        max_megapixels: As in ingestion.

    Raises:
        ValueError: If a path does not exist, or no file is usable.
    """
    paths = [given] if isinstance(given, str) else list(given)
    files = {path: (name, read) for one in paths for path, name, read in _files(_path(one))}
    names = _unique_names({path: name for path, (name, _) in files.items()})
    queries, reasons = [], []
    for path, (_, read) in files.items():
        try:
            data = read()
            image, _ = images.decode(data, max_megapixels)
        except (OSError, images.UnusableImageError) as error:
            reasons.append(f"{names[path]}: {error}")
            logger.warning("left out: %s", reasons[-1])
            continue
        queries.append(Query(names[path], data, image))
    if not queries:
        reason = "; ".join(reasons[:3]) or f"no {', '.join(images.SUFFIXES)} file there"
        raise ValueError(f"no picture in {', '.join(paths)}: {reason}")
    return queries


def _path(given: str) -> Path:
    return Path(given).expanduser().absolute()


def _files(path: Path) -> list[tuple[Path, str, Reader]]:
    """Path, name and reader of a file, or of every picture in a folder, recursively."""
    if path.is_file():
        return [(path, path.name, path.read_bytes)]
    if not path.is_dir():
        raise ValueError(f"there is no picture or folder {path}")
    return [(path / name, name, read) for name, read in PictureFolder(str(path)).items()]


def _unique_names(names: dict[Path, str]) -> dict[Path, str]:
    """The same names, prefixed by as many folders as make them unique."""
    while shared := {name for name, count in Counter(names.values()).items() if count > 1}:
        names = {
            path: "/".join(path.parts[-name.count("/") - 2 :]) if name in shared else name
            for path, name in names.items()
        }
    return names
