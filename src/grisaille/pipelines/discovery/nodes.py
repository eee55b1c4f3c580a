"""Nodes of the discovery pipeline."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from grisaille import explorer, lookalikes, measures, plots
from grisaille.arrays import FloatArray, IntArray
from grisaille.autoencoders.joining import check_embeddings_are_of, check_encoders_are_of
from grisaille.collection import Files
from grisaille.collection.originals import Originals
from grisaille.lazy import pd
from grisaille.parameters import Autoencoder, Backbone, Chunk, Discovery, Ingestion, named

if TYPE_CHECKING:
    from grisaille.lookalikes import Query

logger = logging.getLogger(__name__)

_FOOTNOTE = "* so many of 100 paintings in the collection are farther from their own neighbour of the same rank"


def find_neighbours(embeddings: FloatArray, paintings: pd.DataFrame, settings: Discovery) -> pd.DataFrame:
    """The nearest paintings of every painting, in collections of any size.

    Returns:
        painting_id, rank (1 is the nearest), neighbour_id and distance.
    """

    def progress(blocks: Iterable[int]) -> Iterable[int]:
        return tqdm(blocks, "looking for neighbours", unit=" blocks")

    k = min(settings.neighbours, len(paintings) - 1)
    rows, distances = measures.search(embeddings, embeddings, k + 1, settings.exact_up_to, progress)
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
    artist_distances: FloatArray,
    autoencoder: Autoencoder,
    settings: Discovery,
) -> pd.DataFrame:
    """Every painting's place, nearest in both spaces and picture (`explorer.gather`)."""
    if are_of_others(neighbours, embedding_neighbours):
        logger.warning(
            "the neighbours in the full features and the silhouettes that evaluation left are shown beside other "
            "embeddings than it measured: `kedro run --pipeline evaluation` with the same --params measures these"
        )
    places = {"pca": explorer.principal_places(embeddings)}
    neighbourly = explorer.umap_places(embeddings, settings.seed) if settings.umap else None
    if neighbourly is not None:
        places["umap"] = neighbourly
    made_for = autoencoder.made_for
    asked = (neighbours["space"] == "raw") & (neighbours["likeness"] == made_for)
    near = explorer.Near(neighbours[asked & (neighbours["rank"] <= settings.neighbours)], embedding_neighbours)

    def progress(paths: Iterable[str]) -> Iterable[str]:
        return tqdm(paths, "making small pictures", unit=" paintings")

    room = explorer.room_for_pictures(len(paintings), settings.page_megabytes)
    originals = Originals(paintings, raw_paintings)
    shown = explorer.pictures(paintings["path"].tolist(), originals, settings.picture_side, room, progress)
    originals.warn_of_blanks()
    # The embedding is the last of the spaces that evaluation walks over.
    return explorer.gather(paintings, places, near, artist_distances[-1], shown)


def are_of_others(neighbours: pd.DataFrame, embedding_neighbours: pd.DataFrame) -> bool:
    """Whether what evaluation found near in the embedding lies at other distances there now.

    Args:
        neighbours: As evaluation left them, in all spaces.
        embedding_neighbours: As `find_neighbours` finds them.
    """
    measured = neighbours[neighbours["space"] == "embedding"]
    both = measured.merge(embedding_neighbours, on=["painting_id", "neighbour_id"], suffixes=("", "_now"))
    # Copies lie at distances that are all rounding.
    close = 1e-3 * both["distance"].median()
    return bool(len(both)) and not np.allclose(both["distance"], both["distance_now"], rtol=1e-2, atol=close)


def write_explorer(map_of_paintings: pd.DataFrame, artists: pd.DataFrame, parameters: dict[str, Any]) -> str:
    """One HTML page to walk in."""
    settings = Discovery.model_validate(parameters["discovery"])
    if len(map_of_paintings) > settings.page_paintings:
        logger.warning("more than %d paintings: the explorer would not open", settings.page_paintings)
        return explorer.too_large(len(map_of_paintings), settings.page_paintings)
    autoencoder = Autoencoder.model_validate(parameters["autoencoder"])
    chunks = named(parameters["chunks"], Chunk).values()
    about = explorer.About(
        likeness=autoencoder.made_for,
        raw_values=sum(chunk.stop - chunk.start for chunk in chunks),
        reduced_values=autoencoder.code_size * len(chunks),
        # Training on likeness needs no stopping, and takes all but the held-out paintings in.
        stops_early=autoencoder.architecture != "similarity",
        note=dict(parameters["report"]).get("note"),
    )
    return explorer.render(map_of_paintings, artists, about)


def find_look_alikes(
    query: str,
    embeddings: FloatArray,
    paintings: pd.DataFrame,
    files: Files,
    ingestion: Ingestion,
    settings: Discovery,
    *models: Any,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The paintings that are most like some pictures, which need not be in the collection.

    Args:
        query: As `read_queries` takes it.
        embeddings: Of the collection, float32, shape (n, 320).
        paintings: n rows.
        files: Of the collection, for the contact sheets.
        ingestion: Its parameter group.
        settings: The parameter group `discovery`.
        *models: Parameter groups `backbone`, `chunks` and `autoencoder`, what the embeddings were made of, then the
            encoder of every chunk.

    Returns:
        The table (query, rank, painting_id, artist, title, distance, closer_than, in_collection), and a contact sheet
        a query: number and name -> figure.

    Raises:
        ValueError: If there is no picture, or the embeddings were made by other encoders.
    """
    queries = lookalikes.read_queries(query, ingestion.max_megapixels)
    collection = lookalikes.Surroundings(embeddings, paintings, settings.exact_up_to)
    points = _embed(queries, embeddings, ingestion, *models)
    count = settings.look_alikes
    # One more, since a query may be in the collection itself.
    rows, distances = collection.nearest(points, count + 1)
    shares = collection.closer_than(distances)
    tables, sheets = [], {}
    originals = Originals(paintings, files)
    for number, picture in enumerate(tqdm(queries, "drawing contact sheets", unit=" queries")):
        table = collection.paintings.iloc[rows[number]].assign(
            distance=distances[number], closer_than=shares[number], query=picture.name
        )
        table["in_collection"] = picture.sha256 in set(paintings["sha256"])
        table = table[table["sha256"] != picture.sha256][:count]
        table["rank"] = np.arange(1, len(table) + 1)
        table["title"] = lookalikes.titles(table["painting_id"].tolist(), table["artist"].tolist())
        sheets[f"{number + 1:03d}_{PurePosixPath(picture.name).stem}"] = _sheet(picture, table, originals)
        tables.append(table)
    originals.warn_of_blanks()
    columns = ["query", "rank", "painting_id", "artist", "title", "distance", "closer_than", "in_collection"]
    return pd.concat(tables, ignore_index=True)[columns], sheets


def find_chain(
    asked: str,
    embeddings: FloatArray,
    paintings: pd.DataFrame,
    files: Files,
    ingestion: Ingestion,
    settings: Discovery,
    *models: Any,
) -> tuple[pd.DataFrame, Any]:
    """A way from one painting to another through paintings that are alike.

    Args:
        asked: Two names of paintings, or files, with a semicolon between.
        embeddings: As in `find_look_alikes`, and so on.
        paintings: n rows.
        files: Of the collection.
        ingestion: Its parameter group.
        settings: The parameter group `discovery`.
        *models: As in `find_look_alikes`; none where both are paintings of the collection.

    Returns:
        The table (step, painting_id, artist, title, distance, that from the step before), and the figure.

    Raises:
        ValueError: If it is not two that are asked for, a name is not clear, or the embeddings were made by other
            encoders.
    """
    collection = lookalikes.Surroundings(embeddings, paintings, settings.exact_up_to)
    points, table = collection.embeddings, collection.paintings
    names = ends(asked)
    files_given = list(dict.fromkeys(end for end in names if models and Path(end).expanduser().is_file()))
    strangers = lookalikes.read_queries(files_given, ingestion.max_megapixels) if files_given else []
    if len(strangers) < len(files_given):
        raise ValueError(f"one of {', '.join(files_given)} is no picture, and a chain has two ends")
    if strangers:
        points = np.concatenate([points, _embed(strangers, embeddings, ingestion, *models)])
    start, stop = (
        len(table) + files_given.index(end) if end in files_given else _original(end, paintings, table) for end in names
    )
    originals = Originals(paintings, files)
    steps, images = [], []
    for number, row in enumerate(lookalikes.chain(points, start, stop, settings.exact_up_to)):
        stranger = strangers[row - len(table)] if row >= len(table) else None
        known = {"painting_id": stranger.name, "artist": ""} if stranger else table.iloc[row].to_dict()
        images.append(stranger.image if stranger else originals.picture(known["path"], plots.SIDE))
        steps.append({"step": number, "row": row} | known)
    originals.warn_of_blanks()
    found = pd.DataFrame(steps)
    found["title"] = lookalikes.titles(found["painting_id"].tolist(), found["artist"].tolist())
    found["distance"] = np.concatenate([[0.0], np.linalg.norm(np.diff(points[found["row"]], axis=0), axis=1)])
    pictures = [
        plots.Picture(
            image,
            step["artist"] or step["title"],
            step["title"] if step["artist"] else "",
            f"distance {step['distance']:#.3g}" if step["step"] else "",
        )
        for image, step in zip(images, found.to_dict("records"), strict=True)
    ]
    return found[["step", "painting_id", "artist", "title", "distance"]], plots.strip(pictures)


def ends(asked: str) -> list[str]:
    """The two ends of a chain.

    Raises:
        ValueError: If they are not two.
    """
    found = lookalikes.several(asked)
    if len(found) != 2:
        raise ValueError(f"a chain joins two paintings: chain='one;other'. Received: {asked}")
    return found


def _original(name: str, paintings: pd.DataFrame, originals: pd.DataFrame) -> int:
    """Row, among the originals, of the painting that is meant, or of the one that it is a duplicate of."""
    row = paintings.iloc[lookalikes.painting_named(name, paintings["painting_id"].tolist())]
    original = row["painting_id"] if pd.isna(row["duplicate_of"]) else row["duplicate_of"]
    return int(np.flatnonzero(originals["painting_id"] == original)[0])


def _embed(queries: list[Query], embeddings: FloatArray, ingestion: Ingestion, *models: Any) -> FloatArray:
    """Pictures among the embeddings of a collection; the models are those of `find_look_alikes`."""
    backbone, chunks, trained, origin, *given = models
    groups = named(chunks, Chunk)
    encoders = dict(zip(groups, given, strict=True))
    check_embeddings_are_of(origin, embeddings)
    check_encoders_are_of(origin, encoders)
    embedder = lookalikes.Embedder(
        # Kedro validates parameters of named arguments only.
        Backbone.model_validate(backbone),
        groups,
        encoders,
        Autoencoder.model_validate(trained).made_for,
        ingestion.max_megapixels,
    )
    return embedder.embed([lambda query=query: query.data for query in queries])  # type: ignore[misc]


def _sheet(query: Query, table: pd.DataFrame, originals: Originals) -> Any:
    note = "this file is in the collection" if table["in_collection"].any() else ""
    found = [
        plots.Picture(
            originals.picture(row["path"], plots.SIDE),
            row["artist"],
            row["title"],
            f"distance {row['distance']:#.3g}\n{_in_words(row['closer_than'])}",
        )
        for row in table.to_dict("records")
    ]
    return plots.contact_sheet(plots.Picture(query.image, query.name, note=note), found, _FOOTNOTE)


def _in_words(share: float) -> str:
    return f"closer than {100 * share:.0f} of 100 *" if np.isfinite(share) else ""
