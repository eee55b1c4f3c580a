"""The linear autoencoder: principal components of a chunk, and the length of what they leave out.

Of all linear maps to so many values, principal components lose the least (Baldi & Hornik 1989, "Neural networks and
principal component analysis: learning from examples without local minima"), so there is nothing to train by gradient.
"""

from typing import Any

import keras
from keras import layers, ops

from grisaille.autoencoders.architectures import Models
from grisaille.autoencoders.compression import Projection
from grisaille.likenesses.metrics import Likeness


def linear(projection: Projection, likeness: Likeness) -> Models:
    """Put a chunk's components into two plain models of raw chunks.

    For `hellinger` both scale: twice the square roots of the features are twice the code. So the encoder can be given a
    chunk before anybody knows how long the painting's whole layer is, and dividing comes later.

    Args:
        projection: As fitted on the chunk.
        likeness: What is done to the features first.

    Returns:
        The autoencoder, (n, values) -> (n, values), and the encoder, (n, values) -> (n, k + 2), as
        `Projection.compress`.
    """
    size, values = projection.basis.shape
    inputs = layers.Input((values,), name="features")
    x = ops.sqrt(ops.relu(inputs)) if likeness == "hellinger" else inputs
    # Zeros: drawing numbers that are replaced at once took a third of the time to load a model.
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
