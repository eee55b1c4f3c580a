"""The training loop: batches read from disk, held-out paintings stop it, the best weights stay."""

import math
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import pandas as pd

from grisaille.arrays import FloatArray, IntArray, Rows, as_float32
from grisaille.autoencoders.architectures import Models, build
from grisaille.autoencoders.compression import compress_chunk
from grisaille.autoencoders.principal_components import fit_principal_components
from grisaille.autoencoders.progress import Progress, history_table
from grisaille.autoencoders.similarity import COMPRESSED
from grisaille.autoencoders.similarity_training import train_similarity
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

    Nothing stops `similarity` before its time, so that its validation rows are learnt from, too.

    Args:
        rows: Features of the chunk, shape (n, values).
        norms: Norms of the whole layer (`likenesses.metrics.layer_norms`), float32, shape (n,).
        training: Rows to learn from, shape (m,).
        validation: Rows that stop the training, possibly none; the training loss is watched then.
        settings: Architecture, epochs, and so on.
        name: Of the chunk, for the progress bar.

    Returns:
        The autoencoder and its encoder, uncompiled, and the history: one row an epoch, columns epoch, loss
        (mean squared error; for `similarity` the sum of its terms) and val_loss, where there is one.

    Raises:
        ValueError: If there are too few rows to learn from, or the chunk does not fit the architecture.
    """
    if settings.architecture == "similarity":
        chosen = np.union1d(training, validation).astype(np.int64)
        metric_rows = MetricRows(rows, settings.likeness, norms)
        components = settings.similarity.resolve_for(settings.likeness).components
        basis, compressed = compress_chunk(metric_rows, chosen, components, settings.seed, settings.channels)
        return train_similarity(basis, compressed[chosen], settings, name)
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


def take_encoder(autoencoder: keras.Model) -> keras.Model:
    """The encoder inside of an autoencoder, (n, values) -> (n, code_size); the two share their weights."""
    code = autoencoder.get_layer("code").output
    return keras.Model(autoencoder.inputs[0], code, name=f"{autoencoder.name}_encoder")


def encode(encoder: keras.Model, rows: Rows, batch_size: int = 256) -> tuple[FloatArray, FloatArray]:
    """Encode all rows of a chunk, as they are stored.

    Args:
        encoder: As `train` gives it.
        rows: Features of the chunk, shape (n, values).
        batch_size: Rows at a time.

    Returns:
        The codes, float32, shape (n, code_size), and what the encoder of `similarity` sees of the chunk
        (`Projection.compress`), float32, shape (n, k + 2); k + 2 is 0 for the other architectures. Neither is divided
        by the norms yet.
    """
    both = _with_compressed(encoder)
    # Called, not `predict`: that compiles each encoder for the few batches that it will ever see.
    parts = [
        [
            keras.ops.convert_to_numpy(part)
            # Of a single output, Keras gives the tensor itself.
            for part in keras.tree.flatten(both(as_float32(rows[start : start + batch_size]), training=False))
        ]
        for start in range(0, rows.shape[0], batch_size)
    ]
    codes, *compressed = (np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True))
    return codes, compressed[0] if compressed else np.empty((len(codes), 0), np.float32)


# A server encodes one picture at a time.
@lru_cache(maxsize=16)
def _with_compressed(encoder: keras.Model) -> keras.Model:
    outputs = [encoder.output, *(layer.output for layer in encoder.layers if layer.name == COMPRESSED)]
    return keras.Model(encoder.inputs[0], outputs)
