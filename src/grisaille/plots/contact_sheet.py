"""Pictures beside pictures: a query with its look-alikes, and a chain of paintings."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from grisaille.plots.canvas import new_figure

_LINE = 24
_GREY = "#5c5c5c"


@dataclass(frozen=True)
class Picture:
    """A picture and what stands below it.

    Attributes:
        image: None leaves a blank.
        heading: In bold, one line or two.
        title: Below it.
        note: In grey, below that.
    """

    image: Image.Image | None
    heading: str
    title: str = ""
    note: str = ""


def contact_sheet(query: Picture, found: Sequence[Picture], footnote: str = "", columns: int = 5) -> Figure:
    """A query, large, and what was found for it in rows, nearest first."""
    columns = max(1, min(columns, len(found)))
    rows = max(1, math.ceil(len(found) / columns))
    figure = new_figure(4.0 + 2.1 * columns, max(2.7 * rows, 4.6) + 0.3)
    grid = figure.add_gridspec(1, 2, width_ratios=(4.0, 2.1 * columns))
    left, right = (figure.add_subfigure(grid[0, column]) for column in (0, 1))
    _draw(left.subplots(), query, large=True)
    for number, axes in enumerate(right.subplots(rows, columns, squeeze=False).ravel()):
        _draw(axes, found[number] if number < len(found) else None)
    right.supxlabel(footnote, x=0.01, ha="left", fontsize=8, color=_GREY)
    return figure


def strip(pictures: Sequence[Picture], columns: int = 6) -> Figure:
    """Pictures in their order, from left to right and from row to row, with an arrow to the next."""
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    figure = new_figure(2.4 * columns, 2.95 * rows)
    for number, axes in enumerate(figure.subplots(rows, columns, squeeze=False).ravel()):
        _draw(axes, pictures[number] if number < len(pictures) else None)
        if number + 1 < len(pictures):
            arrow = "\N{RIGHTWARDS ARROW}"
            axes.text(1.03, 0.5, arrow, transform=axes.transAxes, va="center", fontsize=15, color=_GREY)
    return figure


def _draw(axes: Axes, picture: Picture | None, large: bool = False) -> None:
    axes.set_axis_off()
    if picture is None:
        return
    # All of them in squares of one size, or captions would not stand in line.
    axes.set_anchor("NW" if large else "N")
    width = height = 1.0
    if picture.image is not None:
        width, height = (length / max(picture.image.size) for length in picture.image.size)
        shown = picture.image.copy()
        shown.thumbnail((640, 640) if large else (320, 320), Image.Resampling.LANCZOS)
        left = 0.0 if large else (1 - width) / 2
        axes.imshow(shown, extent=(left, left + width, 0, height), interpolation="antialiased")
    axes.set_xlim(0, width if large else 1)
    axes.set_ylim(0, height if large else 1)
    axes.set_aspect("equal")
    size = 11 if large else 8.5
    lines: list[tuple[str, dict[str, Any]]] = [
        (_wrapped(picture.heading, large), {"fontweight": "bold", "color": "black"}),
        (_wrapped(picture.title, large), {"color": "black"}),
        (picture.note, {"color": _GREY}),
    ]
    below = 6.0
    for text, style in lines:
        if text:
            # Names are no formulas, whatever dollars they hold.
            axes.annotate(
                text, (0, 0), (0, -below), xycoords="axes fraction", textcoords="offset points", va="top",
                fontsize=size, linespacing=1.2, parse_math=False, **style,
            )  # fmt: skip
            below += 1.32 * size * (text.count("\n") + 1)


def _wrapped(text: str, large: bool) -> str:
    width = _LINE + 8 if large else _LINE
    lines = textwrap.wrap(" ".join(text.split()), width)
    if len(lines) > 2:
        lines = [lines[0], textwrap.shorten(" ".join(lines[1:]), width, placeholder="…")]
    return "\n".join(lines)
