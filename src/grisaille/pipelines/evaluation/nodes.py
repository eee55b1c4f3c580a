"""Nodes of the evaluation pipeline."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from tqdm import tqdm

from grisaille.arrays import FloatArray, IntArray
from grisaille.autoencoders import baseline
from grisaille.collection import Files
from grisaille.collection.artists import UNKNOWN, misspelt, present, rows_of
from grisaille.collection.split import HELD_OUT
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures import silhouettes
from grisaille.measures.comparison import Collection, Name, compare, queries
from grisaille.measures.spaces import Space, embedding_space, feature_space
from grisaille.parameters import Chunk, Evaluation, named
from grisaille.report.results import Results, with_ends
from grisaille.report.summary_lines import summary

logger = logging.getLogger(__name__)

# The order of the first axis of `artist_distances`.
SPACES: tuple[Name, ...] = (
    ("raw", "euclidean"),
    ("raw", "hellinger"),
    ("pca", "euclidean"),
    ("pca", "hellinger"),
    ("embedding", "euclidean"),
)
# What the report shows, by the names of datasets.
TABLES = [field.name for field in fields(Results) if field.name != "parameters"]


def reduce_with_pca(
    features: FeatureStore, picture_files: pd.DataFrame, chunks: dict[str, Any], settings: Evaluation
) -> dict[str, FloatArray]:
    """The baseline: PCA of each chunk, fitted on all but the held-out paintings.

    Returns:
        Likeness, for which the features were transformed first -> float32, shape (n, 320).
    """
    pieces = list(named(chunks, Chunk).values())
    training = np.flatnonzero(picture_files["split"].to_numpy() != HELD_OUT)
    return {
        likeness: baseline.pca_embeddings(features, pieces, training, settings.pca_code_size, likeness, settings.seed)
        for likeness in LIKENESSES
    }


def compare_spaces(
    features: FeatureStore,
    embeddings: FloatArray,
    reduced: dict[str, FloatArray],
    paintings: pd.DataFrame,
    settings: Evaluation,
) -> tuple[FloatArray, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Walk over all pairs of paintings and fill every measure.

    In a collection larger than `exact_up_to`, over the pairs of a seeded sample of paintings with all.

    Returns:
        `artist_distances` (float64, shape (spaces, n, artists), spaces as in `SPACES`), `neighbours` (space,
        likeness, painting_id, rank, neighbour_id, distance), `preservation`, `rnx_curves` and `retrieval`.
    """
    spaces: dict[Name, Space] = {("raw", likeness): feature_space(features, likeness) for likeness in LIKENESSES}
    spaces |= {("pca", likeness): embedding_space(reduced[likeness]) for likeness in LIKENESSES}
    spaces["embedding", "euclidean"] = embedding_space(embeddings)
    pairs: list[tuple[Name, Name]] = [(("raw", likeness), ("pca", likeness)) for likeness in LIKENESSES]
    pairs += [(("raw", likeness), ("embedding", "euclidean")) for likeness in LIKENESSES]
    asked = queries(len(paintings), settings.exact_up_to, settings.sample, settings.seed)
    if len(asked) < len(paintings):
        logger.info("%d of %d paintings are compared with all: a sample, with margins", len(asked), len(paintings))

    def progress(blocks: list[Any]) -> Iterable[Any]:
        return tqdm(blocks, "comparing all pairs of paintings", unit=" blocks")

    named_spaces = {name: spaces[name] for name in SPACES}
    found = compare(named_spaces, pairs, Collection.of(paintings), asked, settings.neighbours, progress)
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    return (
        np.stack([found.sums[name] for name in SPACES]),
        pd.concat([_neighbour_table(name, asked, *found.neighbours[name], identifiers) for name in SPACES]),
        found.preservation,
        found.rnx,
        found.retrieval,
    )


def _neighbour_table(
    name: Name, asked: IntArray, rows: IntArray, distances: FloatArray, identifiers: Any
) -> pd.DataFrame:
    count, k = rows.shape
    return pd.DataFrame(
        {
            "space": name[0],
            "likeness": name[1],
            "painting_id": np.repeat(identifiers[asked], k),
            "rank": np.tile(np.arange(1, k + 1), count),
            "neighbour_id": identifiers[rows.ravel()],
            "distance": distances.ravel(),
        }
    )


def score_pairs(artist_distances: FloatArray, paintings: pd.DataFrame) -> pd.DataFrame:
    """Silhouette of every pair of artists in every space; paintings by nobody knows whom are no artist's.

    Returns:
        One row a pair: artist, other_artist, how many paintings the one of fewer has, and one column a space.
    """
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    left, right = np.triu_indices(len(artists), 1)
    counts = np.bincount(labels)
    table = pd.DataFrame({"artist": artists[left], "other_artist": artists[right]})
    table["fewest_paintings"] = np.minimum(counts[left], counts[right])
    for (space, likeness), sums in zip(SPACES, artist_distances, strict=True):
        table[_column(space, likeness)] = silhouettes.pair_silhouettes(sums, labels)[left, right]
    return table[(table["artist"] != UNKNOWN) & (table["other_artist"] != UNKNOWN)].reset_index(drop=True)


def compare_pairs(pair_silhouettes: pd.DataFrame) -> pd.DataFrame:
    """Do the silhouettes of all pairs agree with those of the raw features: one row a reduced space and likeness.

    Returns:
        Columns space, likeness, pairs, spearman, sign_agreement.
    """
    rows = []
    for space in ("pca", "embedding"):
        for likeness in LIKENESSES:
            reduced = pair_silhouettes[_column(space, likeness)].to_numpy(dtype=float)
            reference = pair_silhouettes[_column("raw", likeness)].to_numpy(dtype=float)
            spearman, same = silhouettes.pair_agreement(reference, reduced)
            pairs = int(np.sum(np.isfinite(reference) & np.isfinite(reduced)))
            row = {"space": space, "likeness": likeness, "pairs": pairs}
            rows.append(row | {"spearman": spearman, "sign_agreement": same})
    return pd.DataFrame(rows)


def draw_rnx_curves(rnx_curves: pd.DataFrame) -> Any:
    """Agreement of neighbourhoods of every size."""
    from grisaille.plots import curves

    return curves.rnx_curves(rnx_curves)


def repeat_paper_experiments(
    artist_distances: FloatArray,
    pair_silhouettes: pd.DataFrame,
    paintings: pd.DataFrame,
    comparisons: dict[str, Any],
) -> pd.DataFrame:
    """The named comparisons and the pairs at both ends: the 2021 work's silhouette beside ours in every space.

    A comparison whose artists are not in the collection is kept, with empty figures.
    """
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    rows = []
    for name, comparison in with_ends(comparisons, pair_silhouettes).items():
        for given, meant in misspelt([*comparison.left, *comparison.right], artists).items():
            logger.warning("comparison %s: there is no %s in the collection; did you mean %s?", name, given, meant)
        left, right = (rows_of(artists, side) for side in (comparison.left, comparison.right))
        row: dict[str, Any] = {"comparison": name, "title": comparison.title, "paper": comparison.paper}
        for (space, likeness), sums in zip(SPACES, artist_distances, strict=True):
            row[_column(space, likeness)] = silhouettes.pair_silhouette(sums, labels, left, right)
        rows.append(row)
    return pd.DataFrame(rows)


def _column(space: str, likeness: str) -> str:
    return "embedding" if space == "embedding" else f"{space}_{likeness}"


def draw_heat_map(pair_silhouettes: pd.DataFrame) -> Any:
    """Pairs of artists, in the raw features and in the embedding: all of them, or those at both ends."""
    from grisaille.plots import heat_map

    return heat_map.silhouette_heat_map(pair_silhouettes)


def draw_scatters(
    embeddings: FloatArray,
    reduced: dict[str, FloatArray],
    paintings: pd.DataFrame,
    pair_silhouettes: pd.DataFrame,
    comparisons: dict[str, Any],
) -> dict[str, Any]:
    """Both sides of every comparison on two principal components, reduced by PCA and by the autoencoders."""
    from grisaille.plots.comparison import scatter, side_name

    artists = paintings["artist"].to_numpy(dtype=str)
    figures = {}
    for name, comparison in with_ends(comparisons, pair_silhouettes).items():
        sides = [rows_of(artists, side) for side in (comparison.left, comparison.right)]
        names = [side_name(present(side, artists)) for side in (comparison.left, comparison.right)]
        spaces = {"PCA": reduced["euclidean"], "Embedding": embeddings}
        figures[name] = scatter(comparison.title, spaces, sides, names)
    return figures


def write_report(raw_paintings: Files, **shown: Any) -> tuple[str, list[str]]:
    """One HTML page, and its five main lines.

    Args:
        raw_paintings: For thumbnails.
        **shown: The fields of `Results`, and the parameter groups that made them.
    """
    from grisaille.report import page

    tables = {name: shown.pop(name) for name in TABLES}
    results = Results(**tables, parameters=shown)
    return page.render(results, raw_paintings), summary(results)
