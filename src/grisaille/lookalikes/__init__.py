"""Paintings like any picture: embed strangers as the collection was embedded, and say what is near them.

Where pictures, encoders and embeddings come from is not known here, nor how results are drawn. Imported when asked.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from grisaille.lookalikes.chains import chain, painting_named
    from grisaille.lookalikes.embedding import Embedder
    from grisaille.lookalikes.neighbour_index import NeighbourIndex, titles
    from grisaille.lookalikes.queries import Query, read_queries, several
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "chains": ["chain", "painting_named"],
            "embedding": ["Embedder"],
            "queries": ["Query", "read_queries", "several"],
            "surroundings": ["NeighbourIndex", "titles"],
        },
    )

__all__ = ["Embedder", "NeighbourIndex", "Query", "chain", "painting_named", "read_queries", "several", "titles"]
