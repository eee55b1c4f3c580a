"""Nodes of the autoencoding pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from grisaille import autoencoders
from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.collection.artists import file_name
from grisaille.collection.split import TRAIN, VALIDATION
from grisaille.lazy import pd
from grisaille.likeness import Likeness, lengths
from grisaille.parameters import Autoencoder, Chunk
from grisaille.storage.feature_store import FeatureStore


def measure_layers(features: FeatureStore, likeness: Likeness) -> FloatArray:
    """What the likeness divides every layer by: float32, shape (n, layers), in the order of the features."""
    return np.stack([lengths(features[layer], likeness) for layer in features], axis=1)


def train_autoencoder(
    features: FeatureStore, layer_norms: FloatArray, picture_files: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[Any, Any, pd.DataFrame]:
    """Train one chunk's autoencoder on all but the held-out paintings.

    Returns:
        The autoencoder, its encoder, and the history.
    """
    return autoencoders.train(
        _columns(features, chunk),
        _rows(picture_files, TRAIN),
        _rows(picture_files, VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )


def encode_chunk(features: FeatureStore, encoder: Any, chunk: Chunk) -> FloatArray:
    """Encode one chunk of every painting: float32, shape (n, code_size)."""
    return autoencoders.encode(encoder, _columns(features, chunk))


def join_codes(
    layer_norms: FloatArray,
    picture_files: pd.DataFrame,
    chunks: dict[str, Any],
    settings: Autoencoder,
    **codes: FloatArray,
) -> tuple[FloatArray, Any, pd.DataFrame]:
    """Join the codes of all chunks in the order of the parameters.

    Args:
        layer_norms: As `measure_layers` gives them.
        picture_files: For the split.
        chunks: The parameter group.
        settings: Of the training.
        **codes: Of every chunk.

    Returns:
        The embeddings, float32, shape (n, 320), the joiner, and the history of its training.
    """
    import keras

    joined = np.concatenate(list(codes.values()), axis=1)
    inputs = keras.Input((joined.shape[1],))
    return joined, keras.Model(inputs, keras.layers.Identity()(inputs)), pd.DataFrame({"epoch": [], "loss": []})


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the original stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {file_name(artist): embeddings[artists == artist] for artist in np.unique(artists)}


def _rows(picture_files: pd.DataFrame, *parts: str) -> IntArray:
    return np.flatnonzero(picture_files["split"].isin(parts))


def _norms(features: FeatureStore, layer_norms: FloatArray, chunk: Chunk) -> FloatArray:
    return layer_norms[:, list(features).index(chunk.layer)]


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    return features[chunk.layer].columns(chunk.start, chunk.stop)
