"""The empty figure that all plots start from, with fonts for as many scripts as the machine has."""

import warnings
from typing import Literal

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

# Matplotlib's own font covers Latin, Greek, Cyrillic, Hebrew and Arabic. These cover more, and each system has some of
# them: Noto on Linux, then macOS, then Windows.
_FURTHER = (
    "Noto Sans CJK JP", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Noto Sans Devanagari", "Noto Sans Thai",
    "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS",
    "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Nirmala UI", "Leelawadee UI",
)  # fmt: skip


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """A figure of the given size in inches; by default matplotlib keeps its parts from overlapping."""
    families = list(mpl.rcParams["font.family"])
    installed = set(fontManager.get_font_names())
    mpl.rcParams["font.family"] = families + [name for name in _FURTHER if name in installed - set(families)]
    # Saving would warn about each character without a glyph; the box in its place is enough.
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
    return Figure(figsize=(width, height), layout=layout)
