"""The commands of `grisaille`; in the project's folder `kedro` knows them, too.

Each is imported when it is asked for.
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
# Those that open what is stored without Kedro, which takes half a second to import.
_WITHOUT_KEDRO = {"similar", "path", "serve", "runs", "compare"}


class LazyGroup(click.Group):
    """A group whose commands stand in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of the name."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in _WITHOUT_KEDRO:
            _configure_kedro()
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Call a command, which reports user errors in one line."""
        from grisaille.cli.user_errors import report_user_errors

        with report_user_errors():
            return super().invoke(ctx)


def _configure_kedro() -> None:
    """Name the package that holds the pipelines, as `kedro` itself does in the project's folder."""
    # As it is imported Kedro tells where it found how to log. A level would not hold: the configuration resets those of
    # all loggers below its own.
    logging.getLogger("kedro.framework.project").addFilter(lambda record: record.levelno > logging.INFO)
    from kedro.framework.project import configure_project

    configure_project("grisaille")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Shrink what a CNN sees in paintings, and ask whether likeness survives."""
