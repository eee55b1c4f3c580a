"""Codes side by side: what makes the chunks' codes one embedding, and the small model that corrects them."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import layers

from grisaille.arrays import FloatArray, IntArray
from grisaille.autoencoders.similarity import Target, likeness_loss
from grisaille.autoencoders.similarity_training import Lesson
from grisaille.initializers import Initializers
from grisaille.parameters import Autoencoder, Similarity

_BLOCK = 1024
# Smallest variance of what components leave that is believed, in mean variances of a coordinate.
_LEAST = 0.01


def train_joiner(
    codes: Sequence[FloatArray],
    compressed: Sequence[FloatArray],
    norms: Sequence[FloatArray],
    training: IntArray,
    settings: Autoencoder,
) -> tuple[keras.Model, pd.DataFrame]:
    """Train what joins the chunks' codes, so that the whole keeps the likeness of whole paintings.

    Each code keeps the likeness of its own chunk as well as it can. What they get wrong together no chunk can know: it
    is learnt here, from the chunks' compressed rows, whose squared distances add up to those of paintings.

    Args:
        codes: As `encode` gives them, shape (n, code_size), one array a chunk.
        compressed: Likewise, shape (n, k + 2).
        norms: Norms of each chunk's whole layer (`likenesses.metrics.layer_norms`), shape (n,), one array a chunk.
        training: Rows to learn from, shape (m,).
        settings: Architecture, likeness, seed, and the group `similarity`.

    Returns:
        The joiner, from the codes and the compressed rows of every chunk, divided by the norms, to embeddings; and the
        history: epoch, loss. Where nothing is to be learnt, the joiner puts the codes side by side, and the history is
        empty.

    Raises:
        ValueError: If the arrays are of different collections, or there are fewer than two paintings to compare.
    """
    shown = _divided(codes, compressed, norms)
    chosen = settings.similarity
    if settings.architecture != "similarity" or not chosen.joiner_hidden:
        return _joiner([rows.shape[1] for rows in shown], len(codes)), pd.DataFrame({"epoch": [], "loss": []})
    known = [rows[training] for rows in shown]
    lesson = Lesson.prepare(known[len(codes) :], settings, chosen.joiner_epochs, known[: len(codes)])
    joiner = _joiner([rows.shape[1] for rows in shown], len(codes), known, settings)
    history = lesson.fit(JoinerModel(joiner, len(codes), lesson.target, chosen), chosen.learning_rate, "joiner")
    return joiner, history


def join(
    joiner: keras.Model, codes: Sequence[FloatArray], compressed: Sequence[FloatArray], norms: Sequence[FloatArray]
) -> FloatArray:
    """Make embeddings of codes.

    For `euclidean` the norms are 1. For `hellinger` the encoders scale with their input, so dividing afterwards is the
    same as dividing the features; the squared distances of the chunks then add up to those of the whole.

    Args:
        joiner: As `train_joiner` gives it.
        codes: As for `train_joiner`, of any paintings.
        compressed: Likewise.
        norms: Likewise.

    Returns:
        float32, shape (n, sum of code sizes).

    Raises:
        ValueError: If the arrays are of different collections.
    """
    shown = _divided(codes, compressed, norms)
    parts = [
        keras.ops.convert_to_numpy(joiner([rows[start : start + _BLOCK] for rows in shown], training=False))
        for start in range(0, len(shown[0]), _BLOCK)
    ]
    return np.concatenate(parts).astype(np.float32)


def _divided(
    codes: Sequence[FloatArray], compressed: Sequence[FloatArray], norms: Sequence[FloatArray]
) -> list[FloatArray]:
    """Codes, then compressed rows where there are any, divided by the norms."""
    sizes = {len(rows) for rows in (*codes, *compressed, *norms)}
    if len(sizes) != 1:
        raise ValueError(
            f"the chunks' codes and the features are of different collections ({sorted(sizes)} paintings): "
            "run `kedro run --pipelines autoencoding` for all chunks"
        )
    return [
        rows / norm[:, None]
        for arrays in (codes, compressed)
        for rows, norm in zip(arrays, norms, strict=True)
        if rows.shape[1]
    ]


def _joiner(
    widths: Sequence[int], chunks: int, known: Sequence[FloatArray] = (), settings: Autoencoder | None = None
) -> keras.Model:
    """Codes side by side, and a perceptron that starts at zero and is added to them.

    Args:
        widths: Of the codes of every chunk, then of its compressed rows, where there are any.
        chunks: How many of these are codes.
        known: Rows to learn from, of these widths; none leave the perceptron out.
        settings: As for `train_joiner`; needed where there is a perceptron.
    """
    inputs = [layers.Input((width,), name=f"shown_{number}") for number, width in enumerate(widths)]
    embedding = layers.Concatenate(name="codes")(inputs[:chunks])
    if settings is not None:
        draw = Initializers(settings.seed)
        x = layers.Concatenate(name="shown")(inputs)
        mean, variance = _standard(known, chunks)
        x = layers.Normalization(mean=mean, variance=variance, name="standardise")(x)
        for number in (1, 2):
            x = layers.Dense(
                settings.similarity.joiner_hidden, activation="gelu", kernel_initializer=draw(), name=f"hidden_{number}"
            )(x)
        size = float(np.sqrt(np.concatenate(known[:chunks], axis=1).var(axis=0).mean()))
        bend = layers.Dense(embedding.shape[-1], kernel_initializer="zeros", name="bend")(x)
        embedding = embedding + bend * size
    return keras.Model(inputs, embedding, name="joiner")


def _standard(known: Sequence[FloatArray], chunks: int) -> tuple[FloatArray, FloatArray]:
    """Mean and variance that columns are standardised with.

    Codes share one variance, and coordinates another, so that small components, which paintings are learnt by heart
    from, stay small. The lengths of the rest, the last column of each compressed chunk, have their own.
    """
    codes, seen = (np.concatenate(part, axis=1) for part in (known[:chunks], known[chunks:]))
    # 1 where there is nothing but zeros.
    variances = [np.full(part.shape[1], float(part.var()) or 1.0) for part in (codes, seen)]
    lengths = np.cumsum([rows.shape[1] for rows in known[chunks:]]) - 1
    # Where components explain nearly all, what they leave is rounding, and is not blown up.
    variances[1][lengths] = np.maximum(seen[:, lengths].var(axis=0), _LEAST * variances[1][0])
    return np.concatenate([codes, seen], axis=1).mean(axis=0), np.concatenate(variances)


class JoinerModel(keras.Model):
    """Trains the joiner on the loss of whole paintings (`likeness_loss`)."""

    def __init__(self, joiner: keras.Model, chunks: int, target: Target, settings: Similarity) -> None:
        """Wrap a joiner that is shown as many compressed chunks, then as many codes."""
        super().__init__(name="joining")
        self.joiner, self._chunks, self._target, self._settings = joiner, chunks, target, settings

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Embeddings of a batch."""
        return self.joiner([*inputs[self._chunks :], *inputs[: self._chunks]], training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        """See `likeness_loss`; y holds each painting's scale."""
        return likeness_loss(x[: self._chunks], y_pred, y, self._target, self._settings)
