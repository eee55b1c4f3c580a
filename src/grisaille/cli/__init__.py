"""The commands of `grisaille`. `kedro` offers them, too, in the project's folder.

A command is imported when it is called.
"""

import logging
from importlib import import_module

import click

# name -> module:function
COMMANDS = {
    "run": "grisaille.cli.run:run",
    "similar": "grisaille.cli.similar:similar",
    "path": "grisaille.cli.similar:path",
    "serve": "grisaille.cli.serve:serve",
    "verify": "grisaille.cli.past_runs:verify",
    "rerun": "grisaille.cli.past_runs:rerun",
    "runs": "grisaille.cli.runs:runs",
    "compare": "grisaille.cli.compare:compare",
    "clean": "grisaille.cli.clean:clean",
    "export": "grisaille.cli.export:export",
}
# These read stored results without Kedro, whose import takes half a second.
_WITHOUT_KEDRO = {"similar", "path", "serve", "runs", "compare"}


class LazyGroup(click.Group):
    """A click group that imports the commands in `COMMANDS` lazily."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if the name is unknown."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in _WITHOUT_KEDRO:
            _configure_kedro()
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Call a command and report user errors in one line."""
        from grisaille.cli.user_errors import report_user_errors

        with report_user_errors():
            return super().invoke(ctx)


def _configure_kedro() -> None:
    """Tell Kedro which package holds the pipelines, as `kedro` does in the project's folder."""
    # On import, Kedro logs which logging configuration it uses. Setting a level would not silence it, since that
    # configuration resets the levels of Kedro's loggers.
    logging.getLogger("kedro.framework.project").addFilter(lambda record: record.levelno > logging.INFO)
    from kedro.framework.project import configure_project

    configure_project("grisaille")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Compress CNN features of paintings, and measure how much similarity survives."""
