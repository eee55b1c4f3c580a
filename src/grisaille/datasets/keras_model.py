"""A Keras model in a `.keras` file, versioned. TensorFlow is imported with this module, so nothing else imports it."""

import gc
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from kedro.io.core import get_filepath_str
from kedro_datasets.tensorflow import TensorFlowModelDataset

from grisaille.autoencoders.archive import make_deterministic


class KerasModelDataset(TensorFlowModelDataset):
    """``KerasModelDataset`` saves and loads as ``TensorFlowModelDataset`` does; equal models become equal bytes.

    A process reads a model once, as long as its file stays as it is: a server that answers a question in a few hundred
    milliseconds would spend seconds on its encoders. Train on a copy (`keras.models.clone_model`), since all who load a
    model share it.

    Examples:
        ```yaml
        "{chunk}.encoder":
          type: grisaille.datasets.keras_model.KerasModelDataset
          filepath: data/06_models/{chunk}/encoder.keras
          versioned: true
        ```
    """

    def load(self) -> Any:
        """Read the model."""
        path = get_filepath_str(self._get_load_path(), self._protocol)
        return _read(self._fs, path, self._fs.ukey(path), **self._load_args)

    def save(self, data: Any) -> None:
        """Write the model, without its date."""
        import keras

        path = get_filepath_str(self._get_save_path(), self._protocol)
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "model.keras"
            keras.saving.save_model(data, saved, **self._save_args)
            make_deterministic(saved)
            self._fs.put_file(str(saved), path)
        self._invalidate_cache()

    def _release(self) -> None:
        """Forget models: a run releases what it made as soon as its last node has read it."""
        super()._release()
        _read.cache_clear()
        # Models are cycles of small objects, which Python would leave for later, however many megabytes they hold.
        gc.collect()


@lru_cache(maxsize=16)
def _read(filesystem: Any, path: str, state: str, **options: Any) -> Any:
    """Read a model in a certain state of its file."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "model.keras"
        # `get` and `put` would read the path as a pattern.
        filesystem.get_file(path, str(stored))
        return keras.saving.load_model(stored, **options)
