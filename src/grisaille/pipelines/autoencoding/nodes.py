"""Nodes of the autoencoding pipeline."""

from typing import Any

import numpy as np
import pandas as pd

from grisaille import autoencoders
from grisaille.arrays import ColumnRange, FloatArray
from grisaille.autoencoders.joining import join_codes
from grisaille.collection.split import TRAIN, VALIDATION
from grisaille.feature_store import FeatureStore
from grisaille.likeness import Liked, lengths
from grisaille.parameters import Autoencoder, Chunk, named


def train_autoencoder(
    features: FeatureStore, paintings: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[Any, Any, pd.DataFrame]:
    """Train one chunk's autoencoder on the training paintings; the validation paintings stop it."""
    split = paintings["split"].to_numpy()
    columns = _columns(features, chunk)
    length = lengths(features[chunk.layer], settings.made_for)
    return autoencoders.train(
        Liked(columns, settings.made_for, length),
        np.flatnonzero(split == TRAIN),
        np.flatnonzero(split == VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )


def encode_paintings(features: FeatureStore, encoder: Any, chunk: Chunk) -> FloatArray:
    """Encode one chunk of every painting: float32, shape (n, code_size)."""
    return autoencoders.encode(encoder, _columns(features, chunk))


def concatenate_codes(
    features: FeatureStore, chunks: dict[str, Any], settings: Autoencoder, *codes: FloatArray
) -> FloatArray:
    """Join the codes of all chunks in the order of the parameters: float32, shape (n, 320) (see `join_codes`)."""
    return join_codes(codes, list(named(chunks, Chunk).values()), features, settings.made_for)


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the original stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {artist.replace("/", "_").replace(" ", "_"): embeddings[artists == artist] for artist in np.unique(artists)}


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    if chunk.layer not in features:
        raise ValueError(f"the features have no layer {chunk.layer}; they have {', '.join(features)}")
    return features[chunk.layer].columns(chunk.start, chunk.stop)
