"""Nodes of the autoencoding pipeline."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.collection.artists import file_name
from grisaille.collection.split import TRAIN, VALIDATION
from grisaille.features.palettes import LAYER
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.likenesses import style
from grisaille.likenesses.components import fit_components, join, mix, shares
from grisaille.likenesses.metrics import Likeness, NegativeFeatureError, layer_norms
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour, Mixture, Style, named

logger = logging.getLogger(__name__)


def measure_layers(features: FeatureStore) -> FloatArray:
    """What Hellinger distances and style divide every layer by.

    Returns:
        float32, shape (n, layers), in the order of the features; zeros for a layer that has negative values, of which
        there are no square roots.
    """
    norms = []
    for layer in features:
        try:
            norms.append(layer_norms(features[layer], "hellinger"))
        except NegativeFeatureError:
            norms.append(np.zeros(len(features[layer]), np.float32))
    return np.stack(norms, axis=1)


def train_autoencoder(
    features: FeatureStore, layer_norms: FloatArray, picture_files: pd.DataFrame, chunk: Chunk, settings: Autoencoder
) -> tuple[Any, pd.DataFrame]:
    """Train one chunk's autoencoder on all but the held-out paintings.

    Returns:
        The autoencoder and the history of its training.
    """
    from grisaille.autoencoders import training

    autoencoder, _, history = training.train(
        _columns(features, chunk),
        _norms(list(features), layer_norms, chunk, settings.made_for),
        _rows(picture_files, TRAIN),
        _rows(picture_files, VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )
    return autoencoder, history


def take_encoder(autoencoder: Any, history: pd.DataFrame) -> Any:
    """Cut the encoder off, which is all that new pictures need, and tell how the training went."""
    from grisaille.autoencoders import training

    first, last = history["loss"].iloc[[0, -1]]
    logger.info("%d epochs took the loss from %.3g to %.3g", history["epoch"].iloc[-1], first, last)
    return training.take_encoder(autoencoder)


def encode_chunk(
    features: FeatureStore, layer_norms: FloatArray, chunk: Chunk, composition_encoder: Any, style_encoder: Any = None
) -> dict[str, FloatArray]:
    """Encode one chunk of every painting.

    Returns:
        `composition`, float32, shape (n, code_size); `compressed`, the rows that `similarity` made them of, float32,
        shape (n, k + 2), or of other architectures, which make codes of the chunk itself, shape (n, 0); and, where
        there is an encoder of it, `style`, float32, shape (n, code_size).
    """
    from grisaille.autoencoders import training
    from grisaille.likenesses import encoders

    rows = _columns(features, chunk)
    codes, compressed = training.encode(composition_encoder, rows)
    encoded = {"composition": codes, "compressed": compressed}
    if style_encoder is not None:
        norms = _norms(list(features), layer_norms, chunk)
        encoded["style"] = encoders.encode(style_encoder, rows, norms[:, None])
    return encoded


def join_codes(
    layer_norms: FloatArray,
    picture_files: pd.DataFrame,
    backbone: Backbone,
    chunks: dict[str, Any],
    settings: Autoencoder,
    **encoded: dict[str, FloatArray],
) -> dict[str, Any]:
    """Join the codes of all chunks in the order of the parameters.

    Args:
        layer_norms: As `measure_layers` gives them.
        picture_files: For the split.
        backbone: For the order of the layers.
        chunks: The parameter group.
        settings: Of the training.
        **encoded: What `encode_chunk` gives, by the names of the chunks.

    Returns:
        `composition`, the embeddings, float32, shape (n, 320); `joiner`, and the `history` of its training; and, where
        the chunks have codes of it, `style`, every painting scaled to length 1, float32, shape (n, 320).
    """
    from grisaille.autoencoders import joining

    wanted = named(chunks, Chunk)
    codes, compressed = ([encoded[name][part] for name in wanted] for part in ("composition", "compressed"))
    norms = [_norms(list(backbone.layers), layer_norms, chunk, settings.made_for) for chunk in wanted.values()]
    rows = _rows(picture_files, TRAIN, VALIDATION)
    joiner, history = joining.train_joiner(codes, compressed, norms, rows, settings)
    joined = {"composition": joining.join(joiner, codes, compressed, norms), "joiner": joiner, "history": history}
    style_codes = [encoded[name]["style"] for name in wanted if "style" in encoded[name]]
    return joined | ({"style": join(style_codes)} if style_codes else {})


def fit_style_encoder(
    features: FeatureStore, layer_norms: FloatArray, picture_files: pd.DataFrame, chunk: Chunk, settings: Style
) -> Any:
    """Fit the encoder of a chunk's style on all but the held-out paintings."""
    from grisaille.likenesses import encoders

    rows = _columns(features, chunk)
    whole, halves = style.describe(rows, _norms(list(features), layer_norms, chunk), settings.channels)
    training = _rows(picture_files, TRAIN, VALIDATION)
    fitted = fit_components(whole, halves, training, settings.code_size, settings.shrinkage, settings.whitening)
    return encoders.style_encoder(rows.shape[1], settings.channels, *fitted)


def fit_colour_encoder(palettes: FeatureStore, picture_files: pd.DataFrame, settings: Colour) -> Any:
    """Fit the encoder of palettes on all but the held-out paintings."""
    from grisaille.likenesses import encoders

    known = np.sqrt(palettes[LAYER][:])
    training = _rows(picture_files, TRAIN, VALIDATION)
    fitted = fit_components(known, known[None][:0], training, settings.code_size)
    return encoders.colour_encoder(*fitted)


def encode_palettes(palettes: FeatureStore, encoder: Any) -> FloatArray:
    """Encode the palette of every painting, scaled to length 1: float32, shape (n, code_size)."""
    from grisaille.likenesses import encoders

    return join([encoders.encode(encoder, palettes[LAYER])])


def mix_embeddings(picture_files: pd.DataFrame, settings: Mixture, **embeddings: FloatArray) -> FloatArray:
    """All likenesses side by side, by their shares: float32, shape (n, d)."""
    return mix(embeddings, shares(embeddings, settings.model_dump(), _rows(picture_files, TRAIN, VALIDATION)))


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the original stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {file_name(artist): embeddings[artists == artist] for artist in np.unique(artists)}


def _rows(picture_files: pd.DataFrame, *parts: str) -> IntArray:
    return np.flatnonzero(picture_files["split"].isin(parts))


def _norms(layers: list[str], layer_norms: FloatArray, chunk: Chunk, likeness: Likeness = "hellinger") -> FloatArray:
    norms: FloatArray = layer_norms[:, layers.index(chunk.layer)]
    if likeness == "euclidean":
        return np.ones_like(norms)
    if not norms.all():
        raise NegativeFeatureError(chunk.layer)
    return norms


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    return features[chunk.layer].columns(chunk.start, chunk.stop)
