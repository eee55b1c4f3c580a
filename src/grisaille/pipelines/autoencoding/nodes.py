"""Nodes of the autoencoding pipeline."""

from typing import Any

import numpy as np
import pandas as pd

from grisaille import autoencoders
from grisaille.arrays import ColumnRange, FloatArray
from grisaille.collection.split import TRAIN, VALIDATION
from grisaille.feature_store import FeatureStore
from grisaille.parameters import Autoencoder, Chunk


def train_autoencoder(
    features: FeatureStore, paintings: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[Any, Any, pd.DataFrame]:
    """Train one chunk's autoencoder on the training paintings; the validation paintings stop it."""
    split = paintings["split"].to_numpy()
    return autoencoders.train(
        _columns(features, chunk),
        np.flatnonzero(split == TRAIN),
        np.flatnonzero(split == VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )


def encode_paintings(features: FeatureStore, encoder: Any, chunk: Chunk) -> FloatArray:
    """Encode one chunk of every painting: float32, shape (n, code_size)."""
    return autoencoders.encode(encoder, _columns(features, chunk))


def concatenate_codes(*codes: FloatArray) -> FloatArray:
    """Put the codes of all chunks side by side, in the order of the parameters: float32, shape (n, 320).

    Raises:
        ValueError: If a chunk was encoded for another collection.
    """
    if len({len(code) for code in codes}) != 1:
        raise ValueError(
            f"the chunks' codes are of different collections ({[len(code) for code in codes]} paintings): "
            "run `kedro run --pipeline autoencoding` for all of them"
        )
    return np.concatenate(codes, axis=1).astype(np.float32)


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the original stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {artist.replace("/", "_").replace(" ", "_"): embeddings[artists == artist] for artist in np.unique(artists)}


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    if chunk.layer not in features:
        raise ValueError(f"the features have no layer {chunk.layer}; they have {', '.join(features)}")
    return features[chunk.layer].columns(chunk.start, chunk.stop)
