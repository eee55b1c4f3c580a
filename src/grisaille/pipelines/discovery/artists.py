"""Tables of the graph of artists: its nodes and its edges."""

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
    """Rows of paintings by known artists with enough works, without duplicates; a sample if more than `most`.

    With more than 200 artists, only those with the most paintings count.
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
        paintings: The paintings that count.
        raw_artists: The table of artists.

    Returns:
        One row an artist, sorted: artist, years, nationality, born, died (`collection.artists.described`), movements,
        and paintings, the number that count.
    """
    own = paintings.groupby("artist")
    movements = own["movements"].first().fillna("")
    table = described(raw_artists, movements.index.tolist())
    return table.assign(movements=movements.to_numpy(), paintings=own.size().to_numpy())


def table_of_edges(likeness: str, edges: ArtistEdges, artists: pd.DataFrame) -> pd.DataFrame:
    """Edges by names of artists.

    Args:
        likeness: The likeness of the edges.
        edges: Edges by indices of artists.
        artists: As `table_of_artists` returns it.

    Returns:
        The columns `COLUMNS`; `earlier` is the artist of both who had died before the other was born, or "".
    """
    names = artists["artist"].to_numpy(dtype=object)
    born, died = (artists[year].to_numpy(dtype=float, na_value=np.nan) for year in ("born", "died"))
    one, other = edges.artists, edges.neighbours
    # Unknown years are NaN, whose comparisons are false.
    earlier = np.select([died[one] < born[other], died[other] < born[one]], [names[one], names[other]], "")
    values = (likeness, names[one], names[other], edges.ranks, edges.nearness, edges.support, earlier)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
