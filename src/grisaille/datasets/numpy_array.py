"""A NumPy array in a `.npy` file, versioned."""

import tempfile
from copy import deepcopy
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import fsspec
import numpy as np
import numpy.typing as npt
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version, get_filepath_str, get_protocol_and_path

from grisaille.storage import npy


class NumPyDataset(AbstractVersionedDataset[npt.NDArray[Any], npt.NDArray[Any]]):
    """``NumPyDataset`` saves and loads an array as a `.npy` file, never as a pickle.

    Examples:
        ```yaml
        embeddings:
          type: grisaille.datasets.NumPyDataset
          filepath: data/07_model_output/embeddings.npy
          versioned: true
        ```

        >>> import numpy as np
        >>> from grisaille.datasets import NumPyDataset
        >>>
        >>> dataset = NumPyDataset(filepath=str(tmp_path / "codes.npy"))
        >>> dataset.save(np.eye(2))
        >>> dataset.load()
        array([[1., 0.],
               [0., 1.]])

    """

    def __init__(
        self,
        *,
        filepath: str,
        mmap_mode: Literal["r", "c"] | None = None,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point at a file.

        Args:
            filepath: The file, with a protocol such as `s3://` unless it is local.
            mmap_mode: `r` or `c`, as in `numpy.load`; local files only.
            version: Which version to load and to save.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.

        Raises:
            DatasetError: If a remote file is to be memory-mapped.
        """
        arguments = deepcopy(fs_args) or {}
        self._protocol, path = get_protocol_and_path(str(filepath), version)
        if self._protocol == "file":
            arguments.setdefault("auto_mkdir", True)
        elif mmap_mode is not None:
            raise DatasetError(f"only local files can be memory-mapped. Received: {filepath}")
        self._fs = fsspec.filesystem(self._protocol, **(deepcopy(credentials) or {}), **arguments)
        self._mmap_mode = mmap_mode
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path), version=version, exists_function=self._fs.exists, glob_function=self._fs.glob
        )

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "protocol": self._protocol,
            "mmap_mode": self._mmap_mode,
            "version": self._version,
        }

    def load(self) -> npt.NDArray[Any]:
        """Read the array.

        Raises:
            ArrayFileError: If the file is no array, holds Python objects, or is not as long as its header says.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        if self._mmap_mode is not None:
            return npy.map_array(Path(path), self._mmap_mode)
        if self._protocol == "file":
            return npy.read_array(Path(path))
        with tempfile.TemporaryDirectory() as folder:
            fetched = Path(folder) / "array.npy"
            # `get` would read the path as a pattern.
            self._fs.get_file(path, str(fetched))
            return npy.read_array(fetched)

    def save(self, data: npt.NDArray[Any]) -> None:
        """Write the array; an array of Python objects is refused."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with self._fs.open(path, "wb") as file:
            np.save(file, data, allow_pickle=False)
        self._invalidate_cache()

    def preview(self) -> dict[str, Any]:
        """The shape, the type and the first values, as the table that Kedro-Viz draws."""
        array = np.atleast_2d(self.load())
        head = array[:5, :8]
        return {
            "columns": [f"{column} ({array.dtype})" for column in range(head.shape[1])],
            "index": list(range(len(head))),
            "data": [[float(value) for value in row] for row in head],
        }

    def _exists(self) -> bool:
        try:
            path = get_filepath_str(self._get_load_path(), self._protocol)
        except DatasetError:
            return False
        return bool(self._fs.exists(path))

    def _release(self) -> None:
        super()._release()
        self._invalidate_cache()

    def _invalidate_cache(self) -> None:
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))
