"""The linear autoencoder: principal components of a chunk, and the length of the residual.

Principal components lose the least of all linear maps to a given number of values (Baldi & Hornik 1989, "Neural
networks and principal component analysis: learning from examples without local minima"), so nothing is trained by
gradient.
"""

from typing import Any

import keras
from keras import layers, ops

from grisaille.autoencoders.architectures import Models
from grisaille.autoencoders.compression import Projection
from grisaille.likenesses.metrics import Likeness


def linear(projection: Projection, likeness: Likeness) -> Models:
    """Build two Keras models of raw chunks from a chunk's components.

    For `hellinger` both are homogeneous: doubling the square roots of the features doubles the code. So the encoder can
    run before the norm of the painting's whole layer is known, and the code is divided later.

    Args:
        projection: The projection fitted on the chunk.
        likeness: The metric that transforms the features first.

    Returns:
        The autoencoder, (n, values) -> (n, values), and the encoder, (n, values) -> (n, k + 2), equal to
        `Projection.compress`.
    """
    size, values = projection.basis.shape
    inputs = layers.Input((values,), name="features")
    x = ops.sqrt(ops.relu(inputs)) if likeness == "hellinger" else inputs
    # Zeros, since drawing random numbers that are replaced at once took a third of a model's loading time.
    fixed: dict[str, Any] = {"use_bias": False, "trainable": False, "kernel_initializer": "zeros"}
    project = layers.Dense(size, **fixed, name="project")
    inside = project(x)
    spread = layers.Dense(values, **fixed, name="reconstruction")
    known = spread(inside)
    # As in `Projection.compress`.
    rest = ops.norm(x - known, axis=-1, keepdims=True)
    code = layers.Concatenate(name="code")([inside, rest])
    outputs = spread(code[:, :-1])
    if likeness == "hellinger":
        outputs = ops.square(ops.relu(outputs))
    autoencoder = keras.Model(inputs, outputs, name="linear")
    project.set_weights([projection.basis.T])
    spread.set_weights([projection.basis])
    return autoencoder, keras.Model(inputs, code, name="linear_encoder")
