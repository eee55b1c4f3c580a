"""What commands need of the project in the current folder: where it lies, and where it stores everything."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grisaille.storage import AnyPath


def open_project(env: str | None, storage: str | None) -> tuple[Path, AnyPath]:
    """The folder of the project in which a command was given, and where everything is stored.

    Args:
        env: Environment of its configuration.
        storage: Where things are stored, if not where the environment says.

    Raises:
        click.ClickException: If there is no project.
    """
    from kedro.framework.project import settings

    from grisaille.framework.config import RunConfigLoader

    # Of what it reads nobody has asked.
    logging.getLogger("kedro").setLevel(logging.WARNING)
    path, given = find(), {} if storage is None else {"storage": storage}
    source = str(path / settings.CONF_SOURCE)
    return path, RunConfigLoader(source, env, given, **settings.CONFIG_LOADER_ARGS).storage(path)


def find() -> Path:
    """The folder of the project in which a command was given, made known to Kedro.

    Raises:
        click.ClickException: If there is none.
    """
    from kedro.framework.startup import bootstrap_project

    from grisaille.framework.config import find_project

    found = find_project(Path.cwd())
    if found is None:
        raise click.ClickException(f"there is no project in {Path.cwd()}, nor above it: no folder conf/base")
    if (found / "pyproject.toml").is_file():
        bootstrap_project(found)
    return found
