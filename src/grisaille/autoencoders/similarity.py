"""Autoencoders that are asked to keep the likeness: the distances and neighbourhoods of codes match those of features.

Neither artists nor file names are seen; the features' own distances are the only teacher. A chunk's encoder keeps the
likeness of its own chunk, and knows of no other; that of whole paintings is what the joiner is trained on (`joining`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from grisaille.arrays import FloatArray, IntArray
from grisaille.autoencoders.compression import Projection, compressed_squares
from grisaille.initializers import Initializers
from grisaille.likenesses.metrics import Likeness
from grisaille.parameters import Similarity

# Of the layer of an encoder that gives what the encoder is shown.
COMPRESSED = "compressed"
_BLOCK = 512
# Squared distances below this are rounding; it also keeps the gradient of the square root finite.
_TINY = 1e-9
# By what part of the squared lengths of two rows float32 may be wrong about their squared distance.
ROUNDING = 1e-6
# The offset is measured in this quantile of squared distances: the least of a sample would be a near-duplicate's.
_SMALLEST = 0.001
# Smallest deviation of a coordinate that is believed, in deviations of all values; on real paintings it was 0.3.
_LEAST_DEVIATION = 0.1


@dataclass(frozen=True)
class Target:
    """What the distances of codes are matched to.

    Subtracting a constant from all squared distances changes no order of neighbours. High-dimensional features are
    nearly equidistant, a few values cannot be; without the constant both can agree.

    Attributes:
        unit: Root mean square distance of paintings; distances are measured in it.
        offset: What is taken from squared distances, in squares of the unit.
        spread: Variance of the remaining distances, in squares of the unit.
    """

    unit: float
    offset: float
    spread: float

    @classmethod
    def measure(cls, sample: Sequence[FloatArray], share: float) -> "Target":
        """Look at the distances within a sample of paintings.

        Args:
            sample: Compressed rows, shape (m, k + 2), one array a chunk.
            share: How much of the smallest squared distances to take from all.
        """
        squared = _whole_squares(sample, sample)[np.triu_indices(len(sample[0]), 1)]
        # Equal paintings differ by rounding, which is no distance.
        rounding = ROUNDING * sum(np.square(rows).sum(axis=1).mean() for rows in sample)
        unit = float(np.sqrt(squared.mean())) if squared.mean() > rounding else 1.0
        squared = squared / unit**2
        offset = share * float(np.quantile(squared, _SMALLEST))
        remaining = np.sqrt(np.maximum(squared - offset, _TINY))
        return cls(unit, offset, float(remaining.var()) or 1.0)


def _whole_squares(left: Sequence[FloatArray], right: Sequence[FloatArray]) -> FloatArray:
    """Squared distances of paintings: those of their chunks add up."""
    total = compressed_squares(left[0], right[0])
    for one, other in zip(left[1:], right[1:], strict=True):
        total += compressed_squares(one, other)
    return total


def scales(compressed: Sequence[FloatArray], sample: IntArray, target: Target, rank: int) -> FloatArray:
    """How wide every painting's neighbourhood is.

    Args:
        compressed: Compressed rows, shape (n, k + 2), one array a chunk.
        sample: Rows among which neighbours are looked for, shape (m,).
        target: Unit and offset.
        rank: Which neighbour's distance is taken.

    Returns:
        Distances after the offset, in units, float32, shape (n,).
    """
    rank = min(rank, len(sample) - 1)
    known = [rows[sample] for rows in compressed]
    result = np.empty(len(compressed[0]), dtype=np.float32)
    for start in range(0, len(result), _BLOCK):
        squared = _whole_squares([rows[start : start + _BLOCK] for rows in compressed], known) / target.unit**2
        nearest = np.partition(squared, rank, axis=1)[:, rank]
        result[start : start + _BLOCK] = np.sqrt(np.maximum(nearest - target.offset, 1e-3))
    return result


def likeness_loss(rows: Sequence[Any], codes: Any, scale: Any, target: Target, settings: Similarity) -> Any:
    """How far the distances and neighbourhoods of a batch's codes are from those of its compressed rows.

    For distances t_ij of paintings, t'_ij = sqrt(t_ij^2 - offset), and q_ij of their codes, the loss is
        distance_weight * mean_ij (q_ij - t'_ij)^2 / var(t')
        + neighbour_weight * mean_i KL(softmax_j(-t'_ij / s_i) || softmax_j(-q_ij / s_i))
    where s_i is `temperature` times the distance of i to one of its near neighbours.

    Args:
        rows: Compressed rows, tensors of shape (b, k + 2), one a chunk.
        codes: Tensor of shape (b, values).
        scale: How wide each painting's neighbourhood is (`scales`), tensor of b values.
        target: What distances are matched to.
        settings: Weights of the terms.

    Returns:
        A scalar tensor.

    Sources: Kruskal 1964 and Sammon 1969 (matching distances), Hinton & Roweis 2002 (matching neighbourhoods).
    """
    size = ops.shape(codes)[0]
    same = ops.eye(size, dtype="bool")
    # As `compressed_squares`; the coordinates of all chunks in one product.
    lengths = sum(ops.sum(ops.square(chunk), axis=1) for chunk in rows)
    squared = _squares(ops.concatenate([chunk[:, :-1] for chunk in rows], axis=1), lengths)
    wanted = ops.sqrt(ops.maximum(squared / target.unit**2 - target.offset, _TINY))
    squared = _squares(codes, ops.sum(ops.square(codes), axis=1))
    found = ops.sqrt(ops.maximum(squared / target.unit**2, _TINY))
    error = ops.where(same, 0.0, found - wanted)
    distances = ops.sum(ops.square(error)) / ops.cast(size * (size - 1), "float32") / target.spread
    width = settings.temperature * ops.reshape(scale, (-1, 1))
    near, kept = (ops.where(same, -1e9, -far / width) for far in (wanted, found))
    # The divergence of softmax(near) from softmax(kept), with fewer passes over all pairs than by its definition.
    moved = ops.sum(ops.softmax(near) * error, axis=1) / width[:, 0]
    neighbours = ops.mean(moved + ops.logsumexp(kept, axis=1) - ops.logsumexp(near, axis=1))
    return settings.distance_weight * distances + settings.neighbour_weight * neighbours


def _squares(x: Any, lengths: Any) -> Any:
    return lengths[:, None] + lengths[None, :] - 2 * ops.matmul(x, ops.transpose(x))


class ChunkModel(keras.Model):
    """Trains the encoder and the decoder of one chunk.

    To the loss of its codes (`likeness_loss`) comes
        reconstruction_weight * mean |a - decoded a|^2 / mean |a - mean a|^2
    for coordinates a.
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, target: Target, variance: float, settings: Similarity
    ) -> None:
        """Join the parts.

        Args:
            encoder: (n, k + 2) compressed rows to (n, code_size).
            decoder: (n, code_size) to (n, k + 1) coordinates.
            target: What distances are matched to.
            variance: Mean squared deviation of the coordinates from their mean.
            settings: Weights of the terms.
        """
        super().__init__(name="chunk")
        self.encoder, self.decoder = encoder, decoder
        self._target, self._variance, self._settings = target, variance, settings

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Codes of a batch, and their reconstruction."""
        code = self.encoder(inputs[0], training=training)
        return code, self.decoder(code, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        """The sum of the three terms; y holds each painting's scale."""
        code, decoded = y_pred
        error = ops.mean(ops.sum(ops.square(x[0][:, :-1] - decoded), axis=1)) / self._variance
        settings = self._settings
        return likeness_loss(x, code, y, self._target, settings) + settings.reconstruction_weight * error


@dataclass(frozen=True)
class Geometry:
    """What building one chunk's models takes from its compressed training rows, shape (m, k + 2).

    Attributes:
        rows: These rows.
        code_size: Values of a code.
        likeness: For `hellinger` encoder and decoder scale: twice the input is twice the code. So the stored encoder
            can be given a chunk before anybody knows how long the painting's whole layer is, and dividing comes later.
        offset: Share of squared distances that the codes need not hold.
    """

    rows: FloatArray
    code_size: int
    likeness: Likeness
    offset: float

    @property
    def kept(self) -> int:
        """Components that the linear map starts with."""
        return min(self.code_size, self.rows.shape[1] - 2)

    @property
    def mean_square(self) -> float:
        """Mean squared distance that codes are to have."""
        spread = 2 * (self.rows[:, :-1].var(axis=0).sum() + np.square(self.rows[:, -1]).mean())
        return float(spread) * max(1 - self.offset, 0.05)

    @property
    def size(self) -> float:
        """Deviation of one value of a code; for `hellinger`, of a chunk of length 1."""
        size = float(np.sqrt(self.mean_square / (2 * self.code_size)))
        if self.likeness == "euclidean":
            return size or 1.0
        # Black pictures may have no features at all.
        return size / max(float(np.linalg.norm(self.rows, axis=1).mean()), _TINY)

    @property
    def start(self) -> float:
        """Factor of the first components that gives their squared distances the mean that is wanted.

        1 where all rows are the same.
        """
        variance = float(self.rows[:, : self.kept].var(axis=0).sum())
        return float(np.sqrt(self.mean_square / max(2 * variance, 1e-12))) or 1.0


def compressed_encoder(geometry: Geometry, settings: Similarity, draw: Initializers) -> keras.Model:
    """An encoder of compressed chunks: a linear map that starts as PCA plus a perceptron that starts at zero."""
    rows, code_size = geometry.rows, geometry.code_size
    inputs = layers.Input((rows.shape[1],), name="compressed")
    linear = layers.Dense(code_size, use_bias=False, kernel_initializer=draw(), name="linear")
    code = linear(inputs)
    if settings.hidden:
        length = _length(inputs, geometry.likeness)
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _TINY)
        example = rows / lengths if geometry.likeness == "hellinger" else rows
        x = layers.Normalization(mean=example.mean(axis=0), variance=_half_whitened(example), name="standardise")(
            inputs / length
        )
        for number in (1, 2):
            x = layers.Dense(settings.hidden, activation="gelu", kernel_initializer=draw(), name=f"hidden_{number}")(x)
        bend = layers.Dense(code_size, kernel_initializer="zeros", name="bend")(x)
        code = code + bend * length * geometry.size
    model = keras.Model(inputs, code, name="compressed_encoder")
    if settings.pca_start:
        linear.set_weights([geometry.start * np.eye(rows.shape[1], code_size) * (np.arange(code_size) < geometry.kept)])
    return model


def _length(inputs: Any, likeness: Likeness) -> Any:
    if likeness == "euclidean":
        return ops.ones_like(inputs[:, :1])
    # Not the norm, which has no gradient at zero.
    return ops.sqrt(ops.sum(ops.square(inputs), axis=-1, keepdims=True) + 1e-24)


def _half_whitened(example: FloatArray) -> FloatArray:
    """Variances that leave coordinates halfway between as they are and whitened, with unit variance overall.

    The length of the rest, which no coordinate tells, is whitened. What hardly varies is rounding, and is not blown up.
    """
    deviation = np.maximum(example.std(axis=0), _LEAST_DEVIATION * (float(example.std()) or 1.0))
    variance = deviation * float((example.var(axis=0) / deviation).mean())
    variance[-1] = deviation[-1] ** 2
    return variance


def compressed_decoder(geometry: Geometry, settings: Similarity, draw: Initializers) -> keras.Model:
    """A decoder from codes to coordinates: a linear map that starts as the encoder's inverse, plus a perceptron."""
    coordinates, code_size = geometry.rows.shape[1] - 1, geometry.code_size
    inputs = layers.Input((code_size,), name="code")
    length = _length(inputs, geometry.likeness)
    if geometry.likeness == "euclidean":
        length = length * geometry.size * float(np.sqrt(code_size))
    x = inputs / length
    straight = layers.Dense(coordinates, kernel_initializer=draw(), name="straight")
    outputs = straight(x)
    # Narrower than the encoder's: reconstruction is the lesser aim, and costs a quarter of a step at the full width.
    width = max(settings.hidden // 4, code_size)
    x = layers.Dense(width, activation="gelu", kernel_initializer=draw(), name="unfold")(x * float(np.sqrt(code_size)))
    outputs = (outputs + layers.Dense(coordinates, kernel_initializer="zeros", name="unbend")(x)) * length
    model = keras.Model(inputs, outputs, name="compressed_decoder")
    if settings.pca_start:
        inverse = np.eye(code_size, coordinates) / geometry.start * (np.arange(coordinates) < geometry.kept)
        straight.set_weights([inverse, np.zeros(coordinates)])
    return model


def assemble(
    projection: Projection, encoder: keras.Model, decoder: keras.Model, likeness: Likeness
) -> tuple[keras.Model, keras.Model]:
    """Put everything that was learnt into two plain models of raw chunks.

    Returns:
        The autoencoder, (n, d) -> (n, d), and the encoder, (n, d) -> (n, code_size), whose layer `COMPRESSED` gives the
        compressed rows, (n, k + 2).
    """
    size, values = projection.basis.shape
    inputs = layers.Input((values,), name="features")
    x = ops.sqrt(ops.relu(inputs)) if likeness == "hellinger" else inputs
    project = layers.Dense(size, use_bias=False, trainable=False, name="project")
    inside = project(x)
    spread = layers.Dense(values, use_bias=False, trainable=False, name="reconstruction")
    # As in `Projection.compress`.
    rest = ops.norm(x - spread(inside), axis=-1, keepdims=True)
    code = layers.Identity(name="code")(encoder(layers.Concatenate(name=COMPRESSED)([inside, rest])))
    outputs = spread(decoder(code))
    if likeness == "hellinger":
        outputs = ops.square(ops.relu(outputs))
    autoencoder = keras.Model(inputs, outputs, name="similarity")
    project.set_weights([projection.basis.T])
    spread.set_weights([projection.basis])
    return autoencoder, keras.Model(inputs, code, name="similarity_encoder")
