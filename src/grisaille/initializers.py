"""Initial weights from a generator of their own.

Keras draws the seeds of its initializers from Python's global generator. Other threads of the process use that
generator, too, so the same seed would give other weights on a cluster's worker.
"""

import random
from typing import Any

import keras


class Initializers:
    """Creates the initializers that Keras would create after `keras.utils.set_random_seed(seed)`, in this order."""

    def __init__(self, seed: int) -> None:
        """Start from a seed."""
        self._seeds = random.Random(seed)

    def __call__(self) -> keras.Initializer:
        """The next initializer: Glorot uniform, Keras' default for kernels."""
        return keras.initializers.GlorotUniform(seed=self._next())

    def draw(self, network: keras.Model) -> None:
        """Draw the kernels of an existing network anew, layer by layer."""
        for layer in network.layers:
            initializer: Any = getattr(layer, "kernel_initializer", None)
            if hasattr(initializer, "seed"):
                drawn = type(initializer).from_config(initializer.get_config() | {"seed": self._next()})
                layer.kernel.assign(drawn(layer.kernel.shape, layer.kernel.dtype))

    def _next(self) -> int:
        return self._seeds.randint(1, 10**9)
