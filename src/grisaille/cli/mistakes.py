"""What a user has mistyped is told in one line: what led to it is of no use to them."""

from __future__ import annotations

import difflib
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

logger = logging.getLogger(__name__)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """End a command in one line, and with status 1, where its user is to blame; whatever else fails is let through.

    Raises:
        click.ClickException: In place of what was raised.
        click.Abort: In place of an interruption.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        click.echo("\nInterrupted: what is stored is whole, and the same command goes on from there.", err=True)
        raise click.Abort from None
    except Exception as error:
        words = _words(error)
        if words is None:
            raise
        logger.debug("what led to it:", exc_info=True)
        raise click.ClickException(words) from error


def _words(error: BaseException) -> str | None:
    """What to tell; None of an accident in a library, or in a new measure."""
    if _is_of_configuration(error):
        return f"the configuration cannot be read: {_in_one_line(error)}"
    if _is_of_selection(error):
        return _in_one_line(error).rstrip(".")
    asked_for = _unknown_pipeline(error)
    if asked_for is not None:
        known = _pipelines()
        similar = difflib.get_close_matches(asked_for, known, 1)
        hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(known)} and __default__"
        return f"there is no pipeline {asked_for}; {hint}"
    return str(error) if _is_told_on_purpose(error) else None


def _raised_in(error: BaseException) -> str:
    """The module that raised an error."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__", "")) if frames else ""


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _is_of_configuration(error: BaseException) -> bool:
    """Whether a file of `conf/` is to blame: no YAML, a name given twice, or one that is not there."""
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    return isinstance(error, (YAMLError, OmegaConfBaseException)) or (
        _raised_in(error).startswith("kedro.config") and not isinstance(error, LookupError)
    )


def _is_of_selection(error: BaseException) -> bool:
    """Whether a pipeline, node, namespace, tag or dataset was named that is not there: Kedro says which."""
    return isinstance(error, ValueError) and _raised_in(error).startswith(("kedro.pipeline", "kedro.framework"))


def _unknown_pipeline(error: BaseException) -> str | None:
    """The pipeline that was asked for and is not there; one that is there and cannot be imported is an accident."""
    if not isinstance(error, ImportError) or _raised_in(error) != "kedro.framework.project":
        return None
    named = re.search(r"'grisaille\.pipelines\.(.+?)'", str(error))
    return named[1] if named and named[1] not in _pipelines() else None


def _pipelines() -> list[str]:
    folder = Path(__file__).parents[1] / "pipelines"
    return sorted(path.parent.name for path in folder.glob("*/pipeline.py"))


def _is_told_on_purpose(error: BaseException) -> bool:
    """Whether an error was raised here to be read by a user."""
    from kedro.io.core import DatasetError

    where = _raised_in(error)
    if where.startswith("grisaille."):
        return isinstance(error, (DatasetError, OSError, RuntimeError, ValueError))
    # Kedro says by itself what is not there, and wraps what happens to a dataset, our own words and accidents alike.
    cause = error.__cause__
    return where.startswith("kedro.") and isinstance(error, DatasetError) and (not cause or _is_told_on_purpose(cause))
