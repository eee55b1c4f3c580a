"""Autoencoders that are asked to keep the likeness: the distances and neighbourhoods of codes match those of features.

Neither artists nor file names are seen; the features' own distances are the only teacher. Training never touches the
full chunk: its rows are projected on principal components once, together with the length of what these leave out, so
that |x_i - x_j|^2 is close to |a_i - a_j|^2 + r_i^2 + r_j^2.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.autoencoders.principal_components import fit_principal_components
from grisaille.likeness import Likeness
from grisaille.parameters import Similarity

_BLOCK = 512
# Paintings whose distances set the scale of all.
SAMPLE = 2048
# Squared distances below this are rounding; it also keeps the gradient of the square root finite.
_TINY = 1e-9


@dataclass(frozen=True)
class Projection:
    """An orthonormal basis that holds a chunk's mean and its first principal components.

    Attributes:
        basis: float32, shape (k + 1, d): the components, then what they leave of the mean.
    """

    basis: FloatArray

    @classmethod
    def fit(cls, rows: Rows, training: IntArray, k: int, seed: int) -> "Projection":
        """Fit on the training rows of a chunk, shape (n, d), as its likeness transforms them."""
        found = fit_principal_components(rows, training, k, seed, passes=1)
        rest = found.mean - found.components.T @ (found.components @ found.mean)
        length = np.linalg.norm(rest)
        return cls(np.vstack([found.components, rest / length if length > 0 else rest]))

    def compress(self, rows: Rows) -> FloatArray:
        """Coordinates on the basis and, last, the length of the rest: float32, shape (n, k + 2)."""
        compressed = np.empty((rows.shape[0], len(self.basis) + 1), dtype=np.float32)
        for start in range(0, rows.shape[0], _BLOCK):
            block = rows[start : start + _BLOCK].astype(np.float32)
            inside = block @ self.basis.T
            rest = np.einsum("ij,ij->i", block, block) - np.einsum("ij,ij->i", inside, inside)
            compressed[start : start + _BLOCK, :-1] = inside
            compressed[start : start + _BLOCK, -1] = np.sqrt(np.maximum(rest, 0))
        return compressed


@dataclass(frozen=True)
class Target:
    """What the distances of codes are matched to.

    Subtracting a constant from all squared distances changes no order of neighbours, and none of the chunks' sum. High
    dimensional features are nearly equidistant, codes of 64 values cannot be; without the constant both can agree.

    Attributes:
        unit: Root mean square distance; distances are measured in it.
        offset: What is taken from squared distances, in squares of the unit.
        spread: Variance of the remaining distances, in squares of the unit.
    """

    unit: float
    offset: float
    spread: float

    @classmethod
    def measure(cls, sample: FloatArray, settings: Similarity) -> "Target":
        """Look at the distances within a sample of compressed rows, shape (m, k + 2)."""
        squared = compressed_squares(sample, sample)[np.triu_indices(len(sample), 1)]
        unit = float(np.sqrt(squared.mean())) or 1.0
        squared = squared / unit**2
        offset = settings.offset * float(np.quantile(squared, 0.001))
        remaining = np.sqrt(np.maximum(squared - offset, _TINY))
        return cls(unit, offset, float(remaining.var()) or 1.0)


def compressed_squares(left: FloatArray, right: FloatArray) -> FloatArray:
    """Squared distances of chunks from their compressed rows, shapes (a, k + 2) and (b, k + 2), to (a, b)."""
    inner = left[:, :-1] @ right[:, :-1].T
    lengths = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :]
    return np.maximum(lengths - 2 * inner, 0)


def scales(compressed: FloatArray, sample: FloatArray, target: Target, rank: int) -> FloatArray:
    """Distance of every painting to its rank-th nearest in a sample, after the offset: float32, shape (n,)."""
    rank = min(rank, len(sample) - 1)
    result = np.empty(len(compressed), dtype=np.float32)
    for start in range(0, len(compressed), _BLOCK):
        squared = compressed_squares(compressed[start : start + _BLOCK], sample) / target.unit**2
        nearest = np.partition(squared, rank, axis=1)[:, rank]
        result[start : start + _BLOCK] = np.sqrt(np.maximum(nearest - target.offset, 1e-3))
    return result


class SimilarityModel(keras.Model):
    """Trains an encoder and a decoder of compressed chunks on a loss that looks at the whole batch.

    For distances t_ij of chunks, t'_ij = sqrt(t_ij^2 - offset), and q_ij of codes, the loss is
        distances * mean_ij (q_ij - t'_ij)^2 / var(t')
        + neighbours * mean_i KL(softmax_j(-t'_ij / s_i) || softmax_j(-q_ij / s_i))
        + reconstruction * mean |a - decoded a|^2 / mean |a - mean a|^2
    where s_i is `temperature` times the distance of i to one of its near neighbours.

    Sources: Sammon 1969 and Kruskal 1964 (matching distances), Hinton & Roweis 2002 (matching neighbourhoods).
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, target: Target, variance: float, settings: Similarity
    ) -> None:
        """Join the parts.

        Args:
            encoder: (n, k + 2) compressed chunks to (n, code_size).
            decoder: (n, code_size) to (n, k + 1) coordinates.
            target: What distances are matched to.
            variance: Mean squared deviation of the coordinates from their mean.
            settings: Weights of the terms.
        """
        super().__init__(name="similarity")
        self.encoder, self.decoder = encoder, decoder
        self._target, self._variance, self._settings = target, variance, settings

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Code and reconstruction of a batch."""
        code = self.encoder(inputs, training=training)
        return code, self.decoder(code, training=training)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: Any = True
    ) -> Any:
        """The sum of the three terms; y holds each painting's scale."""
        code, decoded = y_pred
        settings, target = self._settings, self._target
        wanted = ops.sqrt(ops.maximum(_chunk_squares(x) / target.unit**2 - target.offset, _TINY))
        found = ops.sqrt(ops.maximum(_squares(code) / target.unit**2, _TINY))
        same = ops.eye(ops.shape(x)[0], dtype="bool")
        pairs = ops.cast(ops.size(wanted) - ops.shape(x)[0], "float32")
        distances = ops.sum(ops.where(same, 0.0, ops.square(found - wanted))) / pairs / target.spread
        scale = settings.temperature * ops.reshape(y, (-1, 1))
        near = ops.log_softmax(ops.where(same, -1e9, -wanted / scale))
        kept = ops.log_softmax(ops.where(same, -1e9, -found / scale))
        divergence = ops.where(same, 0.0, ops.exp(near) * (near - kept))
        neighbours = ops.mean(ops.sum(divergence, axis=1))
        error = ops.mean(ops.sum(ops.square(x[:, :-1] - decoded), axis=1)) / self._variance
        return settings.distances * distances + settings.neighbours * neighbours + settings.reconstruction * error


def _squares(x: Any) -> Any:
    lengths = ops.sum(ops.square(x), axis=1)
    return lengths[:, None] + lengths[None, :] - 2 * ops.matmul(x, ops.transpose(x))


def _chunk_squares(x: Any) -> Any:
    """As `compressed_squares` of a batch with itself, in tensors."""
    inside, lengths = x[:, :-1], ops.sum(ops.square(x), axis=1)
    return lengths[:, None] + lengths[None, :] - 2 * ops.matmul(inside, ops.transpose(inside))


def compressed_encoder(
    compressed: FloatArray, target: Target, code_size: int, likeness: Likeness, settings: Similarity
) -> keras.Model:
    """An encoder of compressed chunks: a linear map that starts as PCA plus a perceptron that starts at zero.

    For cosine it scales: twice the input is twice the code. So the stored encoder can be given a chunk before anybody
    knows how long the painting's whole layer is; dividing the code by that length comes later.

    Args:
        compressed: Training rows, shape (m, k + 2), which the scaling of the perceptron's input is taken from.
        target: What distances will be matched to.
        code_size: Values of a code.
        likeness: Whether it has to scale.
        settings: Width of the perceptron, and whether there is one.
    """
    width = compressed.shape[1]
    inputs = layers.Input((width,), name="compressed")
    length = ops.norm(inputs, axis=-1, keepdims=True) + 1e-12 if likeness == "cosine" else None
    seen = inputs / length if length is not None else inputs
    example = compressed / np.linalg.norm(compressed, axis=1, keepdims=True) if length is not None else compressed
    linear = layers.Dense(code_size, use_bias=False, name="linear")
    code = linear(inputs)
    if settings.hidden:
        deviation = example.std(axis=0) + 1e-6 * example.std()
        # Halfway between raw and whitened components, with unit variance overall.
        variance = deviation * float((example.var(axis=0) / deviation).mean())
        x = layers.Normalization(mean=example.mean(axis=0), variance=variance, name="standardise")(seen)
        for number in (1, 2):
            x = layers.Dense(settings.hidden, activation="gelu", name=f"hidden_{number}")(x)
        bend = layers.Dense(code_size, kernel_initializer="zeros", name="bend")(x)
        size = target.unit / float(np.sqrt(2 * code_size))
        if length is not None:
            size = size / float(np.linalg.norm(compressed, axis=1).mean())
            bend = bend * length
        code = code + bend * size
    model = keras.Model(inputs, code, name="compressed_encoder")
    if settings.pca_start:
        linear.set_weights([_pca_start(compressed, target, code_size)])
    return model


def _pca_start(compressed: FloatArray, target: Target, code_size: int) -> FloatArray:
    """The first components, scaled so that mean squared distances are those of the target."""
    kept = min(code_size, compressed.shape[1] - 2)
    start = np.zeros((compressed.shape[1], code_size), dtype=np.float32)
    variance = compressed[:, :kept].var(axis=0).sum()
    wanted = target.unit**2 * max(1 - target.offset, 0.05)
    start[np.arange(kept), np.arange(kept)] = np.sqrt(wanted / max(2 * variance, 1e-12))
    return start


def compressed_decoder(coordinates: int, code_size: int, likeness: Likeness, settings: Similarity) -> keras.Model:
    """A decoder from codes to coordinates on the basis: linear plus a perceptron; for cosine it scales, too."""
    inputs = layers.Input((code_size,), name="code")
    length = ops.norm(inputs, axis=-1, keepdims=True) + 1e-12 if likeness == "cosine" else None
    x = inputs / length if length is not None else inputs
    x = layers.BatchNormalization(name="standardise_code")(x)
    straight = layers.Dense(coordinates, name="straight")(x)
    x = layers.Dense(settings.hidden or code_size, activation="gelu", name="unfold")(x)
    outputs = straight + layers.Dense(coordinates, kernel_initializer="zeros", name="unbend")(x)
    if length is not None:
        outputs = outputs * length
    return keras.Model(inputs, outputs, name="compressed_decoder")


def assemble(
    projection: Projection, encoder: keras.Model, decoder: keras.Model, likeness: Likeness
) -> tuple[keras.Model, keras.Model]:
    """Put everything that was learnt into two plain models of raw chunks.

    Returns:
        The autoencoder, (n, d) -> (n, d), and the encoder, (n, d) -> (n, code_size).
    """
    size, values = projection.basis.shape
    inputs = layers.Input((values,), name="features")
    x = ops.sqrt(ops.relu(inputs)) if likeness == "cosine" else inputs
    project = layers.Dense(size, use_bias=False, trainable=False, name="project")
    inside = project(x)
    rest = ops.sum(ops.square(x), axis=-1, keepdims=True) - ops.sum(ops.square(inside), axis=-1, keepdims=True)
    code = encoder(ops.concatenate([inside, ops.sqrt(ops.maximum(rest, 0.0))], axis=-1))
    spread = layers.Dense(values, use_bias=False, trainable=False, name="reconstruction")
    outputs = spread(decoder(code))
    if likeness == "cosine":
        outputs = ops.square(ops.relu(outputs))
    autoencoder = keras.Model(inputs, outputs, name="similarity")
    project.set_weights([projection.basis.T])
    spread.set_weights([projection.basis])
    return autoencoder, keras.Model(inputs, code, name="similarity_encoder")
