"""A folder of image files, read one at a time."""

from copy import copy
from typing import Any, NoReturn

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from grisaille.collection.folder import PictureFolder
from grisaille.storage import expanded


class PaintingsDataset(AbstractDataset[NoReturn, PictureFolder]):
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

    def load(self) -> PictureFolder:
        """List the folder.

        Raises:
            DatasetError: If there is no such folder.
        """
        if not self._filesystem.isdir(self._path):
            raise DatasetError(
                f"there is no folder of paintings at {self._path}; "
                "give yours with --params paintings_folder=/path/to/folder"
            )
        return PictureFolder(self._path, self._filesystem)

    def at(self, path: str) -> "PaintingsDataset":
        """The same of another folder."""
        other = copy(self)
        other._protocol, other._path = get_protocol_and_path(expanded(path))
        return other

    def fingerprint(self) -> str | None:
        """What changes with the names and sizes of the images; None where there is no folder."""
        return self.load().fingerprint() if self._exists() else None

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: paintings are only ever read."""
        raise DatasetError("PaintingsDataset is read-only")

    def _exists(self) -> bool:
        return bool(self._filesystem.isdir(self._path))
