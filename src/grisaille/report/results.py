"""Everything the report draws on, and the look-ups its words and tables share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.lazy import pd
from grisaille.likenesses.metrics import Likeness
from grisaille.parameters import Autoencoder, Chunk, named

SPACE_NAMES = {
    "raw_euclidean": "Raw features, Euclidean",
    "pca_euclidean": "PCA, Euclidean",
    "embedding": "Embedding",
    "raw_hellinger": "Raw features, Hellinger",
    "pca_hellinger": "PCA, Hellinger",
}


@dataclass(frozen=True)
class Results:
    """The tables of one evaluation.

    Attributes:
        paintings: One row a painting.
        rejected: Files that could not be used, with reasons.
        pair_silhouettes: One row a pair of artists, one column a space.
        preservation: One row a reduced space, likeness and part of the collection.
        retrieval: One row a space.
        paper_experiments: The named comparisons.
        pair_agreement: Do the pairs' silhouettes agree with those of the raw features.
        rnx_curves: Agreement of neighbourhoods of every size.
        neighbours: The nearest paintings in every space.
        embeddings: float32, shape (n, 320).
        pca_embeddings: The Euclidean baseline, float32, shape (n, 320).
        parameters: Of the run.
    """

    paintings: pd.DataFrame
    rejected: pd.DataFrame
    pair_silhouettes: pd.DataFrame
    preservation: pd.DataFrame
    retrieval: pd.DataFrame
    paper_experiments: pd.DataFrame
    pair_agreement: pd.DataFrame
    rnx_curves: pd.DataFrame
    neighbours: pd.DataFrame
    embeddings: FloatArray
    pca_embeddings: FloatArray
    parameters: dict[str, Any]

    @property
    def k(self) -> int:
        """Neighbours counted; fewer than asked for in a tiny collection."""
        return min(int(self.setting("evaluation", "neighbours", 10)), len(self.paintings) - 1)

    @property
    def values(self) -> int:
        """Values a painting before the reduction, as far as chunks cover them."""
        chunks = named(self.parameters.get("chunks", {}), Chunk)
        return sum(chunk.stop - chunk.start for chunk in chunks.values())

    @property
    def made_for(self) -> Likeness:
        """The likeness that the embedding is made to keep."""
        return Autoencoder.model_validate(self.parameters.get("autoencoder", {})).made_for

    @property
    def architecture(self) -> str:
        """Of the autoencoders."""
        return Autoencoder.model_validate(self.parameters.get("autoencoder", {})).architecture

    def setting(self, group: str, name: str, default: Any = None) -> Any:
        """One parameter, whether its group was validated into a model or not."""
        return _get(self.parameters.get(group, {}), name, default)

    def preserved(self, space: str, likeness: str, measure: str, paintings: str = "all") -> float:
        """One figure of the preservation table; NaN if it is not there."""
        table = self.preservation
        row = table[(table["space"] == space) & (table["likeness"] == likeness) & (table["paintings"] == paintings)]
        return float(row[measure].iloc[0]) if len(row) else float("nan")

    def retrieved(self, space: str, likeness: str, measure: str) -> float:
        """One figure of the retrieval table; NaN if it is not there."""
        table = self.retrieval
        row = table[(table["space"] == space) & (table["likeness"] == likeness)]
        return float(row[measure].iloc[0]) if len(row) else float("nan")

    def nearest(self, space: str, likeness: str, painting_id: str) -> list[str]:
        """Identifiers of the nearest paintings, nearest first."""
        table = self.neighbours
        rows = table[
            (table["space"] == space) & (table["likeness"] == likeness) & (table["painting_id"] == painting_id)
        ]
        return [str(name) for name in rows.sort_values("rank")["neighbour_id"]]


# Of an artist with fewer paintings nobody can say what is typical.
_ENOUGH = 3


def ends_of_pairs(pairs: pd.DataFrame, space: str) -> tuple[int, int] | None:
    """The pairs at both ends of a space's silhouettes, among artists with at least three paintings if there are any.

    Args:
        pairs: As `Results.pair_silhouettes`.
        space: One of its columns.

    Returns:
        Index of the lowest and of the highest; None where no silhouette is defined.
    """
    known = pairs[pairs[space].notna()]
    enough = known[known["fewest_paintings"] >= _ENOUGH]
    chosen = enough if len(enough) else known
    if not len(chosen):
        return None
    silhouettes = chosen[space].to_numpy(dtype=float)
    return int(chosen.index[int(silhouettes.argmin())]), int(chosen.index[int(silhouettes.argmax())])


def _get(group: Any, name: str, default: Any = None) -> Any:
    return group.get(name, default) if isinstance(group, dict) else getattr(group, name, default)


def is_number(value: Any) -> bool:
    """Whether a table's cell holds a finite number."""
    return value is not None and not isinstance(value, str) and bool(np.isfinite(value))
