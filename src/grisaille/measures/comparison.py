"""A walk over all pairs of paintings that fills every measure of every space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray, StringArray
from grisaille.collection.artists import UNKNOWN
from grisaille.collection.split import ADDED, HELD_OUT, TRAIN, VALIDATION
from grisaille.lazy import pd
from grisaille.measures.neighbourhoods import DistanceBins, Preservation, nearest, ranks
from grisaille.measures.recommendations import NearestLiked, Profiles
from grisaille.measures.retrieval import Answers, Retrieval
from grisaille.measures.silhouettes import DistanceSums
from grisaille.measures.spaces import Space, blocks, rows_at_a_time

_CURVE_POINTS = 120
# Paintings whose distances among each other stand for all distances. A seeded sample: the first would be one artist's.
_SAMPLE = 512

Name = tuple[str, str]
"""A space and the likeness it is measured by: ("raw", "hellinger")."""
Pair = tuple[Name, Name]
"""A reference and what is held against it."""


@dataclass(frozen=True)
class Collection:
    """What the measures need to know of the paintings.

    Attributes:
        labels: Artist of each painting, 0 .. c - 1, shape (n,).
        kept: False for what retrieval leaves out, near-duplicates and paintings by nobody knows whom, shape (n,).
        split: "train", "validation", "held_out" or "added", shape (n,).
    """

    labels: IntArray
    kept: BoolArray
    split: StringArray

    @classmethod
    def of(cls, paintings: pd.DataFrame) -> Collection:
        """Take what is needed from the table of paintings."""
        artists = paintings["artist"].to_numpy(dtype=str)
        kept = paintings["duplicate_of"].isna().to_numpy() & (artists != UNKNOWN)
        return cls(np.unique(artists, return_inverse=True)[1], kept, paintings["split"].to_numpy(dtype=str))


@dataclass(frozen=True)
class Compared:
    """What came out.

    Attributes:
        sums: Space -> sums of the queries' distances to every artist (`DistanceSums.sums`), float64, shape (q, c).
        queries: The rows whose neighbours were looked for, shape (q,); all n of a collection that is not sampled.
        neighbours: Space -> the nearest paintings, int64, shape (q, k), and their distances, float64.
        preservation: One row a reduced space, reference likeness and part of the collection.
        rnx: The curve of every reduced space: space, likeness, neighbours (K), rnx.
        retrieval: One row a space.
        answers: Space -> the nearest paintings that retrieval counts.
        recommended: Space -> what it recommends to every profile (`NearestLiked.lists`), shape (p, 20).
        references: Spaces that others were held against.
    """

    sums: dict[Name, FloatArray]
    queries: IntArray
    neighbours: dict[Name, tuple[IntArray, FloatArray]]
    preservation: pd.DataFrame
    rnx: pd.DataFrame
    retrieval: pd.DataFrame
    answers: dict[Name, Answers]
    recommended: dict[Name, IntArray]
    references: tuple[Name, ...]


def queries(n: int, exact_up_to: int, sample: int, seed: int) -> IntArray:
    """Whose neighbours are looked for: everybody's, or a seeded sample's in a large collection; ascending rows."""
    if n <= exact_up_to:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:sample])


@dataclass(frozen=True)
class _Group:
    """Spaces that are walked together, the pairs of them to compare, and which of them are measured already."""

    names: tuple[Name, ...]
    pairs: tuple[Pair, ...] = ()
    known: frozenset[Name] = frozenset()


def _groups(spaces: Mapping[Name, Space], pairs: list[Pair]) -> list[_Group]:
    """Each reference with what is held against it, since the distances of two references are twice as much to hold."""
    groups: list[_Group] = []
    known: set[Name] = set()
    for reference in dict.fromkeys(reference for reference, _ in pairs):
        own = tuple(pair for pair in pairs if pair[0] == reference)
        names = (reference, *(reduced for _, reduced in own))
        groups.append(_Group(names, own, frozenset(known)))
        known.update(names)
    return groups + [_Group((name,)) for name in spaces if name not in known]


def compare(
    spaces: Mapping[Name, Space],
    pairs: list[Pair],
    collection: Collection,
    asked: IntArray,
    k: int,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
    profiles: Profiles | None = None,
) -> Compared:
    """Measure spaces on their own, and reduced spaces against their references.

    Args:
        spaces: All spaces, over the same n paintings.
        pairs: (reference, reduced) names of the spaces to hold against each other.
        collection: Artists, duplicates and split.
        asked: Rows that are queries, against all (`queries`).
        k: Neighbours of recall@k and precision@k.
        progress: Wraps the blocks of all walks, for a progress bar.
        profiles: To whom every space recommends; what they like is among the queries.
    """
    n = len(collection.labels)
    clusters = int(collection.labels.max()) + 1
    sums = {name: DistanceSums(collection.labels, clusters) for name in spaces}
    retrieval = {name: Retrieval(collection.labels, collection.kept, k) for name in spaces}
    neighbours: dict[Name, list[tuple[IntArray, FloatArray]]] = {name: [] for name in spaces}
    parts = {part: collection.split == part for part in (TRAIN, VALIDATION, HELD_OUT, ADDED)}
    parts = {part: rows for part, rows in parts.items() if rows[asked].any()}
    preservation = {(pair, part): Preservation(n, k) for pair in pairs for part in parts}
    size = rows_at_a_time(n)
    sample = queries(n, _SAMPLE, _SAMPLE, 0)
    walks: dict[Name, Iterator[FloatArray]] = {}
    bins: dict[Name, DistanceBins] = {}
    liking: dict[Name, NearestLiked] = {}
    recommended: dict[Name, IntArray] = {}
    steps = [(group, rows) for group in _groups(spaces, pairs) for rows in blocks(asked, size)]
    for group, rows in progress(steps):
        if rows[0] == asked[0]:
            # Those of the group before are given up first.
            walks = {}
            walks = {name: spaces[name].walk(asked, size) for name in group.names}
            bins = {name: DistanceBins(spaces[name].among(sample)) for name in group.names if group.pairs}
            new = [name for name in group.names if name not in group.known]
            liking = {} if profiles is None else {name: NearestLiked(profiles) for name in new}
        placed = {}
        for name, walk in walks.items():
            distances = next(walk)
            order = nearest(distances, rows)
            if group.pairs:
                placed[name] = bins[name](distances), ranks(order)
            if name in group.known:
                continue
            sums[name].update(distances)
            retrieval[name].update(rows, order)
            # A view would keep every painting's whole order alive.
            first = order[:, :k].copy()
            neighbours[name].append((first, np.take_along_axis(distances, first, axis=1)))
            if name in liking:
                liking[name].update(rows, distances)
        for ((reference, reduced), part), measure in preservation.items():
            if (reference, reduced) not in group.pairs:
                continue
            chosen = np.flatnonzero(parts[part][rows])
            one, other = ((binned[chosen], rank[chosen]) for binned, rank in (placed[reference], placed[reduced]))
            measure.update(rows[chosen], one, other)
        if rows[-1] == asked[-1]:
            recommended |= {name: found.lists() for name, found in liking.items()}
            liking = {}
    sizes = {part: int(rows.sum()) for part, rows in parts.items()}
    table, rnx = _preserved(pairs, preservation, sizes)
    return Compared(
        sums={name: filled.sums for name, filled in sums.items()},
        queries=asked,
        neighbours={
            name: (np.concatenate([rows for rows, _ in found]), np.concatenate([far for _, far in found]))
            for name, found in neighbours.items()
        },
        preservation=table,
        rnx=rnx,
        retrieval=pd.DataFrame(
            [{"space": space, "likeness": likeness} | retrieval[space, likeness].result() for space, likeness in spaces]
        ),
        answers={name: filled.answers() for name, filled in retrieval.items()},
        recommended=recommended,
        references=tuple(dict.fromkeys(reference for reference, _ in pairs)),
    )


def _preserved(
    pairs: list[Pair], preservation: Mapping[tuple[Pair, str], Preservation], sizes: Mapping[str, int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of preservation, by parts of the collection of these sizes, and the curves of all of it."""
    table: list[dict[str, Any]] = []
    curves = [pd.DataFrame(columns=["space", "likeness", "neighbours", "rnx"])]
    for pair in pairs:
        (_, likeness), (space, _) = pair
        own = {part: preservation[pair, part] for part in sizes}
        whole = Preservation.together(list(own.values()))
        for part, measure in {"all": whole, **own}.items():
            row = {"space": space, "likeness": likeness, "paintings": part, "queries": measure.queries}
            table.append(row | measure.result(sizes.get(part, sum(sizes.values()))))
        rnx = whole.rnx()
        # Evenly spaced on the logarithmic scale that the area is taken on.
        shown = np.unique(np.geomspace(1, max(len(rnx), 1), _CURVE_POINTS).astype(int))[: len(rnx)]
        curve = {"space": space, "likeness": likeness, "neighbours": shown, "rnx": rnx[shown - 1]}
        curves.append(pd.DataFrame(curve))
    return pd.DataFrame(table), pd.concat(curves[1:] or curves, ignore_index=True)
