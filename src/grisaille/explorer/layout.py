"""Where paintings lie on a plane: two numbers made of an embedding's many."""

import importlib.util
import logging
import math

import numpy as np

from grisaille.arrays import FloatArray, IntArray

logger = logging.getLogger(__name__)

# UMAP makes a graph of neighbours, which fewer paintings than these do not fill.
_FEWEST = 10
# Paintings that are assigned to as many cells of a grid at once: the cost grows with the cube.
_BLOCK = 64


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


def grid_places(places: FloatArray) -> FloatArray:
    """A cell of a grid for every painting, so that none overlap and those that were near stay near.

    Paintings and cells are halved together, along the longer side of the cells, until at most `_BLOCK` are left; within
    such a block the sum of squared distances between paintings and their cells is least. Assigning all at once brings
    little: on 3,902 paintings by UMAP 61.6 % of a painting's 8 nearest are still among the 8 nearest on the grid after
    68 s, against 59.6 % after 0.1 s.

    Args:
        places: Where the paintings are, shape (n, 2).

    Returns:
        float32, shape (n, 2): column and row, whole numbers from 0, no two alike. The grid is 4 wide for 3 high, and
        only its row 0 may be shorter than the others.

    Source: halving as in Bentley 1975, "Multidimensional binary search trees used for associative searching"; the
    assignment is that of Kuhn 1955, by `scipy.optimize.linear_sum_assignment`.
    """
    columns = max(1, math.ceil(math.sqrt(len(places) * 4 / 3)))
    row, column = np.divmod(np.arange(len(places)), columns)
    # The other layouts are drawn upwards, too, so that the last row is at the bottom.
    cells = np.column_stack([column, row[-1:] - row]).astype(np.float64)
    result = np.empty((len(places), 2), dtype=np.float32)
    blocks: list[tuple[IntArray, FloatArray]] = [(np.arange(len(places)), cells)]
    while blocks:
        rows, block = blocks.pop()
        if len(rows) > _BLOCK:
            blocks += _halved(places, rows, block)
        else:
            result[rows] = block[_assigned(places[rows].astype(np.float64), block)]
    return result


def _halved(places: FloatArray, rows: IntArray, cells: FloatArray) -> list[tuple[IntArray, FloatArray]]:
    """Cells cut between two lines, and as many of the paintings on each side, in their order along the same axis."""
    axis = int(np.argmax(np.ptp(cells, axis=0)))
    first = cells[:, axis] < np.ceil((cells[:, axis].min() + cells[:, axis].max()) / 2)
    ordered = rows[np.argsort(places[rows, axis], kind="stable")]
    count = int(first.sum())
    return [(ordered[:count], cells[first]), (ordered[count:], cells[~first])]


def _assigned(places: FloatArray, cells: FloatArray) -> IntArray:
    """Rows of the cells for a few paintings: both fill the same box, and squared distances are least."""
    from scipy.optimize import linear_sum_assignment

    if not len(places):
        return np.empty(0, dtype=np.int64)
    low, extent = places.min(axis=0), np.ptp(places, axis=0)
    filled = cells.min(axis=0) + (places - low) / np.where(extent > 0, extent, 1) * np.ptp(cells, axis=0)
    # The order of the rows is that of the paintings.
    return np.asarray(linear_sum_assignment(((filled[:, None] - cells) ** 2).sum(axis=2))[1])
