"""Neighbours that moved: the same paintings in several runs, and their nearest by every likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grisaille.arrays import FloatArray, IntArray
from grisaille.lazy import pd
from grisaille.measures.comparison import queries
from grisaille.measures.lookup import Lookup, others
from grisaille.measures.usefulness import bootstrap_interval
from grisaille.points import Points

NEAREST = 10
# Among this many paintings with the fewest kept neighbours, search for those whose neighbours moved farthest.
_CANDIDATES = 200
# All paintings of a collection up to this size are queries; of a larger one, a sample of this size.
_EXACT_UP_TO, _SAMPLE = 20_000, 5_000


@dataclass(frozen=True)
class Shared:
    """Paintings that all runs have.

    Attributes:
        rows: Row of each painting in the runs' tables, shape (runs, m), without duplicates.
        together: Number of shared paintings, duplicates included.
        renamed: Number of them with equal files but another name in one of the runs.
        replaced: Number of them with the same name in all runs but another file in one.
    """

    rows: IntArray
    together: int
    renamed: int
    replaced: int


def shared(tables: Sequence[pd.DataFrame]) -> Shared:
    """Match the paintings of all tables by the hashes of their files, and the remaining ones by name."""
    first, *rest = tables
    rows = np.array([np.arange(len(first)), *(_matched(first, other) for other in rest)])
    rows = rows[:, (rows >= 0).all(axis=0)]
    files, names, duplicates = (
        np.array([table[column].to_numpy()[own] for table, own in zip(tables, rows, strict=True)])
        for column in ("sha256", "painting_id", "duplicate_of")
    )
    same_file, same_name = (files == files[0]).all(axis=0), (names == names[0]).all(axis=0)
    return Shared(
        rows[:, pd.isna(duplicates).all(axis=0)],
        together=rows.shape[1],
        renamed=int((same_file & ~same_name).sum()),
        replaced=int((~same_file).sum()),
    )


def _matched(first: pd.DataFrame, other: pd.DataFrame) -> IntArray:
    """The row in another table of each painting of the first, shape (m,); -1 if it is missing."""
    files, names = (first[column].to_numpy(dtype=str) for column in ("sha256", "painting_id"))
    # The earliest of equal files is the original.
    known = pd.Series(range(len(other)), other["sha256"])
    by_file = known[~known.index.duplicated()].reindex(files, fill_value=-1).to_numpy()
    # A file that the first table has under another name is matched by hash only.
    nameless = other["sha256"].isin(files).to_numpy()
    by_name = pd.Series(np.where(nameless, -1, range(len(other))), other["painting_id"])
    return np.where(by_file >= 0, by_file, by_name.reindex(names, fill_value=-1).to_numpy())


@dataclass(frozen=True)
class Moved:
    """A painting, and its neighbours in every run.

    Attributes:
        painting: Its index among the shared paintings.
        neighbours: Its nearest in each run, shape (runs, k).
        ranks: Rank, from 1, of each run's neighbours in every run, shape (runs, runs, k): `ranks[a, b]` are the ranks
            in b of the neighbours in a.
    """

    painting: int
    neighbours: IntArray
    ranks: IntArray


@dataclass(frozen=True)
class Moves:
    """Neighbours by one likeness in several runs, each compared with the first.

    Attributes:
        k: Number of neighbours that count.
        asked: Number of query paintings.
        kept: Share of a query's neighbours in the first run that are still neighbours in each other run, shape
            (runs - 1, q).
        chance: The share that two unrelated orders would keep.
        most: Paintings whose neighbours moved most: of the 200 with the fewest kept, those whose former neighbours are
            now farthest.
    """

    k: int
    asked: int
    kept: FloatArray
    chance: float
    most: list[Moved]

    def interval(self, run: int) -> tuple[float, float]:
        """Ends of the 95% interval of the mean share of a row of `kept`."""
        return bootstrap_interval(self.kept[run], seed=0)

    def histogram(self, run: int) -> list[float]:
        """Share of the paintings that kept 0, 1, ... k neighbours."""
        counts = np.bincount(np.rint(self.kept[run] * self.k).astype(int), minlength=self.k + 1)
        return [float(count) for count in counts / self.asked]


def moves(runs: Sequence[Points], shown: int, k: int = NEAREST) -> Moves | None:
    """Compare the neighbours of shared paintings.

    Args:
        runs: The same m paintings as points of each run. Paintings that only one run has are left out, so they displace
            no neighbours.
        shown: Number of paintings in `most`.
        k: Number of neighbours that count.

    Returns:
        None for fewer than k + 2 paintings, which would all be each other's neighbours.
    """
    m = len(runs[0])
    if m < k + 2:
        return None
    sampled = queries(m, _EXACT_UP_TO, _SAMPLE, seed=0)
    near = np.array([others(*Lookup(points).nearest(points[sampled], k + 1), sampled)[0] for points in runs])
    kept = np.array([(near[0][:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1) for other in near[1:]])
    fewest = np.argsort(kept.min(axis=0), kind="stable")[: max(_CANDIDATES, shown)]
    candidates = [Moved(int(sampled[i]), near[:, i], _ranks(runs, int(sampled[i]), near[:, i])) for i in fewest]
    order = sorted(
        range(len(candidates)),
        key=lambda row: (kept.min(axis=0)[fewest[row]], -_median_rank(candidates[row]), candidates[row].painting),
    )
    most = [candidates[row] for row in order[:shown] if _moved(candidates[row])]
    return Moves(k, len(sampled), kept, k / (m - 1), most)


def _ranks(runs: Sequence[Points], painting: int, near: IntArray) -> IntArray:
    """Ranks as in `Moved`; a painting has no rank among its own neighbours."""
    ranks = []
    for points in runs:
        squares = points[np.array([painting])].squares_to(points)[0]
        squares[painting] = np.inf
        order = np.empty(len(points), dtype=np.int64)
        order[np.argsort(squares, kind="stable")] = np.arange(1, len(points) + 1)
        ranks.append(order[near])
    return np.array(ranks).transpose(1, 0, 2)


def _median_rank(moved: Moved) -> float:
    """Median rank of the neighbours in the first run, in the run where that is largest."""
    return float(np.median(moved.ranks[0], axis=1).max())


def _moved(moved: Moved) -> bool:
    return any(set(moved.neighbours[0]) != set(other) for other in moved.neighbours[1:])
