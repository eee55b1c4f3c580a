"""Logging: `conf/logging.yml`, from any current folder, and a log file with the results."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from contextlib import ExitStack
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.project import LOGGING, configure_logging, settings

from grisaille.terminal import clear_bars, close_bars, diverted

# If set to any value, the console shows everything.
VERBOSE = "GRISAILLE_VERBOSE"
FOLDER = "08_reporting/run_log"
# The lines of a run on the console.
run_logger = logging.getLogger("grisaille.run")
_of_worker: LogFile | None = None


def configure(project: Path) -> None:
    """Configure logging by the project's `conf/logging.yml`.

    Kedro looks for that file only in the current folder.

    Args:
        project: The folder of the project.
    """
    path = project / settings.CONF_SOURCE / "logging.yml"
    if "KEDRO_LOGGING_CONFIG" not in os.environ and path.is_file():
        given = yaml.safe_load(path.read_text("utf-8"))
        if given != LOGGING.data:
            configure_logging(given)
    prepare()


def prepare() -> None:
    """Configure what the file cannot: Python's warnings, log lines beside progress bars, and verbose output."""
    logging.captureWarnings(True)
    buffer, ours = _buffer(), logging.getLogger("grisaille")
    if buffer is None:
        return
    if os.environ.get(VERBOSE):
        console = logging.StreamHandler(sys.stdout)
        console.setFormatter(buffer.formatter)
        ours.handlers, run_logger.handlers, logging.root.handlers = [], [], [console, buffer]
    for handler in (*run_logger.handlers, *ours.handlers, *logging.root.handlers):
        if isinstance(handler, logging.StreamHandler):
            handler.addFilter(clear_bars)


def _buffer() -> MemoryHandler | None:
    """The handler that buffers records until there is a log file; None if logging was configured otherwise."""
    return next((handler for handler in logging.root.handlers if isinstance(handler, MemoryHandler)), None)


def worker(config: dict[str, Any], catalog: Any, run: str | None, address: str) -> None:
    """Configure logging on a worker like where the run was started, with a log file of its own.

    Args:
        config: Logging configuration.
        catalog: Catalog of the run.
        run: Name of the run.
        address: Address of the worker.
    """
    global _of_worker  # noqa: PLW0603 - a worker process runs nodes one at a time, of several runs
    if config != LOGGING.data:
        configure_logging(config)
    prepare()
    close_bars()
    name = re.sub(r"\W+", "_", address)
    if run and (_of_worker is None or _of_worker.run != run):
        if _of_worker:
            _of_worker.end()
        _of_worker = LogFile(getattr(catalog, "storage", None), run, name)


class LogFile:
    """The log file of a run, including the output of C libraries to standard error."""

    def __init__(self, storage: Any, run: str, name: str = "run") -> None:
        """Open it.

        Args:
            storage: The storage of the run; if it is not local, the log is in a temporary folder.
            run: Name of the run.
            name: Name of the file, without its suffix.
        """
        root = storage if isinstance(storage, Path) else Path(tempfile.gettempdir()) / "grisaille"
        self.path: Path | None = root / FOLDER / run / f"{name}.log"
        self.run = run
        self._buffer = _buffer()
        self._file: logging.FileHandler | None = None
        self._diverted = ExitStack()
        if self._buffer is None:
            self.path = None
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = logging.FileHandler(self.path, encoding="utf-8")
        except OSError:
            # A full disk is reported by the saves that fail.
            self.path = None
            return
        self._file.setFormatter(self._buffer.formatter)
        self._file.handleError = lambda record: None  # type: ignore[method-assign]
        self._buffer.setTarget(self._file)
        self._buffer.flushLevel = logging.NOTSET
        self._buffer.flush()
        if not os.environ.get(VERBOSE) and self._file.stream is not None:
            self._diverted.enter_context(diverted(self._file.stream.fileno()))

    def end(self) -> None:
        """Close it, and restore standard error."""
        self._diverted.close()
        if self._buffer is not None and self._file is not None:
            self._buffer.flushLevel = logging.CRITICAL + 1
            self._buffer.flush()
            self._buffer.setTarget(None)
            self._file.close()
            self._file = None
