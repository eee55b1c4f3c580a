"""Nodes of the keeping pipeline."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from grisaille.arrays import ByteArray, FloatArray, IntArray
from grisaille.autoencoders import joining
from grisaille.codes import maps
from grisaille.codes.features import STYLE_SHARE, FeatureCodes, with_style
from grisaille.codes.linear import LinearCode
from grisaille.collection.split import PLENTY, fitted_on
from grisaille.features.pruning import let_go as remove
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.measures.codes import training_and_queries
from grisaille.measures.comparison import queries
from grisaille.measures.reranking import by_composition, by_style, rerank
from grisaille.parameters import Autoencoder, Chunk, Evaluation, Features, named
from grisaille.points import PointRows, Points, SideBySide

logger = logging.getLogger(__name__)

SHORTLIST = 50


def encode_features(
    features: FeatureStore,
    picture_files: pd.DataFrame,
    settings: Features,
    autoencoder: Autoencoder,
    channels: int,
    **codes: dict[str, FloatArray],
) -> dict[str, FloatArray | ByteArray]:
    """Encode the features themselves, in a few bytes that shortlists are ordered by once the features are let go.

    Args:
        features: Of all paintings.
        picture_files: For the split.
        settings: The parameter group `features`.
        autoencoder: For what is compared.
        channels: Of the CNN's maps.
        **codes: `{chunk}.codes`, as `encode_chunk` gives them, for the statistics of style.

    Returns:
        As `FeatureCodes` reads them; and `fingerprint`, whose features these are.

    Raises:
        MapCodeError: If composition is compared by Euclidean distances, which the codes are not made for.
    """
    if autoencoder.made_for != "hellinger":
        raise maps.MapCodeError(
            "features.keep=codes keeps Hellinger's distances: set autoencoder.likeness=hellinger, or features.keep to "
            "everything or embeddings"
        )
    size, training = int(settings.share * _bytes(features)), fitted_on(picture_files["split"].to_numpy())
    style: dict[str, FloatArray | ByteArray] = {}
    if pieces := [own["style_statistics"] for own in codes.values() if "style_statistics" in own]:
        code = joining.fit_style_code(pieces, training, int(STYLE_SHARE * size), settings.seed)
        style = dict(joining.stored(code, joining.encode_points(code, SideBySide(pieces))))
        size -= code.size
    encoded = maps.encode(maps.fit(features, training, channels, size), features)
    fingerprint = np.frombuffer(bytes.fromhex(features.fingerprint), np.uint8)
    return with_style(encoded, style) | {maps.FINGERPRINT: fingerprint}


def _bytes(features: FeatureStore) -> int:
    """Of a painting's features in float16."""
    return 2 * sum(layer.shape[1] for layer in features.values())


def measure_feature_codes(  # noqa: PLR0913, PLR0917 - of two likenesses
    features: FeatureStore,
    layer_norms: FloatArray,
    picture_files: pd.DataFrame,
    feature_codes: dict[str, FloatArray],
    chunks: dict[str, Any],
    autoencoder: Autoencoder,
    evaluation: Evaluation,
    channels: int,
    **made: Any,
) -> pd.DataFrame:
    """What is lost where shortlists are ordered by codes of the features, of paintings never seen.

    Where the features of a sample are all that is left, the sample is measured as a collection of its own.

    Args:
        features: Of all paintings, or of a sample.
        layer_norms: As `measure_layers` gives them.
        picture_files: For the split.
        feature_codes: As `encode_features` gives them.
        chunks: The parameter group.
        autoencoder: How composition was encoded.
        evaluation: The parameter group.
        channels: Of the CNN's maps.
        **made: `{chunk}.codes`, as `encode_chunk` gives them, and `{likeness}.few`, the codes that make shortlists.

    Returns:
        One row a likeness: paintings (how many are compared), queries, bytes of a painting, share of the bytes of
        float16, recall@k of a shortlist of 50 that is ordered by_features and by_codes, margin (half of the 95%
        interval of by_codes), and kept, the ratio of the two.
    """
    pieces = named(chunks, Chunk)
    encoded = [made[f"{name}.codes"] for name in pieces]
    norms = [_norms(list(features), layer_norms, chunk, autoencoder) for chunk in pieces.values()]
    composition = [codes["composition"] for codes in encoded]
    points: dict[str, PointRows] = {
        "composition": joining.CompositionPoints(composition, norms, autoencoder.architecture)
    }
    describe = {"composition": by_composition(autoencoder.made_for)}
    if "style.few" in made:
        points["style"] = SideBySide([codes["style_statistics"] for codes in encoded])
        describe["style"] = by_style(list(pieces.values()), channels)
    n = len(picture_files)
    rows = queries(n, evaluation.exact_up_to, PLENTY, evaluation.seed)
    rows = rows if features.kept is None else features.kept
    _, places = training_and_queries(picture_files["split"].to_numpy(dtype=str)[rows], evaluation.seed)
    coded = FeatureCodes(feature_codes, list(features))
    table = []
    for likeness, own in points.items():
        shortlists = _shortlists(own[rows[places]], made[f"{likeness}.few"], rows, places)
        known = likeness, describe[likeness]
        found = rerank(features, coded, known, rows, places, shortlists, evaluation.neighbours)
        table.append(
            {
                "likeness": likeness,
                "paintings": len(rows),
                "queries": len(places),
                "bytes": coded.size,
                "share": coded.size / _bytes(features),
                "by_features": found.by_features.mean(),
                "by_codes": found.by_codes.mean(),
                "margin": 1.96 * found.by_codes.std() / np.sqrt(len(places)),
                "kept": found.by_codes.mean() / found.by_features.mean(),
            }
        )
    return pd.DataFrame(table)


def _norms(layers: list[str], layer_norms: FloatArray, chunk: Chunk, autoencoder: Autoencoder) -> FloatArray:
    """What a chunk's codes are divided by, shape (n,)."""
    norms: FloatArray = layer_norms[:, layers.index(chunk.layer)]
    return norms if autoencoder.made_for == "hellinger" else np.ones_like(norms)


def _shortlists(queries: Points, few: dict[str, FloatArray], rows: IntArray, places: IntArray) -> IntArray:
    """Places of the paintings whose codes of few bytes are nearest to each query, which is known in full.

    Args:
        queries: q of the compared paintings.
        few: `composition_codes` or `style_codes`.
        rows: The compared paintings' rows among these, shape (m,).
        places: Of the queries, shape (q,).
    """
    code = LinearCode.of(few)
    projected = code.rotation.project(queries.coordinates, queries.rests)
    squares = projected.squares_to(code.decode(few["codes"][rows].astype(np.uint8, copy=False)))
    squares[np.arange(len(places)), places] = np.inf
    many = min(SHORTLIST, len(rows) - 1)
    return np.asarray(np.argpartition(squares, many - 1, axis=1)[:, :many])


def let_go(features: FeatureStore, picture_files: pd.DataFrame, settings: Features, **made: Any) -> pd.DataFrame:
    """Remove the features that are not to be kept, once all that is made of them is stored.

    Args:
        features: Of all paintings.
        picture_files: Their files.
        settings: The parameter group `features`.
        **made: What has to be there first; reading it has shown that it is undamaged.

    Returns:
        The paintings whose features stay: path, sha256.
    """
    n, many = len(picture_files), 0 if settings.keep == "embeddings" else settings.sample
    sample = np.sort(np.random.default_rng(settings.seed).permutation(n)[:many])
    kept = picture_files.iloc[sample][["path", "sha256"]]
    removed, freed = remove(features, set(kept["sha256"]))
    logger.info(
        "features of %s of %s paintings were let go (features.keep=%s, %.1f GB): training anew extracts them again",
        f"{removed:,}", f"{n:,}", settings.keep, freed / 1e9,
    )  # fmt: skip
    return kept.reset_index(drop=True)
