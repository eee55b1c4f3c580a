"""Finds the project around the current folder."""

from pathlib import Path

import click


def find() -> Path:
    """Find the project folder at or above the current folder, and bootstrap Kedro with it.

    Raises:
        click.ClickException: If there is no project.
    """
    from kedro.framework.startup import bootstrap_project

    from grisaille.framework import logs
    from grisaille.framework.config import find_project

    project = find_project(Path.cwd())
    if project is None:
        raise click.ClickException(f"there is no project in {Path.cwd()} or above it: no folder conf/base")
    if (project / "pyproject.toml").is_file():
        bootstrap_project(project)
    logs.configure(project)
    return project
