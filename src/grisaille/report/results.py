"""Everything the report draws on, and the look-ups its words and tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL.Image import Image

from grisaille.lazy import pd
from grisaille.measures.silhouettes import full_features
from grisaille.parameters import Autoencoder, Chunk, Comparison, Evaluation, named

SPACE_NAMES = {
    "raw_euclidean": "Raw features, Euclidean",
    "pca_euclidean": "PCA, Euclidean",
    "raw_hellinger": "Raw features, Hellinger",
    "pca_hellinger": "PCA, Hellinger",
    "embedding_composition": "Composition",
    "embedding_style": "Style",
    "embedding_colour": "Colour",
    "embedding_mixture": "Mixture",
    "raw_vectors": "Vectors",
}
"""Columns of silhouettes that readers are shown, and what they are called."""


@dataclass(frozen=True)
class Results:
    """The tables of one evaluation.

    Attributes:
        paintings: One row a painting.
        rejected_paintings: Files that could not be used, with reasons.
        pair_silhouettes: One row a pair of artists, one column a space.
        preservation: One row a reduced space, likeness and part of the collection.
        usefulness: One row a space and part of the collection.
        recommendations: One row a kind of profile and space.
        paper_experiments: The named comparisons.
        pair_agreement: Do the pairs' silhouettes agree with those of the raw features.
        neighbours: The nearest paintings in every space.
        kept_by_codes: One row a code of few bytes.
        study_codes_if_there: The same of the study, which has more codes; None where there was no study.
        code_figure: What codes keep, over bytes and over values.
        rnx_figure: Agreement of neighbourhoods of every size.
        silhouette_heat_map: Every pair of artists.
        scatters: A figure a comparison (`with_ends`).
        parameters: Of the run.
    """

    paintings: pd.DataFrame
    rejected_paintings: pd.DataFrame
    pair_silhouettes: pd.DataFrame
    preservation: pd.DataFrame
    usefulness: pd.DataFrame
    recommendations: pd.DataFrame
    paper_experiments: pd.DataFrame
    pair_agreement: pd.DataFrame
    neighbours: pd.DataFrame
    kept_by_codes: pd.DataFrame
    study_codes_if_there: pd.DataFrame | None
    code_figure: Image
    rnx_figure: Image
    silhouette_heat_map: Image
    scatters: Mapping[str, Image]
    parameters: dict[str, Any]

    @property
    def k(self) -> int:
        """Neighbours counted; fewer than asked for in a tiny collection."""
        return min(Evaluation.model_validate(self.parameters.get("evaluation", {})).neighbours, len(self.paintings) - 1)

    @property
    def values(self) -> tuple[int, int]:
        """Values a painting before the reduction, as far as chunks cover them, and after it."""
        if not self.composed:
            before, after = (self.useful(space, "vectors", "values") for space in ("raw", "pca"))
            return int(before), int(after)
        chunks = named(self.parameters.get("chunks", {}), Chunk)
        return sum(chunk.stop - chunk.start for chunk in chunks.values()), len(chunks) * self.autoencoder.code_size

    @property
    def autoencoder(self) -> Autoencoder:
        """The settings of the autoencoders."""
        return Autoencoder.model_validate(self.parameters.get("autoencoder", {}))

    @property
    def composed(self) -> bool:
        """Whether there are embeddings of composition; without them vectors that were given are compared."""
        return "raw_euclidean" in self.pair_silhouettes

    @property
    def made_for(self) -> str:
        """The likeness that the embedding is made to keep, or `vectors`."""
        return self.autoencoder.made_for if self.composed else "vectors"

    @property
    def embedded(self) -> tuple[str, str]:
        """The space and likeness of the embeddings that the page is about, or of what comes closest to some."""
        return ("embedding", "composition") if self.composed else ("pca", "vectors")

    def preserved(self, space: str, measure: str) -> float:
        """What a space keeps of the likeness that the embedding is made to keep; NaN if it is not known."""
        rows = where(self.preservation, space=space, likeness=self.made_for, paintings="all")[measure]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    def useful(self, space: str, likeness: str, measure: str) -> float:
        """What a space is worth by a column of `usefulness`; NaN if it is not known."""
        rows = where(self.usefulness, space=space, likeness=likeness, paintings="all")[measure]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    def nearest(self, space: str, likeness: str, painting_id: str) -> list[str]:
        """Identifiers of the nearest paintings, nearest first."""
        rows = where(self.neighbours, space=space, likeness=likeness, painting_id=painting_id)
        return [str(name) for name in rows.sort_values("rank")["neighbour_id"]]


def where(table: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """The rows that hold these values."""
    return table[np.logical_and.reduce([table[column] == value for column, value in wanted.items()])]


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


def with_ends(comparisons: Mapping[str, Any], pairs: pd.DataFrame) -> dict[str, Comparison]:
    """The named comparisons, and the pairs at both ends of the raw features' silhouettes.

    So there is something to look at in every collection.

    Args:
        comparisons: The parameter group.
        pairs: As `Results.pair_silhouettes`.
    """
    found = named(comparisons, Comparison)
    space = full_features(pairs)
    ends = ends_of_pairs(pairs, space)
    if ends is None:
        return found
    for name, heading, row in zip(
        ("lowest", "highest"), ("Hardest to tell apart", "Furthest apart"), ends, strict=True
    ):
        one, other = str(pairs.loc[row, "artist"]), str(pairs.loc[row, "other_artist"])
        where = "in the full features, by Euclidean distance" if space == "raw_euclidean" else "by the vectors"
        title = f"{heading} {where}: {one} and {other}"
        found[f"{name}_of_all_pairs"] = Comparison(left=(one,), right=(other,), title=title)
    return found


def is_number(value: Any) -> bool:
    """Whether a table's cell holds a finite number."""
    return value is not None and not isinstance(value, str) and bool(np.isfinite(value))


def number(value: Any, digits: int = 2, undefined: str = "\N{EN DASH}") -> str:
    """A figure with a minus sign, so that columns of figures line up; a dash for what is not defined."""
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}") if is_number(value) else undefined
