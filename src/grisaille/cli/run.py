"""`kedro run`, which reports user errors in one line."""

import functools
import os
from copy import copy
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from grisaille.cli import project
from grisaille.cli.user_errors import report_user_errors


def _run(*arguments: Any, **options: Any) -> Any:
    assert kedro_run.callback is not None
    with report_user_errors():
        project.find()
        return kedro_run.callback(*arguments, **options)


def _be_verbose(context: click.Context, option: click.Parameter, value: bool) -> None:
    if value:
        os.environ["GRISAILLE_VERBOSE"] = "1"


_verbose = click.Option(
    ["--verbose", "-v"],
    is_flag=True,
    expose_value=False,
    callback=_be_verbose,
    help="Print all messages of Kedro, TensorFlow and this project, which otherwise go to the log file only.",
)
run: click.Command = copy(kedro_run)
run.params = [*kedro_run.params, _verbose]
run.callback = functools.wraps(kedro_run.callback)(_run) if kedro_run.callback else None
