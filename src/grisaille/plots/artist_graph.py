"""The graph of artists, one panel a likeness: along time if lives are known, otherwise in a circle."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from scipy.cluster.hierarchy import leaves_list, linkage

from grisaille.arrays import FloatArray
from grisaille.measures.artist_graph import pairs
from grisaille.plots.canvas import new_figure
from grisaille.plots.comparison import literal

# With shuffled names, a quarter of the edges reach the first support, and one in fifty the second:
# docs/how-to/artists.md.
_DRAWN, _SOLID = 0.5, 0.8
# As many artists as in the 2021 work, and as in the heat map.
_SHOWN = 50
# Characters a line of a name, which has at most two lines.
_NAME = 32
# Inches of a panel, and of an artist's row in it.
_PANEL, _ROW = 8.0, 0.25
_POINTS = 8.0
# Characters of the explanation an inch.
_LETTERS = 12
_BLUE = "#0072b2"
_OVER_LINES = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
_LINES = (
    "A line joins artists whose paintings are among each other's nearest. Wider lines are nearer; solid lines have "
    f"support of {_SOLID:.0%} or more, dashed lines of {_DRAWN:.0%} or more. They do not show who knew whom. "
)
_ARROWS = "An arrow leads from an artist who had died to one who was not yet born. "
_YEARS = "The time axis is stretched where more of the artists lived."

# Position of artists with unknown years; the others are between 0 and 1.
_UNKNOWN = -0.15

Place = tuple[float, float]
Places = Mapping[str, Place]


def artist_graph(edges: pd.DataFrame, artists: pd.DataFrame) -> Figure:
    """Draw the edges with a support of at least one half.

    With more than 50 artists, a panel shows those of its nearest pairs, and its title says so.

    Args:
        edges: As `measures.artist_graph.pairs` takes them.
        artists: Columns artist, born and died, NA if unknown. If most are unknown, there is no time axis.

    Returns:
        A figure, with a message if there are no edges.
    """
    joined = pairs(edges)
    likenesses = list(dict.fromkeys(joined["likeness"]))
    if not likenesses:
        figure = new_figure(_PANEL, 2)
        figure.text(0.5, 0.5, "no artists with enough paintings are near each other", ha="center", va="center")
        return figure
    lives = artists.set_index("artist")[["born", "died"]].astype(float)
    over_time = bool(lives.notna().any(axis=1).mean() >= 0.5)
    shown = min(len(lives), _SHOWN)
    width, height = (_PANEL, shown * _ROW + 1) if over_time else 2 * (5 + 0.06 * shown,)
    columns = min(2, len(likenesses))
    lines = -(-len(likenesses) // columns)
    figure = new_figure(width * columns, height * lines + 1)
    in_order = over_time or bool(joined["directed"].any())
    figure.suptitle("Artists: likeness in order of time" if in_order else "Artists: likeness", fontsize=15)
    caption = _LINES + _ARROWS * in_order + _YEARS * over_time
    figure.supxlabel(textwrap.fill(caption, int(_LETTERS * width * columns)), fontsize=10)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in panels[len(likenesses) :]:
        axes.set_axis_off()
    for axes, likeness in zip(panels, likenesses, strict=False):
        own = joined[(joined["likeness"] == likeness) & (joined["support"] >= _DRAWN)]
        names = _nearest(own, lives.index.tolist())
        own = own[own["source"].isin(names) & own["target"].isin(names)]
        ordered = lives.loc[_alike_together(own, names)]
        if over_time:
            _draw_over_time(axes, own, ordered)
        else:
            _draw_in_a_circle(axes, own, ordered.index.tolist(), width)
        of_many = "" if shown == len(lives) else f": {shown} of {len(lives):,} artists, those of the nearest pairs"
        axes.set_title(likeness.capitalize() + of_many)
    return figure


def _nearest(joined: pd.DataFrame, names: list[str]) -> list[str]:
    """All artists; if there are many, those of the nearest pairs."""
    ends = joined.sort_values("nearness", ascending=False)[["source", "target"]].to_numpy(dtype=object)
    return list(dict.fromkeys([*ends.ravel(), *names]))[:_SHOWN]


def _alike_together(joined: pd.DataFrame, names: list[str]) -> list[str]:
    """Artists in the order of a hierarchical clustering, which keeps most lines short."""
    names = sorted(names)
    rows = {name: row for row, name in enumerate(names)}
    one, other = (joined[end].map(rows).to_numpy(dtype=int) for end in ("source", "target"))
    nearness = np.zeros((len(names), len(names)))
    nearness[one, other] = nearness[other, one] = joined["nearness"] * joined["support"]
    distances = 1 / (1 + nearness[np.triu_indices(len(names), 1)])
    return [names[leaf] for leaf in leaves_list(linkage(distances, "average", optimal_ordering=True))]


def _draw_over_time(axes: Axes, joined: pd.DataFrame, lives: pd.DataFrame) -> None:
    """One row an artist, with a bar from birth to death."""
    years = lives.to_numpy()
    stretch = _stretch(years)
    lives = lives.apply(lambda column: column.map(stretch, na_action="ignore"))
    middles = lives.mean(axis=1).fillna(_UNKNOWN).tolist()
    names: list[str] = lives.index.tolist()
    places = {name: (x, float(row)) for row, (name, x) in enumerate(zip(names, middles, strict=True))}

    def bend(source: Place, target: Place) -> float:
        # Bend towards the middle rows, so that no line leaves the panel.
        upper, rightwards = source[1] + target[1] < len(lives), source[0] < target[0]
        return 0.1 if upper == rightwards else -0.1

    _join(axes, joined, places, bend)
    for name, (x, y) in places.items():
        born, died = lives.loc[name].fillna(x).to_numpy(dtype=float)
        axes.plot([born, died], [y, y], color="0.6", linewidth=2.5, solid_capstyle="butt", zorder=3)
        axes.plot(
            x, y, "o", color="white" if x == _UNKNOWN else "black", markeredgecolor="black", markersize=4.5, zorder=4
        )
        end, offset, side = (died, 5, "left") if x < 0.5 else (born, -5, "right")
        axes.annotate(
            _label(name), (end, y), (offset, 0), textcoords="offset points", ha=side, va="center", zorder=5,
            fontsize=_POINTS, linespacing=0.9, bbox=_OVER_LINES,
        )  # fmt: skip
    ticks = _ticks(years, stretch) | ({_UNKNOWN: "not known"} if _UNKNOWN in middles else {})
    axes.set_xticks([*ticks], [*ticks.values()])
    axes.set_xlim(min(0.0, *middles) - 0.02, 1.02)
    axes.set_ylim(len(lives) - 0.4, -0.6)
    axes.set_yticks([])
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)


def _stretch(years: FloatArray) -> Callable[[float], float]:
    """Map years to positions between 0 and 1, half by time and half by number of artists."""
    known, counts = np.unique(years[np.isfinite(years)], return_counts=True)
    ranks = (np.cumsum(counts) - counts) / max(counts[:-1].sum(), 1)
    first, last = known[0], known[-1]
    return lambda year: float((np.interp(year, known, ranks) + (year - first) / max(last - first, 1)) / 2)


def _ticks(years: FloatArray, stretch: Callable[[float], float]) -> dict[float, str]:
    """Round years with enough space between them, the roundest first: position -> year."""
    first, last = int(np.nanmin(years)), int(np.nanmax(years))
    ticks: dict[float, str] = {}
    for step in (100, 50, 10):
        for year in range(-(-first // step) * step, last + 1, step):
            if all(abs(stretch(year) - place) > 0.08 for place in ticks):
                ticks[stretch(year)] = str(year)
    return ticks


def _draw_in_a_circle(axes: Axes, joined: pd.DataFrame, names: list[str], width: float) -> None:
    """Draw artists in a circle with names outside, in a panel of `width` inches."""
    angles = 2 * np.pi * np.arange(len(names)) / len(names)
    places = {name: (np.cos(angle), np.sin(angle)) for name, angle in zip(names, angles, strict=True)}

    def bend(source: Place, target: Place) -> float:
        # Bend towards the centre.
        turn = source[0] * target[1] - source[1] * target[0]
        return -0.2 if turn > 0 else 0.2

    _join(axes, joined, places, bend)
    longest = 0.0
    for (name, (x, y)), angle in zip(places.items(), np.degrees(angles), strict=True):
        axes.plot(x, y, "o", color="black", markersize=4.5, zorder=4)
        left = 90 < angle < 270
        text = axes.text(
            1.04 * x, 1.04 * y, _label(name), ha="right" if left else "left", va="center", rotation_mode="anchor",
            fontsize=_POINTS, linespacing=0.9,
        )  # fmt: skip
        longest = max(longest, text.get_window_extent().width / text.figure.dpi)
        text.set_rotation(angle - 180 * left)
    # The length of names in inches does not depend on the circle's radius.
    side = 1.1 / (1 - longest / (width / 2))
    axes.set(xlim=(-side, side), ylim=(-side, side), aspect="equal")
    axes.set_axis_off()


def _label(name: str) -> str:
    return literal(textwrap.fill(name, _NAME, max_lines=2, placeholder=" \N{HORIZONTAL ELLIPSIS}"))


def _join(
    axes: Axes,
    joined: pd.DataFrame,
    places: Places,
    bend: Callable[[Place, Place], float],
) -> None:
    for pair in joined.to_dict("records"):
        ends = places[pair["source"]], places[pair["target"]]
        axes.add_patch(
            FancyArrowPatch(
                *ends,
                arrowstyle="-|>,head_length=6,head_width=3" if pair["directed"] else "-",
                mutation_scale=1,
                connectionstyle=f"arc3,rad={bend(*ends)}",
                shrinkA=4,
                shrinkB=4,
                color=_BLUE,
                linewidth=0.7 + 0.9 * np.log2(pair["nearness"]),
                linestyle="-" if pair["support"] >= _SOLID else (0, (4, 2)),
                alpha=pair["support"] ** 2,
            )
        )
