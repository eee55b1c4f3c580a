"""`grisaille similar` and `grisaille path`: queries to the results of a run, answered in text and pictures."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from grisaille.cli import options
from grisaille.cli.answers import Answers, QueryPicture
from grisaille.likenesses.names import LIKENESSES, VECTORS, chosen
from grisaille.terminal import diverted

if TYPE_CHECKING:
    from grisaille.api import Collection


def _options(*more: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options that both commands share; `more` lists further values of --likeness."""
    folder = click.Path(path_type=Path)
    own = (
        click.option(
            "--likeness", type=click.Choice([*LIKENESSES, *more]), help="The kind of likeness. Default: the mixture."
        ),
        click.option("--output", "-o", type=folder, help="Folder of the answer. Default: a new one in the storage."),
    )

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in own:
            command = option(command)
        return options.answered_from(command)

    return add


@click.command()
@click.argument("named", metavar="PICTURE...", nargs=-1, required=True)
@click.option(
    "--count", "-n", default=10, show_default=True, type=click.IntRange(1, 100), help="Look-alikes a picture."
)
@click.option("--why", is_flag=True, help="Also show which parts of both pictures are alike.")
@click.option(
    "--shortlist",
    default=0,
    type=click.IntRange(0),
    help="Find this many by compressed codes, and rank them by their stored features (composition or style only).",
)
@_options("all")
def similar(
    named: tuple[str, ...],
    count: int,
    why: bool,
    shortlist: int,
    likeness: str | None,
    output: Path | None,
    **where: Any,
) -> None:
    """Find the paintings most like each PICTURE: a file, a folder of files, or the name of a painting.

    Files need not be in the collection. With - as the only PICTURE, the command reads names from standard input, one a
    line, and answers each at once; only the first waits for TensorFlow and the models.
    """
    collection = options.opened(**where)
    likenesses = collection.likenesses if likeness == "all" else [chosen(likeness, collection.likenesses)]
    if why and likenesses == [VECTORS]:
        raise ValueError("vectors cannot show where pictures are alike: leave out --why, or choose another likeness")
    click.echo(f"By {'each likeness' if len(likenesses) > 1 else likenesses[0]}, in the embeddings of {collection.run}")
    answers = Answers(collection, output, "look_alikes")
    for query in _one_by_one(collection, sys.stdin) if named == ("-",) else _read(collection, named):
        if not collection.holds(query.picture) or why or shortlist:
            _start_tensorflow()
        known = [
            name for name in likenesses if name != VECTORS or len(likenesses) == 1 or collection.holds(query.picture)
        ]
        picture = query.picture if shortlist else query.placed(collection)
        results = {name: collection.similar(picture, name, count, shortlist=shortlist) for name in known}
        answers.add(query, results, why)
    click.echo(f"\n{answers.folder}")


@click.command()
@click.argument("start")
@click.argument("stop")
@_options()
def path(start: str, stop: str, likeness: str | None, output: Path | None, **where: Any) -> None:
    """Find a chain of paintings from START to STOP, each like the one before.

    START and STOP are names of paintings (any part that is unique will do), or files.
    """
    collection = options.opened(**where)
    by = chosen(likeness, collection.likenesses)
    click.echo(f"By {by}, in the embeddings of {collection.run}\n")
    ends = list(_read(collection, (start, stop)))
    if len(ends) != 2:
        raise ValueError(f"a chain joins two paintings. Received: {start} and {stop}")
    if not all(collection.holds(end.picture) for end in ends):
        _start_tensorflow()
    answers = Answers(collection, output, "chains")
    first, last = (end.placed(collection) for end in ends)
    answers.chain(ends, collection.chain(first, last, by), by)
    click.echo(f"\n{answers.folder}")


def _one_by_one(collection: Collection, stream: TextIO) -> Iterator[QueryPicture]:
    """Yield the query that each line of a stream names; a line that cannot be read prints an error."""
    for line in _lines(stream):
        try:
            yield from _read(collection, (line,))
        except ValueError as error:
            click.echo(f"Error: {error}", err=True)


def _lines(stream: TextIO) -> Iterator[str]:
    """Yield the lines that are not empty, with a prompt before each on a terminal."""
    while True:
        if stream.isatty():
            click.echo("\nPicture: ", nl=False)
        line = stream.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def _read(collection: Collection, named: Iterable[str]) -> list[QueryPicture]:
    """Read pictures by the names of files, folders and paintings.

    Raises:
        ValueError: If there is no such file or painting, or no file can be used.
    """
    from grisaille.collection import images
    from grisaille.lookalikes.queries import read_queries
    from grisaille.plots.contact_sheet import SIDE

    named = list(named)
    files = [name for name in named if Path(name).expanduser().exists()]
    if missing := [name for name in named if name not in files and name.lower().endswith(images.SUFFIXES)]:
        raise ValueError(f"there is no {missing[0]}")
    names = {name: collection.name_of(name) for name in named if name not in files}
    paintings = [QueryPicture(name, name, collection.thumbnail(name, SIDE)) for name in names.values()]
    if not files:
        return paintings
    queries = read_queries(files, collection.max_megapixels)
    pictures = [QueryPicture(query.name, query.data, query.image) for query in queries]
    # Keep the given order: one end of a chain may be a file and the other a painting.
    return [*pictures, *paintings] if named[0] in files else [*paintings, *pictures]


def _start_tensorflow() -> None:
    """Import Keras and hide TensorFlow's start-up messages."""
    if "keras" in sys.modules:
        return
    click.echo("Loading TensorFlow and the models", err=True)
    with tempfile.TemporaryFile() as hidden, diverted(hidden.fileno()):
        import keras

        # The first operation initialises the devices and logs their names.
        keras.ops.zeros(1)
