"""What a run has left, in a few lines of Python; `grisaille.open` is the way in.

Nothing here knows Kedro. TensorFlow and the models are loaded with the first picture that is not in the collection.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import yaml

from grisaille.arrays import FloatArray, IntArray
from grisaille.errors import GrisailleError
from grisaille.lazy import pd
from grisaille.lookalikes import chains
from grisaille.lookalikes.embedded import LIKENESSES, Embedded
from grisaille.lookalikes.neighbour_index import NeighbourIndex, titles
from grisaille.lookalikes.queries import Query, read_queries
from grisaille.parameters import Parameters
from grisaille.points import Points
from grisaille.provenance import manifest as manifests
from grisaille.provenance import recipes, stamps
from grisaille.provenance.recipes import Recipe
from grisaille.storage.npy import map_array

if TYPE_CHECKING:
    from grisaille.lookalikes.embedding import Embedder

Picture: TypeAlias = str | Path
"""A painting's name, a part of it that no other has, or the file of any picture."""

_OF = "_embeddings"
_SHOWN = ["artist", "title", "date", "museum", "link"]


class NothingStoredError(GrisailleError):
    """There is no run whose results could be opened, or one of them is missing or damaged."""


def storage_of(where: str | Path, env: str | None) -> Path:
    """The folder that holds results.

    Args:
        where: A project's folder, or the storage itself.
        env: The project's configuration environment; `local` unless given.

    Raises:
        NothingStoredError: If there is neither.
    """
    folder = Path(where).expanduser().resolve()
    if not (folder / "conf" / "base").is_dir():
        if (folder / manifests.FOLDER).is_dir():
            return folder
        raise NothingStoredError(f"{folder} is no project, and no run has stored anything in it")
    found: str | None = None
    for name in ("base", env or "local"):
        for path in sorted((folder / "conf" / name).glob("globals*.yml")):
            found = (yaml.safe_load(path.read_text("utf-8")) or {}).get("storage", found)
    if found is None or "://" in found:
        raise NothingStoredError(f"results lie in {found or 'no folder that conf/ names'}: give their folder itself")
    return folder / found


class Collection:
    """A collection as one run left it. Everything is read when it is first asked for; threads may share a collection.

    Attributes:
        storage: The folder that holds the results.
        run: Which run made or read the embeddings that answer.
    """

    def __init__(self, storage: Path, run: str | None = None) -> None:
        """Find the newest run that left embeddings, or one by its name.

        Args:
            storage: Where its results are stored.
            run: The run's name; the newest unless given.

        Raises:
            NothingStoredError: If there is none.
        """
        self.storage, self._lock = storage, threading.RLock()
        found = next((manifest for manifest in self._manifests(run) if _embedded(manifest)), None)
        if found is None:
            whose = "no run" if run is None else f"the run {run} never"
            raise NothingStoredError(f"{whose} left embeddings in {storage}: run `kedro run` first")
        self._manifest, self.run = found, str(found["run"])
        self._indices: dict[str, NeighbourIndex] = {}

    def __repr__(self) -> str:
        """What it holds."""
        return f"<Collection of {len(self.paintings):,} paintings by {', '.join(self.likenesses)}, run {self.run}>"

    @cached_property
    def paintings(self) -> pd.DataFrame:
        """One row a painting: painting_id, artist, and what is known of it, in the order of the embeddings."""
        with self._lock:
            return pd.read_parquet(self._path("paintings"))

    @property
    def likenesses(self) -> list[str]:
        """What paintings are alike in."""
        return list(_embedded(self._manifest))

    def embeddings(self, likeness: str) -> FloatArray:
        """All paintings by a likeness: float32, shape (n, d), mapped from the disk and not to be changed.

        Raises:
            ValueError: If there is no such likeness.
        """
        if likeness not in self.likenesses:
            raise ValueError(f"likeness={likeness} was not made; there are {', '.join(self.likenesses)}")
        return map_array(self._path(f"{likeness}{_OF}"))

    def similar(self, picture: Picture, likeness: str | None = None, n: int = 10) -> pd.DataFrame:
        """The paintings that are most like a picture.

        Args:
            picture: A painting of the collection, or a file. A file that exists counts as a file.
            likeness: One of `likenesses`; the mixture, where it is made, unless given.
            n: How many.

        Returns:
            One row a painting, nearest first: rank, painting_id, artist, title, date, museum and link as far as they
            are known, distance, and distance_percentile, the share of paintings whose own neighbour of this rank is
            farther away. A painting is no neighbour of itself or of its duplicates.

        Raises:
            ValueError: If the picture or the likeness is not known.
        """
        (likeness,) = self._embedded.asked(likeness)
        index = self._index(likeness)
        if _is_file(picture):
            (query,) = read_queries([str(picture)], self._parameters.ingestion.max_megapixels)
            points, own = self._point(query, likeness), query.sha256
        else:
            row = self._row(str(picture))
            points, own = index.points[np.array([row])], index.paintings["sha256"].iloc[row]
        rows, distances = index.nearest(points, n + 1)
        usual = index.distance_percentile(distances)[0]
        table = index.paintings.iloc[rows[0]].assign(distance=distances[0], distance_percentile=usual)
        table = table[table["sha256"] != own][:n]
        return _shown(table, rank=np.arange(1, len(table) + 1))

    def chain(self, start: Picture, stop: Picture, likeness: str | None = None) -> pd.DataFrame:
        """A way from one painting to another through paintings that are alike (`lookalikes.chains.chain`).

        Args:
            start: Of the collection.
            stop: Likewise.
            likeness: As in `similar`.

        Returns:
            One row a step, from 0: step, painting_id, artist, title, date, museum and link as far as they are known,
            and distance, that from the step before.

        Raises:
            ValueError: If a painting or the likeness is not known, or both are one painting.
        """
        (likeness,) = self._embedded.asked(likeness)
        index = self._index(likeness)
        first, last = self._row(str(start)), self._row(str(stop))
        if first == last:
            raise ValueError(f"{start} and {stop} are one painting")
        way = chains.chain(index.points, first, last)
        steps = index.points[way]
        distances = [0.0, *np.sqrt(np.diag(steps[:-1].squares_to(steps[1:])))]
        return _shown(index.paintings.iloc[way].assign(distance=distances), step=np.arange(len(way)))

    def _manifests(self, run: str | None) -> Iterator[dict[str, Any]]:
        """Those of runs that finished, newest first; of a run that is named, its own."""
        if run is not None:
            yield manifests.read(self.storage, run)
            return
        for name in reversed(manifests.names(self.storage)):
            found = manifests.read(self.storage, name)
            if found["status"] == "finished":
                yield found

    def _path(self, name: str) -> Path:
        """The file of a result that fits to the run: its own, or the newest made from the same sources.

        Raises:
            NothingStoredError: If there is none.
        """
        for found in (self._manifest, *self._manifests(None)):
            record = _records(found).get(name)
            if record is None:
                continue
            path = Path(str(manifests.absolute(record["path"], self.storage)))
            if stamps.is_damaged(path):
                raise NothingStoredError(f"{path} is damaged: it does not have the checksum that it was saved with")
            stamp = stamps.read(path)
            if stamp and recipes.conflict({"run": self._recipe, name: stamp["recipe"]}) is None:
                return path
        raise NothingStoredError(f"no stored {name} fit to the embeddings of {self.run} in {self.storage}")

    @cached_property
    def _recipe(self) -> Recipe:
        """Of the embeddings."""
        records = _embedded(self._manifest).values()
        found = (stamps.read(manifests.absolute(record["path"], self.storage)) for record in records)
        merged: Recipe = {}
        for stamp in found:
            merged |= stamp["recipe"] if stamp else {}
        return merged

    @cached_property
    def _parameters(self) -> Parameters:
        """With which the embeddings were made: those of a later run may be others."""
        given = dict(self._manifest["parameters"])
        for step in self._recipe.values():
            for name, value in step["parameters"].items():
                recipes.replace(given, name, value)
        return Parameters.model_validate(given)

    @cached_property
    def _embedded(self) -> Embedded:
        embeddings = {likeness: self.embeddings(likeness) for likeness in self.likenesses}
        return Embedded(self.paintings, embeddings, self._parameters.mixture, lambda: self._embedder)

    @cached_property
    def _embedder(self) -> Embedder:
        import keras

        from grisaille.codes.linear import LinearCode
        from grisaille.lookalikes.embedding import Embedder

        settings = self._parameters
        chunks = {name: chunk for name, chunk in settings.chunks.items() if chunk is not None}
        wanted = [f"{name}.{kind}" for name in chunks for kind in ("composition", "style") if kind in self.likenesses]
        wanted += ["palette.colour"] * ("colour" in self.likenesses)
        models = {name: keras.saving.load_model(self._path(f"{name}_encoder"), compile=False) for name in wanted}
        code = None
        if "composition" in self.likenesses:
            folder = self._path("composition_codes")
            code = LinearCode.of({path.stem: map_array(path) for path in folder.glob("*.npy")})
        return Embedder(settings.backbone, chunks, settings.autoencoder, settings.colour, models, code)

    def _index(self, likeness: str) -> NeighbourIndex:
        with self._lock:
            if likeness not in self._indices:
                points = self._embedded.points(likeness)
                self._indices[likeness] = NeighbourIndex(points, self.paintings, self._parameters.discovery.exact_up_to)
            return self._indices[likeness]

    def _point(self, query: Query, likeness: str) -> Points:
        # One at a time: TensorFlow uses all cores for one picture.
        with self._lock:
            return self._embedded.embed([query], [likeness], self._parameters.ingestion.max_megapixels)[likeness]

    def _row(self, name: str) -> int:
        """The row of a painting, or of what it is a duplicate of, among those without duplicates."""
        found = self.paintings.iloc[chains.painting_named(name, self.paintings["painting_id"].tolist())]
        original = found["painting_id"] if pd.isna(found["duplicate_of"]) else found["duplicate_of"]
        kept = self.paintings["painting_id"][self.paintings["duplicate_of"].isna()]
        return kept.tolist().index(original)


def _records(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Records of what a run made or read, by their names."""
    return dict(manifest["inputs"] | manifest["outputs"])


def _embedded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Likeness -> record of its embeddings."""
    known = _records(manifest)
    return {likeness: known[f"{likeness}{_OF}"] for likeness in LIKENESSES if f"{likeness}{_OF}" in known}


def _is_file(picture: Picture) -> bool:
    return isinstance(picture, Path) or Path(picture).expanduser().is_file()


def _shown(table: pd.DataFrame, **numbers: IntArray) -> pd.DataFrame:
    """What a reader wants to see of some paintings, behind their numbers."""
    known = [name for name in _SHOWN if name in table and (name == "title" or table[name].astype(bool).any())]
    shown = table.assign(title=titles(table))[["painting_id", *known]]
    measures = [name for name in ("distance", "distance_percentile") if name in table]
    return shown.assign(**numbers).join(table[measures])[[*numbers, *shown.columns, *measures]].reset_index(drop=True)
