"""Options that several commands share. Nothing here imports Kedro."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grisaille.api import Collection

Command = Callable[..., None]


def where(command: Command) -> Command:
    """Add the options that name a storage: `storage` and `env`."""
    for option in (
        click.option("--storage", help="Folder or bucket of the results. Default: the environment's storage."),
        click.option("--env", "-e", help="The configuration environment."),
    ):
        command = option(command)
    return command


def answered_from(command: Command) -> Command:
    """Add the options that name the run that answers, as `opened` accepts them."""
    for option in (
        click.option("--run", help="Answer from the results of this run. Default: the newest."),
        click.option(
            "--pictures",
            type=click.Path(exists=True, file_okay=False),
            help="The folder of the pictures, if it has moved.",
        ),
    ):
        command = option(command)
    return where(command)


def opened(env: str | None, storage: str | None, run: str | None, pictures: str | None = None) -> Collection:
    """The collection that the options name."""
    import grisaille

    return grisaille.open(folder(storage), env, run, pictures)


def folder(storage: str | None) -> str | Path:
    """The given storage; without one, the nearest project folder at or above the current folder."""
    if storage is not None:
        return storage
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "conf" / "base").is_dir()), here)
