"""A folder of image files, read one at a time."""

import errno
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import fsspec
from fsspec.implementations.local import LocalFileSystem
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from grisaille.collection.images import SUFFIXES
from grisaille.storage import expanded

logger = logging.getLogger(__name__)


@cache
def _tell_of_links(names: str) -> None:
    """Once: a run lists its paintings several times."""
    logger.warning("links to folders are not followed: %s", names)


Reader = Callable[[], bytes]

# Nothing that can be shown is larger: 178 megapixels of four channels and 16 bits are 1.4 GB unpacked.
_MOST_BYTES = 3 << 29


class PaintingFolder(Mapping[str, Reader]):
    """Path inside the folder -> function that reads the file, sorted by path.

    Attributes:
        root: The folder.
        others: Paths of the files whose names say that they are no images; hidden ones are not among them.
    """

    def __init__(self, filesystem: Any, root: str) -> None:
        """List the image files below root; nothing is opened yet."""
        self.root = root
        self._filesystem = filesystem
        self._base = str(filesystem._strip_protocol(root))
        self._found = {
            str(PurePosixPath(path).relative_to(self._base)): facts
            for path, facts in sorted(filesystem.find(root, detail=True).items())
        }
        self._paths = [name for name in self._found if PurePosixPath(name).suffix.lower() in SUFFIXES]
        links = [name for name, facts in self._found.items() if facts.get("islink") and Path(facts["name"]).is_dir()]
        if links:
            _tell_of_links(", ".join(map(repr, links[:5])))
        known = {*self._paths, *links}
        self.others = [name for name in self._found if name not in known and not _is_hidden(name)]

    def __getitem__(self, name: str) -> Reader:
        """The function that reads one file.

        It raises OSError when the file cannot be read, is no plain file, is larger than any picture, or is a link that
        leads out of the folder.
        """
        return partial(_read, self._filesystem, self._base, self._found[name])

    def __iter__(self) -> Iterator[str]:
        """Paths inside the folder, with forward slashes, sorted."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Number of image files."""
        return len(self._paths)


def _is_hidden(name: str) -> bool:
    # What systems leave behind in folders, and nobody would miss.
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") for part in parts) or parts[-1] in {"Thumbs.db", "desktop.ini"}


def _read(filesystem: Any, base: str, facts: Mapping[str, Any]) -> bytes:
    if (facts.get("size") or 0) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"{facts['size'] / 1e9:.1f} GB, more than any picture")
    if isinstance(filesystem, LocalFileSystem):
        _stay_inside(Path(facts["name"]), Path(base))
    data: bytes = filesystem.cat_file(facts["name"])
    return data


def _stay_inside(path: Path, base: Path) -> None:
    try:
        real = path.resolve(strict=True)
    except RuntimeError:
        raise OSError(errno.ELOOP, "a link that leads to itself") from None
    if not real.is_relative_to(base.resolve()):
        raise OSError(errno.EPERM, "a link that leads out of the folder")
    # Reading a pipe would wait for whoever writes into it.
    if not real.is_file():
        raise OSError(errno.EINVAL, "not a plain file")


class PaintingsDataset(AbstractDataset[NoReturn, PaintingFolder]):
    """``PaintingsDataset`` lists the images below a folder, on any filesystem that fsspec knows, and reads them
    lazily, in the shape in which ``PartitionedDataset`` loads its partitions.

    Examples:
        ```yaml
        raw_paintings:
          type: grisaille.datasets.PaintingsDataset
          path: data/01_raw/paintings
        ```

        >>> from grisaille.datasets import PaintingsDataset
        >>>
        >>> _ = (tmp_path / "Claude_Monet_1.jpg").write_bytes(b"...")
        >>> paintings = PaintingsDataset(path=tmp_path).load()
        >>> list(paintings)
        ['Claude_Monet_1.jpg']
        >>> paintings["Claude_Monet_1.jpg"]()
        b'...'

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self,
        *,
        path: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point at a folder.

        Args:
            path: The folder, with a protocol such as `s3://` unless it is local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._protocol, self._path = get_protocol_and_path(expanded(path))
        self._filesystem = fsspec.filesystem(self._protocol, **(credentials or {}), **(fs_args or {}))
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "protocol": self._protocol}

    def load(self) -> PaintingFolder:
        """List the folder.

        Raises:
            DatasetError: If there is no such folder.
        """
        if not self._filesystem.isdir(self._path):
            raise DatasetError(
                f"there is no folder of paintings at {self._path}; "
                "give yours with --params paintings_folder=/path/to/folder"
            )
        return PaintingFolder(self._filesystem, self._path)

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: paintings are only ever read."""
        raise DatasetError("PaintingsDataset is read-only")

    def _exists(self) -> bool:
        return bool(self._filesystem.isdir(self._path))
