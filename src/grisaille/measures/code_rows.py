"""The codes of this project and their alternatives: what each preserves of a likeness, by bytes a painting."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.codes.linear import LinearCode, Rotation, gaussian_levels
from grisaille.codes.one_bit import OneBit, squares
from grisaille.measures.codes import Reference
from grisaille.points import Points

SIZES = (160, 320, 640, 1280)
VALUES = (40, 80, 160, 320, 640)
BITS = (4, 6, 8)
# Numbers of coordinates with one bit each; with two float32 numbers they take 320 and 1,284 bytes.
ONE_BITS = (2496, 10208)
SHORTLIST = 50
# Bytes of a float32, and of the length of the residual in codes of a few bits a component.
_FLOAT, _LENGTH = 4, 2
# Rows of the full features rotated at a time: 64 MB of VGG16's in float32.
_BLOCK = 128
# Minimum number of components for product quantisation: Faiss splits them into one piece a byte.
_WIDTH = 640
_CENTROIDS = 256

# Families of codes, as named in the figure.
PLAIN, LENGTHS = "PCA of each chunk", "PCA of each chunk, and the length of the rest"
JOINT = "PCA of all chunks, and the length of the rest"
PROJECTION, EMBEDDING = "Random projection", "Embedding"
EVEN, SPENT = "PCA of each chunk, equal bits", "PCA of all chunks, bits where they matter"
PRODUCT, ONE_BIT = "Product quantisation", "One bit a coordinate (RaBitQ)"
EMBEDDING_BITS = "Embedding, quantised"

Search = Callable[[], FloatArray]
"""Returns the squared distances of all queries to all paintings, shape (q, n)."""


@dataclass(frozen=True)
class Row:
    """A code.

    Attributes:
        family: One of the families above; None if the figure does not show it.
        code: Name in the table.
        size: Bytes a painting.
        values: Number of float32 values in these bytes; 0 if they are not float32.
        make: Computes the codes of all paintings.
    """

    family: str | None
    code: str
    size: int
    values: int
    make: Callable[[], Search]


@dataclass(frozen=True)
class Contenders:
    """The inputs of all codes of one likeness.

    Attributes:
        pieces: The chunks, n paintings each: components, or a likeness's descriptions.
        training: Rows to fit on, shape (m,).
        reference: Neighbours and distances in the full features, for queries never seen in training.
        seed: Seed of random numbers.
    """

    pieces: Sequence[Points]
    training: IntArray
    reference: Reference
    seed: int = 0

    def measured(self, row: Row) -> dict[str, Any]:
        """What a code preserves, the seconds to make all codes, and the milliseconds a query."""
        start = time.perf_counter()
        search = row.make()
        made = time.perf_counter() - start
        start = time.perf_counter()
        squares = search()
        searched = 1000 * (time.perf_counter() - start) / len(self.reference.queries)
        about = {"family": row.family, "code": row.code, "bytes": row.size, "values": row.values}
        preserved = self.reference.kept(squares, SHORTLIST)
        return about | preserved | {"make_seconds": round(made, 2), "search_milliseconds": round(searched, 3)}

    def linear(self) -> Iterator[Row]:
        """The same answer for everybody, and components: of each chunk and of all, in float32 and at a few bits."""
        often = np.bincount(self.reference.nearest.ravel(), minlength=len(self._together))
        everybody = np.tile(-often.astype(np.float32), (len(self.reference.queries), 1))
        yield Row(None, "the same ten for everybody", 0, 0, lambda: lambda: everybody)
        many, fewest = len(self.pieces), min(points.coordinates.shape[1] for points in self._chunked)
        for values in (values for values in VALUES if values // many <= fewest):
            kinds: list[tuple[str, str, Callable[[], Points]]] = [
                (PLAIN, f"PCA of each chunk, {values}", partial(self._without_lengths, values)),
                # The lengths replace one value of each chunk.
                (LENGTHS, f"PCA of each chunk, {values - many}, and the length", partial(self._leading, values - many)),
                (JOINT, f"PCA of all chunks, {values - 1}, and the length", partial(self._joint.leading, values - 1)),
                (PROJECTION, f"random projection, {values}", partial(self._projected, values)),
            ]
            # With a single chunk, both kinds are equal.
            for family, code, made in kinds if many > 1 else [kind for kind in kinds if kind[0] != LENGTHS]:
                yield Row(family, code, _FLOAT * values, values, self._by(made))
        for size, bits in itertools.product(SIZES, BITS):
            values = (size - _LENGTH) * 8 // bits // many * many
            if values // many <= fewest:
                full = partial(self._leading, values)
                code = f"PCA of each chunk, {values} at {bits} bits, and the length"
                yield Row(EVEN, code, size, 0, self._by(partial(self._quantised, full, bits), full))
        for size in SIZES:
            decoded = cache(partial(self._coded, size))
            code = f"PCA of all chunks, {size} bytes"
            yield Row(SPENT, code, size, 0, self._by(decoded, lambda: self._joint))
            yield Row(None, f"{code}, query in bytes, too", size, 0, self._by(decoded))

    def embedding(self, points: Points) -> Iterator[Row]:
        """The embedding in float32 and at 4 and 8 bits a value."""
        many, length = points.coordinates.shape[1], bool(points.rests.any())
        yield Row(EMBEDDING, "embedding", _FLOAT * (many + length), many + length, self._by(lambda: points))
        for bits in (4, 8):
            size = -(-many * bits // 8) + _LENGTH * length
            coarse = partial(self._quantised, lambda: points, bits)
            yield Row(EMBEDDING_BITS, f"embedding at {bits} bits", size, 0, self._by(coarse, lambda: points))

    def one_bit(self, columns: Sequence[Rows]) -> Iterator[Row]:
        """Bits of the full features, without training.

        Args:
            columns: The features, split by columns, shape (n, d_1), (n, d_2), ...
        """
        d = sum(piece.shape[1] for piece in columns)
        sizes, known = [bits for bits in ONE_BITS if bits <= d], list[FloatArray]()
        for bits in sizes:

            def make(bits: int = bits, in_bits: bool = False) -> Search:
                if not known:
                    known.extend(self._bits(columns, max(sizes)))
                rotated, lengths = known
                return lambda: squares(rotated[:, :bits], lengths, self.reference.queries, in_bits)

            size, code = bits // 8 + 2 * _FLOAT, f"one bit of {bits:,} coordinates (RaBitQ)"
            yield Row(ONE_BIT, code, size, 0, make)
            yield Row(None, f"{code}, query in bits, too", size, 0, lambda make=make: make(in_bits=True))  # type: ignore[misc]

    def product(self) -> Iterator[Row]:
        """Product quantisation, which takes over a minute; 256 centroids need at least as many training paintings.

        Source: Jégou, Douze & Schmid 2011, "Product quantization for nearest neighbor search", as built by Faiss.
        """
        import faiss

        for size in SIZES if len(self.training) >= _CENTROIDS else ():
            width = max(size, _WIDTH)

            def make(size: int = size, width: int = width) -> Search:
                some = self._joint.leading(width)
                rows = np.ascontiguousarray(some.coordinates)
                quantiser: Any = faiss.ProductQuantizer(width, size, 8)
                # Faiss would warn once a byte that some thousand paintings are few for 256 centroids.
                quantiser.cp.min_points_per_centroid, quantiser.cp.seed = 1, self.seed
                quantiser.train(rows[self.training])
                decoded = quantiser.decode(quantiser.compute_codes(rows))
                left = some.rests + np.square(rows - decoded).sum(axis=1)
                return self._by(lambda: Points(decoded, left), lambda: some)()

            if width <= self._joint.coordinates.shape[1]:
                yield Row(PRODUCT, f"product quantisation of {width} components", size + _FLOAT, 0, make)

    def _by(self, made: Callable[[], Points], full: Callable[[], Points] | None = None) -> Callable[[], Search]:
        """Make codes, and search with queries in full, or as stored."""

        def make() -> Search:
            stored = made()
            some = (full() if full else stored)[self.reference.queries]
            return lambda: some.squares_to(stored)

        return make

    def _coded(self, size: int) -> Points:
        """Encode and decode, which shows the loss of the stored bytes."""
        code = LinearCode.fit(self._rotation, self._joint[self.training], size)
        return code.decode(code.encode(self._joint))

    def _leading(self, values: int) -> Points:
        """The first components of each chunk, side by side."""
        cut = [points.leading(values // len(self.pieces)) for points in self._chunked]
        rests = np.sum([points.rests for points in cut], axis=0)
        return Points(np.concatenate([points.coordinates for points in cut], axis=1), rests)

    def _without_lengths(self, values: int) -> Points:
        return Points.plain(self._leading(values).coordinates)

    def _projected(self, values: int) -> Points:
        """A random projection that preserves distances on average (Johnson & Lindenstrauss 1984)."""
        matrix = np.random.default_rng(self.seed).standard_normal((self._together.shape[1], values), dtype=np.float32)
        return Points.plain(self._together @ matrix / np.float32(np.sqrt(values)))

    def _quantised(self, full: Callable[[], Points], bits: int) -> Points:
        """Round every value to the nearest of 2^bits levels, optimal for a Gaussian variable of its deviation."""
        points = full()
        known = points.coordinates[self.training]
        mean, spread = known.mean(axis=0), known.std(axis=0)
        spread[spread == 0] = 1
        levels = gaussian_levels(bits)
        nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, (points.coordinates - mean) / spread)
        return Points((levels[nearest] * spread + mean).astype(np.float32), points.rests)

    def _bits(self, columns: Sequence[Rows], bits: int) -> list[FloatArray]:
        """Rotated coordinates and lengths of all paintings."""
        n = columns[0].shape[0]

        def blocks() -> Iterator[FloatArray]:
            for start in range(0, n, _BLOCK):
                yield np.concatenate([piece[slice(start, start + _BLOCK)] for piece in columns], axis=1)

        mean = np.asarray(sum(block.sum(axis=0) for block in blocks()) / n)
        code = OneBit.draw(mean, bits, self.seed)
        rotated, lengths = np.empty((n, bits), np.float32), np.empty(n, np.float32)
        for i, block in enumerate(blocks()):
            rows = slice(i * _BLOCK, i * _BLOCK + len(block))
            rotated[rows], lengths[rows] = code.rotate(block), np.linalg.norm(block - mean, axis=1)
        return [rotated, lengths]

    @cached_property
    def _together(self) -> FloatArray:
        return np.concatenate([points.coordinates for points in self.pieces], axis=1)

    @cached_property
    def _own(self) -> list[Rotation]:
        return [Rotation.fit(points.coordinates[self.training]) for points in self.pieces]

    @cached_property
    def _chunked(self) -> list[Points]:
        """Every chunk on its own components."""
        known = zip(self._own, self.pieces, strict=True)
        return [rotation.project(points.coordinates, points.rests) for rotation, points in known]

    @cached_property
    def _rotation(self) -> Rotation:
        return Rotation.fit_pieces([points.coordinates[self.training] for points in self.pieces])

    @cached_property
    def _joint(self) -> Points:
        """All chunks on their common components."""
        rests = np.sum([points.rests for points in self.pieces], axis=0)
        return self._rotation.project(self._together, rests)
