"""Training on likeness: one chunk on that of its own rows; and what training the joiner shares with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from grisaille.arrays import FloatArray
from grisaille.autoencoders.compression import Projection
from grisaille.autoencoders.progress import Progress, history_table
from grisaille.autoencoders.similarity import (
    ROUNDING,
    ChunkModel,
    Geometry,
    Target,
    assemble,
    compressed_decoder,
    compressed_encoder,
    scales,
)
from grisaille.initializers import Initializers
from grisaille.parameters import Autoencoder

# Paintings whose distances set the scale of all.
_SAMPLE = 2048
_PASSES = 10


def train_similarity(
    basis: FloatArray, compressed: FloatArray, settings: Autoencoder, name: str
) -> tuple[keras.Model, keras.Model, pd.DataFrame]:
    """Train the autoencoder of one chunk so that its codes keep the likeness of its rows.

    Nothing stops the training before its time: the rate falls to zero, mixing keeps paintings from being learnt by
    heart, and neighbourhoods among a few validation paintings are too thin to judge by.

    Args:
        basis: Of the compression (`Projection`), float32, shape (k + 1, d).
        compressed: Compressed rows to learn from, float32, shape (m, k + 2).
        settings: Likeness, code size, seed, and the group `similarity`.
        name: For the progress bar.

    Returns:
        The autoencoder and its encoder, models of raw chunks, and the history: epoch, loss.

    Raises:
        ValueError: If there are fewer than two paintings to compare.
    """
    chosen = settings.similarity
    lesson = Lesson.prepare([compressed], settings, chosen.epochs)
    shape = Geometry(compressed, settings.code_size, settings.likeness, lesson.target.offset)
    draw = Initializers(settings.seed)
    encoder, decoder = compressed_encoder(shape, chosen, draw), compressed_decoder(shape, chosen, draw)
    variance = float(compressed[:, :-1].var(axis=0).sum())
    # Of equal paintings it is rounding.
    variance = variance if variance > ROUNDING * float(np.square(compressed).sum(axis=1).mean()) else 1.0
    history = lesson.fit(ChunkModel(encoder, decoder, lesson.target, variance, chosen), chosen.learning_rate, name)
    return *assemble(Projection(basis), encoder, decoder, settings.likeness), history


@dataclass(frozen=True)
class Lesson:
    """What a model is trained on, how long, and what its distances are to be.

    Attributes:
        target: What distances are matched to.
        batches: In the order of the training.
        rounds: What Keras takes as epochs.
        passes: Over all paintings in each.
    """

    target: Target
    batches: "MixedBatches"
    rounds: int
    passes: int

    @classmethod
    def prepare(
        cls, compressed: Sequence[FloatArray], settings: Autoencoder, epochs: int, codes: Sequence[FloatArray] = ()
    ) -> "Lesson":
        """Measure the distances of some paintings.

        Args:
            compressed: Compressed rows, shape (m, k + 2), one array a chunk.
            settings: Likeness, seed, and the group `similarity`.
            epochs: Passes over the paintings, at least.
            codes: Codes that are shown beside the rows, shape (m, code_size), one array a chunk.

        Raises:
            ValueError: If there are fewer than two paintings to compare.
        """
        count = len(compressed[0])
        if count < 2:
            raise ValueError(f"training on likeness compares paintings with each other. Received: {count}")
        chosen = settings.similarity
        defaults = chosen.resolve_for(settings.likeness)
        sample = np.random.default_rng(settings.seed).permutation(count)[:_SAMPLE]
        target = Target.measure([rows[sample] for rows in compressed], defaults.offset)
        size = min(chosen.batch_size, count)
        width = scales(compressed, sample, target, round(chosen.scale_neighbour * len(sample) / size))
        rounds, passes = _rounds(max(epochs, math.ceil(chosen.minimum_steps / (count // size))))
        batches = MixedBatches(compressed, width, size, settings.seed, defaults.mixup_angle, passes, codes)
        return cls(target, batches, rounds, passes)

    def fit(self, model: keras.Model, learning_rate: float, name: str) -> pd.DataFrame:
        """Train a model with Adam, whose rate falls to zero as half a cosine, and return the history: epoch, loss."""
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, self.rounds * len(self.batches))
        model.compile(optimizer=keras.optimizers.Adam(rate))
        # Were they made in the first step, TensorFlow would trace it twice: a dozen seconds of two minutes.
        model.optimizer.build(model.trainable_variables)
        # Batches have an order of their own; Keras would shuffle them with Python's global generator.
        history = model.fit(self.batches, epochs=self.rounds, shuffle=False, callbacks=[Progress(name)], verbose=0)
        table = history_table(history.history)
        return table.assign(epoch=table["epoch"] * self.passes)


def _rounds(passes: int) -> tuple[int, int]:
    """What Keras takes as epochs, and the passes over all paintings in each.

    Keras starts an epoch in half a second, which on a small collection is as long as a pass.
    """
    rounds = max(1, passes // _PASSES)
    return rounds, math.ceil(passes / rounds)


class MixedBatches(keras.utils.PyDataset):
    """Batches of one size, so that every step compares as many pairs; what is left over waits for the next epoch.

    A painting may be mixed with another: turned towards it by a random angle around the mean, which leaves the spread
    of the collection as it is. The distances of mixtures are known as exactly as those of paintings, so there is no end
    of examples, and what is learnt holds for paintings that were never seen. (Zhang et al. 2018, "mixup", with an arc
    in place of the straight line.)
    """

    def __init__(
        self,
        compressed: Sequence[FloatArray],
        scale: FloatArray,
        size: int,
        seed: int,
        mixup_angle: float,
        passes: int = 1,
        codes: Sequence[FloatArray] = (),
    ) -> None:
        """Wrap compressed chunks.

        Args:
            compressed: Shape (m, k + 2), one array a chunk.
            scale: Of every painting's neighbourhood, shape (m,).
            size: Rows a batch.
            seed: Of order, partners and angles.
            mixup_angle: Largest angle, in radians.
            passes: Over the rows, in what Keras takes as one epoch.
            codes: Of these rows, shape (m, code_size), one array a chunk; turned as these are.
        """
        super().__init__()
        self._shown = [*compressed, *codes]
        self._turns = [mix] * len(compressed) + [turn] * len(codes)
        self._means = [rows.mean(axis=0) for rows in self._shown]
        self._scale, self._size, self._seed, self._mixup_angle = scale, size, seed, mixup_angle
        self._epoch, self._passes = 0, passes
        self._shuffle()

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._order) // self._size

    def _shuffle(self) -> None:
        random, rows = np.random.default_rng((self._seed, self._epoch)), len(self._scale)
        whole = rows // self._size * self._size
        self._order = np.concatenate([random.permutation(rows)[:whole] for _ in range(self._passes)])

    def __getitem__(self, index: int) -> tuple[tuple[FloatArray, ...], FloatArray]:
        """One batch: the chunks, their codes where there are any, and the scales."""
        chosen = self._order[index * self._size : (index + 1) * self._size]
        shown = [rows[chosen] for rows in self._shown]
        if self._mixup_angle:
            # Seeded by what is asked for, so that it does not matter how often Keras asks.
            random = np.random.default_rng((self._seed, self._epoch, index))
            partners = random.integers(0, len(self._scale), len(chosen))
            angles = random.uniform(0, self._mixup_angle, (len(chosen), 1)).astype(np.float32)
            shown = [
                turned(rows, others[partners], mean, angles)
                for turned, rows, others, mean in zip(self._turns, shown, self._shown, self._means, strict=True)
            ]
        return tuple(shown), self._scale[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle."""
        self._epoch += 1
        self._shuffle()


def turn(rows: FloatArray, partners: FloatArray, mean: FloatArray, angles: FloatArray) -> FloatArray:
    """Turn rows towards others, around the mean.

    Args:
        rows: Shape (b, d).
        partners: The others, of the same shape.
        mean: Of the collection, shape (d,).
        angles: In radians, shape (b, 1); at pi / 2 a row is its partner.

    Returns:
        Shape (b, d).
    """
    turned: FloatArray = mean + np.cos(angles) * (rows - mean) + np.sin(angles) * (partners - mean)
    return turned


def mix(rows: FloatArray, partners: FloatArray, mean: FloatArray, angles: FloatArray) -> FloatArray:
    """Turn compressed chunks towards others; the lengths of the rests, the last column, are taken as orthogonal."""
    mixed = turn(rows, partners, mean, angles)
    mixed[:, -1] = np.hypot(np.cos(angles[:, 0]) * rows[:, -1], np.sin(angles[:, 0]) * partners[:, -1])
    return mixed
