"""Nodes of the growth pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection.split import ADDED, HELD_OUT, fitted_on
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder, Evaluation
from grisaille.points import Points
from grisaille.terminal import Bar


def measure_growth(
    features: FeatureStore,
    layer_norms: FloatArray,
    composition_embeddings: FloatArray,
    picture_files: pd.DataFrame,
    autoencoder: Autoencoder,
    settings: Evaluation,
) -> pd.DataFrame:
    """Measure how well the embedding of composition preserves paintings that nothing was fitted on.

    Each is compared with the whole collection; if there are many, a sample of at most `settings.sample` paintings of a
    kind.

    Returns:
        paintings (`added` after the encoders were fitted, or `held_out`), queries, recall (share of the ten nearest in
        the full features that are among the ten nearest in the embedding), spearman, and fitted_on, the number of
        paintings in the collection that the encoders were fitted on.
    """
    split = picture_files["split"].to_numpy(dtype=str)
    parts = [np.flatnonzero(split == part) for part in (ADDED, HELD_OUT)]
    queries = np.sort(np.concatenate([_sample(rows, settings) for rows in parts]))
    columns = ["paintings", "queries", "recall", "spearman"]
    if not len(queries):
        return pd.DataFrame(columns=[*columns, "fitted_on"])
    likeness = autoencoder.made_for
    reference, reduced = ("raw", likeness), ("embedding", "composition")
    spaces = {
        reference: feature_space(features, likeness, layer_norms),
        reduced: embedding_space(Points.of("composition", composition_embeddings)),
    }
    collection = Collection(np.zeros(len(split), np.int64), np.ones(len(split), dtype=bool), split)

    def progress(blocks: list[Any]) -> Iterable[Any]:
        return Bar(blocks, "comparing new paintings with all", unit=" blocks")

    preservation = compare(
        spaces, [(reference, reduced)], collection, queries, settings.neighbours, progress
    ).preservation
    measured = preservation.loc[preservation["paintings"] != "all", columns]
    return measured.assign(fitted_on=len(fitted_on(split))).reset_index(drop=True)


def _sample(rows: Any, settings: Evaluation) -> Any:
    return np.random.default_rng(settings.seed).permutation(rows)[: settings.sample]
