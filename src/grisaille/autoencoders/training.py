"""The training loop: batches are read from disk, validation paintings stop it early, the best weights are kept."""

import gc
import math

import keras
import numpy as np
import pandas as pd

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.architectures import Models, build
from grisaille.autoencoders.compression import fit_projection
from grisaille.autoencoders.linear import linear
from grisaille.autoencoders.progress import Progress, history_table
from grisaille.likenesses.metrics import MetricRows
from grisaille.parameters import Autoencoder


class Batches(keras.utils.PyDataset):
    """Batches of a chunk for Keras, (x, x), in another order every epoch."""

    def __init__(self, rows: Rows, chosen: IntArray, size: int, seed: int | None) -> None:
        """Wrap some rows of a chunk.

        Args:
            rows: Features, shape (n, values).
            chosen: Rows to use, shape (m,).
            size: Rows a batch.
            seed: Seed of the shuffling; None keeps the order.
        """
        super().__init__()
        self._rows, self._chosen, self._size = rows, np.array(chosen), size
        self._random = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """Batches an epoch."""
        return math.ceil(len(self._chosen) / self._size)

    def __getitem__(self, index: int) -> tuple[FloatArray, FloatArray]:
        """One batch, float32."""
        batch = self._chosen[index * self._size : (index + 1) * self._size]
        values = as_float32(self._rows[batch])
        return values, values

    def on_epoch_end(self) -> None:
        """Shuffle."""
        if self._random is not None:
            self._random.shuffle(self._chosen)


def train(
    rows: Rows, norms: FloatArray, training: IntArray, validation: IntArray, settings: Autoencoder, name: str
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train one autoencoder on one chunk.

    `linear` has no early stopping, so it is also fitted on the validation rows.

    Args:
        rows: Features of the chunk, shape (n, values).
        norms: Norms of the whole layer (`likenesses.metrics.layer_norms`), float32, shape (n,).
        training: Rows to fit on, shape (m,).
        validation: Rows for early stopping; if there are none, the training loss decides.
        settings: Architecture, epochs, and so on.
        name: Name of the chunk, for the progress bar.

    Returns:
        The autoencoder and its encoder, uncompiled, and the history: one row an epoch, with columns epoch, loss (mean
        squared error; for `linear`, of the transformed features) and val_loss, if there is one.

    Raises:
        ValueError: If there are too few training rows, or the chunk does not fit the architecture.
    """
    # Free the model of the previous chunk, which takes 200 MB, as `KerasModelDataset` does.
    gc.collect()
    if settings.architecture == "linear":
        fitted = np.union1d(training, validation).astype(np.int64)
        metric_rows = MetricRows(rows, settings.likeness, norms)
        projection, loss = fit_projection(metric_rows, fitted, settings.components, settings.seed, settings.channels)
        return (*linear(projection, settings.likeness), history_table({"loss": [loss]}))
    if not len(training):
        raise ValueError("there is no painting to train on")
    autoencoder, encoder = build(settings, rows.shape[1])
    autoencoder.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss="mse")
    watched = settings.monitor if len(validation) else "loss"
    history = autoencoder.fit(
        Batches(rows, training, settings.batch_size, settings.seed),
        validation_data=Batches(rows, validation, settings.batch_size, None) if len(validation) else None,
        epochs=settings.epochs,
        # Batches shuffle themselves; Keras would use Python's global generator.
        shuffle=False,
        callbacks=[
            keras.callbacks.EarlyStopping(watched, patience=settings.patience, restore_best_weights=True),
            Progress(name),
        ],
        verbose=0,
    )
    # Rebuilt without the optimiser's state, which would triple the size of the file.
    return (*_uncompiled(autoencoder, encoder), history_table(history.history))


def _uncompiled(autoencoder: keras.Model, encoder: keras.Model) -> Models:
    plain = keras.Model(autoencoder.inputs, autoencoder.outputs[0], name=autoencoder.name)
    return plain, encoder


def take_encoder(autoencoder: keras.Model) -> keras.Model:
    """The encoder inside an autoencoder, (n, values) -> (n, code); the two share their weights."""
    code = autoencoder.get_layer("code").output
    return keras.Model(autoencoder.inputs[0], code, name=f"{autoencoder.name}_encoder")


def encode(encoder: keras.Model, rows: Rows, batch_size: int = 256) -> FloatArray:
    """Encode all rows of a chunk, as stored.

    Args:
        encoder: As `train` returns it.
        rows: Features of the chunk, shape (n, values).
        batch_size: Rows at a time.

    Returns:
        float32, shape (n, k + 2) for `linear`, not yet divided by the norms, or (n, code_size).
    """
    # Call the model: `predict` would compile each encoder for only a few batches.
    parts = [
        keras.ops.convert_to_numpy(encoder(as_float32(rows[start : start + batch_size]), training=False))
        for start in range(0, rows.shape[0], batch_size)
    ]
    return np.concatenate(parts).astype(np.float32)
