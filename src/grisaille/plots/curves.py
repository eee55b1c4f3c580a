"""Agreement of neighbourhoods of every size."""

import pandas as pd
from matplotlib.figure import Figure

from grisaille.likenesses.metrics import LIKENESSES
from grisaille.plots.canvas import new_figure

_NAMES = {"pca": "PCA", "embedding": "Embedding"}
# Told apart by their dashes as well as by colour; the colours are Okabe and Ito's.
_STYLES = {"pca": ("#d55e00", "--"), "embedding": ("#0072b2", "-")}


def rnx_curves(curves: pd.DataFrame) -> Figure:
    """Draw R_NX(K) over the size of the neighbourhood, one panel a likeness.

    Args:
        curves: Columns space, likeness, neighbours (K), rnx.
    """
    figure = new_figure(10, 4.2)
    figure.suptitle("How far neighbourhoods of K paintings agree with those in the full features")
    panels = figure.subplots(1, len(LIKENESSES), sharey=True, squeeze=False)[0]
    for axes, likeness in zip(panels, LIKENESSES, strict=True):
        for space, (colour, dashes) in _STYLES.items():
            curve = curves[(curves["space"] == space) & (curves["likeness"] == likeness)]
            if len(curve):
                axes.plot(curve["neighbours"], curve["rnx"], dashes, color=colour, label=_NAMES[space])
        axes.set(title=likeness.capitalize(), xscale="log", xlabel="K, nearest paintings", ylim=(None, 1))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    panels[0].set_ylabel("R_NX(K): 0 is chance, 1 is the same")
    return figure
