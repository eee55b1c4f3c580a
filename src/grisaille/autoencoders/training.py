"""The training loop: batches read from disk, held-out paintings stop it, the best weights stay."""

import math
from typing import Any

import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.architectures import Models, build
from grisaille.autoencoders.principal_components import fit_principal_components
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


class Progress(keras.callbacks.Callback):
    """One bar an autoencoder, which moves with every batch and names the losses after every epoch."""

    def __init__(self, name: str) -> None:
        """Label the bar."""
        super().__init__()
        self._name = name
        self._bar: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Show the bar."""
        self._bar = tqdm(total=self.params["epochs"] * self.params["steps"], desc=self._name, unit=" batches")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move the bar."""
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Say where the losses are."""
        losses = {name: f"{value:.4g}" for name, value in (logs or {}).items()}
        self._bar.set_postfix(epoch=f"{epoch + 1}/{self.params['epochs']}", **losses)

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the bar where training stopped."""
        self._bar.close()


def train(
    rows: Rows, training: IntArray, validation: IntArray, settings: Autoencoder, name: str
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train one autoencoder on one chunk.

    Args:
        rows: Features of the chunk, shape (n, values).
        training: Rows to learn from, shape (m,).
        validation: Rows that stop the training, possibly none; the training loss is watched then.
        settings: Architecture, epochs, and so on.
        name: Of the chunk, for the progress bar.

    Returns:
        The autoencoder and its encoder, uncompiled, and the history: one row an epoch, columns epoch, loss
        (mean squared error) and val_loss.

    Raises:
        ValueError: If there is no row to learn from, or the chunk does not fit the architecture.
    """
    if not len(training):
        raise ValueError("there is no painting to train on")
    if settings.architecture == "pca":
        return _fit_linear(rows, training, validation, settings)
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


def _fit_linear(rows: Rows, training: IntArray, validation: IntArray, settings: Autoencoder) -> Any:
    start = fit_principal_components(rows, np.sort(training), settings.code_size, settings.seed)
    autoencoder, encoder = build(settings, rows.shape[1], start)
    losses = {"loss": [_error(autoencoder, rows, training)], "val_loss": [_error(autoencoder, rows, validation)]}
    return autoencoder, encoder, history_table(losses)


def _error(autoencoder: keras.Model, rows: Rows, chosen: IntArray) -> float:
    """Mean squared error of the reconstruction; NaN for no rows."""
    batches = Batches(rows, chosen, 256, None)
    errors = []
    for number in range(len(batches)):
        values, _ = batches[number]
        errors.append(np.square(autoencoder.predict_on_batch(values) - values).mean(axis=1))
    return float(np.concatenate(errors).mean()) if errors else float("nan")


def history_table(losses: dict[str, list[float]]) -> pd.DataFrame:
    """One row an epoch, counted from 1; one column a loss."""
    table = pd.DataFrame(losses)
    table.insert(0, "epoch", np.arange(1, len(table) + 1))
    return table


def encode(encoder: keras.Model, rows: Rows, batch_size: int = 256) -> FloatArray:
    """Codes of all rows of a chunk, float32, shape (n, code_size)."""
    # Called, not `predict`: that compiles each encoder for the few batches that it will ever see.
    codes = [
        keras.ops.convert_to_numpy(encoder(as_float32(rows[start : start + batch_size]), training=False))
        for start in range(0, rows.shape[0], batch_size)
    ]
    return np.concatenate(codes).astype(np.float32)
