"""Where paintings lie on a plane: two numbers made of an embedding's many."""

import importlib.util
import logging

import numpy as np

from grisaille.arrays import FloatArray

logger = logging.getLogger(__name__)

# UMAP makes a graph of neighbours, which fewer paintings than these do not fill.
_FEWEST = 10


def principal_places(embeddings: FloatArray) -> FloatArray:
    """The two directions in which the paintings differ most.

    Args:
        embeddings: Shape (n, d).

    Returns:
        float32, shape (n, 2), in the units of the embedding; zeros where there is no second direction, or no first.

    Source: Pearson 1901, "On lines and planes of closest fit".
    """
    from sklearn.decomposition import PCA

    components = min(2, *embeddings.shape)
    places = np.zeros((len(embeddings), 2), dtype=np.float32)
    if len(embeddings) > 1:
        places[:, :components] = PCA(components, svd_solver="full").fit_transform(embeddings.astype(np.float64))
    return places


def umap_places(embeddings: FloatArray, seed: int) -> FloatArray | None:
    """A plane on which neighbours stay near, and far distances mean little.

    Args:
        embeddings: Shape (n, d).
        seed: Governs the layout; one seed gives one layout, at the price of one thread.

    Returns:
        float32, shape (n, 2); None without a `umap-learn` that works, or for fewer than ten paintings.

    Source: McInnes, Healy & Melville 2018, "UMAP: uniform manifold approximation and projection".
    """
    if len(embeddings) < _FEWEST or importlib.util.find_spec("umap") is None:
        return None
    try:
        import umap

        # Pictures need more room than the dots that the default of 0.1 is meant for.
        layout = umap.UMAP(
            n_neighbors=min(15, len(embeddings) - 1), min_dist=0.4, init="pca", random_state=seed, n_jobs=1
        ).fit_transform(embeddings)
    except Exception as error:
        # It compiles itself, into a folder that may not be written to, and depends on much that may not fit.
        logger.warning("the map has no UMAP layout, since umap-learn does not work here: %s", error)
        return None
    return np.asarray(layout, dtype=np.float32)
