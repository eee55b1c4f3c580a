"""What is near a point among the embeddings, and how unusual it is to be that near."""

from __future__ import annotations

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.collection.artists import normalise
from grisaille.lazy import pd
from grisaille.measures.lookup import Lookup, others
from grisaille.points import Points

# What stands between an artist and a title.
_BETWEEN = " -,\N{EN DASH}\N{EM DASH}"
# Paintings whose own neighbours say what is usual.
_SAMPLE = 1000
# A recommendation from twenty liked works, and the seconds that it may take once a collection is prepared.
_QUERIES, _SECONDS = 20, 0.05


def titles(paintings: pd.DataFrame) -> list[str]:
    """Titles where they are known; else what a file tells: its name without folders, underscores and the artist."""
    read = _titles_of_files(paintings["painting_id"].tolist(), paintings["artist"].tolist())
    known = paintings["title"].fillna("").tolist() if "title" in paintings else read
    return [title or of_file for title, of_file in zip(known, read, strict=True)]


def _titles_of_files(identifiers: list[str], artists: list[str]) -> list[str]:
    found = []
    for identifier, artist in zip(identifiers, artists, strict=True):
        name = identifier.rpartition("/")[2].replace("_", " ").strip()
        # File names have fewer accents than artists.
        rest = name[len(artist) :].strip(_BETWEEN) if normalise(name).startswith(normalise(artist)) else name
        found.append(rest or name)
    return found


class NeighbourIndex:
    """A collection in which neighbours are looked for; a near-duplicate is no neighbour of its original.

    Attributes:
        paintings: The table, without duplicates: m rows.
        points: Of these.
        lookup: Answers; `recall` says how well.
    """

    def __init__(self, points: Points, paintings: pd.DataFrame, seed: int = 0) -> None:
        """Take a collection, which is searched exactly unless it is prepared.

        Args:
            points: Its embeddings, of n paintings.
            paintings: n rows.
            seed: Of the sample of paintings that say what is usual.

        Raises:
            ValueError: If there is not one embedding a painting.
        """
        if len(points) != len(paintings):
            raise ValueError(
                f"{len(points)} embeddings of {len(paintings)} paintings: another run came between; "
                "`kedro run` with the same --params makes both"
            )
        originals = paintings["duplicate_of"].isna().to_numpy()
        self.paintings = paintings[originals].reset_index(drop=True)
        # Embeddings that are mapped from the disk stay there if no painting is left out.
        self.points = points if originals.all() else points[np.flatnonzero(originals)]
        self.lookup = Lookup(self.points)
        self._seed, self._usual = seed, np.empty((0, 0))

    def prepare(self) -> None:
        """Answer any question in 50 ms from now on: through an index, if exact search takes longer.

        That pays for many questions: it takes a minute or more for a million paintings, and a second exactly.
        """
        self.lookup.prepare(_QUERIES, _SECONDS)

    def nearest(self, points: Points, count: int) -> tuple[IntArray, FloatArray]:
        """Rows of the `count` nearest paintings of each point, nearest first, and their distances, shape (q, count)."""
        return self.lookup.nearest(points, count)

    def distance_percentile(self, distances: FloatArray) -> FloatArray:
        """How unusual it is to be that near.

        Args:
            distances: Of the k nearest paintings of some points, nearest first, shape (q, k).

        Returns:
            The share of paintings whose own neighbour of the same rank is farther away, between 0 and 1, of the same
            shape; of collections of more than 1,000 paintings a seeded sample answers.
        """
        usual, k = self._usual_distances(distances.shape[1]), distances.shape[1]
        shares = np.full(distances.shape, np.nan)
        for rank in range(min(k, usual.shape[1])):
            shares[:, rank] = 1 - np.searchsorted(usual[:, rank], distances[:, rank], side="right") / len(usual)
        return shares

    def _usual_distances(self, k: int) -> FloatArray:
        """Distances of a sample of paintings to their k nearest, or all there are, each rank sorted, shape (s, k)."""
        if self._usual.shape[1] < min(k, len(self.points) - 1):
            sample = np.sort(np.random.default_rng(self._seed).permutation(len(self.points))[:_SAMPLE])
            _, usual = others(*self.nearest(self.points[sample], k + 1), sample)
            self._usual = np.sort(usual, axis=0)
        return self._usual
