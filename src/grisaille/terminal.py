"""What is printed: any letter on any terminal, durations in words, and one bar at a time."""

import io
import math
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Sized
from contextlib import suppress
from typing import Any

from tqdm import tqdm

# Seconds between two lines of a bar that goes to a file, unless tqdm's own TQDM_MININTERVAL says otherwise.
PAUSE = 60.0


def print_any_letter() -> None:
    """Spell out what standard output cannot show, in place of an error at the end of a run."""
    # A notebook's takes every letter, and has no such method.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def duration(seconds: float) -> str:
    """A duration in words, in its two largest units: `9 s`, `2 min 3 s`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    large, small, units = (whole // 60, whole % 60, ("min", "s")) if whole < 3600 else (
        whole // 3600, whole % 3600 // 60, ("h", "min"))  # fmt: skip
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


class Bar(tqdm):
    """A progress bar that leaves no trace on a terminal or in a notebook, and a few lines in a file.

    Only one of a thread is shown at a time: a bar within another bar is silent. A file gets a line a minute, and at
    most ten.
    """

    def __init__(
        self, iterable: Iterable[Any] | None = None, desc: str | None = None, total: int | None = None, **options: Any
    ) -> None:
        """As `tqdm`."""
        self._redrawn = sys.stderr.isatty() or "ipykernel" in sys.modules
        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        if self._redrawn:
            # tqdm draws nothing on a terminal that does not know its size.
            size = shutil.get_terminal_size()
            how: dict[str, Any] = {"leave": False, "ncols": size.columns - 1, "nrows": size.lines}
        else:
            pause = float(os.environ.get("TQDM_MININTERVAL", PAUSE))
            how = {"mininterval": pause, "maxinterval": math.inf, "delay": max(pause, 1e-6), "leave": False}
            how["miniters"] = max(1, (total or 0) // 10)
        # Nodes of a cluster's worker share a process, not a thread.
        self._thread = threading.get_ident()
        within = any(bar is not self and not getattr(bar, "disable", True) for bar in _of_this_thread())
        options["disable"] = options.get("disable", False) or within
        super().__init__(iterable, desc, total, **how, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Draw the bar, or write a line where nothing can be drawn over."""
        if self._redrawn:
            return super().display(msg, pos)
        if msg is None:
            print(self._line(), file=self.fp, flush=True)
        return True

    def _line(self) -> str:
        done, seconds = self.n - self.initial, self.format_dict["elapsed"]
        of = f" of {self.total:,}" if self.total else ""
        left = seconds * (self.total - self.n) / done if self.total and done else None
        return f"{self.desc}: {self.n:,}{of}{self.unit}" + (f", about {duration(left)} left" if left else "")

    def close(self) -> None:
        """Clear the bar."""
        if not (self.disable or self._redrawn):
            # What would clear it.
            self.fp = io.StringIO()
        super().close()


def close_bars() -> None:
    """Close what code of this thread left open as it failed: as long as somebody holds its error, bars were silent."""
    for bar in _of_this_thread():
        bar.close()


def _of_this_thread() -> list[Bar]:
    bars = list(getattr(Bar, "_instances", ()))
    return [bar for bar in bars if getattr(bar, "_thread", None) == threading.get_ident()]


def clear_bars(*_: Any) -> bool:
    """Make room for a line above a bar, which is drawn again with its next step; as a filter of logging, pass all."""
    for bar in list(getattr(Bar, "_instances", ())):
        if not getattr(bar, "disable", True) and getattr(bar, "_redrawn", False):
            bar.clear()
    return True
