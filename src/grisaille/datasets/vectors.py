"""Vectors that somebody else made of the pictures."""

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

# Files beside an .npy file that may name its rows, the first that is there.
_NAMES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xlsx")


class VectorsDataset(GivenFileDataset[Vectors]):
    r"""``VectorsDataset`` loads vectors of pictures: a Parquet table, or an ``.npy`` array beside which a file of the
    same name says whose they are: ``.txt`` with a file's name a line, or a table.

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
        """Point at a file.

        Args:
            filepath: The file; with None there is nothing to load.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        super().__init__(filepath=filepath, fallback="", fs_args=fs_args, metadata=metadata)

    def load(self) -> Vectors:
        """Read the vectors; an array of the local disk is mapped into memory.

        Raises:
            DatasetError: If the file does not exist, or holds no vectors.
        """
        if not self._asked_for:
            raise DatasetError(f"likenesses names vectors; give yours with --params {self.PARAMETER}")
        suffix = PurePosixPath(self._filepath).suffix.lower()
        try:
            if suffix == ".npy":
                return Vectors(checked(self._array()), self._names())
            if suffix == ".parquet":
                return read_parquet(self._read() or b"")
        except (ArrayFileError, TableError) as error:
            raise DatasetError(f"{self._filepath}: {error}") from error
        raise DatasetError(f"{self._filepath}: vectors are read from .npy and .parquet files")

    def _array(self) -> npt.NDArray[Any]:
        if self._protocol == "file" and Path(self._filepath).is_file():
            return map_array(Path(self._filepath))
        with tempfile.NamedTemporaryFile(suffix=".npy") as copy:
            copy.write(self._read() or b"")
            copy.flush()
            return np.array(map_array(Path(copy.name)))

    def _beside(self) -> str | None:
        """The file that says whose vectors an array holds."""
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
            raise VectorsError(f"{path} is not in UTF-8") from error

    def fingerprint(self) -> str:
        """What changes with the file, or with that beside it which names its rows."""
        beside = self._beside() if self._filepath.endswith(".npy") else None
        own = super().fingerprint()
        if beside is None:
            return own
        return hashlib.sha256(own.encode() + self._filesystem.cat_file(beside)).hexdigest()[:16]
