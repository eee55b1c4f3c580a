"""Curves of preservation over sizes of neighbourhoods and codes, and bars over sets of layers."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from grisaille.likenesses.metrics import LIKENESSES
from grisaille.plots.canvas import new_figure

# Distinguished by dashes and marks as well as by Okabe and Ito's colours.
_PCA = {"linestyle": "--", "color": "#d55e00", "label": "PCA"}
_SPACES = {"pca": _PCA, "embedding": {"linestyle": "-", "color": "#0072b2", "label": "Embedding"}}
_METHODS = {
    "pca": _PCA | {"marker": "s"},
    "autoencoder": {"linestyle": "-", "color": "#0072b2", "marker": "o", "label": "Autoencoder"},
}
_PANELS = {
    "recall": "recall@10 of neighbours",
    "spearman": "Spearman of distances",
    "precision": "same artist among 10 nearest",
    "training_seconds": "training, seconds",
}


def rnx_curves(curves: pd.DataFrame) -> Figure:
    """Draw R_NX(K) over the size of the neighbourhood, one panel a likeness.

    Args:
        curves: Columns space, likeness, neighbours (K), rnx.
    """
    likenesses = list(curves["likeness"].unique()) or list(LIKENESSES)
    columns = min(len(likenesses), 2)
    rows = -(-len(likenesses) // columns)
    figure = new_figure(1 + 4.5 * columns, 0.4 + 3.8 * rows)
    heading = "Agreement of neighbourhoods of K paintings"
    figure.suptitle(f"{heading}{chr(10) if columns == 1 else ' '}with the full features")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes in panels[len(likenesses) :]:
        axes.set_axis_off()
    for axes, likeness in zip(panels, likenesses, strict=False):
        for space, style in _SPACES.items():
            curve = curves[(curves["space"] == space) & (curves["likeness"] == likeness)]
            if len(curve):
                axes.plot(curve["neighbours"], curve["rnx"], **style)
        title = f"Composition, {likeness.capitalize()}" if likeness in LIKENESSES else likeness.capitalize()
        axes.set(title=title, xscale="log", xlabel="K, nearest paintings", ylim=(None, 1))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    for axes in panels[::columns]:
        axes.set_ylabel("R_NX(K): 0 is chance, 1 is identical")
    return figure


def code_size_curves(points: pd.DataFrame) -> Figure:
    """Preservation, usefulness and training time over the size of the embedding.

    Args:
        points: Columns method, embedding_size, recall, held_out_recall, spearman, precision, raw_precision,
            training_seconds.
    """
    figure = new_figure(13, 3.8)
    figure.suptitle("Effect of the code size")
    sizes = sorted(set(points["embedding_size"]))
    for axes, (column, title) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
        for method, style in _METHODS.items():
            rows = points[points["method"] == method].sort_values("embedding_size")
            axes.plot(rows["embedding_size"], rows[column], **style)
        if column == "recall" and "held_out_recall" in points:
            # Extra curve for the last method, the autoencoder.
            seen = {"linestyle": ":", "color": "#0072b2", "label": "Autoencoder, never seen"}
            axes.plot(rows["embedding_size"], rows["held_out_recall"], **seen)
        if column == "precision" and len(points):
            axes.axhline(float(points["raw_precision"].mean()), color="0.4", lw=1, label="Full features")
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=45, fontsize=8)
        axes.minorticks_off()
        axes.set_xlabel("values a painting (4 bytes each)", fontsize=9)
        axes.grid(alpha=0.3)
        axes.set_title(title, fontsize=10)
        axes.legend(frameon=False, fontsize=8)
    return figure


def layer_bars(points: pd.DataFrame) -> Figure:
    """Preservation and usefulness of every set of layers at one size.

    Args:
        points: Columns layer_set, method, embedding_size, recall, precision, raw_precision.
    """
    sets = list(dict.fromkeys(points["layer_set"]))
    figure = new_figure(11, 1.9 + 0.62 * max(len(sets), 1))
    size = f"{int(points['embedding_size'].iloc[0]):,}" if len(points) else "no"
    figure.suptitle(f"Effect of the layers: each set reduced to {size} values")
    left, right = figure.subplots(1, 2, sharey=True)
    rows = np.arange(len(sets))
    for number, (method, style) in enumerate(_METHODS.items()):
        given = points[points["method"] == method].set_index("layer_set").reindex(sets)
        for axes, column in ((left, "recall"), (right, "precision")):
            bars = axes.barh(rows + 0.27 * number, given[column], 0.25, color=style["color"], label=style["label"])
            axes.bar_label(bars, fmt="%.3f", fontsize=8, padding=2)
    raw = points.drop_duplicates("layer_set").set_index("layer_set").reindex(sets)["raw_precision"]
    bars = right.barh(rows - 0.27, raw, 0.25, color="0.6", label="Full features")
    right.bar_label(bars, fmt="%.3f", fontsize=8, padding=2)
    left.set_yticks(rows, sets)
    left.invert_yaxis()
    left.set_xlabel("recall@10 of the set's own neighbours")
    right.set_xlabel("same artist among the 10 nearest")
    for axes in (left, right):
        axes.margins(x=0.15)
    figure.legend(*right.get_legend_handles_labels(), frameon=False, fontsize=9, loc="outside lower center", ncols=3)
    return figure
