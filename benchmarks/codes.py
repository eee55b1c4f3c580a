"""What codes keep of composition and style, by the bytes of a painting: the table of docs/findings.md.

    python -m benchmarks.codes [--params a.b=1,...] [--likeness composition|style|euclidean] [--figure codes.png]

Works on what `kedro run --pipelines ingestion,feature_extraction` has stored; give the parameters of the run, as to
Kedro. Queries are the paintings that training never sees. They are known in full, unless a row says otherwise. Where
`autoencoding` has stored embeddings, these have rows, too. Prints a Markdown table.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.ablation import catalog_of
from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.autoencoders.compression import compress_chunk
from grisaille.codes.linear import LinearCode, Points, Rotation, gaussian_levels
from grisaille.codes.one_bit import OneBit, squares
from grisaille.collection.split import HELD_OUT
from grisaille.likenesses.metrics import MetricRows, columns, layer_norms
from grisaille.likenesses.style import describe_chunks
from grisaille.measures.codes import Reference
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Chunk, named
from grisaille.plots.codes import (
    EVEN,
    JOINT,
    LENGTHS,
    ONE_BIT,
    PLAIN,
    PRODUCT,
    PROJECTION,
    SPENT,
    TRAINED,
    TRAINED_BITS,
    code_curves,
)

PROJECT = Path(__file__).resolve().parents[1]
SIZES = (160, 320, 640, 1280)
VALUES = (40, 80, 160, 320, 640)
_LENGTH = 4
K, SHORTLIST = 10, 50

Search = Callable[[], FloatArray]
"""Finds the squared distances of all queries to all paintings."""


@dataclass(frozen=True)
class Row:
    """A code.

    Attributes:
        family: As the figure calls it (`plots.codes`), where that shows it.
        name: As the table calls it.
        size: Bytes of a painting.
        numbers: How many these bytes hold, the length of the rest included.
        make: Makes all codes.
    """

    family: str
    name: str
    size: int
    numbers: int
    make: Callable[[], Search]


def main() -> None:
    """Measure and print all rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", default="")
    parser.add_argument("--components", type=int, default=512, help="of a chunk, that the linear codes see")
    parser.add_argument("--likeness", default="composition", help="composition, style, or a metric of composition")
    parser.add_argument("--figure", type=Path, help="where to draw recall over bytes and over values")
    given = parser.parse_args()
    collection = Collection(catalog_of(PROJECT, given.params))
    parts = collection.chunks_of(given.likeness, given.components)
    reference = collection.reference(given.likeness, parts)
    table = []
    print("| code | bytes | recall@10 | re-ranked | Spearman | make, s | search, ms |\n" + "|---" * 7 + "|")
    for row in collection.rows(given.likeness, parts, reference):
        found = measured(reference, row)
        table.append(found | {"family": row.family, "bytes": row.size, "values": row.numbers})
        figures = " | ".join(f"{found[name]:.3f}" for name in ("recall", "reranked", "spearman"))
        print(f"| {row.name} | {row.size:,} | {figures} | {found['made']:.1f} | {found['searched']:.2f} |", flush=True)
    if given.figure:
        title = f"{given.likeness.capitalize()}: how many of the ten nearest are kept of paintings never seen"
        code_curves(pd.DataFrame(table), title).savefig(given.figure, dpi=110, metadata={"Software": None})


def measured(reference: Reference, row: Row) -> dict[str, float]:
    """What a code keeps, the seconds that all codes take, and the milliseconds of a query."""
    start = time.perf_counter()
    search = row.make()
    made = time.perf_counter() - start
    start = time.perf_counter()
    found = search()
    searched = 1000 * (time.perf_counter() - start) / len(reference.queries)
    return reference.kept(found, SHORTLIST) | {"made": made, "searched": searched}


class Collection:
    """What a run has stored."""

    def __init__(self, catalog: Any) -> None:
        """Load it."""
        self._catalog, self._features = catalog, catalog.load("features")
        self._chunks = list(named(catalog.load("params:chunks"), Chunk).values())
        self._settings, self._style = catalog.load("params:autoencoder"), catalog.load("params:style")
        split = catalog.load("paintings")["split"].to_numpy(dtype=str)
        self._training, self._queries = np.flatnonzero(split != HELD_OUT), np.flatnonzero(split == HELD_OUT)
        self._norms = {layer: layer_norms(self._features[layer], "hellinger") for layer in self._features}

    def chunks_of(self, likeness: str, components: int) -> list[tuple[FloatArray, FloatArray]]:
        """Rows of every chunk, shape (n, d), and the squared lengths of what these leave out, shape (n,)."""
        if likeness == "style":
            norms = np.stack(list(self._norms.values()), axis=1)
            described = describe_chunks(self._features, norms, self._chunks, self._style.channels)
            return [(rows, np.zeros(len(rows), np.float32)) for rows in described]
        metric = self._settings.likeness if likeness == "composition" else likeness
        parts = []
        for chunk in self._chunks:
            norms = self._norms[chunk.layer] if metric == "hellinger" else np.ones_like(self._norms[chunk.layer])
            rows = MetricRows(ColumnRange(self._features[chunk.layer], chunk.start, chunk.stop), metric, norms)
            _, compressed = compress_chunk(
                rows, self._training, components, self._settings.seed, self._settings.channels
            )
            parts.append((compressed[:, :-1], np.square(compressed[:, -1])))
        return parts

    def reference(self, likeness: str, parts: list[tuple[FloatArray, FloatArray]]) -> Reference:
        """The neighbours in the full features."""
        if likeness == "style":
            return Reference.measure(
                embedding_space(np.concatenate([rows for rows, _ in parts], axis=1)), self._queries, K
            )
        metric = self._settings.likeness if likeness == "composition" else likeness
        return Reference.measure(feature_space(self._features, metric), self._queries, K)

    def rows(self, likeness: str, parts: list[tuple[FloatArray, FloatArray]], reference: Reference) -> Iterator[Row]:
        """All codes of one likeness."""
        training = self._training
        together, rests = np.concatenate([rows for rows, _ in parts], axis=1), sum(rests for _, rests in parts)
        chunked = [Rotation.fit(rows, training) for rows, _ in parts]
        projected = [rotation.project(*part) for rotation, part in zip(chunked, parts, strict=True)]
        rotation = Rotation.fit(together, training)
        whole = rotation.project(together, np.asarray(rests))

        def leading(values: int) -> Points:
            cut = [first(points, values // len(parts)) for points in projected]
            rests = np.sum([points.rests for points in cut], axis=0)
            return Points(np.concatenate([points.coordinates for points in cut], axis=1), rests)

        often = np.bincount(reference.nearest.ravel(), minlength=len(together))
        yield Row("", "the same ten for everybody", 0, 0, lambda: lambda: np.tile(-often, (len(self._queries), 1)))
        for values in VALUES:
            size, some, all_chunks = 4 * values, leading(values), first(whole, values - 1)
            # One value of each chunk gives way to the lengths.
            fewer = leading(values - len(parts))
            yield Row(PLAIN, f"PCA of each chunk, {values}", size, values, lambda some=some: self._by(without(some)))
            yield Row(
                LENGTHS, f"PCA of each chunk, {values - len(parts)}, and the length", size, values,
                lambda fewer=fewer: self._by(fewer),
            )  # fmt: skip
            yield Row(
                JOINT, f"PCA of all chunks, {values - 1}, and the length", size, values,
                lambda all_chunks=all_chunks: self._by(all_chunks),
            )  # fmt: skip
            yield Row(
                PROJECTION, f"random projection of the components, {values}", size, values,
                lambda values=values: self._by(projection(together, values)),
            )  # fmt: skip
        for size, bits in itertools.product(SIZES, (4, 6, 8)):
            values = (size - _LENGTH) * 8 // bits // len(parts)
            if values <= min(points.coordinates.shape[1] for points in projected):
                some = leading(values * len(parts))
                yield Row(
                    EVEN, f"PCA of each chunk, {values} at {bits} bits", size, values * len(parts) + 1,
                    lambda some=some, bits=bits: self._by(quantised(some, training, bits), some),
                )  # fmt: skip
        for size in SIZES:
            yield Row(
                SPENT, f"PCA of all chunks, {size} bytes", size, 0, lambda size=size: self._coded(rotation, whole, size)
            )
            yield Row(
                "",
                "   query in bytes, too",
                size,
                0,
                lambda size=size: self._coded(rotation, whole, size, in_full=False),
            )
        yield from self._product(whole)
        if likeness != "style":
            yield from self._one_bit("hellinger" if likeness == "composition" else likeness)
        yield from self._embedding(likeness)

    def _by(self, stored: Points, full: Points | None = None) -> Search:
        """Search for queries that are known in full, or as they are stored."""
        asked = full or stored
        some = Points(asked.coordinates[self._queries], asked.rests[self._queries])
        return lambda: some.squares_to(stored)

    def _coded(self, rotation: Rotation, whole: Points, size: int, in_full: bool = True) -> Search:
        """Encode and decode, as anybody would who keeps the bytes only."""
        code = LinearCode.fit(rotation, whole, size)
        decoded = code.decode(code.encode(whole))
        return self._by(decoded, whole if in_full else None)

    def _product(self, whole: Points) -> Iterator[Row]:
        try:
            import faiss
        except ImportError:
            return
        for size in SIZES:
            # Faiss cuts the columns into as many pieces as a code has bytes.
            width = max(size, 640)

            def make(size: int = size, width: int = width) -> Search:
                some = first(whole, width)
                rows = np.ascontiguousarray(some.coordinates)
                quantiser = faiss.ProductQuantizer(width, size, 8)
                # 3,513 paintings are few for 256 centroids, which Faiss would say once a byte.
                quantiser.cp.min_points_per_centroid = 1
                quantiser.train(rows[self._training])
                decoded = quantiser.decode(quantiser.compute_codes(rows))
                return self._by(Points(decoded, some.rests + np.square(rows - decoded).sum(axis=1)), some)

            if width <= whole.coordinates.shape[1]:
                yield Row(PRODUCT, f"product quantisation of {width} components", size + _LENGTH, 0, make)

    def _one_bit(self, metric: str) -> Iterator[Row]:
        pieces = columns(self._features, metric, 2**30)  # type: ignore[arg-type]
        n = pieces[0].shape[0]

        def blocks() -> Iterator[FloatArray]:
            for start in range(0, n, 256):
                yield np.concatenate([piece[slice(start, start + 256)] for piece in pieces], axis=1)

        for bits in (2496, 10208):
            known: list[FloatArray] = []

            def make(bits: int = bits, in_bits: bool = False, known: list[FloatArray] = known) -> Search:
                if not known:
                    mean = np.asarray(sum(block.sum(axis=0) for block in blocks()) / n)
                    code = OneBit.draw(mean, bits, 0)
                    rotated = [(code.rotate(block), np.linalg.norm(block - mean, axis=1)) for block in blocks()]
                    known += [np.concatenate(part) for part in zip(*rotated, strict=True)]
                return lambda: np.concatenate([far for _, far in squares(*known, self._queries, in_bits)])

            size = bits // 8 + 8
            yield Row(ONE_BIT, f"one bit of {bits:,} coordinates (RaBitQ)", size, 0, make)
            yield Row("", "   query in bits, too", size, 0, lambda make=make: make(in_bits=True))

    def _embedding(self, likeness: str) -> Iterator[Row]:
        name = f"{likeness}_embeddings"
        if likeness not in {"composition", "style"} or not self._catalog.exists(name):
            return
        embeddings = self._catalog.load(name)
        many = embeddings.shape[1]
        stored = Points(embeddings, np.zeros(len(embeddings), np.float32))
        yield Row(TRAINED, "trained embedding, float32", 4 * many, many, lambda: self._by(stored))
        for bits in (4, 8):
            coarse = quantised(stored, self._training, bits)
            yield Row(
                TRAINED_BITS,
                f"trained embedding at {bits} bits",
                many * bits // 8,
                0,
                lambda coarse=coarse: self._by(coarse),
            )


def first(points: Points, values: int) -> Points:
    """The first values alone; the others count as rest."""
    rests = points.rests + np.square(points.coordinates[:, values:]).sum(axis=1)
    return Points(points.coordinates[:, :values], rests)


def without(points: Points) -> Points:
    """The values alone."""
    return Points(points.coordinates, np.zeros(len(points.coordinates), np.float32))


def quantised(points: Points, training: IntArray, bits: int) -> Points:
    """Every value at the one of 2^bits levels that is nearest, which suit a Gaussian variable of its deviation."""
    mean, spread = points.coordinates[training].mean(axis=0), points.coordinates[training].std(axis=0)
    spread[spread == 0] = 1
    levels = gaussian_levels(bits)
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, (points.coordinates - mean) / spread)
    return Points((levels[nearest] * spread + mean).astype(np.float32), points.rests)


def projection(rows: FloatArray, values: int) -> Points:
    """A random projection that keeps distances on average (Johnson & Lindenstrauss 1984)."""
    matrix = np.random.default_rng(0).standard_normal((rows.shape[1], values), dtype=np.float32)
    return without(Points(rows @ matrix / np.float32(np.sqrt(values)), np.zeros(len(rows))))


if __name__ == "__main__":
    main()
