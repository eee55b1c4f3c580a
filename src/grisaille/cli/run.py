"""`kedro run`, which tells a mistake in one line."""

import functools
from copy import copy
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from grisaille.cli.mistakes import told_in_one_line


def _run(*arguments: Any, **options: Any) -> Any:
    assert kedro_run.callback is not None
    with told_in_one_line():
        return kedro_run.callback(*arguments, **options)


run: click.Command = copy(kedro_run)
run.callback = functools.wraps(kedro_run.callback)(_run) if kedro_run.callback else None
