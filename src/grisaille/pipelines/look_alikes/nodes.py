"""Nodes of the look_alikes pipeline."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np
from tqdm import tqdm

from grisaille.collection import Files
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.lookalikes.neighbour_index import NeighbourIndex, three_digits, titles
from grisaille.lookalikes.queries import Query, read_queries
from grisaille.parameters import Discovery, Ingestion
from grisaille.pipelines.look_alikes.reasons import Reasons
from grisaille.pipelines.questions import embed, embeddings
from grisaille.points import Points

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
        likeness: By which (`questions.embeddings`).
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
        ValueError: If there is no picture.
    """
    if not query:
        raise ValueError("nothing is asked: name pictures by --params query=picture.jpg")
    queries = read_queries(query, ingestion.max_megapixels)
    known = embeddings(likeness, models)
    points = embed(queries, known, paintings, ingestion.max_megapixels, models)
    answers = {
        name: _look_up(queries, Points.of(name, points[name]), Points.of(name, known[name]), paintings, settings)
        for name in known
    }
    hashes, originals = set(paintings["sha256"]), Originals(paintings, raw_paintings)
    reasons = Reasons(known, paintings, originals, ingestion.max_megapixels, models) if settings.why else None
    tables, sheets = [], {}
    for number, picture in enumerate(tqdm(queries, "drawing contact sheets", unit=" queries")):
        bands = {name: found[number].assign(query=picture.name, likeness=name) for name, found in answers.items()}
        in_collection = picture.sha256 in hashes
        sheets[f"{number + 1:03d}_{PurePosixPath(picture.name).stem}"] = _sheet(
            picture, bands, in_collection, originals
        )
        if reasons is not None:
            sheets |= reasons.sheets(picture, bands, number + 1)
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
    tables = []
    for number, picture in enumerate(queries):
        table = collection.paintings.iloc[rows[number]].assign(
            distance=distances[number], distance_percentile=shares[number]
        )
        table = table[table["sha256"] != picture.sha256][: settings.look_alikes]
        table["rank"] = np.arange(1, len(table) + 1)
        table["title"] = titles(table["painting_id"].tolist(), table["artist"].tolist())
        tables.append(table)
    return tables


def _sheet(query: Query, bands: dict[str, pd.DataFrame], in_collection: bool, originals: Originals) -> Any:
    from grisaille.plots.contact_sheet import SIDE, Tile, contact_sheet

    tiles = {
        f"By {likeness}": [
            Tile(
                originals.picture(row["path"], SIDE),
                row["artist"],
                row["title"],
                f"distance {three_digits(row['distance'])}\n{_in_words(row['distance_percentile'])}",
            )
            for row in table.to_dict("records")
        ]
        for likeness, table in bands.items()
    }
    by = f"by {next(iter(bands))}" if len(bands) == 1 else ""
    note = "this file is in the collection" if in_collection else ""
    return contact_sheet(Tile(query.image, query.name, by, note), tiles, _FOOTNOTE)


def _in_words(share: float) -> str:
    return f"closer than {100 * share:.0f} of 100 *" if np.isfinite(share) else ""
