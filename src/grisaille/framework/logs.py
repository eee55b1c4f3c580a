"""What a run says, and where: `conf/logging.yml`, wherever a command is given, and a log file beside the results."""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import tempfile
from contextlib import suppress
from logging.handlers import MemoryHandler
from pathlib import Path
from typing import Any, TextIO

import yaml
from kedro.framework.project import LOGGING, configure_logging, settings

from grisaille.terminal import clear_bars, close_bars

# Set to anything, everything is shown on the console.
VERBOSE = "GRISAILLE_VERBOSE"
FOLDER = "08_reporting/run_log"
# What a run does: the lines of its console.
run_logger = logging.getLogger("grisaille.run")
_of_worker: LogFile | None = None


def configure(project: Path) -> None:
    """Configure logging as the project's `conf/logging.yml` says.

    Kedro looks for that file in the current folder alone.

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
    """Do what no file can ask for: log Python's warnings, keep lines and bars apart, and be verbose where asked."""
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
    """What keeps records until there is a log file; None where logging was configured in another way."""
    return next((handler for handler in logging.root.handlers if isinstance(handler, MemoryHandler)), None)


def worker(config: dict[str, Any], catalog: Any, run: str | None, address: str) -> None:
    """Log on a worker of a cluster as where the run was begun, into a file of the worker's own.

    Args:
        config: Of logging.
        catalog: Of the run.
        run: Its name.
        address: Of the worker.
    """
    global _of_worker  # noqa: PLW0603 - a worker process runs nodes one after the other, and of several runs
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
    """The log file of a run; libraries in C, which write to the process's standard error, end there, too."""

    def __init__(self, storage: Any, run: str, name: str = "run") -> None:
        """Begin it.

        Args:
            storage: Where everything is stored; unless it is local, the log lies in a temporary folder.
            run: Name of the run.
            name: Of the file, without its suffix.
        """
        root = storage if isinstance(storage, Path) else Path(tempfile.gettempdir()) / "grisaille"
        self.path: Path | None = root / FOLDER / run / f"{name}.log"
        self.run = run
        self._buffer = _buffer()
        self._file: logging.FileHandler | None = None
        self._stderr: TextIO | None = None
        self._saved: int | None = None
        if self._buffer is None:
            self.path = None
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = logging.FileHandler(self.path, encoding="utf-8")
        except OSError:
            # A full disk is told by what fails for it.
            self.path = None
            return
        self._file.setFormatter(self._buffer.formatter)
        self._file.handleError = lambda record: None  # type: ignore[method-assign]
        self._buffer.setTarget(self._file)
        self._buffer.flushLevel = logging.NOTSET
        self._buffer.flush()
        if not os.environ.get(VERBOSE):
            self._divert()

    def _divert(self) -> None:
        """Let what is not Python write to the log: no setting of TensorFlow's stops its greetings."""
        assert self._file is not None and self._file.stream is not None
        sys.stderr.flush()
        self._saved = os.dup(2)
        with suppress(OSError, AttributeError, io.UnsupportedOperation):
            if sys.stderr.fileno() == 2:
                self._stderr = sys.stderr
                sys.stderr = os.fdopen(
                    os.dup(2), "w", buffering=1, encoding=self._stderr.encoding, errors=self._stderr.errors
                )
                _move_handlers(self._stderr, sys.stderr)
        os.dup2(self._file.stream.fileno(), 2)

    def end(self) -> None:
        """Close it, and let everybody write where they did."""
        if self._saved is not None:
            sys.stderr.flush()
            os.dup2(self._saved, 2)
            os.close(self._saved)
            self._saved = None
        if self._stderr is not None:
            _move_handlers(sys.stderr, self._stderr)
            sys.stderr.close()
            sys.stderr, self._stderr = self._stderr, None
        if self._buffer is not None and self._file is not None:
            self._buffer.flushLevel = logging.CRITICAL + 1
            self._buffer.flush()
            self._buffer.setTarget(None)
            self._file.close()
            self._file = None


def _move_handlers(stream: TextIO, other: TextIO) -> None:
    """Let handlers that others have put on standard error, such as Dask's on a worker, stay on the console."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                handler.setStream(other)
