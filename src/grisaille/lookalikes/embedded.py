"""The embeddings of a collection for queries, and new pictures among them."""

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
"""Likeness -> its share in the squared distances of a mixture for one query."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """A collection, and the models that embed new pictures.

    Attributes:
        paintings: n rows.
        embeddings: Likeness -> float32, shape (n, d).
        mixture: Shares of the likenesses in the run's mixture.
        embedder: Creates the embedder on first use.
    """

    paintings: pd.DataFrame
    embeddings: Mapping[str, FloatArray]
    mixture: Mixture
    embedder: Callable[[], Embedder]

    def points(self, likeness: str | Weights) -> Points:
        """The paintings by one likeness, or by a mixture of several.

        Raises:
            ValueError: See `check`.
        """
        if isinstance(likeness, str):
            return Points.of(likeness, self.embeddings[likeness])
        self.check(likeness)
        return self.mixed({name: self.points(name) for name in likeness}, likeness)

    def mixed(self, points: Mapping[str, Points], weights: Weights) -> Points:
        """Mix points by several likenesses; the residual of composition is left out.

        Args:
            points: Likeness -> q points, for at least all weighted likenesses.
            weights: Likeness -> its share.

        Raises:
            ValueError: See `check`.
        """
        factors = self.factors(weights)
        return Points.plain(mix({name: points[name].coordinates for name in factors}, factors))

    def check(self, weights: Weights) -> None:
        """Check the weights of a mixture.

        Raises:
            ValueError: If a likeness is missing, a weight is negative or not finite, or none is positive.
        """
        if unknown := weights.keys() - (self.embeddings.keys() - {MIXTURE}):
            known = ", ".join(name for name in self.embeddings if name != MIXTURE)
            raise ValueError(f"likeness={sorted(unknown)[0]} cannot be mixed; there are {known}")
        if not all(np.isfinite(weight) and weight >= 0 for weight in weights.values()) or not any(weights.values()):
            raise ValueError(f"weights must be at least 0, and one of them positive. Received: {dict(weights)}")

    def factors(self, weights: Weights) -> dict[str, float]:
        """The factor of each likeness's embeddings in a mixture.

        Raises:
            ValueError: See `check`.
        """
        self.check(weights)
        parts = {name: self.points(name).coordinates for name in weights}
        return shares(parts, weights, fitted_on(self.paintings["split"].to_numpy()))

    def embed(self, queries: Sequence[Query], likenesses: Collection[str], max_megapixels: float) -> dict[str, Points]:
        """Embed new pictures.

        Args:
            queries: q pictures.
            likenesses: The likenesses to embed by; given vectors exist only for the collection.
            max_megapixels: As in ingestion.

        Returns:
            Likeness -> q points.
        """
        weights = self.weights if MIXTURE in likenesses else {}
        needed = [name for name in dict.fromkeys([*likenesses, *weights]) if name != MIXTURE]
        readers = [lambda query=query: query.data for query in queries]
        embedded = self.embedder()(readers, needed, max_megapixels) if needed else {}
        points = {name: Points.of(name, values) for name, values in embedded.items()}
        if weights:
            points[MIXTURE] = self.mixed(points, weights)
        return points

    @property
    def weights(self) -> dict[str, float]:
        """Weights of the run's mixture."""
        given = self.mixture.model_dump()
        return {name: given[name] for name in mixed(self.embeddings) if given[name]}
