"""Joins the codes of chunks to one embedding, and compresses them to a few bytes."""

from collections.abc import Mapping, Sequence

import numpy as np

from grisaille.arrays import ByteArray, FloatArray, IntArray
from grisaille.codes.linear import LinearCode, Rotation
from grisaille.parameters import Architecture
from grisaille.points import PointRows, Points

_BLOCK = 1024
# Paintings that directions are fitted on; more change them little.
_SAMPLE = 10_000


class CompositionPoints:
    """The codes of all chunks, side by side, which may be mapped from files.

    For `euclidean` the norms are 1. For `hellinger` the encoders are homogeneous, so dividing the codes by the norms
    equals dividing the features. The squared distances of the chunks then sum to those of the whole.
    """

    def __init__(self, codes: Sequence[FloatArray], norms: Sequence[FloatArray], architecture: Architecture) -> None:
        """Take the codes.

        Args:
            codes: One array a chunk, shape (n, k), as `training.encode` returns it.
            norms: Norms of each chunk's whole layer (`likenesses.metrics.layer_norms`), shape (n,), one array a chunk.
            architecture: For `linear`, the last value of a code is the length of the residual.

        Raises:
            ValueError: If the arrays belong to different collections.
        """
        sizes = {len(rows) for rows in (*codes, *norms)}
        if len(sizes) != 1:
            raise ValueError(
                f"the chunks' codes and the features belong to different collections ({sorted(sizes)} paintings): "
                "run `kedro run --pipelines autoencoding` for all chunks"
            )
        self._codes, self._norms, self._architecture = codes, norms, architecture

    def __len__(self) -> int:
        """Number of paintings."""
        return len(self._codes[0])

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """The points of some paintings."""
        known = zip(self._codes, self._norms, strict=True)
        pieces = [chunk_points(codes[rows], norms[rows], self._architecture) for codes, norms in known]
        rests = np.stack([points.rests for points in pieces]).sum(axis=0)
        return Points(np.concatenate([points.coordinates for points in pieces], axis=1), rests)


def chunk_points(codes: FloatArray, norms: FloatArray, architecture: Architecture) -> Points:
    """The codes of one chunk, shape (n, k), divided by the norms of its layer, shape (n,)."""
    divided = codes / norms[:, None]
    return Points.of("composition", divided) if architecture == "linear" else Points.plain(divided)


def embed_composition(points: PointRows, code: LinearCode, values: int, architecture: Architecture) -> FloatArray:
    """Compute embeddings from the codes of all chunks.

    Args:
        points: `CompositionPoints`.
        code: The code fitted on the collection.
        values: Values of an embedding for `linear`.
        architecture: `linear` takes the first directions of the code; the other architectures keep their codes, which
            were trained to be short.

    Returns:
        As `Points.of("composition", ...)` takes them, float32, shape (n, values); for other architectures (n, sum of
        code sizes + 1).
    """
    if architecture != "linear":
        return points[:].as_rows()
    embeddings = np.zeros((len(points), values), np.float32)
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        rows = code.rotation.project(block.coordinates, block.rests).leading(values - 1).as_rows()
        embeddings[start : start + _BLOCK, : rows.shape[1] - 1] = rows[:, :-1]
        embeddings[start : start + _BLOCK, -1] = rows[:, -1]
    return embeddings


def fit_composition_code(points: PointRows, training: IntArray, size: int, values: int, seed: int) -> LinearCode:
    """Fit the code of composition.

    Args:
        points: `CompositionPoints`.
        training: Rows to fit on, shape (m,); a seeded sample if there are more than 10,000.
        size: Bytes of a code.
        values: Number of directions that embeddings need; these are kept even without bits.
        seed: Seed of the sample.
    """
    known = points[_sampled(training, seed)]
    rotation = Rotation.fit(known.coordinates)
    return _fit(rotation, known, size, values)


def fit_style_code(pieces: Sequence[FloatArray], training: IntArray, size: int, seed: int) -> LinearCode:
    """Fit the code of style.

    Args:
        pieces: Channel statistics of every chunk, shape (n, d) each.
        training: See `fit_composition_code`.
        size: See `fit_composition_code`.
        seed: See `fit_composition_code`.
    """
    sample = _sampled(training, seed)
    known = [rows[sample] for rows in pieces]
    rotation = Rotation.fit_pieces(known)
    together = np.concatenate(known, axis=1)
    return _fit(rotation, Points.plain(together), size, 0)


def _fit(rotation: Rotation, known: Points, size: int, values: int) -> LinearCode:
    code = LinearCode.fit(rotation, rotation.project(known.coordinates, known.rests), size)
    number = max(int(np.count_nonzero(code.bits)), values)
    return LinearCode(rotation.leading(number), code.bits[:number], code.longest)


def encode_points(code: LinearCode, points: PointRows) -> ByteArray:
    """The bytes of some paintings, a block at a time: uint8, shape (n, size)."""
    parts = []
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        parts.append(code.encode(code.rotation.project(block.coordinates, block.rests)))
    return np.concatenate(parts)


def stored(code: LinearCode, codes: ByteArray) -> Mapping[str, FloatArray | ByteArray]:
    """The arrays that other programs need to read codes, by file name."""
    return {"codes": codes, **code.arrays()}


def _sampled(training: IntArray, seed: int) -> IntArray:
    if len(training) <= _SAMPLE:
        return training
    return np.sort(np.random.default_rng(seed).permutation(training)[:_SAMPLE])
