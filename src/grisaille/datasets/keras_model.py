"""A versioned Keras model in a `.keras` file. This module imports TensorFlow, so it is imported on demand."""

import gc
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from kedro.io.core import get_filepath_str
from kedro_datasets.tensorflow import TensorFlowModelDataset

from grisaille.autoencoders.archive import make_deterministic


class KerasModelDataset(TensorFlowModelDataset):
    """``KerasModelDataset`` saves and loads like ``TensorFlowModelDataset``, but equal models become equal bytes.

    A process reads a model once unless its file changes: reading the encoders takes seconds, which is too long for a
    server that answers in a few hundred milliseconds. Loaded models are shared, so train on a copy
    (`keras.models.clone_model`).

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
        """Write the model without its date."""
        import keras

        path = get_filepath_str(self._get_save_path(), self._protocol)
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "model.keras"
            keras.saving.save_model(data, saved, **self._save_args)
            make_deterministic(saved)
            self._fs.put_file(str(saved), path)
        self._invalidate_cache()

    def _release(self) -> None:
        """Drop cached models: a run releases results after the last node has read them."""
        super()._release()
        _read.cache_clear()
        # Models are reference cycles, which Python would free much later, despite their size.
        gc.collect()


@lru_cache(maxsize=16)
def _read(filesystem: Any, path: str, state: str, **options: Any) -> Any:
    """Read a model; `state` identifies the content of its file."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "model.keras"
        # `get` and `put` would treat the path as a pattern.
        filesystem.get_file(path, str(stored))
        return keras.saving.load_model(stored, **options)
