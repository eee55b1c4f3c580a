"""The commands of `grisaille`; in the project's folder `kedro` knows them, too.

Each is imported when it is asked for.
"""

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
    "clean": "grisaille.cli.clean:clean",
    "export": "grisaille.cli.export:export",
}


class LazyGroup(click.Group):
    """A group whose commands stand in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of the name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Call a command, which reports user errors in one line."""
        from grisaille.cli.user_errors import report_user_errors

        with report_user_errors():
            return super().invoke(ctx)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Shrink what a CNN sees in paintings, and ask whether likeness survives."""
