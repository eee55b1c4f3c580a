"""Answers as JSON, and the tables they are built from."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any

import numpy as np

from grisaille.api import Collection
from grisaille.collection.artists import normalise
from grisaille.collection.images import thumbnail as as_webp
from grisaille.errors import GrisailleError
from grisaille.lazy import pd


class UnknownError(GrisailleError):
    """A painting, an artist or a file that does not exist."""


def known_as(collection: Collection, name: str) -> str:
    """The full name of a painting in the collection."""
    try:
        return collection.name_of(name)
    except ValueError as error:
        raise UnknownError(str(error)) from None


@lru_cache(maxsize=4000)
def thumbnail(collection: Collection, name: str, side: int) -> bytes:
    """A thumbnail in WebP format.

    Raises:
        UnknownError: If the file has moved or changed.
    """
    image = collection.thumbnail(name, side)
    if image is None:
        raise UnknownError(f"the file of {name} has moved or changed since the run")
    return as_webp(image, side)


@lru_cache(maxsize=4)
def described(collection: Collection) -> dict[str, Any]:
    """Summary of a collection: its size, likenesses, artists, movements and years."""
    table = collection.paintings
    counts = table["artist"].value_counts().sort_index()
    known = table[["year_from", "year_to"]] if "year_from" in table else pd.DataFrame()
    years = known.to_numpy(dtype=float, na_value=np.nan).ravel()
    years = years[np.isfinite(years)]
    return {
        "paintings": len(table),
        "likenesses": collection.likenesses,
        "weights": collection.weights,
        "artists": [{"artist": str(name), "paintings": int(n)} for name, n in counts.items()],
        "movements": collection.movements,
        "years": [int(years.min()), int(years.max())] if years.size else None,
        "map": collection.has_explorer(),
    }


def searched(collection: Collection, words: str, artist: str | None) -> pd.DataFrame:
    """Paintings whose title, name or artist contains all words, in any order; optionally of one artist."""
    table = collection.paintings
    if artist is not None:
        table = table[table["artist"] == artist]
    for word in normalise(words).split():
        table = table[_text(collection).loc[table.index].str.contains(word, regex=False)]
    return table


@lru_cache(maxsize=2)
def _text(collection: Collection) -> pd.Series[str]:
    """The searchable text of each painting."""
    shown = collection.described(None)
    return (
        (shown["title"] + " " + shown["artist"] + " " + shown["painting_id"])
        .map(normalise)
        .set_axis(collection.paintings.index)
    )


def rows(collection: Collection, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of the table of paintings, as the page shows them."""
    return as_json(collection, collection.described(table["painting_id"].tolist()))


def years(table: pd.DataFrame) -> list[list[int]]:
    """First and last possible year of each painting; empty if unknown."""
    known = table.reindex(columns=["year_from", "year_to"]).astype(object)
    return [[int(year) for year in span if pd.notna(year)] for span in known.to_numpy()]


def as_json(collection: Collection, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON, each with the URL of its picture."""
    digests = dict(zip(collection.paintings["painting_id"], collection.paintings["sha256"], strict=True))
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [
        {str(key): _plain(value) for key, value in row.items()} | {"version": digests.get(row["painting_id"], "")[:12]}
        for row in rows
    ]


def facts(known: pd.DataFrame) -> dict[str, Any]:
    """All known facts about one painting."""
    row = known.astype(object).where(known.notna(), None).to_dict("records")[0]
    return {str(key): _plain(value) for key, value in row.items() if value not in (None, "")}


def _plain(value: Any) -> Any:
    """A number as a JSON type; distances keep their precision."""
    if isinstance(value, np.generic):
        value = value.item()
    return float(f"{value:.6g}") if isinstance(value, float) else value


def explained(collection: Collection, a: str | bytes, b: str, likeness: str) -> dict[str, Any]:
    """Why two pictures are alike: the similarity, and both pictures, faded where they are no more alike than usual."""
    from grisaille.plots.why import overlay

    result = collection.why(a, b, likeness)
    pictures = []
    for image, maps in zip(result.images, result.maps, strict=True):
        buffer = io.BytesIO()
        overlay(image, maps).save(buffer, "WEBP", quality=85)
        pictures.append("data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode())
    return {
        "run": collection.run,
        "likeness": likeness,
        "similarity": round(result.similarity, 4),
        "usual": round(result.usual, 4),
        "pictures": pictures,
    }
