"""Nodes of the evaluation pipeline."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from grisaille.arrays import BoolArray, ChosenRows, FloatArray, IntArray, Rows, StringArray
from grisaille.autoencoders.baseline import pca_embeddings
from grisaille.collection import Files
from grisaille.collection.artists import MOST_COMPARED, UNKNOWN, present, rows_of, with_most_paintings
from grisaille.collection.split import HELD_OUT, PLENTY, fitted_on
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures import silhouettes
from grisaille.measures.comparison import Collection, Compared, Name, compare, queries
from grisaille.measures.retrieval import Answers, csls_answers, csls_offsets
from grisaille.measures.spaces import Space
from grisaille.measures.usefulness import chance, constant_recall, hubness, overlapping, shared, usefulness
from grisaille.parameters import Autoencoder, Chunk, Comparison, Evaluation, named
from grisaille.pipelines.evaluation import recommending, spaces
from grisaille.points import Points
from grisaille.report.results import CLOSER, ENOUGH, OFFERED, Results, pairs_in_order
from grisaille.report.summary_lines import summary, unknown_artists
from grisaille.terminal import Bar

if TYPE_CHECKING:
    from grisaille.measures.code_rows import Contenders

logger = logging.getLogger(__name__)

_NO_ANSWERS = Answers(np.empty(0, np.int64), np.empty((0, 1), np.int64), np.empty(0))
# Groups that a comparison of groups is held against; among fewer pairs or groups nobody can say what is close.
_DRAWS, _OTHERS = 200, 6
# What the report shows, by the names of datasets.
TABLES = [field.name for field in fields(Results) if field.name != "parameters"]


def reduce_with_pca(
    picture_files: pd.DataFrame,
    chunks: dict[str, Any],
    autoencoder: Autoencoder,
    settings: Evaluation,
    features: FeatureStore | None = None,
    palettes: FeatureStore | None = None,
    **made: Any,
) -> dict[str, FloatArray]:
    """The baseline: PCA at the size of the embeddings themselves, fitted on all but the held-out paintings.

    Vectors that were given become as short as embeddings of composition, and at most a quarter of what they were.
    Of more than 10,000 paintings, as many are fitted on.

    Args:
        picture_files: For the split.
        chunks: The parameter group.
        autoencoder: How composition was encoded.
        settings: The parameter group `evaluation`.
        features: Of all paintings; None where composition is not made.
        palettes: Of colour; likewise.
        **made: `{chunk}.codes`, as `encode_chunk` gives them, `{likeness}.embeddings`, and with features `layer_norms`.

    Returns:
        Likeness, or metric of composition -> float32, shape (n, d).
    """
    pieces = list(named(chunks, Chunk).values())
    training, embeddings = fitted_on(picture_files["split"].to_numpy(), PLENTY), _embeddings(made)
    values = {likeness: points.shape[1] for likeness, points in embeddings.items()}
    reduced: dict[str, FloatArray] = {}
    if features is not None:
        each = values["composition"] // len(pieces)
        known = made.get("layer_norms")
        reduced |= pca_embeddings(features, pieces, training, each, LIKENESSES, settings.seed, known)
    if "style" in values:
        each = values["style"] // len(pieces)
        reduced["style"] = spaces.reduce_style(_statistics(made), training, each)
    if palettes is not None:
        reduced["colour"] = spaces.reduce_colour(palettes, training, values["colour"])
    if "vectors" in values:
        most = min(autoencoder.code_size * len(pieces), max(values["vectors"] // 4, 1))
        reduced["vectors"] = spaces.reduce_vectors(embeddings["vectors"], training, most)
    return reduced


def _embeddings(made: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Likeness -> embeddings, among what a node is given."""
    ending = ".embeddings"
    return {name.removesuffix(ending): values for name, values in made.items() if name.endswith(ending)}


def _statistics(made: Mapping[str, Any]) -> list[FloatArray]:
    """What style describes every chunk by, where it was made."""
    codes = [values for name, values in made.items() if name.endswith(".codes")]
    return [values["style_statistics"] for values in codes if "style_statistics" in values]


def draw_profiles(paintings: pd.DataFrame, settings: Evaluation) -> pd.DataFrame:
    """Draw who likes what: works of one artist or of one movement stand for a taste.

    Returns:
        One row a profile: kind (artist, movement, new_artists), label, liked (painting_ids).
    """
    return recommending.draw(paintings, settings)


def compare_spaces(
    reduced: dict[str, FloatArray],
    paintings: pd.DataFrame,
    profiles: pd.DataFrame,
    settings: Evaluation,
    features: FeatureStore | None = None,
    palettes: FeatureStore | None = None,
    **made: Any,
) -> tuple[dict[str, FloatArray], pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Walk over all pairs of paintings and fill every measure.

    In a collection larger than `exact_up_to`, over the pairs of a seeded sample of paintings with all.

    Args:
        reduced: As `reduce_with_pca` gives it.
        paintings: The collection.
        profiles: As `draw_profiles` gives them.
        settings: The parameter group `evaluation`.
        features: Of all paintings; None where composition is not made.
        palettes: Of colour; likewise.
        **made: `{chunk}.codes`, as `encode_chunk` gives them, `{likeness}.embeddings`, and with features `layer_norms`.

    Returns:
        `artist_distances` (space, as `spaces.column` calls it -> float64, shape (queries, artists)), `neighbours`
        (space, likeness, painting_id, rank, neighbour_id, distance), `preservation`, `rnx_curves`, `answers` (space,
        likeness, values, painting_id, average_precision, nearest: the rows that retrieval counts), and
        `recommended_paintings` (space, likeness, profile, recommended: painting_ids, the first first).
    """
    built = spaces.build(features, _statistics(made), palettes, reduced, _embeddings(made), made.get("layer_norms"))
    asked = queries(len(paintings), settings.exact_up_to, settings.sample, settings.seed)
    if len(asked) < len(paintings):
        logger.info("%d of %d paintings are compared with all: a sample, with margins", len(asked), len(paintings))

    def progress(blocks: list[Any]) -> Iterable[Any]:
        return Bar(blocks, "comparing all pairs of paintings", unit=" blocks")

    collection = Collection.of(paintings)
    whose = recommending.read(profiles, paintings)
    found = compare(built, spaces.pairs(list(built)), collection, asked, settings.neighbours, progress, whose)
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    answers = found.answers | _csls(built, found, collection, settings.neighbours)
    tables = [
        _answer_table((space, likeness), built[space.removesuffix("_csls"), likeness].values, answer, identifiers)
        for (space, likeness), answer in answers.items()
    ]
    return (
        {spaces.column(name): found.sums[name] for name in built},
        pd.concat([_neighbour_table(name, asked, *found.neighbours[name], identifiers) for name in built]),
        _with_constant(found, len(paintings)),
        found.rnx,
        pd.concat(tables, ignore_index=True),
        recommending.lists_table(found.recommended, paintings),
    )


def _csls(built: dict[Name, Space], found: Compared, collection: Collection, k: int) -> dict[Name, Answers]:
    """What the embeddings answer after CSLS, which needs to know of every painting how near others are to it."""
    if len(found.queries) < len(collection.labels):
        return {}
    return {
        ("embedding_csls", name[1]): csls_answers(
            space, csls_offsets(found.neighbours[name][1]), collection.labels, collection.kept, k
        )
        for name, space in built.items()
        if name[0] == "embedding"
    }


def _with_constant(found: Compared, n: int) -> pd.DataFrame:
    """The table of preservation, and beside each recall that of one answer for everybody."""
    table = found.preservation.copy()
    references = {name[1]: constant_recall(found.neighbours[name][0], found.queries, n) for name in found.references}
    table["recall_of_one_answer"] = table["likeness"].map(references)
    return table


def _answer_table(name: Name, values: int, answers: Answers, identifiers: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "space": name[0],
            "likeness": name[1],
            "values": values,
            "painting_id": identifiers[answers.rows],
            "average_precision": answers.average_precision,
            "nearest": list(answers.near),
        }
    )


def measure_codes(
    picture_files: pd.DataFrame,
    chunks: dict[str, Any],
    autoencoder: Autoencoder,
    settings: Evaluation,
    features: FeatureStore | None = None,
    **made: Any,
) -> pd.DataFrame:
    """What codes of few bytes keep of composition, style and given vectors, of paintings never seen.

    A collection larger than `exact_up_to` is measured by a seeded sample of 10,000 paintings among each other.

    Args:
        picture_files: For the split.
        chunks: The parameter group.
        autoencoder: How composition was encoded.
        settings: The parameter group `evaluation`.
        features: Of all paintings; None where composition is not made.
        **made: `{chunk}.codes`, as `encode_chunk` gives them, `{likeness}.embeddings`, and with features `layer_norms`.

    Returns:
        One row a code: likeness, family, code, bytes, values, recall, reranked, spearman (`measures.codes`).
    """
    from grisaille.contenders import of_composition, of_vectors

    sample = queries(len(picture_files), settings.exact_up_to, PLENTY, settings.seed)
    pieces, split = named(chunks, Chunk), picture_files["split"].to_numpy(dtype=str)[sample]
    given = settings.neighbours, settings.seed
    rows: list[dict[str, Any]] = []

    def measure(likeness: str, contenders: Contenders, columns: Sequence[Rows]) -> None:
        embedding = contenders.embedding(Points.of(likeness, embeddings[likeness][sample]))
        # A code at a time: together they would be many times the collection.
        codes = itertools.chain(contenders.linear(), contenders.one_bit(columns), embedding)
        for row in Bar(codes, f"codes of {likeness}", unit=" codes"):
            rows.append({"likeness": likeness} | contenders.measured(row))

    embeddings = _embeddings(made)
    if features is not None:
        encoded = [made[f"{name}.codes"]["composition"][sample] for name in pieces]
        linear = encoded if autoencoder.architecture == "linear" else []
        norms = made["layer_norms"][sample]
        known = {layer: ChosenRows(values, sample) for layer, values in features.items()}
        contenders = of_composition(known, list(pieces.values()), split, autoencoder, *given, codes=linear, known=norms)
        measure("composition", *contenders)
    if "style" in embeddings:
        measure("style", *of_vectors([values[sample] for values in _statistics(made)], split, *given))
    if "vectors" in embeddings:
        measure("vectors", *of_vectors([embeddings["vectors"][sample]], split, *given))
    # Seconds would be others in every run, and no run would repeat another: the study takes them.
    return pd.DataFrame(rows).drop(columns=["make_seconds", "search_milliseconds"])


def draw_codes(kept_by_codes: pd.DataFrame) -> Any:
    """What codes keep, over bytes and over values."""
    from grisaille.plots.codes import code_curves

    return code_curves(kept_by_codes)


def measure_usefulness(
    answers: pd.DataFrame, paintings: pd.DataFrame, raw_artists: pd.DataFrame, settings: Evaluation
) -> pd.DataFrame:
    """What every space is worth.

    Returns:
        One row a space and part of the collection (all, held_out), columns space, likeness, paintings, values, queries,
        the measures of `usefulness`, hubness, hub, hub_count; and a row of chance.
    """
    collection, identifiers = Collection.of(paintings), paintings["painting_id"].to_numpy(dtype=str)
    relations = _relations(paintings, raw_artists)
    parts = {"all": np.ones(len(paintings), bool), HELD_OUT: collection.split == HELD_OUT}
    rows: list[dict[str, Any]] = []
    for (space, likeness, values), answer in _answers(answers, paintings).items():
        skewness, hub, times = hubness(answer, len(paintings))
        of_space = {"space": space, "likeness": likeness, "values": values}
        hubs = {"hubness": skewness, "hub": identifiers[hub], "hub_count": times}
        for part, chosen in parts.items():
            measured = usefulness(answer, collection.labels, relations, chosen, settings.seed)
            rows.append(of_space | {"paintings": part, "queries": int(chosen[answer.rows].sum())} | measured | hubs)
    by_chance = chance(collection.labels, collection.kept, relations)
    # Where nothing could be asked, this row alone says which columns there are.
    nothing = dict.fromkeys(("likeness", "values", "queries", "hubness", "hub", "hub_count"), np.nan)
    unknown = usefulness(_NO_ANSWERS, collection.labels, relations, parts["all"], settings.seed)
    rows.append({"space": "chance", "paintings": "all"} | nothing | unknown | by_chance)
    return pd.DataFrame(rows)


def measure_recommendations(
    profiles: pd.DataFrame,
    recommended: pd.DataFrame,
    paintings: pd.DataFrame,
    settings: Evaluation,
    **embeddings: FloatArray,
) -> pd.DataFrame:
    """What every space finds of what was left out of a profile, and how varied its lists are.

    Returns:
        One row a kind of profile and space, and rows of chance and of the labels alone: kind, space, likeness,
        diversity, profiles, and the figures of `measures.recommendations.measure_lists`.
    """
    return recommending.figures(profiles, recommended, paintings, embeddings, settings.seed)


def _answers(table: pd.DataFrame, paintings: pd.DataFrame) -> dict[tuple[str, str, int], Answers]:
    row_of = pd.Series(np.arange(len(paintings)), index=paintings["painting_id"])
    return {
        (str(space), str(likeness), int(part["values"].iloc[0])): Answers(
            row_of[part["painting_id"]].to_numpy(),
            np.stack(part["nearest"].to_list()),
            part["average_precision"].to_numpy(dtype=float),
        )
        for (space, likeness), part in table.groupby(["space", "likeness"], sort=False)
    }


def _relations(paintings: pd.DataFrame, raw_artists: pd.DataFrame) -> dict[str, BoolArray]:
    """Which artists share a movement, a period and a nationality; only what the table of artists tells of."""
    names = np.unique(paintings["artist"].to_numpy(dtype=str))
    # The table of paintings may give an artist's paintings different ones: the most frequent counts.
    movements = paintings[paintings["movements"] != ""].groupby("artist")["movements"].agg(lambda own: own.mode()[0])
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


def score_pairs(artist_distances: dict[str, FloatArray], paintings: pd.DataFrame, settings: Evaluation) -> pd.DataFrame:
    """Silhouette of every pair of known artists in every space; of more than 200 artists, those with most paintings.

    Returns:
        One row a pair: artist, other_artist, how many paintings the one of fewer has, and one column a space.
    """
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    counts = np.bincount(labels)
    rows = queries(len(paintings), settings.exact_up_to, settings.sample, settings.seed)
    compared = np.flatnonzero(np.isin(artists, with_most_paintings(artists[labels])))
    if len(compared) == MOST_COMPARED:
        logger.info("pairs of the %d artists with the most paintings", MOST_COMPARED)
    left, right = compared[np.array(np.triu_indices(len(compared), 1))]
    table = pd.DataFrame({"artist": artists[left], "other_artist": artists[right]})
    table["fewest_paintings"] = np.minimum(counts[left], counts[right])
    for space, sums in artist_distances.items():
        table[space] = silhouettes.pair_silhouettes(sums, labels, rows)[left, right]
    return table


def compare_pairs(pair_silhouettes: pd.DataFrame) -> pd.DataFrame:
    """How far apart artists are in every space, and whether that agrees with the full features.

    Returns:
        Columns space, likeness, pairs, mean_silhouette, spearman, sign_agreement. The last two are NaN of a space that
        is held against none; the embedding of composition has a row a metric.
    """
    known = pair_silhouettes.drop(columns=["artist", "other_artist", "fewest_paintings"])
    names = [spaces.name_of(str(column)) for column in known]
    reduced = spaces.pairs(names)
    rows = []
    for name in names:
        against = [reference for reference, other in reduced if other == name]
        values = known[spaces.column(name)].to_numpy(dtype=float)
        for reference in against or [name]:
            others = known[spaces.column(reference)].to_numpy(dtype=float)
            both = np.isfinite(others) & np.isfinite(values)
            row = {"space": name[0], "likeness": reference[1], "pairs": int(both.sum())}
            row["mean_silhouette"] = float(values[both].mean()) if both.any() else float("nan")
            agreement = silhouettes.pair_agreement(others, values) if against else (float("nan"), float("nan"))
            rows.append(row | dict(zip(("spearman", "sign_agreement"), agreement, strict=True)))
    return pd.DataFrame(rows)


def draw_rnx_curves(rnx_curves: pd.DataFrame) -> Any:
    """Agreement of neighbourhoods of every size."""
    from grisaille.plots import curves

    return curves.rnx_curves(rnx_curves)


def repeat_paper_experiments(
    artist_distances: dict[str, FloatArray],
    pair_silhouettes: pd.DataFrame,
    paintings: pd.DataFrame,
    comparisons: dict[str, Any],
    settings: Evaluation,
) -> pd.DataFrame:
    """The named comparisons: the 2021 work's silhouette beside ours in every space.

    A comparison whose artists are not in the collection is kept, with empty figures. Of one's own, names that nobody
    has are warned of; those of the 2021 work are expected to be missing.

    Returns:
        One row a comparison: comparison, title, paper, a column a space, and of what people are offered `closer_than_`
        and the space: the share of all pairs of artists, or of groups of as many artists that were drawn by chance,
        that are farther apart. NaN of fewer than six.
    """
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    queried = queries(len(paintings), settings.exact_up_to, settings.sample, settings.seed)
    offered = [column for name in OFFERED if (column := spaces.column(name)) in artist_distances]
    rows = []
    for name, comparison in named(comparisons, Comparison).items():
        for told in unknown_artists(comparison, artists.tolist()) if comparison.paper is None else ():
            logger.warning("comparison %s: %s", name, told)
        left, right = (rows_of(artists, side) for side in (comparison.left, comparison.right))
        row: dict[str, Any] = {"comparison": name, "title": comparison.title, "paper": comparison.paper}
        for space, sums in artist_distances.items():
            row[space] = silhouettes.pair_silhouette(sums, labels, left, right, queried)
        groups = _others(artists, labels, (len(left), len(right)), settings.seed)
        for space in offered:
            if groups is None:
                others = pairs_in_order(pair_silhouettes, space)[space].to_numpy(dtype=float)
            else:
                sums = artist_distances[space]
                others = np.array([silhouettes.pair_silhouette(sums, labels, *group, queried) for group in groups])
            share = silhouettes.share_farther(row[space], others)
            row[f"{CLOSER}{space}"] = share if len(others) >= _OTHERS else float("nan")
        rows.append(row)
    columns = ["comparison", "title", "paper", *artist_distances, *(f"{CLOSER}{space}" for space in offered)]
    return pd.DataFrame(rows, columns=columns)


def _others(
    artists: StringArray, labels: IntArray, sizes: tuple[int, int], seed: int
) -> list[tuple[IntArray, IntArray]] | None:
    """Groups of as many artists as a comparison has, drawn by chance; None for two, who stand among all pairs."""
    if max(sizes) == 1 or not min(sizes):
        return None
    typical = (np.bincount(labels) >= ENOUGH) & (artists != UNKNOWN)
    random = np.random.default_rng(seed)
    return silhouettes.groups_by_chance(np.flatnonzero(typical), sizes, _DRAWS, random)


def draw_heat_map(pair_silhouettes: pd.DataFrame) -> Any:
    """Pairs of artists by the likeness that answers unless another is asked for: all of them, or those at both ends."""
    from grisaille.plots import heat_map

    return heat_map.silhouette_heat_map(pair_silhouettes)


def draw_scatters(
    reduced: dict[str, FloatArray],
    paintings: pd.DataFrame,
    comparisons: dict[str, Any],
    composition: FloatArray | None = None,
    vectors: FloatArray | None = None,
) -> dict[str, Any]:
    """Both sides of every comparison on two principal components, reduced by PCA and by the autoencoders.

    Without paintings on a side nothing is drawn. Vectors that were given are drawn where there is no composition.
    """
    from grisaille.plots.comparison import scatter, side_name

    artists = paintings["artist"].to_numpy(dtype=str)
    shown, figures = {}, {}
    if composition is not None:
        shown = {
            "Composition: PCA": reduced["euclidean"],
            "Composition: embedding": Points.of("composition", composition).coordinates,
        }
    elif vectors is not None:
        shown = {"Vectors": vectors}
    for name, comparison in named(comparisons, Comparison).items():
        sides = [rows_of(artists, side) for side in (comparison.left, comparison.right)]
        if not all(map(len, sides)):
            continue
        names = [side_name(present(side, artists)) for side in (comparison.left, comparison.right)]
        figures[name] = scatter(comparison.title, shown, sides, names)
    return figures


def write_report(raw_paintings: Files, **shown: Any) -> tuple[str, str, list[str]]:
    """One HTML page, to be kept and to be found, and its main lines.

    Args:
        raw_paintings: For thumbnails.
        **shown: The fields of `Results`, and the parameter groups that made them.
    """
    from grisaille.report import page

    tables = {name: shown.pop(name) for name in TABLES}
    results = Results(**tables, parameters=shown)
    rendered = page.render(results, raw_paintings)
    return rendered, rendered, summary(results)
