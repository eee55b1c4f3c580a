"""Heat map of silhouettes of pairs of artists, by one likeness."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy.cluster.hierarchy import leaves_list, linkage

from grisaille.arrays import FloatArray
from grisaille.plots.canvas import new_figure
from grisaille.plots.comparison import literal

# The first available of these is drawn.
_DRAWN = {
    "embedding_mixture": "the mixture",
    "embedding_composition": "composition",
    "raw_vectors": "the vectors",
}
# With more artists, figures in the cells would be illegible.
_LEGIBLE = 24
# Inches of a cell with and without a figure, and points of a name.
_CELL, _SMALL, _NAME = 0.42, 0.3, 10
# Characters of a heading an inch of figure, times the points of a character.
_LETTERS = 130
# As many artists as in the 2021 work. Pixels and memory grow with the square of this number.
_SHOWN = 50
# As in the report, whose list of pairs starts with the first of these.
_ENOUGH = 3


def silhouette_heat_map(pairs: pd.DataFrame) -> Figure:
    """Draw the lower triangle of all pairs, artists in the order of a hierarchical clustering.

    With more than 50 artists, those of the most and the least alike pairs are drawn, and the title says so.

    Args:
        pairs: Columns artist, other_artist, fewest_paintings, and one column of silhouettes a space.

    Returns:
        A figure, with a message if there is only one artist.
    """
    artists = sorted({*pairs["artist"].unique(), *pairs["other_artist"].unique()})
    column, name = next(item for item in _DRAWN.items() if item[0] in pairs)
    heading = f"Silhouettes of all pairs of artists by {name}: higher is further apart"
    if len(artists) > _SHOWN:
        heading = (
            f"Silhouettes of pairs of artists by {name}: higher is further apart; {_SHOWN} of {len(artists):,} "
            "artists: those of the most and the least alike pairs (all pairs are in pair_silhouettes.csv)"
        )
        artists = _at_the_ends(pairs, column)
    side = max(5.0, (_CELL if len(artists) <= _LEGIBLE else _SMALL) * len(artists) + 2.4)
    figure = new_figure(side * 1.15, side)
    # A large picture is reduced on a page, where a title of 14 points would be illegible.
    points = max(13.0, 0.8 * side)
    figure.suptitle(textwrap.fill(heading, int(_LETTERS * side / points)), fontsize=points)
    axes = figure.subplots()
    if not np.isfinite(pairs[column].to_numpy(dtype=float)).any():
        axes.set_axis_off()
        axes.text(0.5, 0.5, "fewer than two artists", ha="center", va="center")
        return figure
    shown = pairs[pairs["artist"].isin(artists) & pairs["other_artist"].isin(artists)]
    artists = _alike_together(shown, column, artists)
    image = _panel(axes, _matrix(shown, column, artists), artists)
    figure.colorbar(image, ax=axes, shrink=0.4, location="right", label="silhouette")
    return figure


def _at_the_ends(pairs: pd.DataFrame, column: str) -> list[str]:
    """The artists of the most and of the least alike pair, then of the second most and second least, and so on."""
    values = pairs[column].to_numpy(dtype=float)
    few = (pairs["fewest_paintings"] < _ENOUGH).to_numpy()
    # Pairs without a silhouette come last, preceded by those of artists with too few paintings.
    ends = [np.lexsort((sign * values, few, np.isnan(values))) for sign in (1, -1)]
    names = pairs[["artist", "other_artist"]].to_numpy()[np.column_stack(ends).ravel()]
    return list(dict.fromkeys(names.ravel()))[:_SHOWN]


def _alike_together(pairs: pd.DataFrame, column: str, artists: list[str]) -> list[str]:
    """Artists in the order of a hierarchical clustering, which shows groups of alike artists as blocks."""
    # Sorted, since the order of names would decide between equal distances.
    artists = sorted(artists)
    # Silhouettes are at least -1. An undefined one counts as 0, the middle of the scale.
    distances = 1 + np.nan_to_num(_matrix(pairs, column, artists)).T[np.triu_indices(len(artists), 1)]
    return [artists[row] for row in leaves_list(linkage(distances, "average", optimal_ordering=True))]


def _matrix(pairs: pd.DataFrame, column: str, artists: list[str]) -> FloatArray:
    rows = {artist: row for row, artist in enumerate(artists)}
    matrix = np.full((len(artists), len(artists)), np.nan)
    first = pairs["artist"].map(rows).to_numpy(dtype=int)
    second = pairs["other_artist"].map(rows).to_numpy(dtype=int)
    matrix[np.maximum(first, second), np.minimum(first, second)] = pairs[column]
    return matrix


def _panel(axes: Axes, matrix: FloatArray, artists: list[str]) -> AxesImage:
    # Cividis reads the same with and without colour vision, and in greyscale.
    image = axes.imshow(matrix, cmap="cividis")
    names = [literal(artist) for artist in artists]
    axes.set_xticks(range(len(artists)), names, rotation=90, fontsize=_NAME)
    axes.set_yticks(range(len(artists)), names, fontsize=_NAME)
    axes.spines[:].set_visible(False)
    if len(artists) <= _LEGIBLE:
        middle = (np.nanmin(matrix) + np.nanmax(matrix)) / 2
        for row, column in zip(*np.nonzero(np.isfinite(matrix)), strict=True):
            value = matrix[row, column]
            colour = "black" if value > middle else "white"
            text = f"{value:.2f}".replace("0.", ".", 1).replace("-.00", ".00").replace("-", "\N{MINUS SIGN}")
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    return image
