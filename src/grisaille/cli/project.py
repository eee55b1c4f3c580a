"""What commands need of the project in the current folder: its storage, its manifests, its paintings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grisaille.storage import AnyPath


class Project:
    """The project, opened in one environment.

    Attributes:
        path: Its folder.
        storage: Where everything is stored.
    """

    def __init__(self, path: Path, env: str | None, storage: str | None) -> None:
        """Read as little of its configuration as tells the storage."""
        from kedro.framework.project import settings

        from grisaille.framework.config import RunConfigLoader

        self.path = path
        given = {} if storage is None else {"storage": storage}
        loader = RunConfigLoader(
            str(path / settings.CONF_SOURCE), env=env, runtime_params=given, **settings.CONFIG_LOADER_ARGS
        )
        self.storage: AnyPath = loader.storage(path)
        self._given = given

    def paintings(self, manifest: Mapping[str, Any]) -> Mapping[str, Callable[[], bytes]]:
        """The images that a run was given: path -> function that reads the file; empty where there are none now."""
        from kedro.framework.session import KedroSession
        from kedro.io.core import DatasetError

        command = manifest["command"]
        session = KedroSession.create(self.path, False, command.get("env"), command.get("params", {}) | self._given)
        context: Any = session.load_context()
        # Nothing will run, so that no pipeline has to be built to check parameters.
        context._pipelines_to_validate = []
        try:
            return dict(context.catalog.get("raw_paintings").load())
        except DatasetError:
            return {}


def open_project(env: str | None, storage: str | None) -> Project:
    """The project whose folder this is, or lies in.

    Args:
        env: Environment of its configuration.
        storage: Where things are stored, if not where the environment says.

    Raises:
        click.ClickException: If there is none.
    """
    # Of what it reads nobody has asked.
    logging.getLogger("kedro").setLevel(logging.WARNING)
    return Project(find(), env, None if storage is None else str(storage))


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
