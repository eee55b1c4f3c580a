"""The artists of the graph, and its edges, as tables."""

from __future__ import annotations

import numpy as np

from grisaille.arrays import IntArray
from grisaille.collection.artists import described, with_most_paintings
from grisaille.lazy import pd
from grisaille.measures.artist_graph import ArtistEdges
from grisaille.measures.comparison import queries
from grisaille.parameters import Discovery

COLUMNS = ("likeness", "artist", "neighbour", "rank", "nearness", "support", "earlier")


def paintings_that_count(paintings: pd.DataFrame, most: int, settings: Discovery) -> IntArray:
    """Rows of paintings, without duplicates, by known artists with enough of them; of more than `most` a sample.

    Of more than 200 artists those count who have the most paintings.
    """
    artists = paintings["artist"].to_numpy(dtype=str)
    originals = np.flatnonzero(paintings["duplicate_of"].isna())
    rows = originals[np.isin(artists[originals], with_most_paintings(artists[originals]))]
    rows = rows[queries(len(rows), most, most, settings.seed)]
    _, labels, counts = np.unique(artists[rows], return_inverse=True, return_counts=True)
    return rows[counts[labels] >= settings.artist_paintings]


def table_of_artists(paintings: pd.DataFrame, raw_artists: pd.DataFrame) -> pd.DataFrame:
    """The artists of some paintings.

    Args:
        paintings: Those that count.
        raw_artists: The table of artists.

    Returns:
        One row an artist, sorted: artist, years, nationality, born, died (`collection.artists.described`), movements,
        and paintings, how many count.
    """
    own = paintings.groupby("artist")
    movements = own["movements"].first().fillna("")
    table = described(raw_artists, movements.index.tolist())
    return table.assign(movements=movements.to_numpy(), paintings=own.size().to_numpy())


def table_of_edges(likeness: str, edges: ArtistEdges, artists: pd.DataFrame) -> pd.DataFrame:
    """Edges by the names of artists.

    Args:
        likeness: By which they are near.
        edges: Of the artists, in the order of their table.
        artists: As `table_of_artists` gives it.

    Returns:
        The columns `COLUMNS`; `earlier` is the one of both who had died before the other was born, or "".
    """
    names = artists["artist"].to_numpy(dtype=object)
    born, died = (artists[year].to_numpy(dtype=float, na_value=np.nan) for year in ("born", "died"))
    one, other = edges.artists, edges.neighbours
    # Years that are not known are NaN, and compare as false.
    earlier = np.select([died[one] < born[other], died[other] < born[one]], [names[one], names[other]], "")
    values = (likeness, names[one], names[other], edges.ranks, edges.nearness, edges.support, earlier)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
