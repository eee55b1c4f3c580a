"""Two groups of paintings on two principal components."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grisaille.arrays import FloatArray, IntArray
from grisaille.plots.canvas import new_figure

# Okabe and Ito's blue and orange also differ in lightness, so the picture works in greyscale.
_MARKS = (
    {"marker": "o", "facecolors": "#0072B2", "edgecolors": "none", "alpha": 0.65, "s": 22},
    {"marker": "^", "facecolors": "none", "edgecolors": "#D55E00", "alpha": 0.9, "s": 26, "linewidths": 1.1},
)
# Characters of a heading that fit above one picture.
_LINE = 42
# Maximum names in a heading or legend, which must leave space for the picture.
_MOST_NAMES = 6
# Characters a line in a legend.
_LEGEND = 36


def side_name(artists: Sequence[str]) -> str:
    """The names of one or several artists, joined by commas and "and"; only the first five of many.

    Names are never cut: a part of one may be another's name.
    """
    names = list(artists)
    if len(names) > _MOST_NAMES:
        names = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1:,} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def literal(name: str) -> str:
    """Escape a name, so that matplotlib does not parse it as a formula."""
    return name.replace("$", r"\$")


def scatter(title: str, spaces: Mapping[str, FloatArray], sides: Sequence[IntArray], names: Sequence[str]) -> Figure:
    """Draw both sides of a comparison in every space, side by side.

    Args:
        title: Heading.
        spaces: Name -> embeddings, shape (n, d).
        sides: Rows of the paintings on each side.
        names: Names of the sides.

    Returns:
        A figure; with fewer than three paintings, a message.
    """
    figure = new_figure(5.2 * len(spaces), 4.8)
    figure.suptitle("\n".join(map(literal, textwrap.wrap(title, _LINE * len(spaces)))), fontsize=14)
    for axes, (space, embeddings) in zip(
        figure.subplots(1, len(spaces), squeeze=False)[0], spaces.items(), strict=True
    ):
        _draw(axes, space, embeddings, sides, names)
    return figure


def _draw(axes: Axes, space: str, embeddings: FloatArray, sides: Sequence[IntArray], names: Sequence[str]) -> None:
    axes.set_title(space)
    if sum(map(len, sides)) < 3:
        axes.text(0.5, 0.5, "too few paintings to draw", ha="center", va="center", wrap=True)
        axes.set_axis_off()
        return
    points, shares = principal_plane(embeddings[np.concatenate(sides)])
    split = len(sides[0])
    for group, name, marks in zip((points[:split], points[split:]), names, _MARKS, strict=True):
        label = literal(textwrap.fill(f"{name} ({len(group)})", _LEGEND))
        axes.scatter(group[:, 0], group[:, 1], label=label, **marks)  # type: ignore[arg-type]  # a dict of mixed values
    axes.set_xlabel(f"first component ({shares[0]:.0%} of variance)")
    axes.set_ylabel(f"second component ({shares[1]:.0%})")
    axes.legend(loc="best", fontsize=8, framealpha=0.85)
    axes.set_aspect("equal", adjustable="datalim")


def principal_plane(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coordinates on the first two principal components, shape (n, 2), and the shares of variance, shape (2,)."""
    centred = points.astype(np.float64) - points.mean(axis=0)
    left, scale, directions = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is arbitrary; fixing it makes pictures of two runs comparable.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    return left[:, :2] * scale[:2] * signs, scale[:2] ** 2 / max((scale**2).sum(), np.finfo(float).tiny)
