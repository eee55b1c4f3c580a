"""Contact sheets: a query with its look-alikes, and a chain of paintings."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from grisaille.plots.canvas import new_figure

_LINE = 24
_GREY = "#5c5c5c"
# Inches: squares of pictures, the gap between them, and the heading of a band.
_SQUARE, _LARGE, _GAP, _LABEL = 1.85, 3.6, 0.25, 0.42
# Points: captions.
_SMALL, _BELOW, _LEADING = 8.5, 6.0, 1.32
# Pixels of the longer side of a drawn picture: full photographs of a long chain would not fit into memory.
SIDE = 320
# Maximum length of a chain: ten rows.
_LONGEST = 60


@dataclass(frozen=True)
class Tile:
    """A picture and its caption.

    Attributes:
        image: None leaves a blank.
        heading: Bold text of one or two lines.
        title: Text below the heading.
        note: Grey text below the title.
    """

    image: Image.Image | None
    heading: str
    title: str = ""
    note: str = ""


def contact_sheet(query: Tile, bands: Mapping[str, Sequence[Tile]], footnote: str = "") -> Figure:
    """A large query, and its look-alikes, nearest first.

    Args:
        query: The picture.
        bands: Heading -> look-alikes. A single band has rows of five and no heading; several have rows of ten.
        footnote: Text below all bands.
    """
    most = max(len(tiles) for tiles in bands.values())
    columns, label = max(1, min(5 if len(bands) == 1 else 10, most)), _LABEL if len(bands) > 1 else 0.0
    left, top = _LARGE + 3 * _GAP, _GAP
    placed: list[tuple[float, Sequence[Tile]]] = []
    headings: list[tuple[float, str]] = []
    for heading, tiles in bands.items():
        headings.append((top, heading))
        top += label
        for start in range(0, len(tiles), columns):
            line = tiles[start : start + columns]
            placed.append((top, line))
            top += _SQUARE + _caption_inches(line) + _GAP
    width, height = left + columns * (_SQUARE + _GAP), max(top + _GAP, 4.9)
    figure, axes = _paper(width, height)
    _draw(axes, query, _GAP, _GAP, _LARGE, large=True)
    for above, line in placed:
        for column, picture in enumerate(line):
            _draw(axes, picture, left + column * (_SQUARE + _GAP), above, _SQUARE)
    for above, heading in headings if label else ():
        axes.plot([left, width - _GAP], [above, above], color=_GREY, linewidth=0.8)
        _head(axes, heading, left, above)
    axes.text(left, height - 0.6 * _GAP, footnote, fontsize=8, color=_GREY)
    return figure


def strip(pictures: Sequence[Tile], heading: str, columns: int = 6) -> Figure:
    """Pictures in order, row by row, with an arrow from each to the next, below a heading.

    With more than 60 pictures, a blank tile in the middle states how many are left out.
    """
    if len(pictures) > _LONGEST:
        half, left_out = _LONGEST // 2, f"{len(pictures) - _LONGEST + 1:,} more paintings"
        blank = Tile(None, left_out, "see chain.csv for all")
        pictures = [*pictures[:half], blank, *pictures[1 - half :]]
    return _in_rows(pictures, heading, columns, "\N{RIGHTWARDS ARROW}")


def grid(pictures: Sequence[Tile], heading: str, columns: int = 6) -> Figure:
    """Pictures in order, row by row, below a heading."""
    return _in_rows(pictures, heading, columns, "")


def _in_rows(pictures: Sequence[Tile], heading: str, columns: int, between: str) -> Figure:
    columns = min(columns, len(pictures))
    lines = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    heights = [_SQUARE + _caption_inches(line) + _GAP for line in lines]
    width, height = columns * (_SQUARE + 2 * _GAP) + _GAP, _LABEL + sum(heights) + _GAP
    figure, axes = _paper(width, height)
    _head(axes, heading, _GAP, _GAP)
    top, last = _LABEL + _GAP, pictures[-1]
    for line, high in zip(lines, heights, strict=True):
        for column, picture in enumerate(line):
            left = _GAP + column * (_SQUARE + 2 * _GAP)
            _draw(axes, picture, left, top, _SQUARE)
            if picture is not last:
                middle = left + _SQUARE + _GAP, top + _SQUARE / 2
                axes.text(*middle, between, ha="center", va="center", fontsize=15, color=_GREY)
        top += high
    return figure


def _paper(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure, and axes that cover it, in inches from its upper left corner."""
    figure = new_figure(width, height, layout=None)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.set_axis_off()
    return figure, axes


def _head(axes: Axes, text: str, left: float, top: float) -> None:
    """Draw the heading of a band."""
    axes.text(left, top + _LABEL / 2, text, va="center", fontsize=12, fontweight="bold", parse_math=False)


def _caption_inches(pictures: Sequence[Tile]) -> float:
    """Height of the longest caption."""
    texts = [[_wrapped(picture.heading), _wrapped(picture.title), picture.note] for picture in pictures]
    lines = max(sum(text.count("\n") + 1 for text in caption if text) for caption in texts)
    return (_BELOW + lines * _LEADING * _SMALL) / 72


def _draw(axes: Axes, picture: Tile, left: float, top: float, side: float, large: bool = False) -> None:
    """Draw a picture in a square, and its caption below; equal squares align the captions."""
    bottom = top + side
    if picture.image is not None:
        width, height = (side * length / max(picture.image.size) for length in picture.image.size)
        shown = picture.image.copy()
        shown.thumbnail((2 * SIDE, 2 * SIDE) if large else (SIDE, SIDE), Image.Resampling.LANCZOS)
        begin = left if large else left + (side - width) / 2
        bottom = top + height if large else bottom
        extent = (begin, begin + width, bottom, bottom - height)
        axes.imshow(shown, extent=extent, aspect="auto", interpolation="antialiased")
    size = 11 if large else _SMALL
    lines: list[tuple[str, dict[str, Any]]] = [
        (_wrapped(picture.heading, large), {"fontweight": "bold", "color": "black"}),
        (_wrapped(picture.title, large), {"color": "black"}),
        (picture.note, {"color": _GREY}),
    ]
    below = _BELOW
    for text, style in lines:
        if text:
            # Dollar signs in names do not start formulas.
            axes.text(
                left, bottom + below / 72, text, va="top", fontsize=size, linespacing=1.2, parse_math=False, **style
            )
            below += _LEADING * size * (text.count("\n") + 1)


def _wrapped(text: str, large: bool = False) -> str:
    width = _LINE + 8 if large else _LINE
    lines = textwrap.wrap(" ".join(text.split()), width)
    if len(lines) > 2:
        lines = [lines[0], textwrap.shorten(" ".join(lines[1:]), width, placeholder="…")]
    return "\n".join(lines)
