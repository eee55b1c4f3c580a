"""Recall of codes over their size."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grisaille.measures.code_rows import (
    EMBEDDING,
    EMBEDDING_BITS,
    EVEN,
    JOINT,
    LENGTHS,
    ONE_BIT,
    PLAIN,
    PRODUCT,
    PROJECTION,
    SIZES,
    SPENT,
    VALUES,
)
from grisaille.plots.canvas import new_figure

# Okabe and Ito's colours. A family of floats has the colour of its quantised version; dashes and marks differ.
_OF_VALUES: dict[str, dict[str, Any]] = {
    PLAIN: {"color": "#d55e00", "linestyle": ":", "marker": "s"},
    LENGTHS: {"color": "#d55e00", "linestyle": "--", "marker": "s"},
    JOINT: {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    EMBEDDING: {"color": "#009e73", "linestyle": "none", "marker": "D"},
    PROJECTION: {"color": "0.55", "linestyle": "-.", "marker": "x"},
}
_OF_BYTES: dict[str, dict[str, Any]] = {
    EVEN: _OF_VALUES[LENGTHS],
    SPENT: _OF_VALUES[JOINT],
    EMBEDDING_BITS: {"color": "#009e73", "linestyle": "--", "marker": "D"},
    PRODUCT: {"color": "#cc79a7", "linestyle": "-.", "marker": "^"},
    ONE_BIT: {"color": "0.55", "linestyle": ":", "marker": "v"},
}


def code_curves(table: pd.DataFrame) -> Figure:
    """Draw recall over bytes, and over values in float32; one row of panels a likeness.

    Args:
        table: Columns likeness, family (of `measures.code_rows`; others are not drawn), bytes, values and recall. The
            best of several rows with one family and size is drawn.
    """
    likenesses = list(dict.fromkeys(table["likeness"]))
    figure = new_figure(11, 0.6 + 3.8 * len(likenesses))
    figure.suptitle("Share of the ten nearest that a code keeps, for paintings never seen")
    panels = figure.subplots(len(likenesses), 2, sharey="row", squeeze=False)
    for (left, right), likeness in zip(panels, likenesses, strict=True):
        rows = table[table["likeness"] == likeness]
        _draw(left, rows, "bytes", _OF_BYTES, SIZES)
        _draw(right, rows, "values", _OF_VALUES, VALUES)
        left.set(ylabel="recall@10", title=f"{likeness.capitalize()}, by the bytes of a painting")
        right.set(title=f"{likeness.capitalize()}, by values of 4 bytes each")
    return figure


def _draw(
    axes: Axes, table: pd.DataFrame, over: str, families: dict[str, dict[str, Any]], ticks: tuple[int, ...]
) -> None:
    for family, style in families.items():
        best = table[table["family"] == family].groupby(over)["recall"].max()
        if len(best):
            axes.plot(best.index, best.to_numpy(), label=family, **style)
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [f"{size:,}" for size in ticks])
    axes.minorticks_off()
    axes.set_xlabel(over)
    axes.grid(alpha=0.3)
    axes.legend(framealpha=0.8, edgecolor="none", fontsize=8)
