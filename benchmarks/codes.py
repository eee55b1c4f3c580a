"""What codes keep of composition and style, by the bytes of a painting: the table of docs/findings.md.

    python -m benchmarks.codes [--params a.b=1,...] [--components 512]

Works on what `kedro run --pipelines ingestion,feature_extraction` has stored; give the parameters of the run, as to
Kedro. Queries are the paintings that training never sees. They are known in full, unless a row says otherwise. Where
`autoencoding` has stored embeddings, these have rows, too. Prints a Markdown table for each likeness.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

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

PROJECT = Path(__file__).resolve().parents[1]
SIZES = (160, 320, 640, 1280)
_LENGTH = 4
K, SHORTLIST = 10, 50

Row = tuple[str, int, Callable[[], Callable[[], FloatArray]]]
"""A name, bytes of a code, and a function that makes all codes and returns one that finds all squared distances."""


def main() -> None:
    """Measure and print all rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", default="")
    parser.add_argument("--components", type=int, default=512, help="of a chunk, that the linear codes see")
    parser.add_argument("--likeness", nargs="*", default=["composition", "style"])
    given = parser.parse_args()
    collection = Collection(catalog_of(PROJECT, given.params))
    for likeness in given.likeness:
        print(
            f"\n{likeness}\n\n| code | bytes | recall@10 | re-ranked | Spearman | make, s | search, ms |\n"
            + "|---" * 7
            + "|"
        )
        parts = collection.chunks_of(likeness, given.components)
        reference = collection.reference(likeness, parts)
        for name, size, make in collection.rows(likeness, parts):
            print(measured(reference, name, size, make), flush=True)


def measured(reference: Reference, name: str, size: int, make: Callable[[], Callable[[], FloatArray]]) -> str:
    """One row of the table."""
    start = time.perf_counter()
    search = make()
    made = time.perf_counter() - start
    start = time.perf_counter()
    found = search()
    searched = (time.perf_counter() - start) / len(reference.queries)
    kept = reference.kept(found, SHORTLIST)
    figures = f"{kept['recall']:.3f} | {kept['reranked']:.3f} | {kept['spearman']:.3f}"
    return f"| {name} | {size:,} | {figures} | {made:.1f} | {1000 * searched:.2f} |"


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

    def rows(self, likeness: str, parts: list[tuple[FloatArray, FloatArray]]) -> Iterator[Row]:
        """All codes of one likeness."""
        together, rests = np.concatenate([rows for rows, _ in parts], axis=1), sum(rests for _, rests in parts)
        queries, training = self._queries, self._training
        chunked = [Rotation.fit(rows, training) for rows, _ in parts]
        projected = [rotation.project(*part) for rotation, part in zip(chunked, parts, strict=True)]

        def leading(values: int) -> Points:
            kept = [points.values[:, : values // len(parts)] for points in projected]
            left = [p.rests + np.square(p.values[:, values // len(parts) :]).sum(axis=1) for p in projected]
            return Points(np.concatenate(kept, axis=1), np.sum(left, axis=0))

        def among(points: Points, full: Points | None = None) -> Callable[[], FloatArray]:
            asked = full or points
            some = Points(asked.values[queries], asked.rests[queries])
            return lambda: some.squares_to(points)

        def plain(values: FloatArray) -> Callable[[], FloatArray]:
            return among(Points(values, np.zeros(len(values), np.float32)))

        yield "the same ten for everybody", 0, lambda: self._constant(likeness, parts)
        yield "PCA, 64 values a chunk, float32", 1280, lambda: plain(leading(320).values)
        yield "the same and the rest's length", 1284, lambda: among(leading(320))
        for bits in (4, 6, 8):
            for size in SIZES:
                values = (size - _LENGTH) * 8 // bits // len(parts) * len(parts)
                if values // len(parts) <= min(points.values.shape[1] for points in projected):
                    name = f"PCA, {values // len(parts)} values a chunk at {bits} bits, and the rest's length"
                    yield (
                        name,
                        size,
                        lambda values=values, bits=bits: among(
                            quantised(leading(values), training, bits), leading(values)
                        ),
                    )
        yield "random projection, float32", 1280, lambda: plain(projection(together, 320))
        rotation = Rotation.fit(together, training)
        whole = rotation.project(together, np.asarray(rests))
        yield "joint PCA, 320 values, float32", 1280, lambda: plain(whole.values[:, :320])
        left = whole.rests + np.square(whole.values[:, 319:]).sum(axis=1)
        yield "joint PCA, 319 values and the rest's length", 1280, lambda: among(Points(whole.values[:, :319], left))
        for size in SIZES:
            yield f"ours, {size} bytes", size, lambda size=size: coded(rotation, whole, size, among)
            yield "   query in bytes, too", size, lambda size=size: coded(rotation, whole, size, among, in_full=False)
        yield from self._product(whole, among)
        if likeness == "composition":
            yield from self._one_bit()
        yield from self._embedding(likeness, plain)

    def _constant(self, likeness: str, parts: list[tuple[FloatArray, FloatArray]]) -> Callable[[], FloatArray]:
        nearest = self.reference(likeness, parts).nearest
        often = np.bincount(nearest.ravel(), minlength=len(parts[0][0]))
        return lambda: np.broadcast_to(-often, (len(self._queries), len(often)))

    def _product(self, whole: Points, among: Any) -> Iterator[Row]:
        try:
            import faiss
        except ImportError:
            return
        for size in SIZES:
            # Faiss cuts the columns into as many pieces as a code has bytes.
            width = max(size, 640)

            def make(size: int = size, width: int = width) -> Callable[[], FloatArray]:
                rows = np.ascontiguousarray(whole.values[:, :width])
                quantiser = faiss.ProductQuantizer(rows.shape[1], size, 8)
                # 3,513 paintings are few for 256 centroids, which Faiss would say once a byte.
                quantiser.cp.min_points_per_centroid = 1
                quantiser.train(rows[self._training])
                decoded = quantiser.decode(quantiser.compute_codes(rows))
                tail = whole.rests + np.square(whole.values[:, width:]).sum(axis=1)
                search: Callable[[], FloatArray] = among(
                    Points(decoded, tail + np.square(rows - decoded).sum(axis=1)), Points(rows, tail)
                )
                return search

            if width <= whole.values.shape[1]:
                yield f"product quantisation (Faiss) of {width} components, and the rest's length", size + _LENGTH, make

    def _one_bit(self) -> Iterator[Row]:
        pieces = columns(self._features, self._settings.likeness, 2**30)
        n = pieces[0].shape[0]

        def blocks() -> Iterator[FloatArray]:
            for start in range(0, n, 256):
                yield np.concatenate([piece[slice(start, start + 256)] for piece in pieces], axis=1)

        for bits in (10208, 2496):
            rotated: list[FloatArray] = []
            lengths: list[FloatArray] = []

            def make(bits: int = bits, in_bits: bool = False, rotated: Any = rotated, lengths: Any = lengths) -> Any:
                if not rotated:
                    mean = sum(block.sum(axis=0) for block in blocks()) / n
                    code = OneBit.draw(np.asarray(mean), bits, 0)
                    for block in blocks():
                        lengths.append(np.linalg.norm(block - mean, axis=1))
                        rotated.append(code.rotate(block))
                known = np.concatenate(rotated), np.concatenate(lengths)
                return lambda: np.concatenate([far for _, far in squares(*known, self._queries, in_bits)])

            yield f"one bit of {bits:,} coordinates (RaBitQ)", bits // 8 + 8, make
            yield "   query in bits, too", bits // 8 + 8, lambda make=make: make(in_bits=True)

    def _embedding(self, likeness: str, plain: Any) -> Iterator[Row]:
        name = f"{likeness}_embeddings"
        if likeness not in {"composition", "style"} or not self._catalog.exists(name):
            return
        values = self._catalog.load(name)
        yield "trained embedding, float32", 4 * values.shape[1], lambda: plain(values)
        for bits in (8, 4):
            kept = quantised(Points(values, np.zeros(len(values), np.float32)), self._training, bits)
            yield f"trained embedding, int{bits}", values.shape[1] * bits // 8, lambda kept=kept: plain(kept.values)


def coded(rotation: Rotation, whole: Points, size: int, among: Any, in_full: bool = True) -> Callable[[], FloatArray]:
    """Encode and decode, as anybody would who keeps the bytes only."""
    code = LinearCode.fit(rotation, whole, size)
    decoded = code.decode(code.encode(whole))
    search: Callable[[], FloatArray] = among(decoded, whole if in_full else None)
    return search


def quantised(points: Points, training: IntArray, bits: int) -> Points:
    """Every value at the one of 2^bits levels that is nearest, which suit a Gaussian variable of its deviation."""
    mean, spread = points.values[training].mean(axis=0), points.values[training].std(axis=0)
    spread[spread == 0] = 1
    levels = gaussian_levels(bits)
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, (points.values - mean) / spread)
    return Points((levels[nearest] * spread + mean).astype(np.float32), points.rests)


def projection(rows: FloatArray, values: int) -> FloatArray:
    """A random projection that keeps distances on average (Johnson & Lindenstrauss 1984)."""
    matrix = np.random.default_rng(0).standard_normal((rows.shape[1], values), dtype=np.float32)
    return np.asarray(rows @ matrix / np.float32(np.sqrt(values)))


if __name__ == "__main__":
    main()
