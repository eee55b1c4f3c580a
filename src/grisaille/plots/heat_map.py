"""Silhouettes of pairs of artists at a glance: of all of them, or of the most and the least alike."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from grisaille.arrays import FloatArray
from grisaille.measures.silhouettes import full_features
from grisaille.plots.canvas import new_figure
from grisaille.plots.comparison import literal

_PANELS = {
    "raw_euclidean": "Raw features, Euclidean",
    "raw_hellinger": "Raw features, Hellinger",
    "embedding_composition": "Embedding",
    "raw_vectors": "Vectors",
}
# Beyond this many artists the figures in the cells would not be legible.
_LEGIBLE = 24
# As many as the collection of the 2021 work has. Pixels and memory grow with the square of this number.
_SHOWN = 50
# As in the report, whose pairs side by side are the first that are chosen here.
_ENOUGH = 3


def silhouette_heat_map(pairs: pd.DataFrame) -> Figure:
    """Draw the lower triangle of all pairs, for the raw features and the embedding on one scale.

    Of more than 50 artists, those of the most and the least alike pairs are drawn, and the title says so.

    Args:
        pairs: Columns artist, other_artist, fewest_paintings, and one column of silhouettes a space.

    Returns:
        A figure; a collection of one artist gives one that says so.
    """
    artists = sorted({*pairs["artist"].unique(), *pairs["other_artist"].unique()})
    heading = "Silhouettes of all pairs of artists: higher is further apart"
    if len(artists) > _SHOWN:
        heading = (
            f"Silhouettes of pairs of artists: higher is further apart\n{_SHOWN} of {len(artists):,} artists: those of "
            "the most and the least alike pairs in the raw features\n(all pairs are in pair_silhouettes.csv)"
        )
        artists = _at_the_ends(pairs)
        pairs = pairs[pairs["artist"].isin(artists) & pairs["other_artist"].isin(artists)]
        artists = _alike_together(pairs, artists)
    side = max(5.0, 0.42 * len(artists) + 2.4)
    shown = {column: title for column, title in _PANELS.items() if column in pairs}
    figure = new_figure(side * 1.15, side * len(shown))
    # In a large picture, which a page shows smaller, a title of 14 points could not be read.
    figure.suptitle(heading, fontsize=max(14.0, side))
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    values = pairs[list(shown)].to_numpy(dtype=float)
    if not np.isfinite(values).any():
        for axes in panels:
            axes.set_axis_off()
        panels[0].text(0.5, 0.5, "fewer than two artists", ha="center", va="center")
        return figure
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    for axes, (column, title) in zip(panels, shown.items(), strict=True):
        image = _panel(axes, title, _matrix(pairs, column, artists), artists, (low, high))
    figure.colorbar(image, ax=panels, shrink=0.4, location="right", label="silhouette")
    return figure


def _at_the_ends(pairs: pd.DataFrame) -> list[str]:
    """The artists of the most and of the least alike pair, of the second most and the second least, and so on."""
    values = pairs[full_features(pairs)].to_numpy(dtype=float)
    few = (pairs["fewest_paintings"] < _ENOUGH).to_numpy()
    # Pairs without a silhouette come last, and before them those of artists of whom nobody can say what is typical.
    ends = [np.lexsort((sign * values, few, np.isnan(values))) for sign in (1, -1)]
    names = pairs[["artist", "other_artist"]].to_numpy()[np.column_stack(ends).ravel()]
    return list(dict.fromkeys(names.ravel()))[:_SHOWN]


def _alike_together(pairs: pd.DataFrame, artists: list[str]) -> list[str]:
    """Some artists in the order of a hierarchical clustering, so that groups of alike artists show as blocks."""
    # Silhouettes are at least -1. One that is not defined counts as 0, the middle of the scale.
    distances = 1 + np.nan_to_num(_matrix(pairs, full_features(pairs), artists)).T[np.triu_indices(len(artists), 1)]
    return [artists[row] for row in leaves_list(linkage(distances, "average", optimal_ordering=True))]


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
