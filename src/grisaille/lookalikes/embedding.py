"""A picture that was never in the collection, as a point among the collection's embeddings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.autoencoders.joining import join
from grisaille.autoencoders.training import encode
from grisaille.features.backbone import Extraction, built_once
from grisaille.likenesses.metrics import Likeness, layer_norms
from grisaille.parameters import Backbone, Chunk


class Embedder:
    """The backbone and the encoders that the collection was embedded with, ready for more pictures."""

    def __init__(
        self,
        backbone: Backbone,
        chunks: Mapping[str, Chunk],
        encoders: Mapping[str, Any],
        joiner: Any,
        likeness: Likeness,
        max_megapixels: float,
    ) -> None:
        """Remember the models; the backbone is built with the first picture of the process.

        Args:
            backbone: As for the collection.
            chunks: The pieces of its features, in the order in which their codes are joined.
            encoders: Keras model of each chunk.
            joiner: Keras model that makes embeddings of all codes.
            likeness: Which the encoders were trained to keep (`Autoencoder.made_for`).
            max_megapixels: As in ingestion.
        """
        self._backbone, self._chunks, self._encoders, self._joiner = backbone, chunks, encoders, joiner
        self._likeness, self._max_megapixels = likeness, max_megapixels

    def embed(self, readers: Sequence[Callable[[], bytes]]) -> FloatArray:
        """Embed pictures.

        Args:
            readers: One function a picture, returning its file.

        Returns:
            float32, shape (q, 320): what the collection's embeddings would hold, had these been in it.

        Raises:
            BackboneError: If the CNN cannot be had.
            UnusableImageError: If a file is not a picture.
        """
        network = built_once(self._backbone)
        extraction = Extraction(readers, [""] * len(readers), self._backbone, self._max_megapixels, network=network)
        ranges = [(start, min(start + 64, len(readers))) for start in range(0, len(readers), 64)]
        batches = [batch for _, batch in extraction.compute(ranges)]
        features = {layer: np.concatenate([batch[layer] for batch in batches]) for layer in self._backbone.layers}
        norms = {layer: layer_norms(values, self._likeness) for layer, values in features.items()}
        pieces = {name: features[chunk.layer][:, chunk.start : chunk.stop] for name, chunk in self._chunks.items()}
        encoded = [encode(self._encoders[name], rows) for name, rows in pieces.items()]
        codes, compressed = zip(*encoded, strict=True)
        return join(self._joiner, codes, compressed, [norms[chunk.layer] for chunk in self._chunks.values()])
