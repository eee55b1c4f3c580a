"""The results of a run in Python. Start with `grisaille.open`.

Nothing here imports Kedro. TensorFlow and the models are loaded for the first picture that is not in the collection.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from PIL import Image

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.codes import CODED
from grisaille.collection import images
from grisaille.collection.artists import UNKNOWN, misspelt, normalise, split_movements
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.collection.tables import as_it_was
from grisaille.errors import counted
from grisaille.features.store import FeatureStore, FeatureStoreError
from grisaille.lazy import pd
from grisaille.likenesses.names import VECTORS, chosen
from grisaille.lookalikes import chains
from grisaille.lookalikes.embedded import Embedded, Weights
from grisaille.lookalikes.neighbour_index import NeighbourIndex, titles
from grisaille.lookalikes.parts import Box, PartSearch, View, alone, pixels
from grisaille.lookalikes.queries import Query, read_queries
from grisaille.lookalikes.recommendation import DIVERSITY, Recommender
from grisaille.measures.artist_graph import nearest_by_others, nearness
from grisaille.points import Points
from grisaille.provenance.stored_run import NothingStoredError, StoredRun, storage_of
from grisaille.storage.npy import map_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grisaille.lookalikes.embedding import Embedder
    from grisaille.lookalikes.explanations import Explainer, Explanation
    from grisaille.lookalikes.why import Evidence
    from grisaille.parameters import Parameters

Likeness: TypeAlias = str | Weights
"""One of `Collection.likenesses`, or a mixture: likeness -> its share."""

_SHOWN = ["artist", "title", "date", "museum", "link"]
_MEASURES = [
    "distance", "distance_percentile", "relevance", "because", "similarity", "left", "top", "right", "bottom",
]  # fmt: skip
# Number of mixtures kept in memory, besides the likenesses of the run.
_MIXTURES = 2
# Number of pictures whose features are remembered: half a megabyte each for VGG16.
_SEEN = 8
# Maximum number of paintings searched for a part; takes some seconds.
_LOOKED_AT = 4000
# Sample of paintings for nearness of artists in a large collection, and neighbours of each that count.
_SAMPLE, _NEIGHBOURS = 5000, 10
# One thread at a time: TensorFlow uses all cores for a single picture, and threads that build models in parallel
# interfere.
_KERAS = threading.RLock()
_Key: TypeAlias = str | tuple[tuple[str, float], ...]
_Made = TypeVar("_Made")


@dataclass(frozen=True, eq=False)
class EmbeddedPicture:
    """A picture embedded by the models of a collection.

    Attributes:
        name: Name of its file.
        sha256: Hash of the file.
        points: Likeness -> one point; vectors exist only for pictures of the collection.
    """

    name: str
    sha256: str
    points: Mapping[str, Points]


Picture: TypeAlias = str | Path | bytes | EmbeddedPicture
"""A painting's name (or a unique part of it), a picture's file, its content, or the result of `embed`."""


class Collection:
    """The results of one run. Everything is loaded on first use; threads may share a collection.

    Attributes:
        storage: The folder of the results.
        run: The run that made or read the embeddings.
    """

    def __init__(
        self, where: str | Path, env: str | None = None, run: str | None = None, pictures: str | Path | None = None
    ) -> None:
        """Open a run by its name, or the newest with embeddings; the arguments are those of `grisaille.open`.

        Raises:
            NothingStoredError: If there is none.
        """
        self._stored = StoredRun(storage_of(where, env), run)
        self.storage, self.run = self._stored.storage, self._stored.name
        self._lock, self._pictures = threading.RLock(), pictures
        self._indices: dict[_Key, NeighbourIndex] = {}
        self._made: dict[tuple[str, _Key], Any] = {}
        self._seen: dict[tuple[str, bool], Evidence] = {}

    def __repr__(self) -> str:
        """Size, likenesses and run."""
        paintings = counted(len(self.paintings), "painting")
        return f"<Collection of {paintings} by {', '.join(self.likenesses)}, run {self.run}>"

    @cached_property
    def paintings(self) -> pd.DataFrame:
        """One row a painting: painting_id, artist, and all known facts, in the order of the embeddings."""
        with self._lock:
            return pd.read_parquet(self._stored.path("paintings"))

    @property
    def likenesses(self) -> list[str]:
        """The available likenesses."""
        return self._stored.likenesses

    @property
    def parameters(self) -> Parameters:
        """The parameters that the embeddings were made with."""
        return self._stored.parameters

    @property
    def weights(self) -> dict[str, float]:
        """Shares of the likenesses in the run's mixture; empty without a mixture."""
        return self._embedded.weights if "mixture" in self.likenesses else {}

    @property
    def movements(self) -> list[str]:
        """The movements of all paintings, in alphabetical order."""
        return sorted(set().union(*_movements(self.paintings)))

    def described(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """The main facts about some paintings, in the given order, or about all.

        Returns:
            painting_id, and artist, title, date, museum and link if known.

        Raises:
            ValueError: If a painting does not exist.
        """
        table = self.paintings if names is None else self.paintings.iloc[[self._named(name) for name in names]]
        return _shown(table)

    def name_of(self, painting: str) -> str:
        """A painting's full name from a unique part of it.

        Raises:
            ValueError: If none or several match.
        """
        return str(self.paintings["painting_id"].iloc[self._named(painting)])

    def embeddings(self, likeness: str) -> FloatArray:
        """All paintings by a likeness: float32, shape (n, d), memory-mapped and read-only.

        Raises:
            ValueError: If the likeness is not available.
        """
        if likeness not in self.likenesses:
            raise ValueError(f"likeness={likeness} is not available; there are {', '.join(self.likenesses)}")
        return map_array(self._stored.path(f"{likeness}_embeddings"))

    def embed(self, picture: str | Path | bytes, part: Box | None = None) -> EmbeddedPicture:
        """Embed a picture by every likeness; it need not be in the collection.

        A file that is in the collection gets its stored embeddings, without a model.

        Args:
            picture: A file, its content, or the name of a painting.
            part: Box of the part to embed instead of the whole picture.

        Returns:
            A picture for `similar`, `recommend` and `chain`, which then need no models.

        Raises:
            ValueError: If the picture does not exist, or the part is empty.
            UnusableImageError: If the file is not a picture.
        """
        query = self._query(picture)
        if part is not None:
            query = _cropped(query, part)
        row = self._rows_of_files.get(query.sha256)
        if row is not None:
            stored = self._embedded.embeddings
            points = {likeness: Points.of(likeness, np.asarray(values[[row]])) for likeness, values in stored.items()}
        else:
            names = [likeness for likeness in self.likenesses if likeness != VECTORS]
            with _KERAS:
                points = self._embedded.embed([query], names, self.max_megapixels) if names else {}
        return EmbeddedPicture(query.name, query.sha256, points)

    def holds(self, picture: str | Path | bytes) -> bool:
        """Whether a picture, or its file, is in the collection.

        Raises:
            ValueError: If the file or painting does not exist.
        """
        return not _is_content(picture) or _digest(picture) in self._rows_of_files

    def similar(
        self, picture: Picture, likeness: Likeness | None = None, n: int = 10, *, shortlist: int = 0
    ) -> pd.DataFrame:
        """The paintings most like a picture.

        Args:
            picture: A painting of the collection, or a file. If a file of the name exists, the file is used.
            likeness: One of `likenesses`, or shares of several. Default: the mixture if there is one.
            n: Number of paintings.
            shortlist: If positive, this many are found by their compressed codes and reranked by their stored features
                (composition or style only); with 0, embeddings answer.

        Returns:
            One row a painting, nearest first: rank, painting_id, artist, title, date, museum and link if known,
            distance, and distance_percentile, the share of paintings whose neighbour of this rank is farther away (NaN
            with a shortlist). A painting is not a neighbour of itself or of its duplicates. `attrs["recall"]` is the
            share of the ten nearest that is found (`measures.lookup.Lookup`); NaN with a shortlist.

        Raises:
            ValueError: If the picture or the likeness is unknown, or has no codes for a shortlist.
            NothingStoredError: If a shortlist is requested, but the features are no longer stored.
        """
        recall = np.nan
        if shortlist:
            own, table = self._listed(picture, self._chosen(likeness), n + 1, shortlist)
        else:
            index = self._index(likeness)
            recall = index.lookup.recall
            ((points, own),) = self._placed([picture], likeness)
            rows, distances = index.nearest(points, n + 1)
            usual = index.distance_percentile(distances)[0]
            table = index.paintings.iloc[rows[0]].assign(distance=distances[0], distance_percentile=usual)
        table = table[table["sha256"] != own][:n]
        result = _shown(table, rank=np.arange(1, len(table) + 1))
        result.attrs["recall"] = recall
        return result

    def parts(self, picture: str | Path | bytes, part: Box, n: int = 10) -> pd.DataFrame:
        """The paintings that contain something like a part of a picture, and where.

        Args:
            picture: A painting, a file, or its content.
            part: Box of the part.
            n: Number of paintings.

        Returns:
            One row a painting, best first: rank, painting_id, artist, title, date, museum and link if known, similarity
            (1 for the part itself, 0 for an average window), and left, top, right and bottom of the place, in fractions
            of the painting. Of more than 4,000 paintings, only those whose channels are most like the part's are
            searched.

        Raises:
            ValueError: If the picture or part does not exist.
            NothingStoredError: If the features are no longer stored, since these are searched.

        Sources: `grisaille.lookalikes.parts`.
        """
        query = self._query(picture)
        ground, box = alone(query.image, part)
        with _KERAS:
            search, layer = self._part_search
            shown = [lambda: query.data, lambda: _as_png(ground)]
            whole, cut = self._embedder.evidence(shown, ["composition"], self.max_megapixels)
        views = [View(whole.features[layer], part), View(cut.features[layer], box)]
        others = self.paintings["duplicate_of"].isna() & (self.paintings["sha256"] != query.sha256)
        candidates: IntArray = np.flatnonzero(others)
        if len(candidates) > _LOOKED_AT:
            means = self._once(("means", layer), search.means)
            candidates = search.shortlist(views, means, candidates, _LOOKED_AT)
        matches = search.nearest(views, candidates, n)
        edges = dict(zip(("left", "top", "right", "bottom"), matches.boxes.T, strict=True))
        table = self.paintings.iloc[matches.rows].assign(similarity=matches.similarities, **edges)
        return _shown(table, rank=np.arange(1, len(table) + 1))

    def recommend(  # noqa: PLR0913 - each filter is a keyword
        self,
        liked: Sequence[Picture],
        disliked: Sequence[Picture] = (),
        likeness: Likeness | None = None,
        n: int = 20,
        *,
        diversity: float = DIVERSITY,
        artists: Iterable[str] = (),
        movements: Iterable[str] = (),
        years: tuple[int | None, int | None] | None = None,
        without: Iterable[str] = (),
        new_artists: bool = False,
        among: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """Recommend paintings from liked and disliked pictures.

        Args:
            liked: At least one picture, as `similar` takes it.
            disliked: Any number of pictures.
            likeness: As in `similar`.
            n: Number of paintings.
            diversity: 0 orders by relevance alone; up to 1, similarity to earlier paintings of the list counts against
                a painting.
            artists: Only works by these artists. Default: all.
            movements: Only works of these movements. Default: all.
            years: First and last year; only works that may be from this period. None leaves an end open.
            without: No works by these artists.
            new_artists: No works by artists of liked or disliked pictures.
            among: Names of paintings; only these, such as those that are for sale today. Default: all.

        Returns:
            One row a painting, first choice first: rank, painting_id, artist, title, date, museum and link if known,
            relevance (1 for equal to liked pictures, 0 for average), and because, the liked picture that it is most
            like. `attrs["recall"]` is as in `similar`.

        Raises:
            ValueError: If nothing is liked, a picture, likeness, artist, movement or name is unknown, or diversity is
                not between 0 and 1.

        Sources: `grisaille.lookalikes.recommendation`.
        """
        if not liked:
            raise ValueError("a recommendation needs at least one liked picture. Received: none")
        if not 0 <= diversity <= 1:
            raise ValueError(f"diversity must be between 0 and 1. Received: {diversity}")
        recommender, index = self._recommender(likeness), self._index(likeness)
        table = index.paintings
        placed = self._placed([*liked, *disliked], likeness)
        points, own = Points.join([point for point, _ in placed]), {digest for _, digest in placed}
        given = self._digest_index.get_indexer_for(pd.Index(sorted(own)))
        given = given[given >= 0]
        banned = [*without, *(table["artist"].iloc[given] if new_artists else ())]
        allowed = _allowed(table, artists, movements, years, banned)
        if among is not None:
            allowed &= _named(table, among)
        allowed[given] = False
        yes, no = points[: len(liked)], points[len(liked) :]
        rows, relevance = recommender.recommend(yes, no, allowed, n, diversity)
        closest = recommender.of(rows).similarities(yes).argmax(axis=1) if len(rows) else rows
        names = [_name(picture) for picture in liked]
        result = table.iloc[rows].assign(relevance=relevance, because=[names[number] for number in closest])
        shown = _shown(result, rank=np.arange(1, len(result) + 1))
        shown.attrs["recall"] = index.lookup.recall
        return shown

    def why(self, a: str | Path | bytes, b: str | Path | bytes, likeness: str = "style") -> Explanation:
        """Which parts of two pictures are alike.

        Args:
            a: A painting, a file, or its content.
            b: A painting, a file, or its content.
            likeness: `composition`, `style` or `colour`; a mixture is explained by its parts.

        Returns:
            The similarity in the full features, and a map of each picture that sums to it; `grisaille.plots.why` draws
            them.

        Raises:
            ValueError: If a picture is unknown or its file is gone, or the likeness cannot be explained.
        """
        with _KERAS:
            explainer = self._explainer
            evidence, shown = zip(*(self._evidence(picture, likeness) for picture in (a, b)), strict=True)
            return explainer.explain(evidence, shown, likeness)

    def chain(self, start: Picture, stop: Picture, likeness: Likeness | None = None) -> pd.DataFrame:
        """A chain from one picture to another through paintings that are alike (`lookalikes.chains.chain`).

        Args:
            start: A picture, as `similar` takes it.
            stop: A picture, as `similar` takes it.
            likeness: As in `similar`.

        Returns:
            One row a step, from 0: step, painting_id, artist, title, date, museum and link if known, and distance from
            the step before.

        Raises:
            ValueError: If a picture or the likeness is unknown, or both pictures are one painting.
        """
        index = self._index(likeness)
        points, table, ends = index.points, index.paintings, []
        for picture, (point, digest) in zip((start, stop), self._placed([start, stop], likeness), strict=True):
            known = np.flatnonzero(table["sha256"] == digest)
            ends.append(int(known[0]) if len(known) else len(points))
            if not len(known):
                points = Points.join([points, point])
                stranger = {"painting_id": _name(picture), "artist": "", "sha256": digest}
                table = pd.concat([table, pd.DataFrame([stranger])], ignore_index=True).fillna(
                    dict.fromkeys(_SHOWN, "")
                )
        if ends[0] == ends[1]:
            raise ValueError(f"{_name(start)} and {_name(stop)} are one painting")
        way = chains.chain(points, *ends)
        steps = points[way]
        distances = [0.0, *np.sqrt(np.diag(steps[:-1].squares_to(steps[1:])))]
        return _shown(table.iloc[way].assign(distance=distances), step=np.arange(len(way)))

    def picture(self, painting: str) -> Image.Image:
        """A painting of the collection at full size, upright RGB.

        Raises:
            ValueError: If the painting does not exist, or its file has moved or changed.
        """
        path = self.paintings["path"].iloc[self._named(painting)]
        image = self._originals.picture(path)
        if image is None:
            raise ValueError(
                f"{path} has moved or changed since the run: name its folder with grisaille.open(pictures=...)"
            )
        return image

    def thumbnail(self, painting: str, side: int) -> Image.Image | None:
        """A painting reduced to a longer side of at most `side` pixels; None if its file has moved or changed.

        Raises:
            ValueError: If the painting does not exist.
        """
        return self._originals.picture(self.paintings["path"].iloc[self._named(painting)], side)

    def sheet(self, paintings: pd.DataFrame | Sequence[str], title: str = "", columns: int = 5) -> Figure:
        """A contact sheet of some paintings, which notebooks show.

        Args:
            paintings: Their names, or a table from `similar`, `recommend` or `chain`.
            title: Heading of the sheet.
            columns: Maximum number of paintings in a row.

        Raises:
            ValueError: If a painting does not exist, or none is given.
        """
        from grisaille.plots.contact_sheet import SIDE, Tile, grid

        names = [*paintings["painting_id"]] if isinstance(paintings, pd.DataFrame) else [*paintings]
        if not names:
            raise ValueError("a contact sheet needs at least one painting. Received: none")
        rows = self.described(names).to_dict("records")
        tiles = [
            Tile(self.thumbnail(row["painting_id"], SIDE), row["artist"], caption(row, row["title"])) for row in rows
        ]
        return grid(tiles, title, columns)

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run's results, such as `usefulness`, `preservation` or `recommendations`.

        Raises:
            NothingStoredError: If there is none for these embeddings, or it is damaged.
            ValueError: If the result is not a table.
        """
        try:
            path = self._stored.path(name)
        except NothingStoredError as error:
            raise NothingStoredError(f"{error}. `kedro run --pipelines evaluation,discovery` makes tables") from error
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix != ".csv":
            raise ValueError(f"{name} is not a table: it is stored in {path}")
        return as_it_was(pd.read_csv(path, keep_default_na=False, na_values=[""]))

    def nearest_artists(self, artist: str, likeness: Likeness | None = None) -> pd.DataFrame:
        """Other artists whose paintings are near this artist's.

        Args:
            artist: Name of the artist.
            likeness: As in `similar`.

        Returns:
            One row an artist, nearest first: artist and nearness, which is how often their paintings are near each
            other, as a multiple of chance (`measures.artist_graph.nearness`). For more than 5,000 paintings it is
            estimated from a seeded sample.

        Raises:
            ValueError: If the artist does not exist.
        """
        name, *_ = _artists_named([artist], self.paintings)
        names, values = self._once(("artists", _key(self._chosen(likeness))), lambda: self._nearness(likeness))
        if name not in names or len(names) < 2:
            return pd.DataFrame({"artist": [], "nearness": []})
        row = values[names.index(name)]
        others = (number for number in np.argsort(-row, kind="stable") if names[number] != UNKNOWN)
        order = [number for number in others if np.isfinite(row[number])]
        return pd.DataFrame({"artist": [names[number] for number in order], "nearness": row[order]})

    def explorer(self) -> str:
        """The explorer, a self-contained HTML page.

        Raises:
            NothingStoredError: If no run made one for these embeddings.
        """
        try:
            return self._stored.path("explorer").read_text("utf-8")
        except NothingStoredError as error:
            raise NothingStoredError(f"{error}. `kedro run --pipelines discovery` makes a map") from error

    def has_explorer(self) -> bool:
        """Whether an explorer is stored."""
        with suppress(NothingStoredError):
            return self._stored.path("explorer").is_file()
        return False

    def is_newest(self) -> bool:
        """Whether no later run has stored embeddings."""
        return self._stored.is_newest()

    def warm(self) -> None:
        """Load everything that the first query needs, except models (see `load_models`).

        For a large collection an approximate index is built, which answers by the default likeness in 50 ms and misses
        some neighbours; without it, answers are exact.
        """
        self._index(None).prepare()
        name = self.paintings["painting_id"].iloc[0]
        self.similar(name)
        self.recommend([name])

    def load_models(self) -> None:
        """Load TensorFlow and the models, so that the first new picture need not wait for them."""
        self.embed(_as_png(Image.new("RGB", (64, 64), "grey")))

    @property
    def max_megapixels(self) -> float:
        """Maximum size of a picture, as in ingestion."""
        return self._stored.parameters.ingestion.max_megapixels

    @cached_property
    def _originals(self) -> Originals:
        return Originals(self.paintings, self._stored.pictures(self._pictures))

    @cached_property
    def _embedded(self) -> Embedded:
        embeddings = {likeness: self.embeddings(likeness) for likeness in self.likenesses}
        return Embedded(self.paintings, embeddings, self._stored.parameters.mixture, lambda: self._embedder)

    @cached_property
    def _embedder(self) -> Embedder:
        import keras

        from grisaille.codes.linear import LinearCode
        from grisaille.lookalikes.embedding import Embedder

        settings, path = self._stored.parameters, self._stored.path
        chunks = {name: chunk for name, chunk in settings.chunks.items() if chunk is not None}
        names = [f"{name}.{kind}" for name in chunks for kind in ("composition", "style") if kind in self.likenesses]
        names += ["palette.colour"] * ("colour" in self.likenesses)
        models = {name: keras.saving.load_model(path(f"{name}_encoder"), compile=False) for name in names}
        code = None
        if "composition" in self.likenesses:
            code = LinearCode.of(self._arrays("composition_codes"))
        return Embedder(settings.backbone, chunks, settings.autoencoder, settings.colour, models, code)

    def _arrays(self, name: str) -> dict[str, FloatArray]:
        """A result stored as a folder of arrays: name -> array."""
        return {file.stem: map_array(file) for file in self._stored.path(name).glob("*.npy")}

    def _listed(self, picture: Picture, likeness: Likeness, count: int, length: int) -> tuple[str, pd.DataFrame]:
        """The hash of a picture's file, and the nearest paintings by a shortlist."""
        from grisaille.lookalikes.shortlist import Shortlist, kept_features

        if likeness not in CODED or isinstance(picture, EmbeddedPicture):
            raise ValueError(f"a shortlist needs codes, which exist for {' and '.join(CODED)}: choose a likeness")
        query, coded = self._query(picture), None
        with suppress(NothingStoredError):
            coded = self._arrays("feature_codes")
        # Of a union, mypy infers no more than an object.
        features: Any = self._must_be_there(kept_features(self._store, coded))
        with _KERAS:
            known = Shortlist(str(likeness), self._arrays(f"{likeness}_codes"), features, self._embedder)
            described = known.embedder.describe([lambda: query.data], known.likeness, self.max_megapixels)
        originals = np.flatnonzero(self.paintings["duplicate_of"].isna())
        places, distances = known.nearest(described, originals, length, count)
        table = self.paintings.iloc[originals[places[0]]]
        return query.sha256, table.assign(distance=distances[0], distance_percentile=np.nan)

    @cached_property
    def _store(self) -> FeatureStore | None:
        """Stored features of these paintings or of a sample of them, if they exist."""
        with suppress(NothingStoredError, FeatureStoreError):
            return FeatureStore(self._stored.path("features"))
        return None

    @property
    def _features(self) -> FeatureStore | None:
        """Stored features of all paintings, if they exist."""
        return None if self._store is None or self._store.kept is not None else self._store

    def _must_be_there(self, features: _Made | None) -> _Made:
        if features is None:
            raise NothingStoredError(
                f"the features of {self.run} are no longer stored, or have changed: "
                "run `kedro run --pipelines feature_extraction`"
            )
        return features

    @cached_property
    def _part_search(self) -> tuple[PartSearch, str]:
        """The layer with the most positions, and its name."""
        features, shapes = self._must_be_there(self._features), self._embedder.shapes()
        layer = max(shapes, key=lambda name: shapes[name][0] * shapes[name][1])
        return PartSearch.fit(features[layer], shapes[layer]), layer

    @cached_property
    def _explainer(self) -> Explainer:
        from grisaille.lookalikes.explanations import Explainer

        settings, embedder = self._stored.parameters, self._embedder
        return Explainer(list(embedder.chunks.values()), settings.style.channels, settings.colour, self._sample)

    def _sample(self) -> list[Evidence]:
        """A sample of paintings, for average similarities."""
        from grisaille.lookalikes.explanations import sample_rows

        names = self.paintings["painting_id"].iloc[sample_rows(len(self.paintings))]
        readable = [name for name in names if self.thumbnail(name, 1) is not None]
        return [self._evidence(name, "composition")[0] for name in readable]

    def _evidence(self, picture: str | Path | bytes, likeness: str) -> tuple[Evidence, Image.Image]:
        """The evidence of a picture, from stored features if they exist, and the picture."""
        from grisaille.lookalikes.why import Evidence

        known = None if _is_content(picture) else self._named(str(picture))
        query = self._query(picture)
        if known is None or self._features is None or likeness == "colour":
            key = query.sha256, likeness == "colour"
            if key not in self._seen:
                while len(self._seen) >= _SEEN:
                    del self._seen[next(iter(self._seen))]
                (self._seen[key],) = self._embedder.evidence([lambda: query.data], [likeness], self.max_megapixels)
            return self._seen[key], query.image
        (computed,) = self._embedder.evidence([lambda: query.data], ["colour"], self.max_megapixels)
        shapes = self._embedder.shapes()
        stored = {
            layer: np.asarray(self._features[layer][np.array([known])], np.float32).reshape(shape)
            for layer, shape in shapes.items()
        }
        return Evidence(stored, computed.image), query.image

    def _query(self, picture: str | Path | bytes) -> Query:
        """The file of a picture, and the picture."""
        if isinstance(picture, bytes):
            return Query("picture", picture, images.decode(picture, self.max_megapixels)[0])
        if _is_content(picture):
            (query,) = read_queries([str(picture)], self.max_megapixels)
            return query
        path = self.paintings["path"].iloc[self._named(str(picture))]
        try:
            data = self._originals[path]()
        except (KeyError, OSError) as error:
            raise ValueError(f"{path} has moved or changed since the run: {error}") from error
        return Query(str(picture), data, images.decode(data, self.max_megapixels)[0])

    def _placed(self, pictures: Sequence[Picture], likeness: Likeness | None) -> list[tuple[Points, str]]:
        """The point of each picture, and the hash of its file; for a duplicate, those of its original."""
        index, points = self._index(likeness), []
        for picture in pictures:
            if isinstance(picture, EmbeddedPicture) or _is_content(picture):
                placed = picture if isinstance(picture, EmbeddedPicture) else self.embed(picture)
                row = self._rows_of_files.get(placed.sha256)
                own = placed.sha256 if row is None else self._digests[self._original_rows[row]]
                points.append((self._point_of(placed, likeness), own))
            else:
                row = self._row(str(picture))
                points.append((index.points[np.array([row])], self._digests[row]))
        return points

    def _point_of(self, placed: EmbeddedPicture, likeness: Likeness | None) -> Points:
        resolved = self._chosen(likeness)
        needed = [resolved] if isinstance(resolved, str) else list(resolved)
        if missing := [name for name in needed if name not in placed.points]:
            raise ValueError(
                f"{placed.name} is not in the collection, so it has no {missing[0]}: choose another likeness"
            )
        return placed.points[resolved] if isinstance(resolved, str) else self._embedded.mixed(placed.points, resolved)

    def _chosen(self, likeness: Likeness | None) -> Likeness:
        if not isinstance(likeness, Mapping):
            return chosen(likeness, self.likenesses)
        self._embedded.check(likeness)
        return {name: share for name, share in likeness.items() if share}

    def _index(self, likeness: Likeness | None) -> NeighbourIndex:
        with self._lock:
            resolved = self._chosen(likeness)
            key = _key(resolved)
            if key not in self._indices:
                points = self._embedded.points(resolved)
                mixtures = [known for known in self._indices if not isinstance(known, str)]
                if not isinstance(key, str) and len(mixtures) >= _MIXTURES:
                    del self._indices[mixtures[0]]
                    self._made = {name: made for name, made in self._made.items() if mixtures[0] not in name}
                self._indices[key] = NeighbourIndex(points, self.paintings)
            return self._indices[key]

    def _recommender(self, likeness: Likeness | None) -> Recommender:
        index = self._index(likeness)
        return self._once(
            ("recommender", _key(self._chosen(likeness))), lambda: Recommender(index.points, index.lookup)
        )

    def _nearness(self, likeness: Likeness | None) -> tuple[list[str], FloatArray]:
        """Artists, and the nearness of each pair."""
        index = self._index(likeness)
        rows = np.arange(len(index.paintings))
        if len(rows) > _SAMPLE:
            rows = np.sort(np.random.default_rng(0).permutation(rows)[:_SAMPLE])
        names, labels = np.unique(index.paintings["artist"].to_numpy(dtype=str)[rows], return_inverse=True)
        if len(names) < 2:
            return list(names), np.full((len(names),) * 2, -np.inf)
        near = nearest_by_others(index.points[rows], labels, _NEIGHBOURS)
        cells = labels[:, None] * len(names) + labels[near]
        counts = np.bincount(cells.ravel(), minlength=len(names) ** 2).astype(float)
        return list(names), nearness(counts.reshape(len(names), -1), np.bincount(labels))

    def _once(self, key: tuple[str, _Key], make: Callable[[], _Made]) -> _Made:
        """Create a value on first use and keep it."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    @cached_property
    def _rows(self) -> dict[str, int]:
        """Name -> row."""
        return {name: row for row, name in enumerate(self.paintings["painting_id"])}

    def _named(self, name: str) -> int:
        row = self._rows.get(name)
        return chains.painting_named(name, list(self._rows)) if row is None else row

    def _row(self, name: str) -> int:
        """The row of a painting, or of its original, in the table without duplicates."""
        return int(self._original_rows[self._named(name)])

    @cached_property
    def _rows_of_files(self) -> dict[str, int]:
        """SHA-256 of a file -> row."""
        return {digest: row for row, digest in enumerate(self.paintings["sha256"])}

    @cached_property
    def _original_rows(self) -> IntArray:
        """For every painting, the row of its original in the table without duplicates, shape (n,)."""
        known = self.paintings["duplicate_of"].isna().to_numpy()
        rows = np.cumsum(known) - 1
        copies = np.flatnonzero(~known)
        rows[copies] = [rows[self._rows[name]] for name in self.paintings["duplicate_of"].iloc[copies]]
        return rows

    @cached_property
    def _digests(self) -> list[str]:
        """SHA-256 of the files in the table without duplicates."""
        return [str(digest) for digest in self.paintings["sha256"][self.paintings["duplicate_of"].isna()]]

    @cached_property
    def _digest_index(self) -> pd.Index[str]:
        """Finds rows of the table without duplicates by the SHA-256 of their files, without a scan."""
        return pd.Index(self._digests)


def _key(likeness: Likeness) -> _Key:
    """A cache key; mixtures with equal shares have equal keys."""
    if not isinstance(likeness, Mapping):
        return likeness
    total = sum(likeness.values())
    return tuple(sorted((name, share / total) for name, share in likeness.items()))


def _is_content(picture: str | Path | bytes) -> bool:
    """Whether the argument is a file or its content, and not a name."""
    return isinstance(picture, bytes | Path) or Path(picture).expanduser().is_file()


def _digest(picture: str | Path | bytes) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(
        picture if isinstance(picture, bytes) else Path(picture).expanduser().read_bytes()
    ).hexdigest()


def _name(picture: Picture) -> str:
    if isinstance(picture, bytes):
        return "picture"
    return picture.name if isinstance(picture, EmbeddedPicture | Path) else picture


def _cropped(query: Query, part: Box) -> Query:
    """A part of a picture as a picture of its own."""
    image = query.image.crop(pixels(query.image, part))
    return Query(f"a part of {query.name}", _as_png(image), image)


def _as_png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return content.getvalue()


def _allowed(
    paintings: pd.DataFrame,
    artists: Iterable[str],
    movements: Iterable[str],
    years: tuple[int | None, int | None] | None,
    without: Iterable[str],
) -> BoolArray:
    """Which paintings may be recommended, shape (n,)."""
    allowed = ~paintings["artist"].isin(_artists_named(without, paintings)).to_numpy()
    if spellings := _artists_named(artists, paintings):
        allowed &= paintings["artist"].isin(spellings).to_numpy()
    if names := {normalise(name) for name in movements}:
        own = _movements(paintings)
        known = set().union(*own)
        if unknown := names - set(map(normalise, known)):
            listing = ", ".join(sorted(known)) or "none"
            raise ValueError(f"there is no movement {sorted(unknown)[0]!r}; there are {listing}")
        allowed &= np.array([not names.isdisjoint(map(normalise, of_one)) for of_one in own], bool)
    if years is not None:
        allowed &= _in_years(paintings, *years)
    return allowed


def _named(paintings: pd.DataFrame, names: Iterable[str]) -> BoolArray:
    """Which paintings have these names, shape (n,)."""
    wanted, known = set(names), paintings["painting_id"]
    if unknown := wanted.difference(known):
        raise ValueError(f"there is no painting {min(unknown)!r}")
    return np.asarray(known.isin(wanted))


def _movements(paintings: pd.DataFrame) -> list[set[str]]:
    """The movements of each painting."""
    return [set(split_movements(given)) for given in paintings["movements"]]


def _in_years(paintings: pd.DataFrame, first: int | None, last: int | None) -> BoolArray:
    """Which paintings may be from a period; undated ones are not."""
    if "year_from" not in paintings or paintings[["year_from", "year_to"]].isna().all(axis=None):
        raise ValueError("no years of these paintings are known: add a table of paintings with a column date")
    begin = paintings["year_from"].fillna(paintings["year_to"]).to_numpy(dtype=float, na_value=np.nan)
    end = paintings["year_to"].fillna(paintings["year_from"]).to_numpy(dtype=float, na_value=np.nan)
    from_year, to_year = (-np.inf if first is None else first), (np.inf if last is None else last)
    return np.asarray((begin <= to_year) & (end >= from_year))


def _artists_named(names: Iterable[str], paintings: pd.DataFrame) -> list[str]:
    """Artists in every spelling of the table, the given one first.

    Raises:
        ValueError: If an artist has no paintings.
    """
    names, matches = list(names), list[str]()
    artists = list(paintings["artist"].unique()) if names else []
    known: dict[str, list[str]] = {}
    for artist in artists:
        known.setdefault(normalise(artist), []).append(artist)
    for name in names:
        if normalise(name) not in known:
            close = misspelt([name], artists)
            hint = f": did you mean {close[name]}?" if close else ""
            raise ValueError(f"there are no paintings by {name}{hint}")
        matches += sorted(known[normalise(name)], key=lambda spelling: spelling != name)
    return matches


def _shown(table: pd.DataFrame, **numbers: IntArray) -> pd.DataFrame:
    """The columns of some paintings for readers, after the given numbers."""
    known = [name for name in _SHOWN if name in table and (name == "title" or table[name].astype(bool).any())]
    shown = table.assign(title=titles(table))[["painting_id", *known]]
    measures = [name for name in _MEASURES if name in table]
    return shown.assign(**numbers).join(table[measures])[[*numbers, *shown.columns, *measures]].reset_index(drop=True)
