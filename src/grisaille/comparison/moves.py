"""Where neighbours moved: the same paintings in several runs, and the nearest of each by every likeness."""

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
# Paintings with the fewest former neighbours among which those are looked for whose neighbours went farthest.
_CANDIDATES = 200
# Paintings that are asked for their neighbours: all of so many, a sample of more.
_EXACT_UP_TO, _SAMPLE = 20_000, 5_000


@dataclass(frozen=True)
class Shared:
    """Paintings that all runs have.

    Attributes:
        rows: The row of each in the runs' tables, shape (runs, m). Duplicates of others are left out.
        together: How many paintings all have, duplicates too.
        renamed: How many of them are called something else in one of the runs: their files are the same.
        replaced: How many have the same name in all, and another file in one.
    """

    rows: IntArray
    together: int
    renamed: int
    replaced: int


def shared(tables: Sequence[pd.DataFrame]) -> Shared:
    """The paintings that all tables have: by the hashes of their files, and those without one by their names."""
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
    """The row in another table of each painting of the first; -1 where it has none."""
    files, names = (first[column].to_numpy(dtype=str) for column in ("sha256", "painting_id"))
    # Of equal files the earliest is the original.
    known = pd.Series(range(len(other)), other["sha256"])
    by_file = known[~known.index.duplicated()].reindex(files, fill_value=-1).to_numpy()
    # A painting that the first has under another name is that one.
    nameless = other["sha256"].isin(files).to_numpy()
    by_name = pd.Series(np.where(nameless, -1, range(len(other))), other["painting_id"])
    return np.where(by_file >= 0, by_file, by_name.reindex(names, fill_value=-1).to_numpy())


@dataclass(frozen=True)
class Moved:
    """A painting, and its neighbours in every run.

    Attributes:
        painting: Its number among the paintings that all runs have.
        neighbours: Of each run, shape (runs, k).
        ranks: Rank of each neighbour of each run in every run, from 1, shape (runs, runs, k): `ranks[a, b]` are the
            ranks that the neighbours in a have in b.
    """

    painting: int
    neighbours: IntArray
    ranks: IntArray


@dataclass(frozen=True)
class Moves:
    """The neighbours by one likeness in several runs, each held against the first.

    Attributes:
        k: How many neighbours count.
        asked: Of how many paintings.
        kept: Share of the neighbours in the first run that are still neighbours in each other one, shape (runs - 1, q).
        chance: What two orders without any relation would share.
        most: Paintings whose neighbours moved most: fewest kept, and of 200 of these, those whose former neighbours
            are farthest by now.
    """

    k: int
    asked: int
    kept: FloatArray
    chance: float
    most: list[Moved]

    def interval(self, run: int) -> tuple[float, float]:
        """Ends of the 95% interval of a run's mean share, 0 being the first beside which `kept` was taken."""
        return bootstrap_interval(self.kept[run], seed=0)

    def histogram(self, run: int) -> list[float]:
        """Share of the paintings that kept 0, 1, ... k neighbours."""
        counts = np.bincount(np.rint(self.kept[run] * self.k).astype(int), minlength=self.k + 1)
        return [float(count) for count in counts / self.asked]


def moves(runs: Sequence[Points], shown: int, k: int = NEAREST) -> Moves | None:
    """Compare neighbours.

    Args:
        runs: The same m paintings as points of each run; nothing else takes part, so paintings that only one run has
            push nobody aside.
        shown: How many of those whose neighbours moved most are wanted.
        k: Neighbours that count.

    Returns:
        None of fewer than k + 2 paintings: all of them would be each other's neighbours.
    """
    m = len(runs[0])
    if m < k + 2:
        return None
    asked = queries(m, _EXACT_UP_TO, _SAMPLE, seed=0)
    near = np.array([others(*Lookup(points).nearest(points[asked], k + 1), asked)[0] for points in runs])
    kept = np.array([(near[0][:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1) for other in near[1:]])
    fewest = np.argsort(kept.min(axis=0), kind="stable")[: max(_CANDIDATES, shown)]
    found = [Moved(int(asked[row]), near[:, row], _ranks(runs, int(asked[row]), near[:, row])) for row in fewest]
    order = sorted(
        range(len(found)), key=lambda row: (kept.min(axis=0)[fewest[row]], -_went(found[row]), found[row].painting)
    )
    return Moves(k, len(asked), kept, k / (m - 1), [found[row] for row in order[:shown] if _moved(found[row])])


def _ranks(runs: Sequence[Points], painting: int, near: IntArray) -> IntArray:
    """As in `Moved`; a painting has no rank among its own neighbours."""
    ranks = []
    for points in runs:
        squares = points[np.array([painting])].squares_to(points)[0]
        squares[painting] = np.inf
        order = np.empty(len(points), dtype=np.int64)
        order[np.argsort(squares, kind="stable")] = np.arange(1, len(points) + 1)
        ranks.append(order[near])
    return np.array(ranks).transpose(1, 0, 2)


def _went(moved: Moved) -> float:
    """The median rank of the neighbours in the first run in that run in which it is largest."""
    return float(np.median(moved.ranks[0], axis=1).max())


def _moved(moved: Moved) -> bool:
    return any(set(moved.neighbours[0]) != set(other) for other in moved.neighbours[1:])
