"""The empty figure that every picture here begins with, in fonts that know as many scripts as this machine does."""

import warnings
from typing import Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

# Matplotlib's own font has Latin, Greek, Cyrillic, Hebrew and Arabic. These have more, one or another of them on each
# system: Noto on Linux, then macOS, then Windows.
_FURTHER = (
    "Noto Sans CJK JP", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Noto Sans Devanagari", "Noto Sans Thai",
    "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS",
    "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Nirmala UI", "Leelawadee UI",
)  # fmt: skip


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """A figure of so many inches, whose parts keep out of each other's way, unless they are to be placed by hand."""
    families = list(mpl.rcParams["font.family"])
    installed = set(fontManager.get_font_names())
    mpl.rcParams["font.family"] = families + [name for name in _FURTHER if name in installed - set(families)]
    # Whoever saves the figure would be told of each character that no font has; a box in its place says the same.
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
    return Figure(figsize=(width, height), layout=layout)
