"""Nodes of the look_alikes pipeline."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from tqdm import tqdm

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection import Files
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.lookalikes.embedded import VECTORS
from grisaille.lookalikes.neighbour_index import NeighbourIndex, three_digits, titles
from grisaille.lookalikes.queries import Query, read_queries
from grisaille.parameters import Discovery, Ingestion, Style
from grisaille.pipelines.look_alikes.reasons import Reasons
from grisaille.pipelines.questions import CODED, embedder
from grisaille.pipelines.questions import collection as asked_collection
from grisaille.points import Points

logger = logging.getLogger(__name__)

_COLUMNS = [
    "query", "likeness", "rank", "painting_id", "artist", "title", "distance", "distance_percentile", "in_collection",
]  # fmt: skip
_FOOTNOTE = "* of 100 paintings in the collection, this many have a neighbour of the same rank that is farther away"


def find_look_alikes(
    query: str | None,
    likeness: str | None,
    paintings: pd.DataFrame,
    raw_paintings: Files,
    ingestion: Ingestion,
    settings: Discovery,
    **models: Any,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The paintings that are most like some pictures, which need not be in the collection.

    Args:
        query: As `read_queries` takes it.
        likeness: By which; `all` answers by each.
        paintings: Of the collection.
        raw_paintings: Of the collection, for the contact sheets.
        ingestion: Its parameter group.
        settings: The parameter group `discovery`.
        **models: As `questions.question` names them.

    Returns:
        The table (query, likeness, rank, painting_id, artist, title, distance, distance_percentile, in_collection), and
        a contact sheet a query, with a band a likeness: number and name -> figure. Where `settings.why`, sheets that
        explain, too: number, name, `_why_` and likeness -> figure.

    Raises:
        ValueError: If there is no picture, or the likeness is of vectors that came with the collection, and the picture
            did not, or is to be explained.
    """
    if not query:
        raise ValueError("nothing is asked: name pictures by --params query=picture.jpg")
    queries = read_queries(query, ingestion.max_megapixels)
    hashes = set(paintings["sha256"])
    collection = asked_collection(paintings, models)
    known = collection.asked(likeness)
    if likeness == "all" and VECTORS in known and any(picture.sha256 not in hashes for picture in queries):
        logger.warning("pictures that are not in the collection have no vectors, so that nothing is told by these")
        known.remove(VECTORS)
    explained = [name for name in known if name != VECTORS]
    if settings.why and not explained:
        raise ValueError("a vector does not say where pictures are alike: leave out --why, or choose another likeness")
    if settings.shortlist:
        answers = {name: _shorten(queries, name, paintings, ingestion, settings, models) for name in known}
    else:
        points = collection.embed(queries, known, ingestion.max_megapixels)
        answers = {
            name: _look_up(queries, points[name], collection.points(name), paintings, settings) for name in known
        }
    originals = Originals(paintings, raw_paintings)
    channels = Style.model_validate(models["style"]).channels
    reasons = Reasons(explained, collection, originals, ingestion.max_megapixels, channels) if settings.why else None
    tables, sheets = [], {}
    for number, picture in enumerate(tqdm(queries, "drawing contact sheets", unit=" queries")):
        bands = {name: found[number].assign(query=picture.name, likeness=name) for name, found in answers.items()}
        in_collection = picture.sha256 in hashes
        sheets[f"{number + 1:03d}_{PurePosixPath(picture.name).stem}"] = _sheet(
            picture, bands, in_collection, originals
        )
        if reasons is not None:
            sheets |= reasons.sheets(picture, {name: bands[name] for name in explained}, number + 1)
        tables += [table.assign(in_collection=in_collection) for table in bands.values()]
    originals.warn_of_blanks()
    return pd.concat(tables, ignore_index=True)[_COLUMNS], sheets


def _look_up(
    queries: list[Query], points: Points, known: Points, paintings: pd.DataFrame, settings: Discovery
) -> list[pd.DataFrame]:
    """The nearest paintings of every query, nearest first, with their distances and titles; none is the same file."""
    collection = NeighbourIndex(known, paintings, settings.exact_up_to, csls=settings.csls)
    # One more, since a query may be in the collection itself.
    rows, distances = collection.nearest(points, settings.look_alikes + 1)
    shares = collection.distance_percentile(distances)
    return _tables(queries, collection.paintings, (rows, distances, shares), settings.look_alikes)


def _shorten(
    queries: list[Query],
    likeness: str,
    paintings: pd.DataFrame,
    ingestion: Ingestion,
    settings: Discovery,
    models: dict[str, Any],
) -> list[pd.DataFrame]:
    """As `_look_up`, by codes and stored features; nobody knows how usual such distances are.

    Raises:
        ValueError: If there are no such codes, or no features.
    """
    from grisaille.lookalikes.shortlist import Shortlist

    if likeness not in CODED or f"{likeness}_codes" not in models:
        raise ValueError(f"a shortlist is made of codes, which there are of {' and '.join(CODED)}: choose a likeness")
    if models["features"] is None:
        raise ValueError(
            "discovery.shortlist orders by stored features, and there are none of these paintings: leave it out, or "
            "run `kedro run --pipelines feature_extraction`"
        )
    known = Shortlist(likeness, models[f"{likeness}_codes"], models["features"], embedder(models))
    readers = [lambda query=query: query.data for query in queries]
    asked = known.embedder.describe(readers, likeness, ingestion.max_megapixels)
    originals = np.flatnonzero(paintings["duplicate_of"].isna())
    found = known.nearest(asked, originals, settings.shortlist, settings.look_alikes + 1)
    unknown = np.full(found[1].shape, np.nan)
    return _tables(queries, paintings.iloc[originals], (*found, unknown), settings.look_alikes)


def _tables(
    queries: list[Query], paintings: pd.DataFrame, found: tuple[IntArray, FloatArray, FloatArray], count: int
) -> list[pd.DataFrame]:
    """Rows of the paintings, distances and percentiles, as a table a query; none is the same file."""
    tables = []
    for picture, rows, distances, shares in zip(queries, *found, strict=True):
        table = paintings.iloc[rows].assign(distance=distances, distance_percentile=shares)
        table = table[table["sha256"] != picture.sha256][:count]
        table["rank"] = np.arange(1, len(table) + 1)
        table["title"] = titles(table)
        tables.append(table)
    return tables


def _sheet(query: Query, bands: dict[str, pd.DataFrame], in_collection: bool, originals: Originals) -> Any:
    from grisaille.plots.contact_sheet import SIDE, Tile, contact_sheet

    tiles = {
        f"By {likeness}": [
            Tile(
                originals.picture(row["path"], SIDE),
                row["artist"],
                caption(row, row["title"]),
                f"distance {three_digits(row['distance'])}\n{_in_words(row['distance_percentile'])}",
            )
            for row in table.to_dict("records")
        ]
        for likeness, table in bands.items()
    }
    by = f"by {next(iter(bands))}" if len(bands) == 1 else ""
    note = "this file is in the collection" if in_collection else ""
    starred = any(table["distance_percentile"].notna().any() for table in bands.values())
    return contact_sheet(Tile(query.image, query.name, by, note), tiles, _FOOTNOTE if starred else "")


def _in_words(share: float) -> str:
    return f"closer than {100 * share:.0f} of 100 *" if np.isfinite(share) else ""
