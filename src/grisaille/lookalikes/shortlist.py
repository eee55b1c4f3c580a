"""Look-alikes by compressed codes: the nearest codes form a shortlist, which is reranked by the full features.

If the features were deleted, their own codes replace them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray, Rows
from grisaille.codes.features import FeatureCodes
from grisaille.codes.linear import LinearCode
from grisaille.codes.maps import FINGERPRINT
from grisaille.features.store import FeatureStore
from grisaille.lookalikes.embedding import Described, Embedder

# Codes decoded at a time: 100 MB of 400 coordinates.
_BLOCK = 65_536


def kept_features(
    features: FeatureStore | None, coded: Mapping[str, FloatArray] | None
) -> Mapping[str, Rows] | FeatureCodes | None:
    """The features of a collection, or their codes if they were deleted.

    Args:
        features: The stored features, as far as they exist.
        coded: The result `feature_codes`, if it exists.

    Returns:
        Layer -> features, shape (n, d), or codes; None if there are neither, or the codes belong to other paintings.
    """
    if features is None or features.kept is None:
        return features
    if coded is None or bytes(coded[FINGERPRINT]).hex() != features.fingerprint:
        return None
    return FeatureCodes(coded, list(features))


@dataclass(frozen=True)
class Shortlist:
    """A collection as codes of one likeness, with its full features.

    Attributes:
        likeness: `composition` or `style`.
        stored: n codes, as `joining.stored` returns them.
        features: Layer -> features, shape (n, d), or their codes (`kept_features`).
        embedder: Describes new pictures.
    """

    likeness: str
    stored: Mapping[str, FloatArray]
    features: Mapping[str, Rows] | FeatureCodes
    embedder: Embedder

    def nearest(self, queries: Described, allowed: IntArray, length: int, count: int) -> tuple[IntArray, FloatArray]:
        """The nearest paintings of each query.

        Args:
            queries: q queries (`Embedder.describe`).
            allowed: Rows to search, ascending, shape (m,).
            length: Length of the shortlist.
            count: Number of results, at most the length of the shortlist.

        Returns:
            Indices into the allowed rows, nearest first, and distances in the full features, shape (q, count); codes
            approximate these distances.
        """
        length = min(length, len(allowed))
        count = min(count, length)
        listed = self._listed(queries, allowed, length)
        places, distances = np.empty((len(listed), count), np.int64), np.empty((len(listed), count))
        for number, candidates in enumerate(listed):
            distance = self._distances(queries.full[number], allowed[candidates])
            order = np.argsort(distance, kind="stable")[:count]
            places[number], distances[number] = candidates[order], distance[order]
        return places, distances

    def _distances(self, full: FloatArray, rows: IntArray) -> FloatArray:
        """Distances of a query to some paintings, shape (m,)."""
        if isinstance(self.features, FeatureCodes):
            return np.sqrt(self.features.squares(self.likeness, full[None], rows)[0])
        known = {layer: np.asarray(values[rows]) for layer, values in self.features.items()}
        described = self.embedder.full(known, self.likeness).astype(np.float64)
        return np.asarray(np.linalg.norm(described - full, axis=1))

    def _listed(self, queries: Described, allowed: IntArray, length: int) -> Sequence[IntArray]:
        """Indices of the nearest codes of each query, ascending."""
        code = LinearCode.of(self.stored)
        codes: FloatArray = self.stored["codes"]
        points = code.rotation.project(queries.points.coordinates, queries.points.rests)
        near = np.empty((len(points), 0), np.int64)
        far = np.empty((len(points), 0), np.float32)
        for start in range(0, len(allowed), _BLOCK):
            block = allowed[start : start + _BLOCK]
            squares = points.squares_to(code.decode(codes[block].astype(np.uint8, copy=False)))
            far = np.concatenate([far, squares], axis=1)
            here = np.broadcast_to(np.arange(start, start + len(block)), squares.shape)
            near = np.concatenate([near, here], axis=1)
            smallest = np.argpartition(far, min(length, far.shape[1]) - 1, axis=1)[:, :length]
            far, near = np.take_along_axis(far, smallest, axis=1), np.take_along_axis(near, smallest, axis=1)
        return [np.sort(row) for row in near]
