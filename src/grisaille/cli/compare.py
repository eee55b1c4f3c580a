"""`grisaille compare`: differences between runs, on one page."""

from __future__ import annotations

from pathlib import Path

import click

from grisaille.cli import options
from grisaille.errors import counted


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), default="comparison.html", show_default=True,
    help="File of the page.",
)  # fmt: skip
@options.where
def compare(runs: tuple[str, ...], output: Path, storage: str | None, env: str | None) -> None:
    """Compare runs with the first one: settings, measures, and pictures of neighbours that moved.

    RUN is the name of a run, the beginning of a name, or newest, which is the newest run with embeddings. `grisaille
    runs` lists all names.
    """
    from grisaille.comparison import page
    from grisaille.storage import write_atomically

    if not 2 <= len(runs) <= len(page.LETTERS):
        raise click.UsageError(f"name 2 to {len(page.LETTERS)} runs. Received: {len(runs)}")
    collections = [options.opened(env, storage, run) for run in runs]
    if len({collection.run for collection in collections}) < len(collections):
        raise click.UsageError(f"name different runs. Received: {', '.join(one.run for one in collections)}")
    comparison = page.compare(collections)
    for letter, collection in zip(page.LETTERS, collections, strict=False):
        click.echo(f"{letter}  {collection.run}  {counted(len(collection.paintings), 'painting')}")
    for line in page.lines(comparison):
        click.echo(line)
    data = page.render(comparison).encode()
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(output, lambda file: file.write(data))
    click.echo(str(output))
