"""Measures of several runs side by side, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from grisaille.lazy import pd

Tables: TypeAlias = Mapping[str, "pd.DataFrame"]
"""The available tables of one run, by name."""


@dataclass(frozen=True)
class Figure:
    """A measure of one run.

    Attributes:
        value: The figure; never NaN.
        low: Lower end of its 95% interval; NaN without an interval.
        high: Upper end; NaN without an interval.
        verdict: Compared with the first run: `higher` or `lower` if the intervals do not overlap, `in doubt` if they
            do. Empty for the first run, and if either interval is missing.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")
    verdict: str = ""

    def beside(self, first: Figure | None) -> Figure:
        """The same figure with its verdict against the first run.

        Intervals of two independent samples that do not overlap mean a difference at the 5% level and well below it;
        those that do overlap may still differ (Schenker & Gentleman 2001, "On judging the significance of differences
        by examining the overlap between confidence intervals").
        """
        if first is None or np.isnan([self.low, self.high, first.low, first.high]).any():
            return self
        higher, lower = self.low > first.high, self.high < first.low
        return Figure(self.value, self.low, self.high, "higher" if higher else "lower" if lower else "in doubt")


@dataclass(frozen=True)
class Row:
    """A measure in all runs.

    Attributes:
        of: The measured space, such as `embedding by style`.
        measure: Name of the measure.
        figures: One a run; None if the run lacks the measure.
    """

    of: str
    measure: str
    figures: list[Figure | None]


@dataclass(frozen=True)
class _Kind:
    """How to read a table.

    Attributes:
        table: Its name.
        keys: Columns that identify a row.
        measures: Column -> heading.
        only: Column -> the value that a row must have to count.
    """

    table: str
    keys: tuple[str, ...]
    measures: Mapping[str, str]
    only: Mapping[str, Any]


KINDS = {
    "Does the likeness mean anything?": _Kind(
        "usefulness",
        ("space", "likeness"),
        {
            "precision": "same artist, nearest k",
            "one_nn": "same artist, nearest one",
            "mean_average_precision": "mean average precision",
            "precision_movement": "same movement, nearest k",
            "hubness": "hubness",
        },
        {"paintings": "all"},
    ),
    "Is the likeness kept?": _Kind(
        "preservation",
        ("space", "likeness"),
        {
            "recall": "recall of the nearest k",
            "trustworthiness": "trustworthiness",
            "continuity": "continuity",
            "area_under_rnx": "area under R_NX",
            "spearman": "Spearman",
        },
        {"paintings": "all"},
    ),
    "Does it recommend well?": _Kind(
        "recommendations",
        ("kind", "space", "likeness", "diversity"),
        {"recall": "recall of recommendations", "ndcg": "NDCG", "different_artists": "different artists"},
        {},
    ),
    "In how few bytes?": _Kind("kept_by_codes", ("likeness", "code"), {"recall": "recall of the nearest k"}, {}),
}


def side_by_side(runs: Sequence[Tables], neighbours: Sequence[int]) -> Iterator[tuple[str, list[Row]]]:
    """Heading and rows of every table that at least one run has; rows in the order of the first run that has them.

    Args:
        runs: The tables of each run.
        neighbours: The k of each run's measures of the nearest k; there is no verdict between different ones.
    """
    for heading, kind in KINDS.items():
        known = [_figures(tables[kind.table], kind) if kind.table in tables else {} for tables in runs]
        rows = []
        for key in dict.fromkeys(key for found in known for key in found):
            of, measure = key
            first, *rest = (found.get(key) for found in known)
            name = kind.measures[measure]
            alike = [k == neighbours[0] or not name.endswith("nearest k") for k in neighbours[1:]]
            figures = [
                figure and (figure.beside(first) if same else figure) for figure, same in zip(rest, alike, strict=True)
            ]
            rows.append(Row(of, name, [first, *figures]))
        if rows:
            yield heading, rows


def _figures(table: pd.DataFrame, kind: _Kind) -> dict[tuple[str, str], Figure]:
    """(space, column) -> figure."""
    figures = {}
    for row in table.to_dict("records"):
        if any(row.get(column) != value for column, value in kind.only.items()):
            continue
        of = " ".join(str(row[name]) for name in kind.keys if pd.notna(row.get(name)) and row[name] != 0)
        for column in kind.measures:
            if pd.notna(row.get(column)):
                figures[of, column] = Figure(float(row[column]), *_interval(row, column))
    return figures


def _interval(row: Mapping[Any, Any], column: str) -> tuple[float, float]:
    """Ends of a 95% interval. A margin of 0 means that every painting was a query, so there is no sampling error."""
    if f"{column}_low" in row:
        return float(row[f"{column}_low"]), float(row[f"{column}_high"])
    margin = float(row.get(f"{column}_margin") or "nan")
    return float(row[column]) - margin, float(row[column]) + margin
