"""Arrays as pickles, for programs that want them so."""

from typing import Any

from kedro.io.core import get_filepath_str
from kedro_datasets.pickle import PickleDataset

from grisaille.storage import pickled


class ArrayPickleDataset(PickleDataset):
    """``ArrayPickleDataset`` saves an array as a pickle, and loads it without unpickling: a file that asks for anything
    but an array of numbers is refused, and nothing that it names is imported or called.

    Examples:
        ```yaml
        artist_embeddings:
          type: partitions.PartitionedDataset
          path: data/07_model_output/artist_embeddings
          filename_suffix: .pkl
          dataset: {type: grisaille.datasets.ArrayPickleDataset, versioned: true}
        ```

        >>> import numpy as np
        >>> from grisaille.datasets import ArrayPickleDataset
        >>>
        >>> dataset = ArrayPickleDataset(filepath=str(tmp_path / "embeddings.pkl"))
        >>> dataset.save(np.eye(2))
        >>> dataset.load()
        array([[1., 0.],
               [0., 1.]])

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def load(self) -> Any:
        """The array.

        Raises:
            PickledArrayError: If there is anything else in the file.
        """
        with self._fs.open(get_filepath_str(self._get_load_path(), self._protocol), "rb") as file:
            return pickled.read_array(file.read())
