"""Nodes of the chain pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grisaille.collection import Files
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.lookalikes import chains
from grisaille.lookalikes.neighbour_index import NeighbourIndex, three_digits, titles
from grisaille.lookalikes.queries import read_queries, several
from grisaille.parameters import Discovery, Ingestion
from grisaille.pipelines.questions import collection as asked_collection
from grisaille.points import Points


def find_chain(
    asked: str | None,
    likeness: str | None,
    paintings: pd.DataFrame,
    raw_paintings: Files,
    ingestion: Ingestion,
    settings: Discovery,
    **models: Any,
) -> tuple[pd.DataFrame, Any]:
    """A way from one painting to another through paintings that are alike.

    Args:
        asked: Two names of paintings, or files, with a semicolon between.
        likeness: By which.
        paintings: Of the collection.
        raw_paintings: Of the collection.
        ingestion: Its parameter group.
        settings: The parameter group `discovery`.
        **models: As `questions.question` names them.

    Returns:
        The table (step, painting_id, artist, title, distance, that from the step before, and stands_for: the painting
        that was asked for, where this is its original), and the figure.

    Raises:
        ValueError: If it is not two that are asked for, a name is not clear, both are copies of one painting, or by
            several likenesses.
    """
    from grisaille.plots.contact_sheet import SIDE, Tile, strip

    if not asked:
        raise ValueError("nothing is asked: name two paintings by --params chain='one;other'")
    if likeness == "all":
        raise ValueError("a chain follows one likeness, such as style. Received: likeness=all")
    embedded = asked_collection(paintings, models)
    (likeness,) = embedded.asked(likeness)
    collection = NeighbourIndex(embedded.points(likeness), paintings, settings.exact_up_to)
    points, table = collection.points, collection.paintings
    names = ends(asked)
    files_given = list(dict.fromkeys(end for end in names if Path(end).expanduser().is_file()))
    strangers = read_queries(files_given, ingestion.max_megapixels) if files_given else []
    if len(strangers) < len(files_given):
        raise ValueError(f"one of {', '.join(files_given)} is no picture, and a chain has two ends")
    if strangers:
        found_points = embedded.embed(strangers, [likeness], ingestion.max_megapixels)
        points = Points.join([points, found_points[likeness]])
    named = {end: _named(end, paintings) for end in names if end not in files_given}
    ids = table["painting_id"].tolist()
    start, stop = (
        ids.index(_original(named[end])) if end in named else len(table) + files_given.index(end) for end in names
    )
    if len(named) == 2 and start == stop:
        raise ValueError(f"{' and '.join(row['painting_id'] for row in named.values())} are copies of one painting")
    stand_for = {_original(row): row["painting_id"] for row in named.values() if _original(row) != row["painting_id"]}
    originals = Originals(paintings, raw_paintings)
    steps, images = [], []
    for number, row in enumerate(chains.chain(points, start, stop, settings.exact_up_to)):
        stranger = strangers[row - len(table)] if row >= len(table) else None
        known = {"painting_id": stranger.name, "artist": ""} if stranger else table.iloc[row].to_dict()
        images.append(stranger.image if stranger else originals.picture(known["path"], SIDE))
        steps.append({"step": number, "row": row} | known)
    originals.warn_of_blanks()
    found = pd.DataFrame(steps)
    found["title"] = titles(found)
    found["stands_for"] = [stand_for.get(name, "") for name in found["painting_id"]]
    way = points[found["row"].to_numpy()]
    found["distance"] = [0.0, *np.sqrt(np.diag(way[:-1].squares_to(way[1:])))]
    pictures = [
        Tile(
            image,
            step["artist"] or step["title"],
            caption(step, step["title"]) if step["artist"] else "",
            "\n".join(_notes(step)),
        )
        for image, step in zip(images, found.to_dict("records"), strict=True)
    ]
    columns = ["step", "painting_id", "artist", "title", "distance", "stands_for"]
    return found[columns], strip(pictures, f"From one to the next by {likeness}")


def _notes(step: dict[Any, Any]) -> Iterator[str]:
    if step["step"]:
        yield f"distance {three_digits(step['distance'])}"
    if step["stands_for"]:
        yield f"stands for {step['stands_for']}"


def ends(asked: str) -> list[str]:
    """The two ends of a chain.

    Raises:
        ValueError: If they are not two.
    """
    found = several(asked)
    if len(found) != 2:
        raise ValueError(f"a chain joins two paintings: chain='one;other'. Received: {asked}")
    return found


def _named(name: str, paintings: pd.DataFrame) -> Any:
    """The row of the painting that is meant."""
    return paintings.iloc[chains.painting_named(name, paintings["painting_id"].tolist())]


def _original(painting: Any) -> str:
    """The painting itself, or the one that it is a duplicate of."""
    return str(painting["painting_id"] if pd.isna(painting["duplicate_of"]) else painting["duplicate_of"])
