"""Bars in a file and on a terminal, and durations in words."""

import io

import pytest

from grisaille import terminal
from grisaille.terminal import Bar, clear_bars, duration


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """Standard error of a process whose output goes to a file, or to a terminal, and whose bars are drawn at once."""

    def begin(stream):
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.delitem(__import__("sys").modules, "ipykernel", raising=False)
        monkeypatch.setenv("TQDM_MININTERVAL", "0")
        return stream

    return begin


class TestInAFile:
    def test_a_thousand_steps_are_ten_lines(self, shown):
        file = shown(io.StringIO())
        for _ in Bar(range(1000), "looking at files", unit=" files"):
            pass
        lines = file.getvalue().splitlines()
        assert len(lines) == 10
        assert lines[0].startswith("looking at files: 100 of 1,000 files")
        assert "\r" not in file.getvalue()

    def test_what_takes_moments_is_no_line(self, shown, monkeypatch):
        file = shown(io.StringIO())
        monkeypatch.delenv("TQDM_MININTERVAL")
        for _ in Bar(range(1000), "looking at files"):
            pass
        assert file.getvalue() == ""

    def test_what_is_left(self, shown):
        shown(io.StringIO())
        with Bar(desc="extracting features", total=3912, initial=3902, unit=" paintings") as bar:
            bar.n, bar.start_t = 3907, bar._time() - 65
            assert bar._line() == "extracting features: 3,907 of 3,912 paintings, about 1 min 5 s left"


class TestOnATerminal:
    def test_it_leaves_no_trace(self, shown):
        screen = shown(Terminal())
        for _ in Bar(range(3), "looking at files"):
            pass
        assert "looking at files" in screen.getvalue()
        assert screen.getvalue().rpartition("\r")[0].rpartition("\r")[2].strip() == ""
        assert "\n" not in screen.getvalue()

    def test_a_bar_within_a_bar_is_silent(self, shown):
        screen = shown(Terminal())
        for _ in Bar(range(2), "outer"):
            for _ in Bar(range(2), "inner"):
                pass
        assert "outer" in screen.getvalue()
        assert "inner" not in screen.getvalue()

    def test_a_line_is_written_where_the_bar_was(self, shown):
        screen = shown(Terminal())
        with Bar(total=3, desc="looking at files"):
            assert clear_bars()
            assert screen.getvalue().rpartition("\r")[0].rpartition("\r")[2].strip() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.7, "1 min"), (123, "2 min 3 s"), (3600, "1 h"), (3599.9, "1 h"), (3900, "1 h 5 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
    assert terminal.PAUSE >= 60
