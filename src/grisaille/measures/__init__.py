"""How alike are paintings in a space, and does a smaller space agree: pure NumPy, exact, a block of rows at a time."""

from grisaille.measures.lookup import search
from grisaille.measures.neighbourhoods import Preservation, nearest
from grisaille.measures.retrieval import Retrieval
from grisaille.measures.silhouettes import (
    DistanceSums,
    pair_agreement,
    pair_silhouette,
    pair_silhouettes,
    point_silhouettes,
)
from grisaille.measures.spaces import Space, blocks, embedding_space, feature_space, rows_at_a_time

__all__ = [
    "DistanceSums",
    "Preservation",
    "Retrieval",
    "Space",
    "blocks",
    "embedding_space",
    "feature_space",
    "nearest",
    "pair_agreement",
    "pair_silhouette",
    "pair_silhouettes",
    "point_silhouettes",
    "rows_at_a_time",
    "search",
]
