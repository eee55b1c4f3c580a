"""Look-alikes by few bytes: the nearest codes make a shortlist, which is ordered again by the full features.

Where the features were let go, what their own codes stand for takes their place.
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

# Codes that are decoded at a time: 100 MB of 400 coordinates.
_BLOCK = 65_536


def kept_features(
    features: FeatureStore | None, coded: Mapping[str, FloatArray] | None
) -> Mapping[str, Rows] | FeatureCodes | None:
    """The features of a collection, or the codes that took their place where they were let go.

    Args:
        features: As far as they are stored.
        coded: The result `feature_codes`, where there is one.

    Returns:
        Layer -> features, shape (n, d), or codes; None where there are neither, or the codes are those of other
        paintings.
    """
    if features is None or features.kept is None:
        return features
    if coded is None or bytes(coded[FINGERPRINT]).hex() != features.fingerprint:
        return None
    return FeatureCodes(coded, list(features))


@dataclass(frozen=True)
class Shortlist:
    """A collection as codes of one likeness, and its full features.

    Attributes:
        likeness: `composition` or `style`.
        stored: As `joining.stored` gives it, n codes.
        features: Layer -> features, shape (n, d), or the codes that took their place (`kept_features`).
        embedder: What describes pictures.
    """

    likeness: str
    stored: Mapping[str, FloatArray]
    features: Mapping[str, Rows] | FeatureCodes
    embedder: Embedder

    def nearest(self, asked: Described, wanted: IntArray, length: int, count: int) -> tuple[IntArray, FloatArray]:
        """The nearest paintings of each query.

        Args:
            asked: q queries (`Embedder.describe`).
            wanted: Rows that may be found, ascending, shape (m,).
            length: Of the shortlist.
            count: How many of it are kept; fewer where there are fewer.

        Returns:
            Places among the wanted rows, nearest first, and distances in the full features, which codes approximate,
            shape (q, count).
        """
        length = min(length, len(wanted))
        count = min(count, length)
        listed = self._listed(asked, wanted, length)
        places, distances = np.empty((len(listed), count), np.int64), np.empty((len(listed), count))
        for number, candidates in enumerate(listed):
            far = self._distances(asked.full[number], wanted[candidates])
            order = np.argsort(far, kind="stable")[:count]
            places[number], distances[number] = candidates[order], far[order]
        return places, distances

    def _distances(self, full: FloatArray, rows: IntArray) -> FloatArray:
        """Of a query to some paintings, shape (m,)."""
        if isinstance(self.features, FeatureCodes):
            return np.sqrt(self.features.squares(self.likeness, full[None], rows)[0])
        known = {layer: np.asarray(values[rows]) for layer, values in self.features.items()}
        described = self.embedder.full(known, self.likeness).astype(np.float64)
        return np.asarray(np.linalg.norm(described - full, axis=1))

    def _listed(self, asked: Described, wanted: IntArray, length: int) -> Sequence[IntArray]:
        """Places of the nearest codes of each query, ascending."""
        code = LinearCode.of(self.stored)
        codes: FloatArray = self.stored["codes"]
        points = code.rotation.project(asked.points.coordinates, asked.points.rests)
        near = np.empty((len(points), 0), np.int64)
        far = np.empty((len(points), 0), np.float32)
        for start in range(0, len(wanted), _BLOCK):
            block = wanted[start : start + _BLOCK]
            squares = points.squares_to(code.decode(codes[block].astype(np.uint8, copy=False)))
            far = np.concatenate([far, squares], axis=1)
            here = np.broadcast_to(np.arange(start, start + len(block)), squares.shape)
            near = np.concatenate([near, here], axis=1)
            kept = np.argpartition(far, min(length, far.shape[1]) - 1, axis=1)[:, :length]
            far, near = np.take_along_axis(far, kept, axis=1), np.take_along_axis(near, kept, axis=1)
        return [np.sort(row) for row in near]
