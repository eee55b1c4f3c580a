"""Nodes of the autoencoding pipeline."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from grisaille.arrays import ChosenRows, ColumnRange, FloatArray
from grisaille.collection.artists import file_name
from grisaille.collection.split import PLENTY, TRAIN, VALIDATION, fitted_on
from grisaille.features.palettes import LAYER
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.likenesses import style
from grisaille.likenesses.components import fit_components, join, mix, shares
from grisaille.likenesses.metrics import Likeness, NegativeFeatureError, layer_norms
from grisaille.parameters import Autoencoder, Backbone, Chunk, Codes, Colour, Mixture, Style, named
from grisaille.points import Points, SideBySide

logger = logging.getLogger(__name__)


def measure_layers(features: FeatureStore) -> FloatArray:
    """Compute the divisors of every layer for Hellinger distances and style.

    Returns:
        float32, shape (n, layers), in the order of the features; zeros for a layer with negative values, which has no
        square roots.
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
        np.flatnonzero(picture_files["split"] == TRAIN),
        np.flatnonzero(picture_files["split"] == VALIDATION),
        settings,
        name=f"{chunk.layer}[{chunk.start}:{chunk.stop}]",
    )
    return autoencoder, history


def take_encoder(autoencoder: Any, history: pd.DataFrame) -> Any:
    """Extract the encoder, which is enough to embed new pictures, and log the training."""
    from grisaille.autoencoders import training

    first, last = history["loss"].iloc[[0, -1]]
    if len(history) > 1:
        logger.debug("%d epochs took the loss from %.3g to %.3g", len(history), first, last)
    return training.take_encoder(autoencoder)


def encode_chunk(
    features: FeatureStore, layer_norms: FloatArray, chunk: Chunk, composition_encoder: Any, style_encoder: Any = None
) -> dict[str, FloatArray]:
    """Encode one chunk of every painting.

    Returns:
        `composition`, float32, shape (n, k), not yet divided by the norms; and, if there is an encoder of style,
        `style`, float32, shape (n, code_size), and its inputs `style_statistics`, shape (n, 2 * channels).
    """
    from grisaille.autoencoders import training
    from grisaille.likenesses import encoders

    rows = _columns(features, chunk)
    encoded = {"composition": training.encode(composition_encoder, rows)}
    if style_encoder is not None:
        norms = _norms(list(features), layer_norms, chunk)
        encoded["style"], encoded["style_statistics"] = encoders.encode_style(style_encoder, rows, norms)
    return encoded


def join_codes(
    layer_norms: FloatArray,
    picture_files: pd.DataFrame,
    backbone: Backbone,
    chunks: dict[str, Any],
    settings: Autoencoder,
    codes: Codes,
    **encoded: dict[str, FloatArray],
) -> dict[str, Any]:
    """Join the codes of all chunks in the order of the parameters.

    Args:
        layer_norms: As `measure_layers` returns them.
        picture_files: Table with the split.
        backbone: Settings with the order of the layers.
        chunks: The parameter group.
        settings: Settings of the autoencoders.
        codes: Settings with the sizes of codes.
        **encoded: The results of `encode_chunk`, by names of chunks. If earlier encoders are kept, also
            `known_composition_codes` and `known_style_codes`, earlier results of this node, and nothing is fitted.

    Returns:
        `composition`, the embeddings, float32, shape (n, 320), whose last value is a length (`Points.of`). If the
        chunks have codes of style, `style`, every painting scaled to length 1, float32, shape (n, 320). And
        `composition_codes` and `style_codes`, compact codes of all paintings, with the arrays that decode them
        (`LinearCode.arrays`).
    """
    from grisaille.autoencoders import joining
    from grisaille.codes.linear import LinearCode

    named_chunks = named(chunks, Chunk)
    norms = [_norms(list(backbone.layers), layer_norms, chunk, settings.made_for) for chunk in named_chunks.values()]
    training, values = fitted_on(picture_files["split"].to_numpy()), settings.code_size * len(named_chunks)
    compositions = [encoded[name]["composition"] for name in named_chunks]
    points = joining.CompositionPoints(compositions, norms, settings.architecture)
    if "known_composition_codes" in encoded:
        code = LinearCode.of(encoded["known_composition_codes"])
    else:
        code = joining.fit_composition_code(points, training, codes.size, values - 1, settings.seed)
    joined = {
        "composition": joining.embed_composition(points, code, values, settings.architecture),
        "composition_codes": joining.stored(code, joining.encode_points(code, points)),
    }
    if all("style" in encoded[name] for name in named_chunks):
        pieces = [encoded[name]["style_statistics"] for name in named_chunks]
        if "known_style_codes" in encoded:
            code = LinearCode.of(encoded["known_style_codes"])
        else:
            code = joining.fit_style_code(pieces, training, codes.size, settings.seed)
        joined["style"] = join([encoded[name]["style"] for name in named_chunks])
        joined["style_codes"] = joining.stored(code, joining.encode_points(code, SideBySide(pieces)))
    return joined


def fit_style_encoder(
    features: FeatureStore, layer_norms: FloatArray, picture_files: pd.DataFrame, chunk: Chunk, settings: Style
) -> Any:
    """Fit the encoder of a chunk's style on all but the held-out paintings."""
    from grisaille.likenesses import encoders

    training = fitted_on(picture_files["split"].to_numpy(), PLENTY)
    rows, norms = ChosenRows(_columns(features, chunk), training), _norms(list(features), layer_norms, chunk)[training]
    whole, halves = style.describe(rows, norms, settings.channels)
    fitted = fit_components(whole, halves, settings.code_size, settings.shrinkage, settings.whitening)
    return encoders.style_encoder(rows.shape[1], settings.channels, *fitted)


def fit_colour_encoder(palettes: FeatureStore, picture_files: pd.DataFrame, settings: Colour) -> Any:
    """Fit the encoder of palettes on all but the held-out paintings."""
    from grisaille.likenesses import encoders

    known = np.sqrt(palettes[LAYER][fitted_on(picture_files["split"].to_numpy(), PLENTY)])
    fitted = fit_components(known, known[None][:0], settings.code_size)
    return encoders.colour_encoder(*fitted)


def encode_palettes(palettes: FeatureStore, encoder: Any) -> FloatArray:
    """Encode the palette of every painting, scaled to length 1: float32, shape (n, code_size)."""
    from grisaille.likenesses import encoders

    return join([encoders.encode(encoder, palettes[LAYER])])


def mix_embeddings(picture_files: pd.DataFrame, settings: Mixture, **embeddings: FloatArray) -> FloatArray:
    """The coordinates of all likenesses side by side, weighted by their shares: float32, shape (n, d)."""
    coordinates = {name: Points.of(name, values).coordinates for name, values in embeddings.items()}
    return mix(coordinates, shares(coordinates, settings.model_dump(), fitted_on(picture_files["split"].to_numpy())))


def group_by_artist(embeddings: FloatArray, paintings: pd.DataFrame) -> dict[str, FloatArray]:
    """Split the embeddings by artist, as the 2021 work stored them: file name -> float32, shape (paintings, 320)."""
    artists = paintings["artist"].to_numpy()
    return {file_name(artist): embeddings[artists == artist] for artist in np.unique(artists)}


def _norms(layers: list[str], layer_norms: FloatArray, chunk: Chunk, likeness: Likeness = "hellinger") -> FloatArray:
    norms: FloatArray = layer_norms[:, layers.index(chunk.layer)]
    if likeness == "euclidean":
        return np.ones_like(norms)
    if not norms.all():
        raise NegativeFeatureError(chunk.layer)
    return norms


def _columns(features: FeatureStore, chunk: Chunk) -> ColumnRange:
    return features[chunk.layer].columns(chunk.start, chunk.stop)
