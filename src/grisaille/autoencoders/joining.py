"""Codes side by side: what makes the chunks' codes one embedding, and a few bytes."""

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

    For `euclidean` the norms are 1. For `hellinger` the encoders scale with their input, so dividing afterwards is the
    same as dividing the features; the squared distances of the chunks then add up to those of the whole.
    """

    def __init__(self, codes: Sequence[FloatArray], norms: Sequence[FloatArray], architecture: Architecture) -> None:
        """Take the codes.

        Args:
            codes: As `training.encode` gives them, shape (n, k), one array a chunk.
            norms: Norms of each chunk's whole layer (`likenesses.metrics.layer_norms`), shape (n,), one array a chunk.
            architecture: The last value of a code of `linear` is a length.

        Raises:
            ValueError: If the arrays are of different collections.
        """
        sizes = {len(rows) for rows in (*codes, *norms)}
        if len(sizes) != 1:
            raise ValueError(
                f"the chunks' codes and the features are of different collections ({sorted(sizes)} paintings): "
                "run `kedro run --pipelines autoencoding` for all chunks"
            )
        self._codes, self._norms, self._architecture = codes, norms, architecture

    def __len__(self) -> int:
        """How many paintings."""
        return len(self._codes[0])

    def __getitem__(self, rows: IntArray | slice) -> Points:
        """Some of them."""
        known = zip(self._codes, self._norms, strict=True)
        pieces = [chunk_points(codes[rows], norms[rows], self._architecture) for codes, norms in known]
        rests = np.stack([points.rests for points in pieces]).sum(axis=0)
        return Points(np.concatenate([points.coordinates for points in pieces], axis=1), rests)


def chunk_points(codes: FloatArray, norms: FloatArray, architecture: Architecture) -> Points:
    """The codes of one chunk, shape (n, k), divided by the norms of its layer, shape (n,)."""
    divided = codes / norms[:, None]
    return Points.of("composition", divided) if architecture == "linear" else Points.plain(divided)


def embed_composition(points: PointRows, code: LinearCode, values: int, architecture: Architecture) -> FloatArray:
    """Make embeddings of the codes of all chunks.

    Args:
        points: `CompositionPoints`.
        code: As fitted on those of the collection.
        values: Of an embedding of `linear`.
        architecture: `linear` takes the first directions of the code; the others have codes that were trained to be
            short, which stay as they are.

    Returns:
        As `Points.of("composition", ...)` takes them, float32, shape (n, values); of the other architectures (n, sum of
        code sizes + 1).
    """
    if architecture != "linear":
        return points[:].as_rows()
    found = np.zeros((len(points), values), np.float32)
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        rows = code.rotation.project(block.coordinates, block.rests).leading(values - 1).as_rows()
        found[start : start + _BLOCK, : rows.shape[1] - 1] = rows[:, :-1]
        found[start : start + _BLOCK, -1] = rows[:, -1]
    return found


def fit_composition_code(points: PointRows, training: IntArray, size: int, values: int, seed: int) -> LinearCode:
    """Fit the code of composition.

    Args:
        points: `CompositionPoints`.
        training: Rows to fit on, shape (m,); of more than 10,000 a seeded sample.
        size: Bytes.
        values: Directions that embeddings take, which are kept whether they have bits or not.
        seed: Of the sample.
    """
    known = points[_sampled(training, seed)]
    rotation = Rotation.fit(known.coordinates)
    return _fit(rotation, known, size, values)


def fit_style_code(pieces: Sequence[FloatArray], training: IntArray, size: int, seed: int) -> LinearCode:
    """Fit the code of style.

    Args:
        pieces: Channel statistics of every chunk, shape (n, d) each.
        training: As above.
        size: Likewise.
        seed: Likewise.
    """
    chosen = _sampled(training, seed)
    known = [rows[chosen] for rows in pieces]
    rotation = Rotation.fit_pieces(known)
    together = np.concatenate(known, axis=1)
    return _fit(rotation, Points.plain(together), size, 0)


def _fit(rotation: Rotation, known: Points, size: int, values: int) -> LinearCode:
    code = LinearCode.fit(rotation, rotation.project(known.coordinates, known.rests), size)
    kept = max(int(np.count_nonzero(code.bits)), values)
    return LinearCode(rotation.leading(kept), code.bits[:kept], code.longest)


def encode_points(code: LinearCode, points: PointRows) -> ByteArray:
    """The bytes of some paintings, a block at a time: uint8, shape (n, size)."""
    parts = []
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        parts.append(code.encode(code.rotation.project(block.coordinates, block.rests)))
    return np.concatenate(parts)


def stored(code: LinearCode, codes: ByteArray) -> Mapping[str, FloatArray | ByteArray]:
    """What other programs need to read codes, by the names of the files."""
    return {"codes": codes, **code.arrays()}


def _sampled(training: IntArray, seed: int) -> IntArray:
    if len(training) <= _SAMPLE:
        return training
    return np.sort(np.random.default_rng(seed).permutation(training)[:_SAMPLE])
