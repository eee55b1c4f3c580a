"""The project that a command is given in."""

from pathlib import Path

import click


def find() -> Path:
    """The folder of the project in which a command was given, made known to Kedro.

    Raises:
        click.ClickException: If there is none.
    """
    from kedro.framework.startup import bootstrap_project

    from grisaille.framework import logs
    from grisaille.framework.config import find_project

    found = find_project(Path.cwd())
    if found is None:
        raise click.ClickException(f"there is no project in {Path.cwd()}, nor above it: no folder conf/base")
    if (found / "pyproject.toml").is_file():
        bootstrap_project(found)
    logs.configure(found)
    return found
