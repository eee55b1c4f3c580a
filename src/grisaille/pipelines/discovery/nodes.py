"""Nodes of the discovery pipeline."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tqdm import tqdm

from grisaille import measures
from grisaille.arrays import FloatArray, IntArray
from grisaille.lazy import pd
from grisaille.parameters import Discovery


def find_neighbours(embeddings: FloatArray, paintings: pd.DataFrame, settings: Discovery) -> pd.DataFrame:
    """The nearest paintings of every painting, in collections of any size.

    Returns:
        painting_id, rank (1 is the nearest), neighbour_id and distance.
    """

    def progress(blocks: Iterable[int]) -> Iterable[int]:
        return tqdm(blocks, "looking for neighbours", unit=" blocks")

    k = min(settings.neighbours, len(paintings) - 1)
    rows, distances = measures.search(embeddings, embeddings, k + 1, settings.exact_up_to, progress)
    others = _without_themselves(rows)
    identifiers = paintings["painting_id"].to_numpy(dtype=str)
    return pd.DataFrame(
        {
            "painting_id": np.repeat(identifiers, k),
            "rank": np.tile(np.arange(1, k + 1), len(identifiers)),
            "neighbour_id": identifiers[rows[others]],
            "distance": distances[others],
        }
    )


def _without_themselves(rows: IntArray) -> np.ndarray:
    """Marks all but one of each row: the painting itself, or the last where copies of it came first."""
    itself = rows == np.arange(len(rows))[:, None]
    itself[~itself.any(axis=1), -1] = True
    return ~itself
