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
from grisaille.pipelines.questions import embed, embeddings

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
        a contact sheet a query: number and name -> figure.

    Raises:
        ValueError: If there is no picture.
    """
    if not query:
        raise ValueError("nothing is asked: name pictures by --params query=picture.jpg")
    queries = read_queries(query, ingestion.max_megapixels)
    likeness, known = embeddings(likeness, models)
    collection = NeighbourIndex(known, paintings, settings.exact_up_to, csls=settings.csls)
    points = embed(queries, likeness, paintings, ingestion.max_megapixels, models)
    count = settings.look_alikes
    # One more, since a query may be in the collection itself.
    rows, distances = collection.nearest(points, count + 1)
    shares = collection.distance_percentile(distances)
    tables, sheets = [], {}
    originals = Originals(paintings, raw_paintings)
    for number, picture in enumerate(tqdm(queries, "drawing contact sheets", unit=" queries")):
        table = collection.paintings.iloc[rows[number]].assign(
            distance=distances[number], distance_percentile=shares[number], query=picture.name, likeness=likeness
        )
        table["in_collection"] = picture.sha256 in set(paintings["sha256"])
        table = table[table["sha256"] != picture.sha256][:count]
        table["rank"] = np.arange(1, len(table) + 1)
        table["title"] = titles(table["painting_id"].tolist(), table["artist"].tolist())
        sheets[f"{number + 1:03d}_{PurePosixPath(picture.name).stem}"] = _sheet(picture, table, originals)
        tables.append(table)
    originals.warn_of_blanks()
    columns = ["query", "likeness", "rank", "painting_id", "artist", "title", "distance"]
    return pd.concat(tables, ignore_index=True)[[*columns, "distance_percentile", "in_collection"]], sheets


def _sheet(query: Query, table: pd.DataFrame, originals: Originals) -> Any:
    from grisaille.plots.contact_sheet import SIDE, Tile, contact_sheet

    note = "this file is in the collection" if table["in_collection"].any() else ""
    found = [
        Tile(
            originals.picture(row["path"], SIDE),
            row["artist"],
            row["title"],
            f"distance {three_digits(row['distance'])}\n{_in_words(row['distance_percentile'])}",
        )
        for row in table.to_dict("records")
    ]
    by = f"by {table['likeness'].iloc[0]}" if len(table) else ""
    return contact_sheet(Tile(query.image, query.name, by, note), found, _FOOTNOTE)


def _in_words(share: float) -> str:
    return f"closer than {100 * share:.0f} of 100 *" if np.isfinite(share) else ""
