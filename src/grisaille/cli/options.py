"""Options that several commands share. Nothing here knows Kedro."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grisaille.api import Collection

Command = Callable[..., None]


def where(command: Command) -> Command:
    """Which storage is meant: `storage` and `env`."""
    for option in (
        click.option("--storage", help="Where results are stored; the environment's storage unless given."),
        click.option("--env", "-e", help="The configuration environment."),
    ):
        command = option(command)
    return command


def answered_from(command: Command) -> Command:
    """Which run answers: what `opened` takes."""
    for option in (
        click.option("--run", help="Answer from the results of this run; the newest unless given."),
        click.option(
            "--pictures",
            type=click.Path(exists=True, file_okay=False),
            help="The folder of the pictures, if it moved.",
        ),
    ):
        command = option(command)
    return where(command)


def opened(env: str | None, storage: str | None, run: str | None, pictures: str | None = None) -> Collection:
    """The collection that the options name."""
    import grisaille

    return grisaille.open(folder(storage), env, run, pictures)


def folder(storage: str | None) -> str | Path:
    """The storage that was given, or the project: the folder that a command was given in, or the nearest above it."""
    if storage is not None:
        return storage
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "conf" / "base").is_dir()), here)
