"""Chains: from one painting to another through paintings that are alike."""

from __future__ import annotations

import difflib

import numpy as np

from grisaille.arrays import IntArray
from grisaille.measures.lookup import Lookup
from grisaille.points import Points

_NEIGHBOURS = 8
_SHOWN = 8
# Time limit of exact neighbour search on one core, in seconds: about 87,000 paintings of 320 values.
_SECONDS = 120


def chain(points: Points, start: int, stop: int) -> IntArray:
    """The path from one point to another whose steps lead to near neighbours.

    It is the shortest path in the graph of nearest neighbours with squared distances as costs, so several small steps
    are shorter than one large step. The graph has eight neighbours a point, doubled until a path exists.

    Args:
        points: Points of n paintings.
        start: Row of the first point.
        stop: Row of the last point.

    Returns:
        Rows from start to stop, both included; one row if they are equal.

    Source: Tenenbaum, de Silva & Langford 2000, "A global geometric framework for nonlinear dimensionality reduction",
    for paths through neighbours; Dijkstra 1959 for the search.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n, lookup = len(points), Lookup(points)
    lookup.prepare(n, _SECONDS)
    k = min(_NEIGHBOURS, n - 1)
    while True:
        near, distances = lookup.nearest(points, k + 1)
        # A step between equal points costs 0, which a sparse matrix would treat as no edge.
        costs = np.maximum(distances**2, np.finfo(np.float64).tiny)
        graph = csr_array((costs.ravel(), near.ravel(), np.arange(0, near.size + 1, k + 1)), shape=(n, n))
        _, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
        if start == stop or before[stop] >= 0:
            break
        k = min(2 * k, n - 1)
    path = [stop]
    while path[-1] != start:
        path.append(int(before[path[-1]]))
    return np.array(path[::-1])


def painting_named(name: str, identifiers: list[str]) -> int:
    """The row of a painting by its name.

    Args:
        name: The identifier, its last part, or a unique part; case, underscores and spaces do not matter.
        identifiers: Identifiers of all paintings.

    Raises:
        ValueError: If there is no match, with similar names, or several, with the first of them.
    """
    if name in identifiers:
        return identifiers.index(name)
    plain = [_plain(identifier) for identifier in identifiers]
    query = _plain(name)
    files = [_plain(identifier.rpartition("/")[2]) for identifier in identifiers]
    matches = [row for row, text in enumerate(plain) if text == query]
    matches = matches or [row for row, text in enumerate(files) if text == query]
    matches = matches or [row for row, text in enumerate(plain) if query in text]
    if len(matches) == 1:
        return matches[0]
    if matches:
        more = f" and {len(matches) - _SHOWN} more" if len(matches) > _SHOWN else ""
        some = ", ".join(identifiers[row] for row in matches[:_SHOWN])
        raise ValueError(f"'{name}' may be any of {some}{more}: give the whole name")
    close = difflib.get_close_matches(query, plain, _SHOWN, cutoff=0.5)
    hint = ", ".join(identifiers[plain.index(text)] for text in dict.fromkeys(close))
    raise ValueError(f"there is no painting '{name}'" + (f"; there are {hint}" if hint else ""))


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("/", " ").lower().split())
