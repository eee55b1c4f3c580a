"""`kedro run`, which tells a mistake in one line: what led to it is of no use to who has mistyped a folder."""

import functools
import logging
import traceback
from copy import copy
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.io.core import DatasetError
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

logger = logging.getLogger(__name__)


def _raised_in(error: BaseException) -> str:
    """The module that raised an error."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__", "")) if frames else ""


def is_of_configuration(error: BaseException) -> bool:
    """Whether a file of `conf/` is to blame: no YAML, a name given twice, or one that is not there."""
    return isinstance(error, (YAMLError, OmegaConfBaseException)) or (
        _raised_in(error).startswith("kedro.config") and not isinstance(error, LookupError)
    )


def is_told_on_purpose(error: BaseException) -> bool:
    """Whether an error was raised here to be read by a user, and is no accident in a library or in a new measure."""
    where = _raised_in(error)
    if where.startswith("grisaille."):
        return isinstance(error, (DatasetError, OSError, RuntimeError, ValueError))
    # Kedro says by itself what is not there, and wraps what happens to a dataset, our own words and accidents alike.
    cause = error.__cause__
    return where.startswith("kedro.") and isinstance(error, DatasetError) and (not cause or is_told_on_purpose(cause))


def _in_one_line(*arguments: Any, **options: Any) -> Any:
    assert kedro_run.callback is not None
    try:
        return kedro_run.callback(*arguments, **options)
    except Exception as error:
        if is_of_configuration(error):
            raise click.ClickException(f"the configuration cannot be read: {' '.join(str(error).split())}") from error
        if not is_told_on_purpose(error):
            raise
        logger.debug("what led to it:", exc_info=True)
        raise click.ClickException(str(error)) from error


run: click.Command = copy(kedro_run)
run.callback = functools.wraps(kedro_run.callback)(_in_one_line) if kedro_run.callback else None
