"""Nearest neighbours among embeddings, and percentiles of their distances."""

from __future__ import annotations

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection.artists import normalise
from grisaille.lazy import pd
from grisaille.measures.lookup import Lookup, others
from grisaille.points import Points

# Separators between an artist and a title.
_BETWEEN = " -,\N{EN DASH}\N{EM DASH}"
# Size of the sample that distance percentiles are computed from.
_SAMPLE = 1000
# Queries of a recommendation from twenty liked works, and its time limit in seconds once the index is prepared.
_QUERIES, _SECONDS = 20, 0.05


def titles(paintings: pd.DataFrame) -> list[str]:
    """Known titles, or else file names without folders, underscores and the artist."""
    read = _titles_of_files(paintings["painting_id"].tolist(), paintings["artist"].tolist())
    known = paintings["title"].fillna("").tolist() if "title" in paintings else read
    return [title or of_file for title, of_file in zip(known, read, strict=True)]


def _titles_of_files(identifiers: list[str], artists: list[str]) -> list[str]:
    stems = []
    for identifier, artist in zip(identifiers, artists, strict=True):
        name = identifier.rpartition("/")[2].replace("_", " ").strip()
        # File names have fewer accents than artists' names.
        rest = name[len(artist) :].strip(_BETWEEN) if normalise(name).startswith(normalise(artist)) else name
        stems.append(rest or name)
    return stems


class NeighbourIndex:
    """A searchable collection without near-duplicates.

    Attributes:
        paintings: The table without duplicates: m rows.
        points: Points of these.
        lookup: Answers queries; its `recall` is the share of true neighbours that it finds.
    """

    def __init__(self, points: Points, paintings: pd.DataFrame, seed: int = 0) -> None:
        """Take a collection. Search is exact until `prepare` is called.

        Args:
            points: Embeddings of n paintings.
            paintings: n rows.
            seed: Seed of the sample for distance percentiles.

        Raises:
            ValueError: If the number of embeddings differs from the number of paintings.
        """
        if len(points) != len(paintings):
            raise ValueError(
                f"{len(points)} embeddings of {len(paintings)} paintings: another run has replaced one of them; "
                "`kedro run` with the same --params computes both"
            )
        originals = paintings["duplicate_of"].isna().to_numpy()
        self.paintings = paintings[originals].reset_index(drop=True)
        # Memory-mapped embeddings stay on disk if no painting is left out.
        self.points = points if originals.all() else points[np.flatnonzero(originals)]
        self.lookup = Lookup(self.points)
        self._seed, self._usual = seed, np.empty((0, 0))

    def prepare(self) -> None:
        """Build an approximate index if exact search takes more than 50 ms.

        Building takes a minute or more for a million paintings, of which one exact query takes a second, so it pays
        only for many queries.
        """
        self.lookup.prepare(_QUERIES, _SECONDS)

    def nearest(self, points: Points, count: int) -> tuple[IntArray, FloatArray]:
        """Rows of the `count` nearest paintings of each point, nearest first, and their distances, shape (q, count)."""
        return self.lookup.nearest(points, count)

    def distance_percentile(self, distances: FloatArray) -> FloatArray:
        """How unusual the distances of neighbours are.

        Args:
            distances: Distances to the k nearest paintings of some points, nearest first, shape (q, k).

        Returns:
            The share of paintings whose neighbour of the same rank is farther away, between 0 and 1, of the same shape.
            In collections of more than 1,000 paintings, it is estimated from a seeded sample.
        """
        usual, k = self._sampled_distances(distances.shape[1]), distances.shape[1]
        shares = np.full(distances.shape, np.nan)
        for rank in range(min(k, usual.shape[1])):
            shares[:, rank] = 1 - np.searchsorted(usual[:, rank], distances[:, rank], side="right") / len(usual)
        return shares

    def _sampled_distances(self, k: int) -> FloatArray:
        """Distances of a sample of paintings to their k nearest (or all, if fewer), sorted by rank, shape (s, k)."""
        if self._usual.shape[1] < min(k, len(self.points) - 1):
            sample = np.sort(np.random.default_rng(self._seed).permutation(len(self.points))[:_SAMPLE])
            _, usual = others(*self.nearest(self.points[sample], k + 1), sample)
            self._usual = np.sort(usual, axis=0)
        return self._usual
