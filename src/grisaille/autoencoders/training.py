"""The training loop: batches read from disk, held-out paintings stop it, the best weights stay."""

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
    """Rows of a chunk as Keras wants them, (x, x) a batch, in another order every epoch."""

    def __init__(self, rows: Rows, chosen: IntArray, size: int, seed: int | None) -> None:
        """Wrap some rows of a chunk.

        Args:
            rows: Features, shape (n, values).
            chosen: Rows to use, shape (m,).
            size: Rows a batch.
            seed: Of the order; None keeps it.
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
        chosen = self._chosen[index * self._size : (index + 1) * self._size]
        values = as_float32(self._rows[chosen])
        return values, values

    def on_epoch_end(self) -> None:
        """Shuffle."""
        if self._random is not None:
            self._random.shuffle(self._chosen)


def train(
    rows: Rows, norms: FloatArray, training: IntArray, validation: IntArray, settings: Autoencoder, name: str
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train one autoencoder on one chunk, which needs to know of no other.

    Nothing is to be stopped in `linear`, so that its validation rows are learnt from, too.

    Args:
        rows: Features of the chunk, shape (n, values).
        norms: Norms of the whole layer (`likenesses.metrics.layer_norms`), float32, shape (n,).
        training: Rows to learn from, shape (m,).
        validation: Rows that stop the training, possibly none; the training loss is watched then.
        settings: Architecture, epochs, and so on.
        name: Of the chunk, for the progress bar.

    Returns:
        The autoencoder and its encoder, uncompiled, and the history: one row an epoch, columns epoch, loss (mean
        squared error; of `linear`, of what its likeness makes of the features) and val_loss, where there is one.

    Raises:
        ValueError: If there are too few rows to learn from, or the chunk does not fit the architecture.
    """
    # As `KerasModelDataset` does: the model of the chunk before is 200 MB.
    gc.collect()
    if settings.architecture == "linear":
        chosen = np.union1d(training, validation).astype(np.int64)
        metric_rows = MetricRows(rows, settings.likeness, norms)
        projection, loss = fit_projection(metric_rows, chosen, settings.components, settings.seed, settings.channels)
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
        # Batches have an order of their own; Keras would shuffle them with Python's global generator.
        shuffle=False,
        callbacks=[
            keras.callbacks.EarlyStopping(watched, patience=settings.patience, restore_best_weights=True),
            Progress(name),
        ],
        verbose=0,
    )
    # Rebuilt without the optimiser's state, which would triple the file.
    return (*_uncompiled(autoencoder, encoder), history_table(history.history))


def _uncompiled(autoencoder: keras.Model, encoder: keras.Model) -> Models:
    plain = keras.Model(autoencoder.inputs, autoencoder.outputs[0], name=autoencoder.name)
    return plain, encoder


def take_encoder(autoencoder: keras.Model) -> keras.Model:
    """The encoder inside of an autoencoder, (n, values) -> (n, code); the two share their weights."""
    code = autoencoder.get_layer("code").output
    return keras.Model(autoencoder.inputs[0], code, name=f"{autoencoder.name}_encoder")


def encode(encoder: keras.Model, rows: Rows, batch_size: int = 256) -> FloatArray:
    """Encode all rows of a chunk, as they are stored.

    Args:
        encoder: As `train` gives it.
        rows: Features of the chunk, shape (n, values).
        batch_size: Rows at a time.

    Returns:
        float32, shape (n, k + 2) of `linear`, which are not divided by the norms yet, or (n, code_size).
    """
    # Called, not `predict`: that compiles each encoder for the few batches that it will ever see.
    parts = [
        keras.ops.convert_to_numpy(encoder(as_float32(rows[start : start + batch_size]), training=False))
        for start in range(0, rows.shape[0], batch_size)
    ]
    return np.concatenate(parts).astype(np.float32)
