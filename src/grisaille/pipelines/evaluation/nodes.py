"""Nodes of the evaluation pipeline."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
from tqdm import tqdm

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.autoencoders import baseline
from grisaille.collection import Files
from grisaille.collection.artists import UNKNOWN, misspelt, present, rows_of
from grisaille.collection.split import HELD_OUT
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.likenesses.components import fit_components
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.likenesses.style import describe
from grisaille.measures import silhouettes
from grisaille.measures.comparison import Collection, Compared, Name, compare, queries
from grisaille.measures.retrieval import Answers
from grisaille.measures.spaces import Space, embedding_space, feature_space
from grisaille.measures.usefulness import chance, constant_recall, hubness, overlapping, shared, usefulness
from grisaille.parameters import Chunk, Colour, Evaluation, Style, named
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
    features: FeatureStore, picture_files: pd.DataFrame, chunks: dict[str, Any], code_size: int, settings: Evaluation
) -> dict[str, FloatArray]:
    """The baseline: PCA of each chunk at the size of its code, fitted on all but the held-out paintings.

    Returns:
        Likeness, for which the features were transformed first -> float32, shape (n, 320).
    """
    pieces = list(named(chunks, Chunk).values())
    training = np.flatnonzero(picture_files["split"].to_numpy() != HELD_OUT)
    return {
        likeness: baseline.pca_embeddings(features, pieces, training, code_size, likeness, settings.seed)
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
        likeness, painting_id, rank, neighbour_id, distance), `preservation`, `rnx_curves`, and `composition_answers`
        (space, likeness, painting_id, average_precision, nearest: the rows that retrieval counts).
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
        _with_constant(found, len(paintings)),
        found.rnx,
        pd.concat([_answer_table(name, found.answers[name], identifiers) for name in SPACES], ignore_index=True),
    )


def _with_constant(found: Compared, n: int) -> pd.DataFrame:
    """The table of preservation, and beside each recall that of one answer for everybody."""
    table = found.preservation.copy()
    references = {name[1]: constant_recall(found.neighbours[name][0], found.queries, n) for name in found.references}
    table["recall_of_one_answer"] = table["likeness"].map(references)
    return table


def _answer_table(name: Name, answers: Answers, identifiers: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "space": name[0],
            "likeness": name[1],
            "painting_id": identifiers[answers.rows],
            "average_precision": answers.average_precision,
            "nearest": list(answers.near),
        }
    )


def measure_usefulness(  # noqa: PLR0913, PLR0917 - every likeness is measured beside every other
    features: FeatureStore,
    layer_norms: FloatArray,
    composition_answers: pd.DataFrame,
    paintings: pd.DataFrame,
    raw_artists: pd.DataFrame,
    chunks: dict[str, Any],
    style_settings: Style,
    colour_settings: Colour,
    settings: Evaluation,
    palettes: FeatureStore | None = None,
    **embeddings: FloatArray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What every likeness is worth, and how much of style and colour their embeddings keep.

    Returns:
        `usefulness`: one row a space and part of the collection (all, held_out), columns space, likeness, paintings,
        values, queries, the measures of `usefulness`, hubness, hub, hub_count; and rows of chance.
        `likeness_preservation`: as `preservation`.
    """
    training = np.flatnonzero(paintings["split"].to_numpy() != HELD_OUT)
    spaces: dict[Name, FloatArray] = {}
    if "style" in embeddings:
        described = [
            describe(features[chunk.layer].columns(chunk.start, chunk.stop), norms, style_settings.channels)[0]
            for chunk in named(chunks, Chunk).values()
            for norms in [layer_norms[:, list(features).index(chunk.layer)]]
        ]
        spaces["raw", "style"] = np.concatenate(described, axis=1)
        spaces["pca", "style"] = np.concatenate(
            [_principal(part, training, style_settings.code_size) for part in described], axis=1
        )
    if palettes is not None:
        spaces["raw", "colour"] = np.sqrt(palettes["colour"][:])
        spaces["pca", "colour"] = _principal(spaces["raw", "colour"], training, colour_settings.code_size)
    spaces |= {("embedding", name): values for name, values in embeddings.items()}
    pairs = [(("raw", name), (space, name)) for name in ("style", "colour") for space in ("pca", "embedding")]
    pairs = [pair for pair in pairs if set(pair) <= set(spaces)]
    collection = Collection.of(paintings)
    asked = queries(len(paintings), settings.exact_up_to, settings.sample, settings.seed)

    def progress(blocks: list[Any]) -> Iterable[Any]:
        return tqdm(blocks, "comparing style and colour", unit=" blocks")

    found = compare(
        {name: embedding_space(values) for name, values in spaces.items()},
        pairs, collection, asked, settings.neighbours, progress,
    )  # fmt: skip
    answers = _answers(composition_answers, paintings) | found.answers
    sizes = {name: values.shape[1] for name, values in spaces.items()}
    relations = _relations(paintings, raw_artists)
    parts = {"all": np.ones(len(paintings), bool), HELD_OUT: paintings["split"].to_numpy() == HELD_OUT}
    identifiers, labels = paintings["painting_id"].to_numpy(dtype=str), collection.labels
    rows: list[dict[str, Any]] = []
    for (space, likeness), answer in answers.items():
        skewness, hub, times = hubness(answer, len(paintings)) if len(answer.rows) else (float("nan"), 0, 0)
        for part, chosen in parts.items():
            row = {"space": space, "likeness": likeness, "paintings": part, "values": sizes.get((space, likeness))}
            row |= {"queries": int(chosen[answer.rows].sum())}
            row |= usefulness(answer, labels, relations, chosen, settings.seed)
            rows.append(row | {"hubness": skewness, "hub": identifiers[hub], "hub_count": times})
    rows.append({"space": "chance", "paintings": "all"} | chance(labels, collection.kept, relations))
    return pd.DataFrame(rows), _with_constant(found, len(paintings))


def _principal(values: FloatArray, training: IntArray, k: int) -> FloatArray:
    """Principal components: the linear map of a likeness without what it knows of halves, and without whitening."""
    mean, directions = fit_components(values, values[None][:0], training, k)
    return np.asarray((values - mean) @ directions)


def _answers(table: pd.DataFrame, paintings: pd.DataFrame) -> dict[Name, Answers]:
    row_of = pd.Series(np.arange(len(paintings)), index=paintings["painting_id"])
    return {
        (str(space), str(likeness)): Answers(
            row_of[part["painting_id"]].to_numpy(),
            np.stack(part["nearest"].to_list()),
            part["average_precision"].to_numpy(dtype=float),
        )
        for (space, likeness), part in table.groupby(["space", "likeness"], sort=False)
    }


def _relations(paintings: pd.DataFrame, raw_artists: pd.DataFrame) -> dict[str, BoolArray]:
    """Which artists share a movement, a period and a nationality; only what the table of artists tells of."""
    names = np.unique(paintings["artist"].to_numpy(dtype=str))
    movements = paintings.drop_duplicates("artist").set_index("artist")["movements"]
    known = raw_artists.drop_duplicates("name").set_index("name").reindex(names)
    found = {"movement": shared([movements.get(name) for name in names])}
    if "years" in known:
        found["period"] = overlapping([_years(value) for value in known["years"]])
    if "nationality" in known:
        found["nationality"] = shared([value if isinstance(value, str) else None for value in known["nationality"]])
    return {name: relation for name, relation in found.items() if relation.any()}


def _years(value: Any) -> tuple[int, int] | None:
    """First and last year of a life, as the table of artists writes them: "1884 - 1920"."""
    numbers = [int(text) for text in re.findall(r"\d{3,4}", value)] if isinstance(value, str) else []
    return (numbers[0], numbers[1]) if len(numbers) == 2 and numbers[0] < numbers[1] else None


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
