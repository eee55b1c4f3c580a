"""What codes keep, over what they weigh."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grisaille.plots.canvas import new_figure

PLAIN, LENGTHS = "PCA of each chunk", "PCA of each chunk, and the length of the rest"
JOINT = "PCA of all chunks, and the length of the rest"
PROJECTION, TRAINED = "Random projection", "Trained embedding"
EVEN, SPENT = "PCA of each chunk, equal bits", "PCA of all chunks, bits where they matter"
PRODUCT, ONE_BIT = "Product quantisation", "One bit a coordinate (RaBitQ)"
TRAINED_BITS = "Trained embedding, quantised"
# Okabe and Ito's colours; a family of floats has the colour of its quantised kin, and dashes and marks tell them apart.
_OF_VALUES: dict[str, dict[str, Any]] = {
    PLAIN: {"color": "#d55e00", "linestyle": ":", "marker": "s"},
    LENGTHS: {"color": "#d55e00", "linestyle": "--", "marker": "s"},
    JOINT: {"color": "#0072b2", "linestyle": "-", "marker": "o"},
    TRAINED: {"color": "#009e73", "linestyle": "none", "marker": "D"},
    PROJECTION: {"color": "0.55", "linestyle": "-.", "marker": "x"},
}
_OF_BYTES: dict[str, dict[str, Any]] = {
    EVEN: _OF_VALUES[LENGTHS],
    SPENT: _OF_VALUES[JOINT],
    TRAINED_BITS: {"color": "#009e73", "linestyle": "--", "marker": "D"},
    PRODUCT: {"color": "#cc79a7", "linestyle": "-.", "marker": "^"},
    ONE_BIT: {"color": "0.55", "linestyle": ":", "marker": "v"},
}


def code_curves(table: pd.DataFrame, title: str) -> Figure:
    """Recall over bytes, and over values in float32.

    Args:
        table: Columns family (one of the names above; others are not drawn), bytes, values and recall. Of several rows
            of one family and size the best is drawn.
        title: Of the figure.
    """
    figure = new_figure(11, 4.4)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, table, "bytes", _OF_BYTES, (160, 320, 640, 1280))
    _draw(right, table, "values", _OF_VALUES, (40, 80, 160, 320, 640))
    left.set(ylabel="recall@10", title="by the bytes of a painting")
    right.set(title="by values, of 4 bytes each")
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
    axes.legend(frameon=False, fontsize=8)
