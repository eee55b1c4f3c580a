"""A CNN and its named layers: images in, features out. Where features are kept is not known here."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grisaille.arrays import FloatArray
from grisaille.errors import GrisailleError
from grisaille.features.store import Contents
from grisaille.parameters import Backbone
from grisaille.storage import sha256


class BackboneError(GrisailleError, RuntimeError):
    """The CNN cannot be built, or its features cannot be stored as asked."""


def identity(settings: Backbone) -> dict[str, Any]:
    """Everything about the backbone that determines its features, as plain JSON values.

    Keras pins the checksum of its ImageNet weights, so their name stands for their content; files are hashed.

    Raises:
        BackboneError: If a weights or model file does not exist, or is not the one that was meant.
    """
    described = settings.model_dump(
        mode="json", include={"layers", "image_size", "resize", "preprocessing", "precision", "dtype"}
    )
    if settings.model_file is not None:
        return described | {"model_sha256": _checked_hash(settings.model_file, settings)}
    described["name"] = settings.name
    if settings.weights == "random":
        return described | {"weights": f"random, seed {settings.seed}"}
    if settings.weights == "imagenet":
        return described | {"weights": "imagenet"}
    return described | {"weights_sha256": _checked_hash(Path(settings.weights).expanduser(), settings)}


def _checked_hash(path: Path, settings: Backbone) -> str:
    if not path.is_file():
        raise BackboneError(f"there is no model or weights file {path} (backbone.model_file, backbone.weights)")
    found = sha256(path)
    if settings.weights_sha256 not in {None, found}:
        raise BackboneError(
            f"{path} is not the file that backbone.weights_sha256 means: its SHA-256 is {found}, "
            f"not {settings.weights_sha256}"
        )
    return found


def build(settings: Backbone) -> Any:
    """Build the CNN: one model, one forward pass for all layers.

    Returns:
        A Keras model from (n, height, width, 3 or 1) preprocessed pixels to one (n, height, width, channel) array a
        layer.

    Raises:
        BackboneError: If weights cannot be had, the model cannot be shown a picture as asked, or a layer is not there
            or gives no numbers of a fixed size.
    """
    import keras

    if settings.weights_file is not None:
        _checked_hash(settings.weights_file, settings)
    network = _saved(settings) if settings.model_file is not None else _application(settings)
    known = {layer.name for layer in network.layers}
    missing = [name for name in settings.layers if name not in known]
    if missing:
        names = ", ".join(layer.name for layer in network.layers)
        raise BackboneError(f"the backbone has no layer {', '.join(missing)}; it has {names}")
    shape = _input_shape(network, settings)
    outputs = [network.get_layer(name).output for name in settings.layers]
    several = [name for name, output in zip(settings.layers, outputs, strict=True) if not hasattr(output, "shape")]
    if several:
        raise BackboneError(f"the layer {several[0]} of the backbone must have one output. Received: several")
    model = keras.Model(network.inputs, outputs)
    if network.inputs[0].shape[1:] != shape:
        # Of a size that was left open, so that the sizes of the layers are known, too.
        pixels = keras.Input(shape)
        model = keras.Model(pixels, model(pixels))
    for name, output in zip(settings.layers, model.outputs, strict=True):
        if not all(output.shape[1:]) or "float" not in str(output.dtype):
            raise BackboneError(
                f"the layer {name} must give floating point numbers of a fixed size. Received: {output.shape[1:]} "
                f"{output.dtype}; a size that the model leaves open is set with backbone.image_size"
            )
    return model


def _input_shape(network: Any, settings: Backbone) -> tuple[int, int, int]:
    """Height, width and channels of what a CNN is shown, if it can be shown what is asked for."""
    shapes = [tuple(given.shape[1:]) for given in network.inputs or ()]
    if len(shapes) != 1 or len(shapes[0]) != 3 or shapes[0][2] not in (1, 3):
        raise BackboneError(
            "the backbone must take one picture: a single input of height x width x channels, which are 3 or 1 and "
            f"come last. Received: {', '.join(map(str, shapes)) or 'no input'}"
        )
    height, width, channels = shapes[0]
    side = settings.image_size or 224
    if settings.image_size and {height or side, width or side} != {side}:
        raise BackboneError(
            f"backbone.image_size={side} is not allowed: the model takes {height} x {width} pixels only"
        )
    if channels == 1 and settings.preprocessing in {"caffe", "torch"}:
        raise BackboneError(
            f"backbone.preprocessing={settings.preprocessing} is for three channels, and the model takes grey "
            "pictures: set it to none (0 to 255) or tf (-1 to 1)"
        )
    return height or side, width or side, channels


def _saved(settings: Backbone) -> Any:
    import keras

    if settings.precision != "float32":
        raise BackboneError("a saved model keeps the precision it was saved with; set backbone.precision to float32")
    try:
        return keras.saving.load_model(settings.model_file, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises whatever the archive's parts raise, and ValueError for what could run code.
        reason = " ".join(str(error).split())[:300]
        raise BackboneError(f"{settings.model_file} cannot be loaded as a Keras model: {reason}") from error


def _application(settings: Backbone) -> Any:
    import keras

    from grisaille.initializers import Initializers

    builder = getattr(keras.applications, settings.name, None)
    if not callable(builder):
        raise BackboneError(f"backbone.name must be a model of keras.applications. Received: {settings.name}")
    side = settings.image_size or 224
    weights = None if settings.weights == "random" else str(settings.weights_file or settings.weights)
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(settings.precision)
    try:
        network = builder(weights=weights, include_top=False, input_shape=(side, side, 3))
    except Exception as error:
        # Keras raises a bare Exception when a download fails, ValueError when a file does not fit.
        cache = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
        raise BackboneError(
            f"{settings.name} could not get its weights '{settings.weights}' ({error}). Either let Keras download them "
            f"into {cache} (or put its file there yourself), or give a file you have with "
            "backbone.weights=/path/to/notop.weights.h5 or backbone.model_file=/path/to/model.keras, or take seeded "
            "random weights, which know nothing about art, with backbone.weights=random"
        ) from error
    finally:
        keras.config.set_dtype_policy(previous)
    if weights is None:
        Initializers(settings.seed).draw(network)
    return network


class Extraction:
    """The features of a list of images, computed only when some rows are asked for.

    Attributes:
        contents: What determines the features (see `identity`), and the images' hashes in order.
        columns: Layer -> values an image.
        dtype: Type of the features.
        shard_rows: Rows asked for at a time.
    """

    def __init__(
        self,
        readers: Sequence[Callable[[], bytes]],
        digests: Sequence[str],
        settings: Backbone,
        max_megapixels: float,
        network: Any = None,
    ) -> None:
        """Describe the work; the CNN is built at once, so that what is wrong with it is known first.

        Args:
            readers: One function an image, returning its file.
            digests: SHA-256 of each file.
            settings: The backbone.
            max_megapixels: As in ingestion.
            network: The CNN, where it was built before.
        """
        self._readers: Mapping[int, Callable[[], bytes]] = dict(enumerate(readers))
        self._settings, self._max_megapixels = settings, max_megapixels
        self.network = build(settings) if network is None else network
        self._shape = tuple(self.network.input_shape[1:])
        self.contents = contents(digests, settings)
        self.columns = {
            name: int(np.prod(output.shape[1:]))
            for name, output in zip(settings.layers, self.network.outputs, strict=True)
        }
        self.dtype = np.dtype(settings.dtype)
        self.shard_rows = settings.shard_rows

    def part(self, rows: Sequence[int]) -> "Extraction":
        """The same work, of which only these rows can be computed."""
        part = copy(self)
        part._readers = {row: self._readers[row] for row in rows}
        return part

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: all but the CNN."""
        return {name: value for name, value in vars(self).items() if name != "network"}

    @cached_property
    def network(self) -> Any:
        """The CNN; elsewhere that of the part that came before: building it takes as long as some dozen paintings.

        A part that arrives does not bring it, since Dask's scheduler unpacks every part, too, and computes none.
        """
        return built_once(self._settings)

    def compute(self, groups: Iterable[Sequence[int]]) -> Iterator[Mapping[str, FloatArray]]:
        """Compute groups of rows, decoding ahead while the network works.

        Args:
            groups: Numbers of images.

        Yields:
            {layer: features}, of the dtype asked for, shape (b, columns), a batch at a time: a group arrives as several
            batches, in order, none of them crossing its end.

        Raises:
            BackboneError: If a value does not fit the dtype.
        """
        size = self._settings.batch_size
        batches = [group[first : first + size] for group in groups for first in range(0, len(group), size)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            decoding = ([pool.submit(self._pixels, row) for row in batch] for batch in batches)
            # Three batches ahead keep the network fed without holding more than a few megabytes of pixels.
            ahead = deque(islice(decoding, 3))
            for batch in batches:
                pixels = np.stack([future.result() for future in ahead.popleft()])
                ahead.extend(islice(decoding, 1))
                # Batches of one size alone: how a product of matrices is summed up depends on their shapes. One image
                # is added, since processors without AVX-512 sum up the last one's last rows in another order.
                full = np.concatenate([pixels, np.repeat(pixels[-1:], size + (size > 1) - len(batch), axis=0)])
                features = self._forward(self._preprocess(full.astype(np.float32)))
                yield {layer: values[: len(batch)] for layer, values in features.items()}

    def _pixels(self, row: int) -> npt.NDArray[np.uint8]:
        from grisaille.collection import images

        image, _ = images.decode(self._readers[row](), self._max_megapixels)
        height, width, channels = self._shape
        return images.stretch(image if channels == 3 else image.convert("L"), height, width, self._settings.resize)

    def _preprocess(self, pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        import keras

        if self._settings.preprocessing == "none":
            return pixels
        scheme = keras.applications.imagenet_utils.preprocess_input
        return np.asarray(scheme(pixels, data_format="channels_last", mode=self._settings.preprocessing))

    def _forward(self, pixels: npt.NDArray[np.float32]) -> Mapping[str, FloatArray]:
        outputs = self.network.predict_on_batch(pixels)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return {
            name: self._stored(name, np.asarray(output, dtype=np.float32).reshape(len(pixels), -1))
            for name, output in zip(self._settings.layers, outputs, strict=True)
        }

    def _stored(self, layer: str, values: npt.NDArray[np.float32]) -> FloatArray:
        reached, limit = float(np.abs(values).max(initial=0)), float(np.finfo(self.dtype).max)
        # The comparison is also false for a NaN.
        if not reached <= limit:
            raise BackboneError(
                f"{layer} reaches {reached:g}, which {self.dtype} cannot hold (largest: {limit:g}); "
                "store float32 with backbone.dtype=float32"
            )
        return values.astype(self.dtype)


def built_once(settings: Backbone) -> Any:
    """As `build`, but the CNN that was asked for last in this process is built, and compiled, once.

    Raises:
        BackboneError: As `build`.
    """
    return _built_before(json.dumps(identity(settings)), settings)


@lru_cache(maxsize=1)
def _built_before(described: str, settings: Backbone) -> Any:
    """The CNN; one whose file has changed since is described otherwise."""
    return build(settings)


def contents(digests: Sequence[str], settings: Backbone) -> Contents:
    """What is wanted of a store: the backbone's features of files, by their SHA-256 in order."""
    whose = {name: value for name, value in identity(settings).items() if name != "layers"}
    return Contents(whose, settings.layers, tuple(digests))
