"""`kedro run`, which reports user errors in one line."""

import functools
from copy import copy
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from grisaille.cli.user_errors import report_user_errors


def _run(*arguments: Any, **options: Any) -> Any:
    assert kedro_run.callback is not None
    with report_user_errors():
        return kedro_run.callback(*arguments, **options)


run: click.Command = copy(kedro_run)
run.callback = functools.wraps(kedro_run.callback)(_run) if kedro_run.callback else None
