"""Training on likeness: all chunks of a collection together, or one on its own."""

import math
from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd

from grisaille.arrays import FloatArray, IntArray
from grisaille.autoencoders.architectures import Models
from grisaille.autoencoders.compression import Projection
from grisaille.autoencoders.similarity import (
    Geometry,
    SimilarityModel,
    Target,
    assemble,
    compressed_decoder,
    compressed_encoder,
    scales,
)
from grisaille.autoencoders.training import Progress, history_table
from grisaille.initializers import Initializers
from grisaille.parameters import Autoencoder, Similarity

# Paintings whose distances set the scale of all.
_SAMPLE = 2048
_PASSES = 10


def train_similarity(
    compressed: Sequence[FloatArray],
    bases: Sequence[FloatArray],
    training: IntArray,
    settings: Autoencoder,
    name: str,
    code_sizes: Sequence[int] | None = None,
) -> tuple[list[Models], pd.DataFrame]:
    """Train the autoencoders of some chunks so that their joined codes keep the likeness of their joined features.

    Nothing stops the training before its time: the rate falls to zero, mixing keeps paintings from being learnt by
    heart, and neighbourhoods among a few validation paintings are too thin to judge by.

    Args:
        compressed: Compressed chunks (`Projection.compress`), float32, shape (n, k + 2), one array a chunk.
        bases: The basis of each, float32, shape (k + 1, d).
        training: Rows to learn from, shape (m,).
        settings: Likeness, code size, seed, and the group `similarity`.
        name: For the progress bar.
        code_sizes: Values of each chunk's code, where they differ from the settings'.

    Returns:
        (autoencoder, encoder) of every chunk, models of raw chunks, and the history: epoch, loss.

    Raises:
        ValueError: If there are fewer than two paintings to compare.
    """
    if len(training) < 2:
        raise ValueError(f"training on likeness compares paintings with each other. Received: {len(training)}")
    chosen = settings.similarity
    suited = chosen.suited_to(settings.likeness)
    random = np.random.default_rng(settings.seed)
    sample = training[random.permutation(len(training))[:_SAMPLE]]
    target = Target.measure([rows[sample] for rows in compressed], suited.offset)
    batch = min(chosen.batch_size, len(training))
    width = scales(compressed, sample, target, round(chosen.rank * len(sample) / batch))
    rounds, passes = _rounds(chosen, len(training) // batch)
    batches = Batches(compressed, width, training, batch, settings.seed, suited.mixing, passes)
    sizes = code_sizes or [settings.code_size] * len(compressed)
    shapes = [
        Geometry(rows[training], size, settings.likeness, target.offset)
        for rows, size in zip(compressed, sizes, strict=True)
    ]
    draw = Initializers(settings.seed)
    encoders = [compressed_encoder(shape, chosen, draw) for shape in shapes]
    decoders = [compressed_decoder(shape, chosen, draw) for shape in shapes]
    variances = [float(shape.rows[:, :-1].var(axis=0).sum()) or 1.0 for shape in shapes]
    model = SimilarityModel(encoders, decoders, target, variances, chosen)
    rate = keras.optimizers.schedules.CosineDecay(chosen.learning_rate, rounds * len(batches))
    model.compile(optimizer=keras.optimizers.Adam(rate))
    # Were they made in the first step, TensorFlow would trace it twice: a dozen seconds of two minutes.
    model.optimizer.build(model.trainable_variables)
    # Batches have an order of their own; Keras would shuffle them with Python's global generator.
    history = model.fit(batches, epochs=rounds, shuffle=False, callbacks=[Progress(name)], verbose=0)
    models = [
        assemble(Projection(basis), encoder, decoder, settings.likeness)
        for basis, encoder, decoder in zip(bases, encoders, decoders, strict=True)
    ]
    table = history_table(history.history)
    return models, table.assign(epoch=table["epoch"] * passes)


def _rounds(settings: Similarity, steps: int) -> tuple[int, int]:
    """What Keras takes as epochs, and the passes over all paintings in each.

    Keras starts an epoch in half a second, which on a small collection is as long as a pass.
    """
    passes = max(settings.epochs, math.ceil(settings.fewest_steps / steps))
    rounds = max(1, passes // _PASSES)
    return rounds, math.ceil(passes / rounds)


class Batches(keras.utils.PyDataset):
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
        chosen: IntArray,
        size: int,
        seed: int,
        mixing: float,
        passes: int = 1,
    ) -> None:
        """Wrap compressed chunks.

        Args:
            compressed: Shape (n, k + 2), one array a chunk.
            scale: Of every painting's neighbourhood, shape (n,).
            chosen: Rows to use, shape (m,).
            size: Rows a batch.
            seed: Of order, partners and angles.
            mixing: Largest angle, in radians.
            passes: Over the rows, in what Keras takes as one epoch.
        """
        super().__init__()
        self._compressed = [rows[chosen] for rows in compressed]
        self._means = [rows.mean(axis=0) for rows in self._compressed]
        self._scale, self._size, self._seed, self._mixing = scale[chosen], size, seed, mixing
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
        """One batch: the chunks, and the scales."""
        chosen = self._order[index * self._size : (index + 1) * self._size]
        chunks = [rows[chosen] for rows in self._compressed]
        if self._mixing:
            # Seeded by what is asked for, so that it does not matter how often Keras asks.
            random = np.random.default_rng((self._seed, self._epoch, index))
            partners = random.integers(0, len(self._scale), len(chosen))
            angles = random.uniform(0, self._mixing, (len(chosen), 1)).astype(np.float32)
            chunks = [
                mix(rows, others[partners], mean, angles)
                for rows, others, mean in zip(chunks, self._compressed, self._means, strict=True)
            ]
        return tuple(chunks), self._scale[chosen]

    def on_epoch_end(self) -> None:
        """Shuffle."""
        self._epoch += 1
        self._shuffle()


def mix(rows: FloatArray, partners: FloatArray, mean: FloatArray, angles: FloatArray) -> FloatArray:
    """Turn compressed chunks towards others.

    Args:
        rows: Compressed chunks, shape (b, k + 2).
        partners: The others, of the same shape.
        mean: Of the collection, shape (k + 2,).
        angles: In radians, shape (b, 1); at pi / 2 a row is its partner.

    Returns:
        Shape (b, k + 2). The lengths of the rests are taken as orthogonal.
    """
    cosine, sine = np.cos(angles), np.sin(angles)
    mixed = mean + cosine * (rows - mean) + sine * (partners - mean)
    mixed[:, -1] = np.hypot(cosine[:, 0] * rows[:, -1], sine[:, 0] * partners[:, -1])
    return mixed
