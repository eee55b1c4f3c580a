"""The weights that training starts from, drawn from a seed of their own.

Keras draws the seeds of its initializers from Python's global generator, which other threads of the process use, too:
on a worker of a cluster the same seed would give other weights.
"""

import random
from typing import Any

import keras


class Initializers:
    """Hands out initializers, one after another, as Keras would after `keras.utils.set_random_seed(seed)`."""

    def __init__(self, seed: int) -> None:
        """Start from a seed."""
        self._seeds = random.Random(seed)

    def __call__(self) -> keras.Initializer:
        """The next one: Glorot and Bengio's uniform, Keras' default for kernels."""
        return keras.initializers.GlorotUniform(seed=self._next())

    def draw(self, network: keras.Model) -> None:
        """Draw the kernels of a network that was built elsewhere, layer by layer."""
        for layer in network.layers:
            initializer: Any = getattr(layer, "kernel_initializer", None)
            if hasattr(initializer, "seed"):
                drawn = type(initializer).from_config(initializer.get_config() | {"seed": self._next()})
                layer.kernel.assign(drawn(layer.kernel.shape, layer.kernel.dtype))

    def _next(self) -> int:
        return self._seeds.randint(1, 10**9)
