"""Nodes of the discovery pipeline."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
from tqdm import tqdm

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection import Files
from grisaille.collection.originals import Originals
from grisaille.explorer import layout, page
from grisaille.explorer.map_table import Near, gather
from grisaille.explorer.pictures import pictures
from grisaille.lazy import pd
from grisaille.measures.lookup import search
from grisaille.parameters import Autoencoder, Chunk, Discovery, Report, named

logger = logging.getLogger(__name__)


def find_neighbours(embeddings: FloatArray, paintings: pd.DataFrame, settings: Discovery) -> pd.DataFrame:
    """The nearest paintings of every painting, in collections of any size.

    Returns:
        painting_id, rank (1 is the nearest), neighbour_id and distance.
    """

    def progress(blocks: Iterable[int]) -> Iterable[int]:
        return tqdm(blocks, "looking for neighbours", unit=" blocks")

    k = min(settings.neighbours, len(paintings) - 1)
    rows, distances = search(embeddings, embeddings, k + 1, settings.exact_up_to, progress)
    others = _without_themselves(rows)
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    return pd.DataFrame(
        {
            "painting_id": np.repeat(identifiers, k),
            "rank": np.tile(np.arange(1, k + 1), len(identifiers)),
            "neighbour_id": identifiers[rows[others]],
            "distance": distances[others],
        }
    )


def _without_themselves(rows: IntArray) -> np.ndarray:
    """Marks all but one of each row: the painting itself, or the last where copies of it came first."""
    itself = rows == np.arange(len(rows))[:, None]
    itself[~itself.any(axis=1), -1] = True
    return ~itself


def map_paintings(  # noqa: PLR0913, PLR0917 - a map draws on everything
    embeddings: FloatArray,
    paintings: pd.DataFrame,
    raw_paintings: Files,
    neighbours: pd.DataFrame,
    embedding_neighbours: pd.DataFrame,
    artist_distances: dict[str, FloatArray],
    autoencoder: Autoencoder,
    settings: Discovery,
) -> pd.DataFrame:
    """Every painting's place, nearest in both spaces and picture (`map_table.gather`)."""
    places = {"pca": layout.principal_places(embeddings)}
    neighbourly = layout.umap_places(embeddings, settings.seed) if settings.umap else None
    if neighbourly is not None:
        places["umap"] = neighbourly
    made_for = autoencoder.made_for
    asked = (neighbours["space"] == "raw") & (neighbours["likeness"] == made_for)
    near = Near(neighbours[asked & (neighbours["rank"] <= settings.neighbours)], embedding_neighbours)

    def progress(paths: Iterable[str]) -> Iterable[str]:
        return tqdm(paths, "making small pictures", unit=" paintings")

    room = page.room_for_pictures(len(paintings), settings.page_megabytes)
    originals = Originals(paintings, raw_paintings)
    shown = pictures(paintings["path"].tolist(), originals, settings.picture_side, room, progress)
    originals.warn_of_blanks()
    return gather(paintings, places, near, artist_distances["embedding_composition"], shown)


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
        likeness=autoencoder.made_for,
        raw_values=sum(chunk.stop - chunk.start for chunk in pieces),
        reduced_values=autoencoder.code_size * len(pieces),
        # Training on likeness needs no stopping, and takes all but the held-out paintings in.
        stops_early=autoencoder.architecture != "similarity",
        note=report.note,
    )
    return page.render(map_of_paintings, raw_artists, about)
