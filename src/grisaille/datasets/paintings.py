"""A folder of image files, or IIIF manifests whose pictures are copied to one, read one at a time."""

import logging
import time
from copy import copy
from pathlib import Path
from typing import Any, NoReturn

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from grisaille.collection import iiif
from grisaille.collection.folder import PictureFolder
from grisaille.errors import GrisailleError
from grisaille.storage import expanded

logger = logging.getLogger(__name__)

RENEW_AFTER = 24 * 3600
"""Seconds after which a finished copy of manifests is compared with what they list now."""


class PaintingsDataset(AbstractDataset[NoReturn, PictureFolder]):
    """``PaintingsDataset`` lists the images in a folder on any fsspec filesystem, and reads them lazily, with the
    interface of partitions of ``PartitionedDataset``.

    An http URL, or a ``.txt`` file of URLs, names IIIF manifests or collections instead. Their pictures are first
    copied to a folder of the storage. A finished copy is refreshed after a day; if that fails, it is read as it is.

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
        copies: str | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the folder.

        Args:
            path: The folder, with a protocol such as `s3://` unless it is local; or the location of IIIF manifests.
            copies: The local parent folder of copied pictures; each source has a folder of its own.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._copies, self._options = copies, {**(credentials or {}), **(fs_args or {})}
        self._point_at(path)
        self.metadata = metadata

    def _point_at(self, path: str) -> None:
        self._copied: Path | None = None
        self._filesystem: Any = None  # for URLs
        if iiif.is_url(path):
            self._protocol, self._path = "iiif", path
        else:
            self._protocol, self._path = get_protocol_and_path(expanded(path))
            self._filesystem = fsspec.filesystem(self._protocol, **self._options)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "protocol": self._protocol}

    def load(self) -> PictureFolder:
        """List the folder, after copying the pictures of manifests.

        Raises:
            DatasetError: If the folder does not exist, or nothing could be copied.
        """
        if self._is_iiif():
            from grisaille.collection.iiif_copy import rejected

            folder = self._copied_folder()
            return PictureFolder(str(folder), rejected=rejected(folder))
        if not self._filesystem.isdir(self._path):
            raise DatasetError(
                f"there is no folder of paintings at {self._path}; "
                "name yours with --params paintings_folder=/path/to/folder"
            )
        return PictureFolder(self._path, self._filesystem)

    def folder(self) -> str:
        """The folder of the picture files: the given one, or the copy of manifests."""
        if self._is_iiif():
            return str(self._copy_folder())
        return str(self._filesystem.unstrip_protocol(self._path)) if self._protocol != "file" else self._path

    def at(self, path: str) -> "PaintingsDataset":
        """The same dataset with another folder."""
        other = copy(self)
        other._point_at(path)
        return other

    def fingerprint(self) -> str | None:
        """A string that changes with the names and sizes of the images; None if there is no folder.

        A finished copy of manifests is not fetched again here, only when it is loaded.
        """
        if self._is_iiif() and _is_finished(self._copy_folder()):
            return PictureFolder(str(self._copy_folder())).fingerprint()
        return self.load().fingerprint() if self._exists() else None

    def _is_iiif(self) -> bool:
        return self._filesystem is None or (
            self._path.lower().endswith(".txt") and bool(self._filesystem.isfile(self._path))
        )

    def _copied_folder(self) -> Path:
        """The folder of the copy, created or refreshed once a session."""
        if self._copied is None:
            folder = self._copy_folder()
            if not self._is_current(folder):
                self._renew(folder)
            self._copied = folder
        return self._copied

    def _copy_folder(self) -> Path:
        if self._copies is None or "://" in self._copies:
            raise DatasetError(
                f"pictures of IIIF manifests must be copied to a local folder. Received: copies={self._copies}; "
                "use a local storage with --params storage=/path/to/folder, or a folder of pictures"
            )
        return iiif.copy_of(self._path, self._copies)

    def _is_current(self, folder: Path) -> bool:
        if not _is_finished(folder):
            return False
        finished = (folder / iiif.WORKS).stat().st_mtime
        changed = 0.0 if self._filesystem is None else self._filesystem.modified(self._path).timestamp()
        return finished > max(time.time() - RENEW_AFTER, changed)

    def _renew(self, folder: Path) -> None:
        from grisaille.collection.iiif_copy import copy_collection

        try:
            copy_collection(self._sources(), folder)
        except GrisailleError as error:
            if not _is_finished(folder):
                raise DatasetError(
                    f"{self._path}: {error}. Copied pictures are kept, and the same command continues"
                ) from error
            logger.warning("%s could not be refreshed (%s), so the copy in %s is read", self._path, error, folder)

    def _sources(self) -> list[str]:
        if self._filesystem is None:
            return [self._path]
        listed = iiif.urls(self._filesystem.cat_file(self._path).decode("utf-8", "replace"))
        wrong = next((line for line in listed if not iiif.is_url(line)), None)
        if wrong is not None or not listed:
            problem = f"{wrong[:80]!r} is not an http URL" if wrong is not None else "it is empty"
            raise DatasetError(f"{self._path}: a list of IIIF manifests has one URL a line; {problem}")
        return listed

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse, since paintings are read-only."""
        raise DatasetError("PaintingsDataset is read-only")

    def _exists(self) -> bool:
        # Only a request could tell whether a URL exists.
        return self._is_iiif() or bool(self._filesystem.isdir(self._path))


def _is_finished(folder: Path) -> bool:
    return (folder / iiif.WORKS).exists()
