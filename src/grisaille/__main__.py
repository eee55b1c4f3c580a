"""The `grisaille` command: `kedro run` for an installed package, and the commands of `cli/`."""

import sys
from typing import Any

from grisaille.cli import cli
from grisaille.terminal import print_any_letter


def main(*args: Any, **kwargs: Any) -> Any:
    """Run a command on the project in the current folder.

    Args:
        *args: Passed to the click command.
        **kwargs: Passed to the click command; `standalone_mode` is off in an interactive interpreter.
    """
    print_any_letter()
    kwargs.setdefault("standalone_mode", not hasattr(sys, "ps1"))
    return cli(*args, **kwargs)


if __name__ == "__main__":
    main()
