"""Embeds pictures that are not in the collection."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.autoencoders.joining import CompositionPoints, embed_composition
from grisaille.autoencoders.training import encode
from grisaille.codes.linear import LinearCode
from grisaille.collection import images
from grisaille.features.backbone import Extraction, built_once
from grisaille.likenesses import components, encoders
from grisaille.likenesses.colour import palette, shrunk
from grisaille.likenesses.metrics import MetricRows, layer_norms
from grisaille.lookalikes.why import Evidence
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour
from grisaille.points import Points


@dataclass(frozen=True)
class Described:
    """Pictures described by one likeness.

    Attributes:
        points: q points, from which codes are computed.
        full: Features whose Euclidean distances define the likeness, float32, shape (q, d).
    """

    points: Points
    full: FloatArray


@dataclass(frozen=True)
class Embedder:
    """The models that embedded a collection.

    Attributes:
        backbone: Settings of the collection's CNN.
        chunks: Chunks of its features, in the order of their codes.
        autoencoder: Settings of the encoders of composition.
        colour: Settings of the palettes.
        encoders: Keras models, named by chunk and likeness, such as `pool5.style`; the palette's is `palette.colour`.
        code: Directions that turn the codes of all chunks into embeddings of composition; None without composition.
    """

    backbone: Backbone
    chunks: Mapping[str, Chunk]
    autoencoder: Autoencoder
    colour: Colour
    encoders: Mapping[str, Any]
    code: LinearCode | None

    def __call__(
        self, readers: Sequence[Callable[[], bytes]], likenesses: Sequence[str], max_megapixels: float
    ) -> dict[str, FloatArray]:
        """Embed pictures. The backbone is built at its first use in the process.

        Args:
            readers: One function a picture, which returns its file.
            likenesses: Any of `composition`, `style` and `colour`.
            max_megapixels: As in ingestion.

        Returns:
            Likeness -> float32, shape (q, d), equal to the embeddings of the pictures in the collection if they were in
            it.

        Raises:
            BackboneError: If the CNN is not available.
            UnusableImageError: If a file is not a picture.
            NegativeFeatureError: If the likeness is not defined for negative features.
        """
        embeddings = {}
        if {"composition", "style"} & set(likenesses):
            features = self._features(readers, max_megapixels)
            if "composition" in likenesses:
                embeddings["composition"] = self._composition(features)
            if "style" in likenesses:
                embeddings["style"] = self._style(features)
        if "colour" in likenesses:
            decoded = (images.decode(read(), max_megapixels)[0] for read in readers)
            shares = np.stack([palette(image, self.colour.bins, self.colour.reach) for image in decoded])
            embeddings["colour"] = components.join([encoders.encode(self.encoders["palette.colour"], shares)])
        return {name: embeddings[name] for name in likenesses}

    def evidence(
        self, readers: Sequence[Callable[[], bytes]], likenesses: Collection[str], max_megapixels: float
    ) -> list[Evidence]:
        """Yield the evidence that explains likenesses of pictures (see `why`), one picture at a time.

        Args:
            readers: See `__call__`.
            likenesses: See `__call__`.
            max_megapixels: As in ingestion.

        Returns:
            Features for composition and style, and small pictures for colour. A layer without positions counts as one
            position.

        Raises:
            BackboneError: If the CNN is not available.
            UnusableImageError: If a file is not a picture.
        """
        pictures = [shrunk(images.decode(read(), max_megapixels)[0]) for read in readers]
        if not ({"composition", "style"} & set(likenesses) and readers):
            return [Evidence({}, image) for image in pictures]
        shapes, features = self.shapes(), self._features(readers, max_megapixels)
        return [
            Evidence({layer: values[row].reshape(shapes[layer]) for layer, values in features.items()}, image)
            for row, image in enumerate(pictures)
        ]

    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """Layer -> height, width and channels of its features; a layer without positions counts as one position."""
        outputs = zip(self.backbone.layers, built_once(self.backbone).outputs, strict=True)
        return {layer: (1, 1, *output.shape[1:])[-3:] for layer, output in outputs}

    def _features(self, readers: Sequence[Callable[[], bytes]], max_megapixels: float) -> dict[str, FloatArray]:
        network = built_once(self.backbone)
        # Batches are padded to the batch size, so use a smaller one for few pictures.
        settings = self.backbone.model_copy(update={"batch_size": min(self.backbone.batch_size, len(readers))})
        extraction = Extraction(readers, [""] * len(readers), settings, max_megapixels, network=network)
        batches = list(extraction.compute([range(len(readers))]))
        return {layer: np.concatenate([batch[layer] for batch in batches]) for layer in self.backbone.layers}

    def describe(self, readers: Sequence[Callable[[], bytes]], likeness: str, max_megapixels: float) -> Described:
        """Describe pictures for compressed codes, and in full.

        Args:
            readers: See `__call__`.
            likeness: `composition` or `style`.
            max_megapixels: As in ingestion.

        Raises:
            BackboneError: If the CNN is not available.
            UnusableImageError: If a file is not a picture.
            NegativeFeatureError: If the likeness is not defined for negative features.
        """
        features = self._features(readers, max_megapixels)
        points = self._points(features) if likeness == "composition" else Points.plain(self._statistics(features))
        return Described(points, self.full(features, likeness))

    def full(self, features: Mapping[str, FloatArray], likeness: str) -> FloatArray:
        """Features whose Euclidean distances define a likeness: float32, shape (n, d).

        Args:
            features: Layer -> features, shape (n, d) each.
            likeness: `composition` or `style`.
        """
        if likeness == "style":
            return self._statistics(features)
        metric = self.autoencoder.made_for
        rows = [MetricRows(values, metric, layer_norms(values, metric))[:] for values in features.values()]
        return np.concatenate(rows, axis=1)

    def _composition(self, features: Mapping[str, FloatArray]) -> FloatArray:
        settings = self.autoencoder
        if self.code is None:
            raise ValueError("the run has no composition")
        values = settings.code_size * len(self.chunks)
        return embed_composition(self._points(features), self.code, values, settings.architecture)

    def _points(self, features: Mapping[str, FloatArray]) -> Points:
        """The codes of all chunks by composition."""
        settings, chunks = self.autoencoder, self.chunks.items()
        norms = {layer: layer_norms(values, settings.made_for) for layer, values in features.items()}
        codes = [encode(self.encoders[f"{name}.composition"], self._piece(features, chunk)) for name, chunk in chunks]
        return CompositionPoints(codes, [norms[chunk.layer] for _, chunk in chunks], settings.architecture)[:]

    def _style(self, features: Mapping[str, FloatArray]) -> FloatArray:
        return components.join([codes for codes, _ in self._encoded_style(features)])

    def _statistics(self, features: Mapping[str, FloatArray]) -> FloatArray:
        return np.concatenate([statistics for _, statistics in self._encoded_style(features)], axis=1)

    def _encoded_style(self, features: Mapping[str, FloatArray]) -> list[tuple[FloatArray, FloatArray]]:
        """Codes and statistics of every chunk."""
        norms = {layer: layer_norms(values, "hellinger") for layer, values in features.items()}
        return [
            encoders.encode_style(self.encoders[f"{name}.style"], self._piece(features, chunk), norms[chunk.layer])
            for name, chunk in self.chunks.items()
        ]

    @staticmethod
    def _piece(features: Mapping[str, FloatArray], chunk: Chunk) -> FloatArray:
        return features[chunk.layer][:, chunk.start : chunk.stop]
