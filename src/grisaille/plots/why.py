"""Explains why pictures are alike: pairs that keep their colours where they are alike, and fade elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from grisaille.arrays import FloatArray
from grisaille.lookalikes.explanations import Explanation
from grisaille.plots.canvas import new_figure

# Pixels of the longer side of a drawn picture.
SIDE = 320
# Inches: squares of pictures, the gap between them, the strip of colours and the caption.
_SQUARE, _GAP, _STRIP, _CAPTION = 1.9, 0.25, 0.16, 0.42
_LINE, _GREY = "#ff8c00", "#5c5c5c"
# Opacity of a faded picture, and the colour of the veil, which is unlike that of dark and pale pictures.
_THROUGH, _SLATE = 0.3, np.array([150.0, 155.0, 162.0])
# Above 1, small contributions fade sooner.
_STEEPNESS = 1.5
# Maps with more cells a side are too fine for outlines.
_FINE = 64
# Shares below the width of a pixel.
_TINY = 0.001


@dataclass(frozen=True)
class Half:
    """A picture of a pair.

    Attributes:
        image: Upright RGB.
        maps: Name -> contribution of each place to the likeness, shape (height, width), of any resolution; may be
            negative.
    """

    image: Image.Image
    maps: Mapping[str, FloatArray]


@dataclass(frozen=True)
class Pair:
    """Two pictures and the explanation of their likeness.

    Attributes:
        halves: The two pictures.
        heading: Bold text.
        note: Grey text below the heading.
        strip: Colours (sRGB, 0 to 255, shape (k, 3)) and their shares of the likeness, shape (k,), which sum to it.
    """

    halves: tuple[Half, Half]
    heading: str
    note: str = ""
    strip: tuple[FloatArray, FloatArray] | None = None


def pair(explanation: Explanation, heading: str = "") -> Pair:
    """Convert an explanation to a pair, with its numbers as the note."""
    note = f"alike in {explanation.likeness}: {explanation.similarity:.3f}  (on average {explanation.usual:.3f})"
    one, other = (Half(image, maps) for image, maps in zip(explanation.images, explanation.maps, strict=True))
    return Pair((one, other), heading, note, explanation.colours)


def density(maps: Mapping[str, FloatArray], size: tuple[int, int]) -> FloatArray:
    """Combine all maps of a picture.

    Args:
        maps: See `Half`.
        size: Width and height in pixels.

    Returns:
        Contribution of each pixel, times the number of pixels, shape (height, width).
    """
    # Cubic interpolation would overshoot next to negative values.
    fine = [
        Image.fromarray(values.astype(np.float32) * values.size).resize(size, Image.Resampling.BILINEAR)
        for values in maps.values()
    ]
    return np.sum([np.asarray(part, dtype=np.float64) for part in fine], axis=0)


def half_level(values: FloatArray) -> float:
    """The level above which half of the positive total is; infinite if nothing is positive."""
    ordered = np.sort(values[values > 0])[::-1]
    if not len(ordered):
        return float("inf")
    total = np.cumsum(ordered)
    return float(ordered[np.searchsorted(total, total[-1] / 2)])


def veiled(image: Image.Image, values: FloatArray, level: float) -> Image.Image:
    """A picture in full colour where values reach a level, faded to a grey veil where they fall to 0.

    Args:
        image: RGB.
        values: Shape (height, width) of the picture.
        level: Positive.
    """
    pixels = np.asarray(image, dtype=np.float64)
    grey = pixels.mean(axis=2, keepdims=True)
    veil = _THROUGH * grey + (1 - _THROUGH) * _SLATE
    shown = np.clip(values / level, 0, 1)[..., None] ** _STEEPNESS
    return Image.fromarray(np.round(shown * pixels + (1 - shown) * veil).astype(np.uint8))


def overlay(image: Image.Image, maps: Mapping[str, FloatArray], side: int = 2 * SIDE) -> Image.Image:
    """A picture in full colour where half of the positive contributions are, faded elsewhere.

    Args:
        image: RGB.
        maps: See `Half`.
        side: Maximum of the longer side, in pixels.
    """
    shown = image.copy()
    shown.thumbnail((side, side), Image.Resampling.LANCZOS)
    values = density(maps, shown.size)
    return veiled(shown, values, half_level(values))


def why_sheet(pairs: Sequence[Pair], footnote: str = "", columns: int = 3) -> Figure:
    """Pairs in rows; outlines enclose half of the positive contributions.

    Args:
        pairs: At least one.
        footnote: Text below all pairs.
        columns: Maximum number of pairs in a row.
    """
    columns = min(columns, len(pairs))
    wide = 2 * _SQUARE + 1.5 * _GAP
    high = _SQUARE + _CAPTION + _GAP + (_STRIP + _GAP / 3 if any(pair.strip for pair in pairs) else 0)
    width, height = columns * wide + _GAP, -(-len(pairs) // columns) * high + 2.5 * _GAP
    figure = new_figure(width, height, layout=None)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.set_axis_off()
    for number, pair in enumerate(pairs):
        row, column = divmod(number, columns)
        _draw(axes, pair, _GAP + column * wide, _GAP + row * high)
    axes.text(_GAP, height - _GAP, footnote, fontsize=8, color=_GREY, va="bottom", linespacing=1.3)
    return figure


def _draw(axes: Axes, pair: Pair, left: float, top: float) -> None:
    for number, half in enumerate(pair.halves):
        _draw_half(axes, half, left + number * (_SQUARE + _GAP / 3), top)
    below = top + _SQUARE + _GAP / 3
    if pair.strip is not None:
        _draw_strip(axes, *pair.strip, left, below + _CAPTION)
    axes.text(left, below, pair.heading, va="top", fontsize=8.5, fontweight="bold", parse_math=False)
    axes.text(left, below + 0.17, pair.note, va="top", fontsize=8, color=_GREY, parse_math=False, linespacing=1.25)


def _draw_half(axes: Axes, half: Half, left: float, top: float) -> None:
    shown = half.image.copy()
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    width, height = (_SQUARE * length / max(shown.size) for length in shown.size)
    values = density(half.maps, shown.size)
    level = half_level(values)
    bottom, begin = top + _SQUARE, left + (_SQUARE - width) / 2
    extent = (begin, begin + width, bottom, bottom - height)
    axes.imshow(veiled(shown, values, level), extent=extent, aspect="auto", interpolation="antialiased")
    coarse = max(max(part.shape) for part in half.maps.values()) < _FINE
    if coarse and np.isfinite(level):
        across = begin + width * (np.arange(shown.width) + 0.5) / shown.width
        down = bottom - height + height * (np.arange(shown.height) + 0.5) / shown.height
        axes.contour(across, down, values, [level], colors=[_LINE], linewidths=1.2)


def _draw_strip(axes: Axes, colours: FloatArray, shares: FloatArray, left: float, top: float) -> None:
    width, start = 2 * _SQUARE + _GAP / 3, left
    for row in np.argsort(-shares, kind="stable"):
        if shares[row] > _TINY:
            axes.bar(start, _STRIP, shares[row] * width, bottom=top, align="edge", color=colours[row] / 255)
            start += shares[row] * width
    axes.bar(left, _STRIP, width, bottom=top, align="edge", fill=False, edgecolor=_GREY, linewidth=0.5)
