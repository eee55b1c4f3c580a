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


def embed(
    readers: Sequence[Callable[[], bytes]],
    backbone: Backbone,
    chunks: Mapping[str, Chunk],
    encoders: Mapping[str, Any],
    joiner: Any,
    likeness: Likeness,
    max_megapixels: float,
) -> FloatArray:
    """Embed pictures with the models that embedded the collection.

    The backbone is built with the first picture of the process.

    Args:
        readers: One function a picture, returning its file.
        backbone: As for the collection.
        chunks: The pieces of its features, in the order in which their codes are joined.
        encoders: Keras model of each chunk.
        joiner: Keras model that makes embeddings of all codes.
        likeness: Which the encoders were trained to keep (`Autoencoder.made_for`).
        max_megapixels: As in ingestion.

    Returns:
        float32, shape (q, 320): what the collection's embeddings would hold, had these been in it.

    Raises:
        BackboneError: If the CNN cannot be had.
        UnusableImageError: If a file is not a picture.
    """
    extraction = Extraction(readers, [""] * len(readers), backbone, max_megapixels, network=built_once(backbone))
    ranges = [(start, min(start + 64, len(readers))) for start in range(0, len(readers), 64)]
    batches = [batch for _, batch in extraction.compute(ranges)]
    features = {layer: np.concatenate([batch[layer] for batch in batches]) for layer in backbone.layers}
    norms = {layer: layer_norms(values, likeness) for layer, values in features.items()}
    pieces = {name: features[chunk.layer][:, chunk.start : chunk.stop] for name, chunk in chunks.items()}
    codes, compressed = zip(*(encode(encoders[name], rows) for name, rows in pieces.items()), strict=True)
    return join(joiner, codes, compressed, [norms[chunk.layer] for chunk in chunks.values()])
