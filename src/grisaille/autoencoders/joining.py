"""Codes side by side: what makes five chunks one embedding."""

from collections.abc import Sequence

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.feature_store import FeatureStore
from grisaille.parameters import Autoencoder


def join_codes(codes: Sequence[FloatArray], lengths: Sequence[FloatArray]) -> FloatArray:
    """Divide every chunk's codes by the length of the painting's whole layer, and put them side by side.

    For `euclidean` the lengths are 1. For `cosine` the encoders scale with their input, so dividing afterwards is the
    same as dividing the features; the squared distances of the chunks then add up to those of the whole.

    Args:
        codes: One array a chunk, shape (n, code_size).
        lengths: Of the layer that each chunk is a piece of (`likeness.lengths`), shape (n,).

    Returns:
        float32, shape (n, sum of code sizes).

    Raises:
        ValueError: If a chunk was encoded for another collection.
    """
    sizes = {len(code) for code in codes} | {len(length) for length in lengths}
    if len(sizes) != 1:
        raise ValueError(
            f"the chunks' codes and the features are of different collections ({sorted(sizes)} paintings): "
            "run `kedro run --pipeline autoencoding` for all chunks"
        )
    scaled = [code / length[:, None] for code, length in zip(codes, lengths, strict=True)]
    return np.concatenate(scaled, axis=1).astype(np.float32)


def origin_of(features: FeatureStore, settings: Autoencoder) -> dict[str, str]:
    """What makes embeddings those of one collection and likeness, and of no other.

    Returns:
        The features' fingerprint, the architecture and the likeness it keeps.
    """
    return {
        "features": features.fingerprint,
        "architecture": settings.architecture,
        "likeness": settings.made_for,
    }
