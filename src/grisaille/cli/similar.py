"""`grisaille similar` and `grisaille path`: the pipelines `look_alikes` and `chain`, with an answer one can read."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import click
from kedro.framework.cli.utils import _split_params

_SHOWN = 10


_LIKENESSES = ("composition", "style", "colour", "mixture", "vectors")


def _likeness(*more: str) -> Callable[..., Any]:
    """The option that says by which likeness a question is answered; both commands know some, one of them more."""
    choice = click.Choice([*_LIKENESSES, *more])
    return click.option("--likeness", type=choice, help="What alike means; the mixture of all unless given.")


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What both commands share with `kedro run`."""
    for option in (
        click.option("--output", "-o", type=click.Path(path_type=Path), help="Copy the picture into this folder, too."),
        click.option("--run", help="Answer from the results of this run; the newest unless given."),
        click.option("--params", default="", callback=_split_params, help="Parameters that differ from the run's."),
        click.option("--storage", help="Where the run is stored; the environment's storage unless given."),
        click.option("--env", "-e", help="The configuration environment."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option("--count", "-n", type=click.IntRange(1, 100), help="Look-alikes a picture.")
@_likeness("all")
@click.option("--why", is_flag=True, help="Show where in both pictures their likeness lies, too.")
@click.option(
    "--shortlist",
    type=click.IntRange(1),
    help="Find as many by their few bytes, and order them by their stored features; by composition or style.",
)
@_options
def similar(pictures: tuple[str, ...], **asked: Any) -> None:
    """Find the paintings most like PICTURES: files, or folders of them, which need not be in the collection.

    With - as the only one, names are read from standard input, one a line, and each is answered as it comes: only the
    first has to wait for TensorFlow and the models.
    """
    if pictures != ("-",):
        _look_alikes(pictures, **asked)
        return
    for number, name in enumerate(_lines(sys.stdin), start=1):
        try:
            if not Path(name).exists():
                raise click.ClickException(f"there is no {name}")
            _look_alikes((name,), first=number, **asked)
        except click.ClickException as error:
            error.show()


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines that are not empty; a person is asked for each."""
    while True:
        if stream.isatty():
            click.echo("\nPicture: ", nl=False)
        line = stream.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def _look_alikes(
    pictures: tuple[str, ...],
    count: int | None,
    why: bool,
    shortlist: int | None,
    params: dict[str, Any],
    output: Path | None,
    first: int = 1,
    **of: Any,
) -> None:
    asked = {"query": "\n".join(str(Path(picture).resolve()) for picture in pictures)}
    group = params.get("discovery", {}) | ({} if count is None else {"look_alikes": count})
    group |= ({"why": True} if why else {}) | ({"shortlist": shortlist} if shortlist else {})
    catalog = _run("look_alikes", params | asked | ({"discovery": group} if group else {}), **of)
    table = catalog.load("look_alikes")
    for query, found in table.groupby("query", sort=False):
        click.echo(f"\n{query}" + (" (this file is in the collection)" if found["in_collection"].any() else ""))
        several = found["likeness"].nunique() > 1
        for likeness, part in found.groupby("likeness", sort=False):
            if several:
                click.echo(f" by {likeness}")
            _say_nearest(part)
    _say_where(catalog, "contact_sheets", output, first)


def _say_nearest(found: Any) -> None:
    """Some rows of the table, a line each."""
    from grisaille.lookalikes.neighbour_index import three_digits

    for row in found.head(_SHOWN).itertuples():
        # Of the last in a tiny collection nothing can be said: no painting has so many others.
        known = row.distance_percentile == row.distance_percentile
        usual = f"  (closer than {100 * row.distance_percentile:.0f} of 100 paintings to theirs)" if known else ""
        click.echo(f"  {row.rank:>2}  {three_digits(row.distance):<8} {row.painting_id}{usual}")


@click.command()
@click.argument("start")
@click.argument("stop")
@_likeness()
@_options
def path(start: str, stop: str, params: dict[str, Any], output: Path | None, **of: Any) -> None:
    """Find a chain of paintings from START to STOP, each like the one before.

    START and STOP are names of paintings (a part that no other has is enough), or files.
    """
    from grisaille.lookalikes.neighbour_index import three_digits

    chain = "\n".join(str(Path(end).resolve()) if Path(end).is_file() else end for end in (start, stop))
    catalog = _run("chain", params | {"chain": chain}, **of)
    for row in catalog.load("chain_paintings").itertuples():
        note = f"  (stands for its duplicate, {row.stands_for})" if isinstance(row.stands_for, str) else ""
        click.echo(f"  {row.step:>2}  {three_digits(row.distance) if row.step else '':<8} {row.painting_id}{note}")
    _say_where(catalog, "chain_figure", output)


def _run(
    pipeline: str,
    params: dict[str, Any],
    env: str | None,
    storage: str | None,
    run: str | None,
    likeness: str | None,
) -> Any:
    """Run a pipeline that answers; the catalog that holds the answer.

    Raises:
        click.ClickException: If there is no project here, or the question cannot be answered.
    """
    from kedro.framework.session import KedroSession
    from kedro.io.core import DatasetError

    from grisaille.cli import project
    from grisaille.errors import GrisailleError
    from grisaille.lookalikes.embedded import chosen
    from grisaille.pipelines import questions

    found = project.find()
    params = params | {
        name: value for name, value in (("likeness", likeness), ("storage", storage)) if value is not None
    }
    # What Kedro would say of a failure is said below, in one line.
    for name, level in {"kedro": logging.CRITICAL, "kedro_viz": logging.ERROR, "grisaille": logging.ERROR}.items():
        logging.getLogger(name).setLevel(level)
    try:
        # Kedro's own session, which its annotations call by the name of an abstract one.
        session: Any
        # Which likenesses there are is known when the run is.
        unasked = {name: value for name, value in params.items() if name != "likeness"}
        with KedroSession.create(found, env=env, runtime_params=unasked) as session:
            loader, catalog = session.load_context().config_loader, session.load_context().catalog
            versions = {} if run is None else _versions_of(run, loader.storage(found))
            source = next(iter(_stored(catalog, versions)), _ANSWERED_FROM[0])
            made = _recipe(catalog, source, versions.get(source))
            run = catalog.where(source, versions.get(source)).parent.name
            shape = _shape(catalog, source, made, versions)
            # What made the embeddings, where the run has only read what that made.
            others = {name: catalog.version_with(name, made[name]["checksum"]) for name in made if versions}
            versions = {name: version for name, version in others.items() if version} | versions
        if "keras" not in sys.modules:
            _start_tensorflow()
        with KedroSession.create(found, env=env, runtime_params=shape | params) as session:
            # Versions of the models, the paintings and the embeddings, and of nothing that a question writes.
            wanted = {*made, "paintings", "composition_codes", "style_codes", "vectors_embeddings"}
            known = {name: version for name, version in versions.items() if name in wanted}
            session.run(pipeline_names=[pipeline], load_versions=known)
            meant = session.load_context().catalog.settings["likeness"]
            answered = "each likeness" if meant == "all" else chosen(meant, questions.embedded())
            click.echo(f"\nBy {answered}, in the embeddings of {run}")
            return session.load_context().catalog
    except (ValueError, RuntimeError, DatasetError, GrisailleError) as error:
        raise click.ClickException(str(error)) from error


# What says which run answers: the first that there is.
_ANSWERED_FROM = ("composition_embeddings", "vectors_embeddings")


def _shape(catalog: Any, source: str, made: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    """The parameters that shape the pipelines as the run's were shaped."""
    likenesses, vectors = list(catalog.settings["likenesses"]), "vectors_embeddings"
    stamp = catalog.stamp(vectors, versions.get(vectors))
    if stamp and stamp["recipe"]["picture_files"] == made["picture_files"] and "vectors" not in likenesses:
        likenesses.append("vectors")
    if source == vectors:
        colour = ["colour"] if "colour" in likenesses and catalog.where("colour_embeddings") else []
        return {"likenesses": [*colour, "vectors"]}
    chunks = {name: None for name in catalog.settings["chunks"]} | made[source]["parameters"]["chunks"]
    return {"likenesses": likenesses, "chunks": chunks}


def _stored(catalog: Any, versions: dict[str, str]) -> list[str]:
    """What a run made or read of `_ANSWERED_FROM`, or any run did."""
    return [name for name in _ANSWERED_FROM if name in versions or (not versions and catalog.where(name) is not None)]


def _recipe(catalog: Any, source: str, version: str | None) -> dict[str, Any]:
    """The recipe of the embeddings that a question is answered from."""
    catalog.refuse_damaged(source, version)
    stamp = catalog.stamp(source, version)
    if stamp is None:
        raise click.ClickException(
            f"nothing has been embedded yet in {catalog.storage}: run `kedro run` with the same --env and --params "
            "first, which takes in a folder of paintings, or name another storage by --storage"
        )
    return dict(stamp["recipe"])


def _versions_of(run: str, storage: Any) -> dict[str, str]:
    """The versions of all that a run made or read.

    Raises:
        click.ClickException: If it had nothing to do with embeddings.
    """
    from grisaille.provenance import manifest as manifests

    manifest = manifests.read(storage, run)
    known = manifest["inputs"] | manifest["outputs"]
    if not known.keys() & set(_ANSWERED_FROM):
        raise click.ClickException(
            f"the run {manifest['run']} neither made nor read embeddings: name one that trained or encoded"
        )
    return {name: record["version"] for name, record in known.items() if record["version"]}


def _start_tensorflow() -> None:
    """Without its greetings, which are of no interest to who asks for paintings; no setting of its own stops them."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with tempfile.TemporaryFile() as greetings:
            os.dup2(greetings.fileno(), 2)
            import keras

            # Devices are looked for, and named, before the first operation.
            keras.ops.zeros(1)
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def _say_where(catalog: Any, name: str, output: Path | None, first: int = 1) -> None:
    path = Path(str(catalog.where(name)))
    pictures = sorted(path.iterdir()) if path.is_dir() else [path]
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        # Every answer's sheets are numbered from 1; asked one by one, pictures of one name would replace each other.
        copies = [picture.name if first == 1 else f"{first:03d}{picture.name[3:]}" for picture in pictures]
        pictures = [Path(shutil.copy(picture, output / copy)) for picture, copy in zip(pictures, copies, strict=True)]
    click.echo()
    for picture in pictures:
        click.echo(str(picture))
