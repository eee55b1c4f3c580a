"""Reports user errors in one line; bugs keep their traceback."""

import logging
import pkgutil
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from grisaille import pipelines
from grisaille.errors import GrisailleError, suggestion

logger = logging.getLogger(__name__)


@contextmanager
def report_user_errors() -> Iterator[None]:
    """End a command with one line and status 1 on errors that its user can fix; re-raise everything else."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\nInterrupted: stored results are intact, and the same command continues from there.", err=True)
        raise click.Abort from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        message = _message(error)
        if message is None:
            raise
        logger.debug("traceback of the reported error:", exc_info=True)
        raise click.ClickException(" ".join(message.split())) from error


def _message(error: BaseException) -> str | None:
    """The message for the user; None if the error is a bug."""
    from kedro.io.core import DatasetError
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    raised_in = str(frames[-1].f_globals.get("__name__")) if frames else ""
    if isinstance(error, (YAMLError, OmegaConfBaseException)) or (
        raised_in.startswith("kedro.config") and not isinstance(error, LookupError)
    ):
        return f"the configuration cannot be read: {error}"
    if isinstance(error, DatasetError) and raised_in.startswith("kedro.") and error.__cause__ is not None:
        # Kedro wraps every error of a dataset's load and save, bugs included.
        return _message(error.__cause__) and str(error)
    # Kedro and this project also raise plain ValueErrors with messages for users; those of other libraries are bugs.
    user_facing = ("grisaille.", "kedro.pipeline", "kedro.framework")
    if isinstance(error, (GrisailleError, DatasetError)) or (
        isinstance(error, ValueError) and raised_in.startswith(user_facing)
    ):
        return str(error)
    missing = re.search(r"'grisaille\.pipelines\.(.+?)'", str(error)) if isinstance(error, ImportError) else None
    known = [module.name for module in pkgutil.iter_modules(pipelines.__path__) if module.ispkg]
    if missing is None or missing[1] in known:
        return None
    return f"there is no pipeline {missing[1]}; {suggestion(missing[1], [*known, '__default__'])}"
