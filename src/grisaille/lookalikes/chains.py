"""The chain: from one painting to another through paintings that are alike."""

from __future__ import annotations

import difflib

import numpy as np

from grisaille.arrays import IntArray
from grisaille.measures.lookup import Lookup
from grisaille.points import Points

_NEIGHBOURS = 8
_SHOWN = 8
# Seconds that exact search of all neighbours may take one core: about 87,000 paintings of 320 values.
_SECONDS = 120


def chain(points: Points, start: int, stop: int) -> IntArray:
    """The way from one point to another along which every step leads to a near neighbour.

    The shortest path in the graph that joins every point to its nearest ones, where a step costs its squared distance:
    several small steps are shorter than one large step. There are eight neighbours a point, twice as many as long as
    no path leads there.

    Args:
        points: Of n paintings.
        start: Row of the first point.
        stop: Row of the last.

    Returns:
        Rows from start to stop, both included; one row where they are the same.

    Source: Tenenbaum, de Silva & Langford 2000, "A global geometric framework for nonlinear dimensionality reduction",
    for paths through neighbours; Dijkstra 1959 for finding them.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n, lookup = len(points), Lookup(points)
    lookup.prepare(n, _SECONDS)
    k = min(_NEIGHBOURS, n - 1)
    while True:
        near, distances = lookup.nearest(points, k + 1)
        # A step between equal points costs nothing, which a sparse matrix would take for no step at all.
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
    """The row of the painting that a person means.

    Args:
        name: Its identifier, the last part of it, or a part that no other has; case, underscores and spaces do not
            matter.
        identifiers: Of all paintings.

    Raises:
        ValueError: If there is none, with names that are close, or several, with the first of them.
    """
    if name in identifiers:
        return identifiers.index(name)
    plain = [_plain(identifier) for identifier in identifiers]
    wanted = _plain(name)
    files = [_plain(identifier.rpartition("/")[2]) for identifier in identifiers]
    found = [row for row, text in enumerate(plain) if text == wanted]
    found = found or [row for row, text in enumerate(files) if text == wanted]
    found = found or [row for row, text in enumerate(plain) if wanted in text]
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        some = ", ".join(identifiers[row] for row in found[:_SHOWN])
        raise ValueError(f"'{name}' may be any of {some}{more}: give the whole name")
    close = difflib.get_close_matches(wanted, plain, _SHOWN, cutoff=0.5)
    hint = ", ".join(identifiers[plain.index(text)] for text in dict.fromkeys(close))
    raise ValueError(f"there is no painting '{name}'" + (f"; there are {hint}" if hint else ""))


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("/", " ").lower().split())
