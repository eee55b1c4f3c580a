"""A versioned NumPy array in a `.npy` file."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from kedro.io.core import get_filepath_str
from kedro_datasets.text import TextDataset

from grisaille.storage import npy


class NumPyDataset(TextDataset):
    """``NumPyDataset`` saves and loads an array as a `.npy` file without pickles. Its arguments are those of
    ``TextDataset``, and ``mapped``: whether a local file is mapped into memory, read-only, in place of being read.

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

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(self, *, mapped: bool = False, **arguments: Any) -> None:
        """Takes the arguments of `TextDataset`, and says how local files are loaded."""
        super().__init__(**arguments)
        self._mapped = mapped

    def load(self) -> npt.NDArray[Any]:
        """Read the array.

        Raises:
            ArrayFileError: If the file is not an array, holds Python objects, or has another length than its header
                claims.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        if self._protocol == "file":
            return npy.map_array(Path(path)) if self._mapped else npy.read_array(Path(path))
        with tempfile.TemporaryDirectory() as folder:
            fetched = Path(folder) / "array.npy"
            # `get` would treat the path as a pattern.
            self._fs.get_file(path, str(fetched))
            return npy.read_array(fetched)

    def save(self, data: npt.NDArray[Any]) -> None:
        """Write the array; arrays of Python objects are refused."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with self._fs.open(path, "wb") as file:
            np.save(file, data, allow_pickle=False)
        self._invalidate_cache()

    def preview(self) -> dict[str, Any]:
        """Shape, type and first values, as a table for Kedro-Viz."""
        array = np.atleast_2d(self.load())
        head = array[:5, :8]
        return {
            "columns": [f"{column} ({array.dtype})" for column in range(head.shape[1])],
            "index": list(range(len(head))),
            "data": [[float(value) for value in row] for row in head],
        }
