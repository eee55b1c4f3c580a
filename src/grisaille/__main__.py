"""The `grisaille` command: `kedro run` for an installed package, and what else is asked for (`grisaille --help`)."""

import logging
import sys
from typing import Any

from grisaille.cli import cli
from grisaille.terminal import print_any_letter


def main(*args: Any, **kwargs: Any) -> Any:
    """Run a command on the project in the current folder.

    Args:
        *args: Handed to the click command.
        **kwargs: Handed to the click command; `standalone_mode` is off in an interactive interpreter.
    """
    # As it is imported Kedro tells where it found how to log: half as much again as some answers. A level would not
    # hold, since the configuration takes back those of all loggers below its own.
    logging.getLogger("kedro.framework.project").addFilter(lambda record: record.levelno > logging.INFO)
    from kedro.framework.project import configure_project

    print_any_letter()
    configure_project("grisaille")
    kwargs.setdefault("standalone_mode", not hasattr(sys, "ps1"))
    return cli(*args, **kwargs)


if __name__ == "__main__":
    main()
