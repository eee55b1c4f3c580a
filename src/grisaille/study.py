"""Tests the two causes that the 2021 work suspected: too strong a reduction, and the choice of layers.

A point of the study is one reduction of one set of layers to one size: computed, timed and compared with the features.
Points are stored elsewhere.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.autoencoders.baseline import pca_embeddings
from grisaille.codes.linear import Rotation
from grisaille.collection.split import fitted_on
from grisaille.contenders import fit_chunks, of_composition, of_vectors
from grisaille.likenesses.metrics import layer_norms
from grisaille.likenesses.style import describe_chunks
from grisaille.measures.code_rows import Contenders
from grisaille.measures.comparison import Collection, Name, compare, queries
from grisaille.measures.spaces import Space, embedding_space, feature_space
from grisaille.parameters import Autoencoder, Chunk, Study, Style
from grisaille.points import Points

Method = Literal["pca", "autoencoder"]
METHODS: tuple[Method, ...] = ("pca", "autoencoder")


@dataclass(frozen=True)
class Point:
    """One reduction.

    Attributes:
        question: `code_size` or `layers`, the cause that it tests.
        layer_set: Name of the set of layers in the parameters.
        layers: The layers.
        method: The method of reduction.
        embedding_size: Values of an embedding.
    """

    question: Literal["code_size", "layers"]
    layer_set: str
    layers: tuple[str, ...]
    method: Method
    embedding_size: int


@dataclass(frozen=True)
class Work:
    """A computable point, with everything that determines its result.

    Attributes:
        identity: Everything that determines the result, as plain JSON values.
        compute: Computes one row of a table.
    """

    identity: dict[str, Any]
    compute: Callable[[], dict[str, Any]] = field(compare=False)


def cut(features: Mapping[str, Rows], layers: Sequence[str], width: int) -> list[Chunk]:
    """Cut layers into contiguous pieces of at most `width` values, as equal as possible.

    Raises:
        ValueError: If the features lack a layer.
    """
    missing = [layer for layer in layers if layer not in features]
    if missing:
        raise ValueError(f"the features have no layer {', '.join(missing)}; they have {', '.join(features)}")
    chunks = []
    for layer in layers:
        values = features[layer].shape[1]
        edges = np.linspace(0, values, -(-values // width) + 1).astype(int)
        chunks += [Chunk(layer=layer, start=int(start), stop=int(stop)) for start, stop in itertools.pairwise(edges)]
    return chunks


def plan(features: Mapping[str, Rows], settings: Study) -> list[Point]:
    """All points: every code size for one set of layers, and every set of layers at one size.

    Sizes are those of the whole embedding: the code size times the number of pieces.
    """
    points = []
    layers = settings.layer_sets[settings.code_size_layers]
    assert layers is not None
    pieces = len(cut(features, layers, settings.chunk_values))
    for size in settings.code_sizes:
        points += [Point("code_size", settings.code_size_layers, layers, method, size * pieces) for method in METHODS]
    for name, layers in settings.layer_sets.items():
        if layers is not None:
            points += [Point("layers", name, layers, method, settings.embedding_size) for method in METHODS]
    return points


class CachedSpace(Space):
    """A space that computes the distances of each set of points once."""

    def __init__(self, space: Space) -> None:
        """Wrap a space."""
        self._space, self.n = space, space.n
        self._among = cache(lambda rows: space.among(np.array(rows)))
        self._walk = cache(lambda rows, size: list(space.walk(np.array(rows), size)))

    def distances(self, rows: IntArray) -> FloatArray:
        """See `Space.distances`."""
        return self._space.distances(rows)

    def among(self, rows: IntArray) -> FloatArray:
        """See `Space.among`."""
        return self._among(tuple(rows.tolist()))

    def walk(self, rows: IntArray, size: int) -> Iterator[FloatArray]:
        """See `Space.walk`."""
        return iter(self._walk(tuple(rows.tolist()), size))


class StudyRunner:
    """Computes points; intermediate results that several points share are computed once and kept for the next."""

    def __init__(
        self,
        features: Mapping[str, Rows],
        collection: Collection,
        settings: Study,
        autoencoder: Autoencoder,
    ) -> None:
        """Set up.

        Args:
            features: Layer -> features, shape (n, d).
            collection: Artists, duplicates and split.
            settings: Settings of the study.
            autoencoder: Components of the linear autoencoders, and the metric of the whole study.
        """
        self._features, self._collection, self._settings = features, collection, settings
        self._autoencoder = autoencoder
        self._training = fitted_on(collection.split)
        self._asked = queries(len(collection.labels), 0, settings.queries, settings.seed)
        self._layers: tuple[str, ...] = ()
        self._made: dict[str, tuple[int, Any, float]] = {}

    def work(self, source: str) -> list[Work]:
        """All points with their identities; `source` identifies the features and paintings."""
        study, trained = self._settings, self._autoencoder
        settings = {
            "study": study.model_dump(mode="json", include={"queries", "chunk_values", "neighbours", "seed"}),
            "autoencoder": trained.model_dump(mode="json", include={"likeness", "components", "channels", "seed"}),
        }
        return [
            Work(
                {"source": source, "point": asdict(point), "settings": settings},
                lambda point=point: self.measure(point),  # type: ignore[misc]
            )
            for point in plan(self._features, self._settings)
        ]

    def codes(self, source: str, style: Style) -> list[Work]:
        """What compact codes keep of the layers of `code_size_layers`: one point a likeness and kind of code.

        Each result has `rows`, a list of rows as `Contenders.measured` returns them. Layers whose pieces are not whole
        positions have no style.
        """
        study, trained = self._settings, self._autoencoder
        settings = {
            "study": study.model_dump(mode="json", include={"chunk_values", "neighbours", "seed"}),
            "autoencoder": trained.model_dump(mode="json", include={"likeness", "components", "channels", "seed"}),
            "style": style.model_dump(mode="json", include={"channels"}),
        }
        layers = study.layer_sets[study.code_size_layers]
        assert layers is not None
        chunks = cut(self._features, layers, study.chunk_values)
        whole = all((chunk.stop - chunk.start) % style.channels == 0 for chunk in chunks)
        return [
            Work(
                {"source": source, "codes": [likeness, kind], "layers": list(layers), "settings": settings},
                lambda likeness=likeness, kind=kind: self._measure_codes(chunks, likeness, kind, style),  # type: ignore[misc]
            )
            for likeness in ("composition", *(["style"] * whole))
            for kind in ("linear", "one_bit", "product")
        ]

    def _measure_codes(self, chunks: list[Chunk], likeness: str, kind: str, style: Style) -> dict[str, Any]:
        layers = tuple(dict.fromkeys(chunk.layer for chunk in chunks))
        if layers != self._layers:
            self._layers, self._made = layers, {}
        contenders, columns = self._once(
            f"{likeness} codes", lambda: self._contenders(chunks, likeness, style.channels)
        )[0]
        rows = {
            "linear": contenders.linear,
            "one_bit": lambda: contenders.one_bit(columns),
            "product": contenders.product,
        }[kind]()
        measured = [contenders.measured(row) for row in rows]
        return {"question": "codes", "likeness": likeness, "rows": measured}

    def _contenders(self, chunks: list[Chunk], likeness: str, channels: int) -> tuple[Contenders, Sequence[Rows]]:
        features = {layer: self._features[layer] for layer in self._layers}
        split, given = self._collection.split, (self._settings.neighbours, self._settings.seed)
        if likeness == "composition":
            return of_composition(features, chunks, split, self._autoencoder, *given)
        norms = np.stack([layer_norms(rows, "hellinger") for rows in features.values()], axis=1)
        return of_vectors(list(describe_chunks(features, norms, chunks, channels)), split, *given)

    def measure(self, point: Point) -> dict[str, Any]:
        """Compute a reduction and compare it with the features."""
        if point.layers != self._layers:
            self._layers, self._made = point.layers, {}
        chunks = cut(self._features, point.layers, self._settings.chunk_values)
        sizes = split_evenly(point.embedding_size, len(chunks))
        embedding, stored, seconds = (self._by_pca if point.method == "pca" else self._by_autoencoder)(chunks, sizes)
        features = {layer: self._features[layer] for layer in point.layers}
        reference, _ = self._once("raw", lambda: CachedSpace(feature_space(features, self._autoencoder.likeness)))
        raw: Name = ("raw", self._autoencoder.likeness)
        reduced: Name = (point.method, "euclidean")
        spaces = {raw: reference, reduced: embedding_space(embedding)}
        result = compare(spaces, [(raw, reduced)], self._collection, self._asked, self._settings.neighbours)
        row: dict[str, Any] = asdict(point) | {
            "layers": " + ".join(point.layers),
            "likeness": self._autoencoder.likeness,
            "raw_values": sum(self._features[layer].shape[1] for layer in point.layers),
            "bytes_a_painting": 4 * point.embedding_size,
            "encoder_bytes": stored,
            "training_seconds": round(seconds, 2),
            "queries": len(self._asked),
        }
        for part in result.preservation.to_dict("records"):
            prefix = "" if part["paintings"] == "all" else f"{part['paintings']}_"
            for measure in ("recall", "trustworthiness", "continuity", "area_under_rnx", "spearman"):
                row[f"{prefix}{measure}"] = part[measure]
            row[f"{prefix}recall_margin"] = part["recall_margin"]
        useful = result.retrieval.set_index("space")
        for measure in ("one_nn", "precision", "mean_average_precision"):
            row[measure], row[f"raw_{measure}"] = useful.loc[point.method, measure], useful.loc["raw", measure]
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}

    def _once(self, name: str, make: Callable[[], Any], size: int = 0) -> tuple[Any, float]:
        """A result that points of the same layers share, and its duration in seconds; each point is charged in full.

        A result of another size is dropped first, since it may take a gigabyte.
        """
        if name not in self._made or self._made[name][0] != size:
            self._made.pop(name, None)
            start = time.perf_counter()
            made = make()
            self._made[name] = (size, made, time.perf_counter() - start)
        _, made, seconds = self._made[name]
        return made, seconds

    def _by_pca(self, chunks: list[Chunk], sizes: list[int]) -> tuple[Points, int, float]:
        """The first components of the largest PCA that any point of these layers needs."""
        points = [point for point in plan(self._features, self._settings) if point.layers == self._layers]
        most = max(max(split_evenly(point.embedding_size, len(chunks))) for point in points)
        likeness = self._autoencoder.likeness
        scores, seconds = self._once(
            "pca",
            lambda: pca_embeddings(self._features, chunks, self._training, most, [likeness], self._settings.seed),
        )
        indices = np.concatenate([most * number + np.arange(size) for number, size in enumerate(sizes)])
        widths = [chunk.stop - chunk.start for chunk in chunks]
        stored = sum(4 * (size + 1) * width for width, size in zip(widths, sizes, strict=True))
        return Points.plain(scores[likeness][:, indices]), stored, seconds

    def _by_autoencoder(self, chunks: list[Chunk], sizes: list[int]) -> tuple[Points, int, float]:
        """The linear autoencoders, joined; the last value of an embedding is the length of the residual."""
        values = sum(sizes)
        (points, rotation, stored), fitting = self._once("linear", lambda: self._fit_linear(chunks))
        start = time.perf_counter()
        embedding = rotation.leading(values - 1).project(points.coordinates, points.rests)
        stored += 4 * min(values, rotation.directions.shape[1]) * len(rotation.mean)
        return embedding, stored, fitting + time.perf_counter() - start

    def _fit_linear(self, chunks: list[Chunk]) -> tuple[Points, Rotation, int]:
        """The codes of all chunks as points, their directions, and the bytes of the encoders."""
        projections, pieces = zip(*fit_chunks(self._features, chunks, self._training, self._autoencoder), strict=True)
        rests = np.sum([points.rests for points in pieces], axis=0)
        points = Points(np.concatenate([points.coordinates for points in pieces], axis=1), rests)
        stored = sum(4 * projection.basis.size for projection in projections)
        return points, Rotation.fit(points.coordinates[self._training]), stored


def split_evenly(values: int, pieces: int) -> list[int]:
    """Distribute values over pieces as equally as possible.

    Raises:
        ValueError: If there are fewer values than pieces.
    """
    if values < pieces:
        raise ValueError(f"{pieces} pieces cannot be reduced to {values} values")
    return [values // pieces + (piece < values % pieces) for piece in range(pieces)]
