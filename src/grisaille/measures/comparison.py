"""One walk over all pairs of paintings that fills every measure of every space."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grisaille.arrays import BoolArray, FloatArray, IntArray, StringArray
from grisaille.collection.split import HELD_OUT, TRAIN, VALIDATION
from grisaille.measures.neighbourhoods import Preservation, nearest, ranks
from grisaille.measures.retrieval import Retrieval
from grisaille.measures.silhouettes import DistanceSums
from grisaille.measures.spaces import Space, blocks

# Enough rows to know how distances are spread; a constant, so that the size of blocks changes no figure.
_SAMPLE_ROWS = 512

Name = tuple[str, str]
"""A space and the likeness it is measured by: ("raw", "cosine")."""


@dataclass(frozen=True)
class Collection:
    """What the measures need to know of the paintings.

    Attributes:
        labels: Artist of each painting, 0 .. c - 1, shape (n,).
        kept: False for near-duplicates, which retrieval leaves out, shape (n,).
        split: "train", "validation" or "held_out", shape (n,).
    """

    labels: IntArray
    kept: BoolArray
    split: StringArray


@dataclass(frozen=True)
class Compared:
    """What came out.

    Attributes:
        sums: Space -> sums of distances to every artist (`DistanceSums.sums`), float64, shape (n, c).
        neighbours: Space -> the nearest paintings, int64, shape (n, k), and their distances, float64.
        preservation: One row a reduced space, reference likeness and part of the collection.
        retrieval: One row a space.
    """

    sums: dict[Name, FloatArray]
    neighbours: dict[Name, tuple[IntArray, FloatArray]]
    preservation: pd.DataFrame
    retrieval: pd.DataFrame


def compare(
    spaces: Mapping[Name, Space],
    pairs: list[tuple[Name, Name]],
    collection: Collection,
    k: int,
    block_rows: int,
    progress: Callable[[Iterator[tuple[int, int]]], Iterator[tuple[int, int]]] = iter,
) -> Compared:
    """Measure spaces on their own, and reduced spaces against their references.

    Args:
        spaces: All spaces, over the same n paintings.
        pairs: (reference, reduced) names of the spaces to hold against each other.
        collection: Artists, duplicates and split.
        k: Neighbours of recall@k and precision@k.
        block_rows: Paintings whose distances to all others are in memory at once.
        progress: Wraps the walk, for a progress bar.
    """
    n = len(collection.labels)
    clusters = int(collection.labels.max()) + 1
    sums = {name: DistanceSums(collection.labels, clusters) for name in spaces}
    retrieval = {name: Retrieval(collection.labels, collection.kept, k) for name in spaces}
    neighbours: dict[Name, list[tuple[IntArray, FloatArray]]] = {name: [] for name in spaces}
    parts = {part: collection.split == part for part in (TRAIN, VALIDATION, HELD_OUT)}
    parts = {part: rows for part, rows in parts.items() if rows.any()}
    preservation = {(pair, part): Preservation(n, k) for pair in pairs for part in parts}
    _learn_scales(spaces, preservation)
    for start, stop in progress(blocks(n, block_rows)):
        distances, rank = {}, {}
        for name, space in spaces.items():
            distances[name] = space.distances(start, stop)
            order = nearest(distances[name], start)
            rank[name] = ranks(order, start)
            sums[name].update(start, distances[name])
            retrieval[name].update(start, order)
            first = order[:, :k]
            neighbours[name].append((first, np.take_along_axis(distances[name], first, axis=1)))
        for ((reference, reduced), part), measure in preservation.items():
            measure.update(
                start,
                (distances[reference], rank[reference]),
                (distances[reduced], rank[reduced]),
                np.flatnonzero(parts[part][start:stop]),
            )
    return Compared(
        sums={name: filled.sums for name, filled in sums.items()},
        neighbours={
            name: (np.concatenate([rows for rows, _ in found]), np.concatenate([far for _, far in found]))
            for name, found in neighbours.items()
        },
        preservation=_preservation_table(pairs, preservation),
        retrieval=pd.DataFrame(
            [{"space": space, "likeness": likeness} | retrieval[space, likeness].result() for space, likeness in spaces]
        ),
    )


def _learn_scales(
    spaces: Mapping[Name, Space], preservation: Mapping[tuple[tuple[Name, Name], str], Preservation]
) -> None:
    """Show every comparison the same few rows, so that the parts of a collection count in the same bins."""
    n = next(iter(spaces.values())).n
    sample = {name: space.distances(0, min(n, _SAMPLE_ROWS)) for name, space in spaces.items()}
    for ((reference, reduced), _), measure in preservation.items():
        measure.learn_scale(sample[reference], sample[reduced])


def _preservation_table(
    pairs: list[tuple[Name, Name]], preservation: Mapping[tuple[tuple[Name, Name], str], Preservation]
) -> pd.DataFrame:
    rows = []
    for pair in pairs:
        parts = {part: measure for (of, part), measure in preservation.items() if of == pair}
        whole = Preservation.together(list(parts.values()))
        for part, measure in {"all": whole, **parts}.items():
            found = measure.result()
            (_, likeness), (space, _) = pair
            rows.append(
                {
                    "space": space,
                    "likeness": likeness,
                    "paintings": part,
                    "queries": measure.queries,
                    "recall": found.recall,
                    "trustworthiness": found.trustworthiness,
                    "continuity": found.continuity,
                    "area_under_rnx": found.area_under_rnx,
                    "spearman": found.spearman,
                }
            )
    return pd.DataFrame(rows)
