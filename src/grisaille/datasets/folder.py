"""A folder of files of one kind as one result."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import AbstractVersionedDataset, Version, get_protocol_and_path, parse_dataset_definition


class FolderDataset(AbstractVersionedDataset[dict[str, Any], dict[str, Any]]):
    """``FolderDataset`` saves the items of a dictionary as files in a folder, each with another dataset. The folder is
    one result with one version, and exists once all its files do.

    Examples:
        ```yaml
        artist_embeddings:
          type: grisaille.datasets.FolderDataset
          filepath: data/07_model_output/artist_embeddings
          suffix: .npy
          dataset: grisaille.datasets.NumPyDataset
          versioned: true
        ```

        >>> import numpy as np
        >>> from grisaille.datasets import FolderDataset
        >>>
        >>> folder = FolderDataset(
        ...     filepath=str(tmp_path / "arrays"), suffix=".npy", dataset="grisaille.datasets.NumPyDataset"
        ... )
        >>> folder.save({"Claude_Monet": np.zeros(2)})
        >>> folder.load()
        {'Claude_Monet': array([0., 0.])}

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self,
        *,
        filepath: str,
        suffix: str,
        dataset: str | dict[str, Any],
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the folder.

        Args:
            filepath: The folder, with a protocol such as `s3://` unless it is local.
            suffix: Suffix of the files.
            dataset: The dataset that saves and loads a file, as in a catalog.
            version: Versions to load and to save.
            credentials: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._protocol, path = get_protocol_and_path(filepath, version)
        self._fs = fsspec.filesystem(self._protocol, **(credentials or {}))
        self._kind: Any
        self._kind, self._config = parse_dataset_definition({"type": dataset} if isinstance(dataset, str) else dataset)
        self._suffix, self._credentials, self.metadata = suffix, credentials, metadata
        super().__init__(PurePosixPath(path), version, self._fs.exists, self._fs.glob)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "suffix": self._suffix, "version": self._version}

    def load(self) -> dict[str, Any]:
        """Name of each file, without its suffix -> its content, sorted by name."""
        folder = self._get_load_path()
        names = sorted(PurePosixPath(path).name for path in self._fs.ls(str(folder), detail=False))
        return {name.removesuffix(self._suffix): self._file(folder / name).load() for name in names}

    def save(self, data: dict[str, Any]) -> None:
        """Write every file."""
        folder = self._get_save_path()
        self._fs.makedirs(str(folder), exist_ok=True)
        for name, item in data.items():
            self._file(folder / f"{name}{self._suffix}").save(item)

    def _file(self, path: PurePosixPath) -> Any:
        credentials = {"credentials": self._credentials} if self._credentials else {}
        place = str(path) if self._protocol == "file" else f"{self._protocol}://{path}"
        return self._kind(filepath=place, **credentials, **self._config)

    def _exists(self) -> bool:
        return bool(self._fs.isdir(str(self._get_load_path())))
