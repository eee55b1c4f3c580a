"""Codes side by side: what makes five chunks one embedding."""

from collections.abc import Mapping, Sequence

import numpy as np

from grisaille.arrays import FloatArray, Rows
from grisaille.likeness import Likeness, lengths
from grisaille.parameters import Chunk


def join_codes(
    codes: Sequence[FloatArray], chunks: Sequence[Chunk], features: Mapping[str, Rows], likeness: Likeness
) -> FloatArray:
    """Divide every chunk's codes by the length of the painting's whole layer, and put them side by side.

    For `euclidean` the lengths are 1. For `cosine` the encoders scale with their input, so dividing afterwards is the
    same as dividing the features; the squared distances of the chunks then add up to those of the whole.

    Args:
        codes: One array a chunk, shape (n, code_size).
        chunks: Which piece of which layer each is of.
        features: Layer -> features, shape (n, d).
        likeness: What the codes were made for.

    Returns:
        float32, shape (n, sum of code sizes).

    Raises:
        ValueError: If a chunk was encoded for another collection.
    """
    sizes = {len(code) for code in codes} | {layer.shape[0] for layer in features.values()}
    if len(sizes) != 1:
        raise ValueError(
            f"the chunks' codes and the features are of different collections ({sorted(sizes)} paintings): "
            "run `kedro run --pipeline autoencoding` for all chunks"
        )
    length = {layer: lengths(features[layer], likeness)[:, None] for layer in {chunk.layer for chunk in chunks}}
    scaled = [code / length[chunk.layer] for code, chunk in zip(codes, chunks, strict=True)]
    return np.concatenate(scaled, axis=1).astype(np.float32)
