"""The map as a table: one row a painting, with its positions, its nearest by every likeness, and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection.artists import UNKNOWN
from grisaille.explorer.pictures import MapPicture
from grisaille.lazy import pd
from grisaille.measures.silhouettes import point_silhouettes

# In the order of the page.
LIKENESSES = ("mixture", "style", "composition", "colour", "vectors")
_COPIED = (
    "painting_id", "artist", "movements", "title", "date", "year_from", "year_to", "museum", "link",
    "path", "width", "height", "split", "duplicate_of",
)  # fmt: skip


@dataclass(frozen=True)
class Near:
    """The nearest paintings of every painting.

    Attributes:
        raw: Neighbours in the full features, by composition's metric: painting_id, rank, neighbour_id and distance. For
            a large collection, only of a sample of paintings.
        embeddings: Neighbours in every embedding: the same columns, and likeness.
    """

    raw: pd.DataFrame
    embeddings: pd.DataFrame


@dataclass(frozen=True)
class ArtistDistances:
    """Sums of distances of paintings to every artist, by composition or else the likeness that is there.

    Attributes:
        rows: The paintings: all, or a sample of a large collection, shape (q,).
        sums: Shape (q, c), artists sorted by name.
    """

    rows: IntArray
    sums: FloatArray


def gather(
    paintings: pd.DataFrame,
    places: Mapping[str, Mapping[str, FloatArray]],
    near: Near,
    artist_distances: ArtistDistances,
    shown: Sequence[MapPicture],
) -> pd.DataFrame:
    """Join all data of every painting.

    Args:
        paintings: The collection.
        places: Likeness -> name of a layout ("pca", "umap", "grid") -> shape (n, 2).
        near: Neighbours.
        artist_distances: Sums of distances, for silhouettes.
        shown: One picture a painting.

    Returns:
        One row a painting, in the order of `paintings`: their own columns; `{likeness}_{layout}_x` and `_y` for every
        likeness and layout; `{likeness}_neighbours` for every likeness as {"ids": rows of this table, "distances":
        ...}, nearest first, None if unknown; `raw_neighbours` likewise; `kept`, the number of these that the embedding
        of composition keeps, NaN if unknown; `silhouette` among the artists, NaN for unknown artists and paintings
        without a row in `artist_distances`; `picture` as {"bytes": WebP}, and its mean `colour`.

    Raises:
        ValueError: If distances or neighbours belong to other paintings.
    """
    rows, sums = artist_distances.rows, artist_distances.sums
    if len(sums) != len(rows):
        raise ValueError(
            f"artist_distances of {len(sums)} paintings in place of {len(rows)}: run `kedro run --pipelines evaluation`"
        )
    artists, labels = np.unique(paintings["artist"].to_numpy(dtype=str), return_inverse=True)
    table = paintings[[name for name in _COPIED if name in paintings]].reset_index(drop=True)
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    for likeness, layouts in places.items():
        for name, place in layouts.items():
            table[f"{likeness}_{name}_x"], table[f"{likeness}_{name}_y"] = place[:, 0], place[:, 1]
        own = near.embeddings[near.embeddings["likeness"] == likeness]
        table[f"{likeness}_neighbours"] = _nested(own, identifiers)
    # Paintings by unknown artists form no group, neither their own nor a neighbouring one.
    sums = np.where(artists == UNKNOWN, np.inf, sums)
    sums[artists[labels[rows]] == UNKNOWN] = np.nan
    table["silhouette"] = np.nan
    table.loc[rows, "silhouette"] = point_silhouettes(sums, labels, rows)
    table["raw_neighbours"] = _nested(near.raw, identifiers)
    embedded = table.get("composition_neighbours", [None] * len(table))
    table["kept"] = [
        float(len(np.intersect1d(raw["ids"], small["ids"]))) if raw and small else np.nan
        for raw, small in zip(table["raw_neighbours"], embedded, strict=True)
    ]
    table["colour"] = [picture.colour for picture in shown]
    table["picture"] = pd.Series([{"bytes": picture.data} for picture in shown], dtype=object)
    return table


def likenesses(table: pd.DataFrame) -> list[str]:
    """The likenesses in a table that `gather` made."""
    return [likeness for likeness in LIKENESSES if f"{likeness}_neighbours" in table]


def _nested(near: pd.DataFrame, identifiers: np.ndarray) -> pd.Series:
    """One {"ids", "distances"} a painting, the format that embedding-atlas reads; None without neighbours."""
    known = pd.Index(identifiers)
    whose, who = (known.get_indexer(near[column].to_numpy(dtype=str)) for column in ("painting_id", "neighbour_id"))
    if min(whose.min(initial=0), who.min(initial=0)) < 0:
        raise ValueError("the neighbours belong to other paintings: run `kedro run --pipelines evaluation`")
    order = np.lexsort((near["rank"].to_numpy(), whose))
    distances = near["distance"].to_numpy(dtype=np.float64)[order]
    first = np.searchsorted(whose[order], np.arange(len(identifiers) + 1))
    ids = who[order].astype(np.int64)
    return pd.Series(
        [
            {"ids": ids[start:stop], "distances": distances[start:stop]} if stop > start else None
            for start, stop in pairwise(first)
        ],
        dtype=object,
    )
