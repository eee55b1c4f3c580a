"""Measures side by side, and which differences are more than chance."""

import pandas as pd

from grisaille.comparison.measures import side_by_side


def usefulness(precision, low, high, likeness="style"):
    row = {"space": "embedding", "likeness": likeness, "paintings": "all"}
    row |= {"precision": precision, "precision_low": low, "precision_high": high}
    return {"usefulness": pd.DataFrame([row, row | {"paintings": "held_out", "precision": 9.0}])}


def preservation(recall, margin):
    row = {"space": "pca", "likeness": "hellinger", "paintings": "all", "recall": recall, "recall_margin": margin}
    return {"preservation": pd.DataFrame([row])}


def verdicts(*runs, neighbours=(10, 10)):
    ((_, rows),) = side_by_side(runs, neighbours)
    assert len(rows) == 1
    return [figure and figure.verdict for figure in rows[0].figures]


class TestSideBySide:
    def test_the_same_row_of_the_same_table(self):
        ((heading, rows),) = side_by_side([usefulness(0.5, 0.4, 0.6), usefulness(0.3, 0.2, 0.35)], [10, 10])
        assert heading == "Does the likeness mean anything?"
        assert [(row.of, row.measure) for row in rows] == [("embedding style", "same artist, nearest k")]
        assert [(figure.value, figure.low, figure.high) for figure in rows[0].figures] == [
            (0.5, 0.4, 0.6),
            (0.3, 0.2, 0.35),
        ]

    def test_what_one_run_has_not_measured(self):
        runs = [usefulness(0.5, 0.4, 0.6, "style"), usefulness(0.5, 0.4, 0.6, "colour")]
        ((_, rows),) = side_by_side(runs, [10, 10])
        assert [(row.of, [figure is None for figure in row.figures]) for row in rows] == [
            ("embedding style", [False, True]),
            ("embedding colour", [True, False]),
        ]
        assert list(side_by_side([{}, {}], [10, 10])) == []


class TestMoreThanChance:
    def test_intervals_that_do_not_overlap(self):
        assert verdicts(usefulness(0.5, 0.4, 0.6), usefulness(0.7, 0.61, 0.8)) == ["", "higher"]
        assert verdicts(usefulness(0.5, 0.4, 0.6), usefulness(0.3, 0.2, 0.39)) == ["", "lower"]

    def test_other_numbers_of_neighbours_are_not_compared(self):
        assert verdicts(usefulness(0.5, 0.4, 0.6), usefulness(0.7, 0.61, 0.8), neighbours=(10, 5)) == ["", ""]

    def test_intervals_that_overlap(self):
        assert verdicts(usefulness(0.5, 0.4, 0.6), usefulness(0.7, 0.6, 0.8)) == ["", "in doubt"]

    def test_margins_are_intervals(self):
        assert verdicts(preservation(0.5, 0.04), preservation(0.6, 0.05)) == ["", "higher"]
        assert verdicts(preservation(0.5, 0.06), preservation(0.6, 0.05)) == ["", "in doubt"]

    def test_where_everybody_was_asked_there_is_no_interval_and_no_verdict(self):
        assert verdicts(preservation(0.5, 0.0), preservation(0.9, 0.0)) == ["", ""]
        assert verdicts(preservation(0.5, 0.01), preservation(0.9, 0.0)) == ["", ""]
