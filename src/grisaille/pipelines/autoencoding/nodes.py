"""Nodes of the autoencoding pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from grisaille import autoencoders
from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.autoencoders import compression
from grisaille.autoencoders.joining import (
    digest,
    join_codes,
    older_than_features,
    origin_of,
    origin_of_codes,
    origin_of_encoder,
)
from grisaille.collection.artists import file_name
from grisaille.collection.split import TRAIN, VALIDATION, fingerprint
from grisaille.lazy import pd
from grisaille.likeness import Liked, lengths
from grisaille.parameters import Autoencoder, Chunk, named
from grisaille.storage.feature_store import FeatureStore


def train_autoencoder(
    features: FeatureStore, paintings: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[Any, Any, dict[str, str], pd.DataFrame]:
    """Train one chunk's autoencoder on the training paintings; the validation paintings stop it.

    Returns:
        The autoencoder, its encoder, the encoder's origin (see `origin_of_encoder`), and the history.
    """
    autoencoder, encoder, history = autoencoders.train(
        _columns(features, chunk),
        _rows(paintings, TRAIN),
        _rows(paintings, VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )
    return autoencoder, encoder, origin_of_encoder(encoder, _split(paintings)), history


def measure_lengths(features: FeatureStore, settings: Autoencoder) -> FloatArray:
    """What the likeness divides every layer by: float32, shape (n, layers), in the order of the features."""
    return np.stack([lengths(features[layer], settings.made_for) for layer in features], axis=1)


def compress_chunk(
    features: FeatureStore, lengths: FloatArray, paintings: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[FloatArray, FloatArray]:
    """Fit a chunk's principal components on all but held-out paintings and project all paintings on them.

    Returns:
        The basis, float32, shape (k + 1, values), and the compressed chunk, float32, shape (n, k + 2).
    """
    rows = Liked(_columns(features, chunk), settings.made_for, _length(features, lengths, chunk))
    components = settings.similarity.suited_to(settings.likeness).components
    training = _rows(paintings, TRAIN, VALIDATION)
    return compression.compress_chunk(rows, training, components, settings.seed, settings.channels)


def train_similarity(paintings: pd.DataFrame, settings: Autoencoder, *chunks: FloatArray) -> tuple[Any, ...]:
    """Train the autoencoders of the given chunks to keep the likeness of what these are pieces of.

    Nothing stops this training, so the validation paintings are trained on, too.

    Args:
        paintings: For the split.
        settings: Of the training.
        chunks: The basis of every chunk, then the compressed rows of every chunk.

    Returns:
        All autoencoders, all encoders, the origin of every encoder (see `origin_of_encoder`), and the history.
    """
    bases, compressed = chunks[: len(chunks) // 2], chunks[len(chunks) // 2 :]
    models, history = autoencoders.train_similarity(
        compressed,
        bases,
        _rows(paintings, TRAIN, VALIDATION),
        settings,
        name=f"likeness of {len(bases)} chunks" if len(bases) > 1 else "likeness of one chunk",
    )
    encoders = [encoder for _, encoder in models]
    origins = [origin_of_encoder(encoder, _split(paintings)) for encoder in encoders]
    return (*(autoencoder for autoencoder, _ in models), *encoders, *origins, history)


def encode_paintings(
    features: FeatureStore, encoder: Any, trained: dict[str, str], chunk: Chunk
) -> tuple[FloatArray, dict[str, str]]:
    """Encode one chunk of every painting.

    Args:
        features: Of all paintings.
        encoder: Of the chunk.
        trained: The encoder's origin.
        chunk: Which columns.

    Returns:
        The codes, float32, shape (n, code_size), and what they were made of (see `origin_of_codes`).

    Raises:
        ValueError: If the origin is another encoder's.
    """
    origin = origin_of_codes(features.fingerprint, encoder, trained)
    return autoencoders.encode(encoder, _columns(features, chunk)), origin


def concatenate_codes(
    features: FeatureStore, lengths: FloatArray, chunks: dict[str, Any], settings: Autoencoder, *codes: Any
) -> tuple[FloatArray, dict[str, Any]]:
    """Join the codes of all chunks in the order of the parameters (see `join_codes`).

    Args:
        features: What the codes must have been made of.
        lengths: As `measure_lengths` gives them.
        chunks: The parameter group.
        settings: Of the training.
        *codes: The codes of every chunk, then what the codes of every chunk were made of.

    Returns:
        The embeddings, float32, shape (n, 320), and what they were made of (see `origin_of`), with digests of
        themselves and of each chunk's codes and encoder, and the split that each encoder was trained on.

    Raises:
        ValueError: If some codes were made of other features.
    """
    wanted = named(chunks, Chunk)
    arrays = dict(zip(wanted, codes[: len(wanted)], strict=True))
    origins = dict(zip(wanted, codes[len(wanted) :], strict=True))
    stale = older_than_features(origins, features.fingerprint)
    if stale:
        raise ValueError(stale)
    joined = join_codes(list(arrays.values()), [_length(features, lengths, chunk) for chunk in wanted.values()])
    origin = origin_of(features.fingerprint, settings)
    return joined, {
        **origin,
        "embeddings": digest(joined),
        "codes": {chunk: digest(array) for chunk, array in arrays.items()},
        "encoders": {chunk: made["encoder"] for chunk, made in origins.items()},
        "splits": {chunk: made["split"] for chunk, made in origins.items()},
    }


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the original stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {file_name(artist): embeddings[artists == artist] for artist in np.unique(artists)}


def _rows(paintings: pd.DataFrame, *parts: str) -> IntArray:
    return np.flatnonzero(paintings["split"].isin(parts))


def _split(paintings: pd.DataFrame) -> str:
    return fingerprint(paintings["sha256"], paintings["split"])


def _length(features: FeatureStore, lengths: FloatArray, chunk: Chunk) -> FloatArray:
    return lengths[:, list(features).index(chunk.layer)]


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    return features[chunk.layer].columns(chunk.start, chunk.stop)
