"""A folder of files on any fsspec filesystem. Only this module decides which files are pictures."""

import errno
import hashlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from grisaille.collection import Reader
from grisaille.collection.images import SUFFIXES

logger = logging.getLogger(__name__)

# No usable picture is larger: 178 megapixels of four channels and 16 bits are 1.4 GB uncompressed.
_MOST_BYTES = 3 << 29
# Folders and files that systems create, some with copies or thumbnails of pictures. Dot files are skipped as well.
_LEFT_BEHIND = frozenset({"__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", "Thumbs.db", "desktop.ini"})


@cache
def _warn_of_links(names: str) -> None:
    """Warn once, since a run lists its paintings several times."""
    logger.warning("links to folders are not followed: %s", names)


class PictureFolder(Mapping[str, Reader]):
    """Path inside the folder -> function that reads the file, sorted by path. Hidden files and folders are skipped.

    Attributes:
        root: The folder.
        others: Paths of files without an image suffix.
        rejected: Path and reason of pictures of the collection that are not in the folder.
    """

    def __init__(self, root: str, filesystem: Any = None, rejected: Sequence[tuple[str, str]] = ()) -> None:
        """List the image files below root; no file is opened yet.

        Args:
            root: The folder.
            filesystem: An fsspec filesystem; the local one by default.
            rejected: See the attribute.
        """
        self.root, self._filesystem = root, filesystem or LocalFileSystem()
        self.rejected = list(rejected)
        self._base = str(self._filesystem._strip_protocol(root))
        listed = {
            _in_utf_8(str(PurePosixPath(path).relative_to(self._base))): facts
            for path, facts in sorted(self._filesystem.find(root, detail=True).items())
        }
        self._found = {name: facts for name, facts in listed.items() if not _is_hidden(name)}
        self._paths = [name for name in self._found if PurePosixPath(name).suffix.lower() in SUFFIXES]
        links = [name for name, facts in self._found.items() if facts.get("islink") and Path(facts["name"]).is_dir()]
        if links:
            _warn_of_links(", ".join(map(repr, links[:5])))
        known = {*self._paths, *links}
        self.others = [name for name in self._found if name not in known]

    def __getitem__(self, name: str) -> Reader:
        """The function that reads one file.

        It raises OSError if the file cannot be read, is not a regular file, is larger than any picture, or is a link to
        a target outside the folder.
        """
        return partial(_read, self._filesystem, self._base, self._found[name])

    def __iter__(self) -> Iterator[str]:
        """Paths inside the folder, with forward slashes, sorted."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Number of image files."""
        return len(self._paths)

    def fingerprint(self) -> str:
        """16 hexadecimal digits that depend on the names and sizes of the image files; no file is opened."""
        lines = [f"{name} {self._found[name].get('size')}" for name in self._paths]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _in_utf_8(name: str) -> str:
    """A file name decoded as UTF-8. Machines with another encoding would store a different name in the tables."""
    try:
        return os.fsencode(name).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return name  # not a name from this machine


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part in _LEFT_BEHIND for part in PurePosixPath(name).parts)


def _read(filesystem: Any, base: str, facts: Mapping[str, Any]) -> bytes:
    if (facts.get("size") or 0) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"{facts['size'] / 1e9:.1f} GB, more than any picture")
    if isinstance(filesystem, LocalFileSystem):
        try:
            real = Path(facts["name"]).resolve(strict=True)
        except RuntimeError:
            raise OSError(errno.ELOOP, "a link that leads to itself") from None
        if not real.is_relative_to(Path(base).resolve()):
            raise OSError(errno.EPERM, "a link that leads out of the folder")
        # Reading a pipe would block until somebody writes to it.
        if not real.is_file():
            raise OSError(errno.EINVAL, "not a plain file")
    data: bytes = filesystem.cat_file(facts["name"])
    return data
