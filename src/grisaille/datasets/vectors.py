"""Vectors of pictures that were computed elsewhere."""

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from kedro.io.core import DatasetError

from grisaille.collection.tables import TableError
from grisaille.collection.vectors import Vectors, VectorsError, checked, read_parquet
from grisaille.collection.works import read_columns
from grisaille.datasets.given_file import GivenFileDataset
from grisaille.storage.npy import ArrayFileError, map_array

# Suffixes of files that may name the rows of an .npy file, in order of preference.
_NAMES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx")


class VectorsDataset(GivenFileDataset[Vectors]):
    r"""``VectorsDataset`` loads vectors of pictures: a Parquet table, or an ``.npy`` array with a file of the same name
    that identifies its rows: ``.txt`` with one file name a line, or a table.

    Examples:
        ```yaml
        raw_vectors:
          type: grisaille.datasets.VectorsDataset
          filepath: clip.npy
        ```

        >>> import numpy as np
        >>> from grisaille.datasets import VectorsDataset
        >>>
        >>> np.save(tmp_path / "clip.npy", np.eye(2, 512))
        >>> _ = (tmp_path / "clip.txt").write_text("one.jpg\ntwo.jpg\n")
        >>> VectorsDataset(filepath=str(tmp_path / "clip.npy")).load().values.shape
        (2, 512)

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    WHAT = "file of vectors"
    PARAMETER = "features_file=/path/to/vectors.parquet"

    def __init__(
        self, *, filepath: str | None, fs_args: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Configure the file.

        Args:
            filepath: The file; None if there are no vectors.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        super().__init__(filepath=filepath, fallback="", fs_args=fs_args, metadata=metadata)

    def load(self) -> Vectors:
        """Read the vectors; a local array is memory-mapped.

        Raises:
            DatasetError: If the file does not exist, or holds no vectors.
        """
        if not self._asked_for:
            raise DatasetError(f"likenesses names vectors; name your file with --params {self.PARAMETER}")
        suffix = PurePosixPath(self._filepath).suffix.lower()
        try:
            if suffix == ".npy":
                return Vectors(checked(self._array()), self._names())
            if suffix == ".parquet":
                return read_parquet(self._read() or b"")
        except (ArrayFileError, TableError) as error:
            raise DatasetError(f"{self._filepath}: {error}") from error
        raise DatasetError(f"{self._filepath}: vectors must be a .npy or .parquet file")

    def _array(self) -> npt.NDArray[Any]:
        if self._protocol == "file" and Path(self._filepath).is_file():
            return map_array(Path(self._filepath))
        with tempfile.NamedTemporaryFile(suffix=".npy") as copy:
            copy.write(self._read() or b"")
            copy.flush()
            return np.array(map_array(Path(copy.name)))

    def _beside(self) -> str | None:
        """The file that identifies the rows of an array."""
        paths = (str(PurePosixPath(self._filepath).with_suffix(suffix)) for suffix in _NAMES)
        return next((path for path in paths if self._filesystem.isfile(path)), None)

    def _names(self) -> pd.DataFrame | None:
        path = self._beside()
        if path is None:
            return None
        data: bytes = self._filesystem.cat_file(path)
        if not path.endswith(".txt"):
            return read_columns(data, PurePosixPath(path).suffix)
        try:
            return pd.DataFrame({"file": data.decode("utf-8-sig").splitlines()})
        except UnicodeDecodeError as error:
            raise VectorsError(f"{path} is not UTF-8") from error

    def fingerprint(self) -> str:
        """A string that changes with the file, or with the file that identifies its rows."""
        beside = self._beside() if self._filepath.endswith(".npy") else None
        own = super().fingerprint()
        if beside is None:
            return own
        return hashlib.sha256(own.encode() + self._filesystem.cat_file(beside)).hexdigest()[:16]
