"""Terminal output: unsupported characters, libraries that print, durations in words, and one progress bar at a time."""

import io
import logging
import math
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from tqdm import tqdm

# Seconds between two lines of a bar that is written to a file; TQDM_MININTERVAL overrides it.
PAUSE = 60.0


def print_any_letter() -> None:
    """Escape characters that standard output cannot encode, instead of raising an error."""
    # The standard output of a notebook encodes everything and has no such method.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def diverted(file: int) -> Iterator[None]:
    """Send what C libraries write to standard error into a file: no setting silences TensorFlow's first messages.

    Python's own messages, and those of loggers, stay where they were.

    Args:
        file: An open file descriptor.
    """
    sys.stderr.flush()
    libraries, ours = os.dup(2), sys.stderr
    with suppress(OSError, AttributeError, io.UnsupportedOperation):
        if ours.fileno() == 2:
            sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=ours.encoding, errors=ours.errors)
            _move_handlers(ours, sys.stderr)
    os.dup2(file, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(libraries, 2)
        os.close(libraries)
        if sys.stderr is not ours:
            _move_handlers(sys.stderr, ours)
            sys.stderr.close()
            sys.stderr = ours


def _move_handlers(stream: TextIO, other: TextIO) -> None:
    """Handlers of others, such as Dask's on a worker, follow as well."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                handler.setStream(other)


def duration(seconds: float) -> str:
    """A duration in its two largest units: `9 s`, `2 min 3 s`, `1 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    large, small, units = (whole // 60, whole % 60, ("min", "s")) if whole < 3600 else (
        whole // 3600, whole % 3600 // 60, ("h", "min"))  # fmt: skip
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


class Bar(tqdm):
    """A progress bar that disappears from a terminal or a notebook when it is done, and writes few lines to a file.

    A thread shows one bar at a time; a nested bar is silent. A file gets one line a minute, and at most ten.
    """

    def __init__(
        self, iterable: Iterable[Any] | None = None, desc: str | None = None, total: int | None = None, **options: Any
    ) -> None:
        """Takes the arguments of `tqdm`."""
        self._redrawn = sys.stderr.isatty() or "ipykernel" in sys.modules
        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        if self._redrawn:
            # tqdm draws nothing on a terminal of unknown size.
            size = shutil.get_terminal_size()
            defaults: dict[str, Any] = {"leave": False, "ncols": size.columns - 1, "nrows": size.lines}
        else:
            pause = float(os.environ.get("TQDM_MININTERVAL", PAUSE))
            defaults = {"mininterval": pause, "maxinterval": math.inf, "delay": max(pause, 1e-6), "leave": False}
            defaults["miniters"] = max(1, (total or 0) // 10)
        # Nodes on a Dask worker share a process, but not a thread.
        self._thread = threading.get_ident()
        nested = any(bar is not self and not getattr(bar, "disable", True) for bar in _of_this_thread())
        options["disable"] = options.get("disable", False) or nested
        super().__init__(iterable, desc, total, **defaults, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Redraw the bar, or write a line if the output is a file."""
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
            # Discard the characters that would clear the bar.
            self.fp = io.StringIO()
        super().close()


def close_bars() -> None:
    """Close the bars that a failure in this thread left open; later bars would count as nested and stay silent."""
    for bar in _of_this_thread():
        bar.close()


def _of_this_thread() -> list[Bar]:
    bars = list(getattr(Bar, "_instances", ()))
    return [bar for bar in bars if getattr(bar, "_thread", None) == threading.get_ident()]


def clear_bars(*_: Any) -> bool:
    """Clear the bars so that a log line can be printed; each redraws at its next step. A logging filter: passes all."""
    for bar in list(getattr(Bar, "_instances", ())):
        if not getattr(bar, "disable", True) and getattr(bar, "_redrawn", False):
            bar.clear()
    return True
