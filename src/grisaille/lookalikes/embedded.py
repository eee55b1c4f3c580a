"""A collection among whose embeddings questions are answered, and further pictures take their places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection.split import fitted_on
from grisaille.lazy import pd
from grisaille.likenesses.components import mix, shares
from grisaille.likenesses.names import MIXTURE
from grisaille.lookalikes.queries import Query
from grisaille.parameters import Mixture, mixed
from grisaille.points import Points

if TYPE_CHECKING:
    from grisaille.lookalikes.embedding import Embedder

Weights: TypeAlias = Mapping[str, float]
"""Likeness -> its share in the squared distances of a mixture that is made for one question."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """A collection, and what embeds further pictures.

    Attributes:
        paintings: n rows.
        embeddings: Likeness -> float32, shape (n, d).
        mixture: Shares of the likenesses in it.
        embedder: Makes what embeds pictures, where it is needed.
    """

    paintings: pd.DataFrame
    embeddings: Mapping[str, FloatArray]
    mixture: Mixture
    embedder: Callable[[], Embedder]

    def points(self, likeness: str | Weights) -> Points:
        """The paintings by a likeness, or by a mixture of some.

        Raises:
            ValueError: As `check` does.
        """
        if isinstance(likeness, str):
            return Points.of(likeness, self.embeddings[likeness])
        self.check(likeness)
        return self.mixed({name: self.points(name) for name in likeness}, likeness)

    def mixed(self, points: Mapping[str, Points], weights: Weights) -> Points:
        """Points by several likenesses as one mixture; what composition leaves out does not take part.

        Args:
            points: Likeness -> q points; at least those that have a weight.
            weights: Likeness -> its share.

        Raises:
            ValueError: As `check` does.
        """
        factors = self.factors(weights)
        return Points.plain(mix({name: points[name].coordinates for name in factors}, factors))

    def check(self, weights: Weights) -> None:
        """Refuse what cannot be mixed.

        Raises:
            ValueError: If a likeness was not made, a weight is negative or not finite, or none is positive.
        """
        if unknown := weights.keys() - (self.embeddings.keys() - {MIXTURE}):
            known = ", ".join(name for name in self.embeddings if name != MIXTURE)
            raise ValueError(f"likeness={sorted(unknown)[0]} cannot be mixed; there are {known}")
        if not all(np.isfinite(weight) and weight >= 0 for weight in weights.values()) or not any(weights.values()):
            raise ValueError(f"weights must be at least 0, and one of them more. Received: {dict(weights)}")

    def factors(self, weights: Weights) -> dict[str, float]:
        """What the embeddings of each likeness are multiplied by in a mixture.

        Raises:
            ValueError: As `check` does.
        """
        self.check(weights)
        parts = {name: self.points(name).coordinates for name in weights}
        return shares(parts, weights, fitted_on(self.paintings["split"].to_numpy()))

    def embed(self, queries: Sequence[Query], likenesses: Collection[str], max_megapixels: float) -> dict[str, Points]:
        """Pictures among the paintings.

        Args:
            queries: q pictures.
            likenesses: By which; vectors that were given are known of the collection alone.
            max_megapixels: As in ingestion.

        Returns:
            Likeness -> q points.
        """
        weights = self.weights if MIXTURE in likenesses else {}
        wanted = [name for name in dict.fromkeys([*likenesses, *weights]) if name != MIXTURE]
        readers = [lambda query=query: query.data for query in queries]
        found = self.embedder()(readers, wanted, max_megapixels) if wanted else {}
        points = {name: Points.of(name, values) for name, values in found.items()}
        if weights:
            points[MIXTURE] = self.mixed(points, weights)
        return points

    @property
    def weights(self) -> dict[str, float]:
        """Of the mixture that the run made."""
        given = self.mixture.model_dump()
        return {name: given[name] for name in mixed(self.embeddings) if given[name]}
