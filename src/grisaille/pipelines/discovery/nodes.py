"""Nodes of the discovery pipeline."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection import Files
from grisaille.collection.originals import Originals
from grisaille.explorer import layout, page
from grisaille.explorer.map_table import ArtistDistances, Near, gather, likenesses
from grisaille.explorer.pictures import pictures
from grisaille.lazy import pd
from grisaille.likenesses.names import chosen, leading
from grisaille.measures.artist_graph import artist_edges
from grisaille.measures.comparison import queries
from grisaille.measures.lookup import SAMPLE, SAMPLE_NEIGHBOURS, Lookup, affordable, exact_seconds, others
from grisaille.parameters import Autoencoder, Chunk, Discovery, Evaluation, Report, named
from grisaille.pipelines.discovery import artists as graph
from grisaille.points import Points
from grisaille.terminal import Bar

logger = logging.getLogger(__name__)


def find_neighbours(paintings: pd.DataFrame, settings: Discovery, **embeddings: FloatArray) -> pd.DataFrame:
    """The nearest paintings of every painting by every likeness, in collections of any size.

    Args:
        paintings: The collection.
        settings: The parameter group `discovery`.
        **embeddings: Likeness -> embeddings, shape (n, d).

    Returns:
        likeness, painting_id, rank (1 is the nearest), neighbour_id, distance, and recall: which share of the nearest
        is found by this likeness, 1 where all paintings are compared (`measures.lookup.Lookup`).
    """
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    tables = []
    for name, values in embeddings.items():
        lookup = Lookup(Points.of(name, values))
        lookup.prepare(len(identifiers), settings.exact_seconds)
        if not lookup.exact:
            logger.warning(
                "neighbours by %s are looked for through an index: exact search would take about %.0f s, and "
                "discovery.exact_seconds is %g. Recall is %.3f: that share of the %d nearest of %d paintings was found",
                name,
                exact_seconds(lookup.points, len(identifiers)),
                settings.exact_seconds,
                lookup.recall,
                SAMPLE_NEIGHBOURS,
                min(SAMPLE, len(identifiers)),
            )
        tables.append(_nearest(lookup, identifiers, settings).assign(likeness=name, recall=lookup.recall))
    columns = ["likeness", "painting_id", "rank", "neighbour_id", "distance", "recall"]
    return pd.concat(tables, ignore_index=True)[columns]


def _nearest(lookup: Lookup, identifiers: np.ndarray, settings: Discovery) -> pd.DataFrame:
    def progress(blocks: Iterable[int]) -> Iterable[int]:
        return Bar(blocks, "looking for neighbours", unit=" blocks")

    k = min(settings.neighbours, len(identifiers) - 1)
    found = lookup.nearest(lookup.points, k + 1, progress)
    rows, distances = others(*found, np.arange(len(identifiers)))
    return pd.DataFrame(
        {
            "painting_id": np.repeat(identifiers, k),
            "rank": np.tile(np.arange(1, k + 1), len(identifiers)),
            "neighbour_id": identifiers[rows.ravel()],
            "distance": distances.ravel(),
        }
    )


def graph_artists(
    paintings: pd.DataFrame, raw_artists: pd.DataFrame, settings: Discovery, **embeddings: FloatArray
) -> tuple[pd.DataFrame, Any, str]:
    """Which artists are near to whom by every likeness, and how sure that is.

    Args:
        paintings: The collection.
        raw_artists: The table of artists, for years and nationalities.
        settings: The parameter group `discovery`.
        **embeddings: Likeness -> embeddings, shape (n, d).

    Returns:
        The edges as a table (`artists.table_of_edges`), as a figure, and with the artists as GEXF. Without at least
        three artists there are no edges.
    """
    from grisaille.plots.artist_graph import artist_graph
    from grisaille.report.gexf import gexf

    widest = max((values.shape[1] for values in embeddings.values()), default=1)
    rows = graph.paintings_that_count(paintings, affordable(widest, settings.exact_seconds), settings)
    artists = graph.table_of_artists(paintings.iloc[rows], raw_artists)
    if len(artists) < 3:
        logger.info("no graph of artists: fewer than 3 known artists have %d paintings", settings.artist_paintings)
        embeddings = {}
    labels = np.unique(paintings["artist"].to_numpy(dtype=str)[rows], return_inverse=True)[1]
    tables = [pd.DataFrame(columns=graph.COLUMNS)]
    for likeness, values in Bar(embeddings.items(), "joining artists", unit=" likenesses"):
        found = artist_edges(Points.of(likeness, values)[rows], labels, settings.neighbours, settings.seed)
        tables.append(graph.table_of_edges(likeness, found, artists))
    edges = pd.concat(tables[1:] or tables, ignore_index=True)
    return edges, artist_graph(edges, artists), gexf(edges, artists)


def map_paintings(  # noqa: PLR0913, PLR0917 - every table that the page shows
    paintings: pd.DataFrame,
    raw_paintings: Files,
    neighbours: pd.DataFrame,
    embedding_neighbours: pd.DataFrame,
    artist_distances: dict[str, FloatArray],
    autoencoder: Autoencoder,
    evaluation: Evaluation,
    settings: Discovery,
    **embeddings: FloatArray,
) -> pd.DataFrame:
    """Every painting's places and nearest by every likeness, and its picture (`map_table.gather`)."""
    walk = Bar(embeddings.items(), "placing paintings", unit=" likenesses")
    places = {likeness: _places(Points.of(likeness, values).coordinates, settings) for likeness, values in walk}
    made_for, led = autoencoder.made_for, leading(embeddings)
    asked = (neighbours["space"] == "raw") & (neighbours["likeness"] == made_for)
    near = Near(neighbours[asked & (neighbours["rank"] <= settings.neighbours)], embedding_neighbours)

    def progress(paths: Iterable[str]) -> Iterable[str]:
        return Bar(paths, "making small pictures", unit=" paintings")

    room = page.room_for_pictures(len(paintings), settings.page_megabytes, page.bytes_of_words(paintings))
    originals = Originals(paintings, raw_paintings)
    shown = pictures(paintings["path"].tolist(), originals, settings.picture_side, room, progress)
    originals.warn_of_blanks()
    space = "embedding_composition" if led == "composition" else f"raw_{led}"
    walked = queries(len(paintings), evaluation.exact_up_to, evaluation.sample, evaluation.seed)
    return gather(paintings, places, near, ArtistDistances(walked, artist_distances[space]), shown)


def _places(embeddings: FloatArray, settings: Discovery) -> dict[str, FloatArray]:
    places = {"pca": layout.principal_places(embeddings)}
    neighbourly = layout.umap_places(embeddings, settings.seed) if settings.umap else None
    if neighbourly is not None:
        places["umap"] = neighbourly
    # On a grid neighbours count, and distances are lost anyway.
    return places | {"grid": layout.grid_places(places.get("umap", places["pca"]))}


def write_explorer(
    map_of_paintings: pd.DataFrame,
    raw_artists: pd.DataFrame,
    autoencoder: Autoencoder,
    chunks: dict[str, Any],
    settings: Discovery,
    report: Report,
) -> str:
    """One HTML page to walk in."""
    if len(map_of_paintings) > settings.page_paintings:
        logger.warning("more than %d paintings: the explorer would not open", settings.page_paintings)
        return page.too_large(len(map_of_paintings), settings.page_paintings)
    pieces = named(chunks, Chunk).values()
    about = page.About(
        likeness=chosen(None, likenesses(map_of_paintings)),
        metric=autoencoder.made_for,
        raw_values=sum(chunk.stop - chunk.start for chunk in pieces),
        reduced_values=autoencoder.code_size * len(pieces),
        # Nothing of the linear one is stopped, and it takes all but the held-out paintings in.
        stops_early=autoencoder.architecture != "linear",
        note=report.note,
    )
    return page.render(map_of_paintings, raw_artists, about)
