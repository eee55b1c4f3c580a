"""Silhouettes of all pairs of artists at a glance."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grisaille.arrays import FloatArray
from grisaille.plots.canvas import new_figure
from grisaille.plots.comparison import literal

_PANELS = {"raw_euclidean": "Raw features, Euclidean", "raw_cosine": "Raw features, cosine", "embedding": "Embedding"}
# Beyond this many artists the figures in the cells would not be legible.
_LEGIBLE = 24


def silhouette_heat_map(pairs: pd.DataFrame) -> Figure:
    """Draw the lower triangle of all pairs, for the raw features and the embedding on one scale.

    Args:
        pairs: Columns artist, other_artist, and one column of silhouettes a space.

    Returns:
        A figure; a collection of one artist gives one that says so.
    """
    artists = sorted(set(pairs["artist"]) | set(pairs["other_artist"]))
    side = max(5.0, 0.42 * len(artists) + 2.4)
    figure = new_figure(side * 1.15, side * len(_PANELS))
    figure.suptitle("Silhouettes of all pairs of artists: higher is further apart", fontsize=14)
    panels = figure.subplots(len(_PANELS), 1, squeeze=False)[:, 0]
    values = pairs[list(_PANELS)].to_numpy(dtype=float)
    if not np.isfinite(values).any():
        for axes in panels:
            axes.set_axis_off()
        panels[0].text(0.5, 0.5, "fewer than two artists", ha="center", va="center")
        return figure
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    for axes, (column, title) in zip(panels, _PANELS.items(), strict=True):
        image = _panel(axes, title, _matrix(pairs, column, artists), artists, (low, high))
    figure.colorbar(image, ax=panels, shrink=0.4, location="right", label="silhouette")
    return figure


def _matrix(pairs: pd.DataFrame, column: str, artists: list[str]) -> FloatArray:
    rows = {artist: row for row, artist in enumerate(artists)}
    matrix = np.full((len(artists), len(artists)), np.nan)
    first = pairs["artist"].map(rows).to_numpy(dtype=int)
    second = pairs["other_artist"].map(rows).to_numpy(dtype=int)
    matrix[np.maximum(first, second), np.minimum(first, second)] = pairs[column]
    return matrix


def _panel(axes: Axes, title: str, matrix: FloatArray, artists: list[str], limits: tuple[float, float]):  # type: ignore[no-untyped-def]  # matplotlib's image
    # Cividis reads the same with and without colour vision, and in grayscale.
    image = axes.imshow(matrix, cmap="cividis", vmin=limits[0], vmax=limits[1])
    axes.set_title(title)
    names = [literal(artist) for artist in artists]
    axes.set_xticks(range(len(artists)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(artists)), names, fontsize=8)
    axes.spines[:].set_visible(False)
    if len(artists) <= _LEGIBLE:
        middle = sum(limits) / 2
        for row, column in zip(*np.nonzero(np.isfinite(matrix)), strict=True):
            value = matrix[row, column]
            colour = "black" if value > middle else "white"
            text = f"{value:.2f}".replace("0.", ".", 1).replace("-.00", ".00").replace("-", "\N{MINUS SIGN}")
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    return image
