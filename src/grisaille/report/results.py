"""The tables behind the report, and the look-ups that its texts and tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL.Image import Image

from grisaille.collection.artists import UNKNOWN
from grisaille.lazy import pd
from grisaille.measures.artist_graph import nearness
from grisaille.parameters import Autoencoder, Comparison, Evaluation, named

SPACE_NAMES = {
    "embedding_mixture": "Mixture",
    "embedding_style": "Style",
    "embedding_composition": "Composition",
    "embedding_colour": "Colour",
    "raw_vectors": "Vectors",
    "raw_euclidean": "Full features, Euclidean",
    "pca_euclidean": "PCA, Euclidean",
    "raw_hellinger": "Full features, Hellinger",
    "pca_hellinger": "PCA, Hellinger",
}
"""Columns of silhouettes that the report shows -> their headings."""
OFFERED = [
    *[("embedding", likeness) for likeness in ("composition", "style", "colour", "mixture")],
    ("raw", "vectors"),
]
"""Spaces that the explorer and the studio offer, each with its likeness."""
CLOSER = "closer_than_"
"""Prefix of the columns of named comparisons that hold the share of other pairs that are farther apart."""
# An artist with fewer paintings has no typical ones.
ENOUGH = 3
# A painting is a hub if it is a neighbour of this share of all paintings, and of this many times the chance level.
_HUB, _TIMES_CHANCE = 0.2, 4


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
        pair_agreement: Agreement of the pairs' silhouettes with those in the full features.
        neighbours: The nearest paintings in every space.
        kept_by_codes: One row a compact code.
        study_codes_if_there: The same table of the study, which measures more codes; None without a study.
        code_figure: Recall of codes over bytes and over values.
        rnx_figure: Agreement of neighbourhoods of every size.
        silhouette_heat_map: Silhouettes of all pairs of artists.
        scatters: One figure a comparison with paintings on both sides.
        parameters: Parameters of the run.
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
        """Number of neighbours that count; smaller than the setting in a tiny collection."""
        return min(Evaluation.model_validate(self.parameters.get("evaluation", {})).neighbours, len(self.paintings) - 1)

    @property
    def values(self) -> tuple[float, float]:
        """Values a painting in the full features and in the reduced space; NaN if no artist is known."""
        full, reduced = (self.useful(*name, "values") for name in (("raw", self.made_for), self.embedded))
        return full, reduced

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """The named comparisons."""
        return named(self.parameters.get("comparisons", {}), Comparison)

    @property
    def compared(self) -> list[str]:
        """Keys of the comparisons that have paintings on both sides."""
        known = self.paper_experiments["_".join(self.default)].notna()
        return [key for key in self.paper_experiments.loc[known, "comparison"] if key in self.comparisons]

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Spaces that users can search for look-alikes, each with its likeness."""
        return [name for name in OFFERED if "_".join(name) in self.pair_silhouettes]

    @property
    def default(self) -> tuple[str, str]:
        """The default of the offered spaces."""
        return ("embedding", "mixture") if ("embedding", "mixture") in self.offered else self.offered[0]

    @property
    def chance(self) -> float:
        """Share of the nearest by the same artist if neighbours were drawn by chance; NaN if unknown."""
        rows = self.usefulness.loc[self.usefulness["space"] == "chance", "precision"]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    @property
    def autoencoder(self) -> Autoencoder:
        """The settings of the autoencoders."""
        return Autoencoder.model_validate(self.parameters.get("autoencoder", {}))

    @property
    def composed(self) -> bool:
        """Whether there are embeddings of composition; otherwise given vectors are compared."""
        return "raw_euclidean" in self.pair_silhouettes

    @property
    def made_for(self) -> str:
        """The likeness that the embedding preserves, or `vectors`."""
        return self.autoencoder.made_for if self.composed else "vectors"

    @property
    def embedded(self) -> tuple[str, str]:
        """Space and likeness of the embeddings that the page reports on; without embeddings, PCA of the vectors."""
        return ("embedding", "composition") if self.composed else ("pca", "vectors")

    def preserved(self, space: str, measure: str) -> float:
        """A measure of how well a space preserves the embedding's likeness; NaN if unknown."""
        rows = where(self.preservation, space=space, likeness=self.made_for, paintings="all")[measure]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    def useful(self, space: str, likeness: str, measure: str) -> float:
        """A column of `usefulness` for a space; NaN if unknown."""
        rows = where(self.usefulness, space=space, likeness=likeness, paintings="all")[measure]
        return float(rows.iloc[0]) if len(rows) else float("nan")

    def nearest(self, space: str, likeness: str, painting_id: str) -> list[str]:
        """Identifiers of the nearest paintings, nearest first."""
        rows = where(self.neighbours, space=space, likeness=likeness, painting_id=painting_id)
        return [str(name) for name in rows.sort_values("rank")["neighbour_id"]]


def where(table: pd.DataFrame, **values: str) -> pd.DataFrame:
    """The rows whose columns have the given values."""
    return table[np.logical_and.reduce([table[column] == value for column, value in values.items()])]


def hubs(results: Results, space: str, likeness: str) -> dict[str, float]:
    """Hubs, which are neighbours of very many paintings: identifier -> share of all paintings, largest first.

    Source: Radovanović, Nanopoulos & Ivanović 2010, "Hubs in space".
    """
    near = where(results.neighbours, space=space, likeness=likeness)
    queries = max(near["painting_id"].nunique(), 1)
    shares = near["neighbour_id"].value_counts() / queries
    by_chance = results.k / max(len(results.paintings) - 1, 1)
    largest = shares[shares >= max(_HUB, _TIMES_CHANCE * by_chance)]
    return {str(name): float(share) for name, share in largest.items()}


def pairs_in_order(pairs: pd.DataFrame, space: str) -> pd.DataFrame:
    """Pairs of artists, closest first, by the silhouettes of a space.

    Only artists with three paintings or more count, if there are any.

    Args:
        pairs: As `Results.pair_silhouettes`.
        space: One of its columns.
    """
    known = pairs[pairs[space].notna()]
    enough = known[known["fewest_paintings"] >= ENOUGH]
    return (enough if len(enough) else known).sort_values([space, "artist", "other_artist"])


def pairs_by_nearness(results: Results) -> pd.DataFrame:
    """Pairs of artists, nearest first, by the default likeness.

    Nearness is based on counts, which do not depend on an artist's variety. Silhouettes do: varied artists are close to
    all.

    Returns:
        Columns artist, other_artist and nearness (`measures.artist_graph.nearness`). Only artists with three paintings
        or more count, if there are two of them.
    """
    known = results.paintings[results.paintings["duplicate_of"].isna() & (results.paintings["artist"] != UNKNOWN)]
    artists, labels = np.unique(known["artist"].to_numpy(dtype=str), return_inverse=True)
    count, label = len(artists), pd.Series(labels, index=known["painting_id"])
    if count < 2:
        return pd.DataFrame(columns=["artist", "other_artist", "nearness"])
    near = where(results.neighbours, space=results.default[0], likeness=results.default[1])
    ends = np.stack([near[end].map(label).to_numpy(dtype=float) for end in ("painting_id", "neighbour_id")])
    ends = ends[:, np.isfinite(ends).all(axis=0)].astype(int)
    counts = np.bincount(ends[0] * count + ends[1], minlength=count**2).reshape(count, count).astype(float)
    np.fill_diagonal(counts, 0)
    sizes = np.bincount(labels)
    values = nearness(counts, sizes)
    typical = np.flatnonzero(sizes >= ENOUGH) if np.count_nonzero(sizes >= ENOUGH) > 1 else np.arange(count)
    one, other = (typical[end] for end in np.triu_indices(len(typical), 1))
    table = pd.DataFrame({"artist": artists[one], "other_artist": artists[other], "nearness": values[one, other]})
    # Without rounding, the last digits of equal counts would decide the order.
    return table.sort_values("nearness", key=lambda values: -values.round(9), kind="stable", ignore_index=True)


def is_number(value: Any) -> bool:
    """Whether a table's cell holds a finite number."""
    return value is not None and not isinstance(value, str) and bool(np.isfinite(value))


def number(value: Any, digits: int = 2, undefined: str = "\N{EN DASH}") -> str:
    """A figure with a typographic minus sign, so that columns line up; a dash if it is undefined."""
    if not is_number(value):
        return undefined
    # Adding zero turns a negative zero into a positive one.
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")
