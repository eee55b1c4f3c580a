"""Builders of autoencoders: `build(...) -> (autoencoder, encoder)`, plain Keras models without Lambda layers."""

from collections.abc import Callable

import keras
from keras import layers

from grisaille.initializers import Initializers
from grisaille.parameters import Autoencoder

Models = tuple[keras.Model, keras.Model]


def build(settings: Autoencoder, values: int) -> Models:
    """Build an autoencoder and the encoder inside it; the two share their weights.

    Args:
        settings: Architecture and code size.
        values: Values of a chunk.

    Returns:
        The autoencoder, (n, values) -> (n, values), and the encoder, (n, values) -> (n, code_size).

    Raises:
        ValueError: If the architecture is unknown, or cannot have this number of values.
    """
    builders: dict[str, Callable[..., Models]] = {"paper": paper, "positional": positional}
    if settings.architecture not in builders:
        raise ValueError(f"architecture must be one of {', '.join(builders)}. Received: {settings.architecture}")
    return builders[settings.architecture](settings, values)


def paper(settings: Autoencoder, values: int) -> Models:
    """The network of the 2021 work: convolutions along the flattened chunk; 25,909,601 parameters at 25,088 values.

    The input is flat; the first layer adds the channel axis.

    Raises:
        ValueError: If the values cannot be halved three times.
    """
    if values % 8:
        raise ValueError(f"the paper's network halves its input three times. Received: {values} values")
    draw = Initializers(settings.seed)
    inputs = layers.Input((values,), name="features")
    x = layers.Reshape((values, 1), name="channel")(inputs)
    for number, filters in enumerate((16, 32, 64), start=1):
        x = _convolve(filters, 2, draw, f"convolve_{number}")(x)
        x = layers.MaxPooling1D(2, padding="same", name=f"pool_{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    code = layers.Dense(settings.code_size, kernel_initializer=draw(), name="code")(x)

    x = layers.Dense(values // 8 * 64, kernel_initializer=draw(), name="expand")(code)
    x = layers.Reshape((values // 8, 64), name="unflatten")(x)
    for number, filters in enumerate((64, 32, 16), start=1):
        x = _convolve(filters, 2, draw, f"deconvolve_{number}")(x)
        x = layers.UpSampling1D(2, name=f"upsample_{number}")(x)
    x = _convolve(1, 2, draw, "reconstruct")(x)
    outputs = layers.Reshape((values,), name="reconstruction")(x)
    return keras.Model(inputs, outputs, name="paper"), keras.Model(inputs, code, name="paper_encoder")


def positional(settings: Autoencoder, values: int) -> Models:
    """Convolutions over the positions of the map with all channels, then a dense layer.

    In a flattened chunk (positions x channels), adjacent values are unrelated channels, while adjacent positions are
    related.

    Raises:
        ValueError: If the chunk is not a whole number of positions.
    """
    if values % settings.channels:
        raise ValueError(
            f"a chunk of {values} values is not a whole number of positions of {settings.channels} channels"
        )
    positions, draw = values // settings.channels, Initializers(settings.seed)
    inputs = layers.Input((values,), name="features")
    x = layers.Reshape((positions, settings.channels), name="positions")(inputs)
    x = _convolve(128, 3, draw, "convolve_1")(x)
    x = _convolve(64, 3, draw, "convolve_2")(x)
    x = layers.Flatten(name="flatten")(x)
    code = layers.Dense(settings.code_size, kernel_initializer=draw(), name="code")(x)

    x = layers.Dense(positions * 64, activation="relu", kernel_initializer=draw(), name="expand")(code)
    x = layers.Reshape((positions, 64), name="unflatten")(x)
    x = _convolve(128, 3, draw, "deconvolve_1")(x)
    x = _convolve(settings.channels, 3, draw, "deconvolve_2")(x)
    outputs = layers.Reshape((values,), name="reconstruction")(x)
    return keras.Model(inputs, outputs, name="positional"), keras.Model(inputs, code, name="positional_encoder")


def _convolve(filters: int, size: int, draw: Initializers, name: str) -> keras.Layer:
    return layers.Conv1D(filters, size, padding="same", activation="relu", kernel_initializer=draw(), name=name)
