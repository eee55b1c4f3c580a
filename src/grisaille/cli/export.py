"""`grisaille export`: export a collection to Tropy, Omeka and IIIF viewers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from grisaille.cli import options, project
from grisaille.errors import counted

_LIKENESSES = ("composition", "style", "colour", "mixture", "vectors")


@click.group()
def export() -> None:
    """Export a collection to other programs."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that all formats share."""
    output = click.option("--output", "-o", type=click.Path(path_type=Path), help="The file or folder to write.")
    return options.where(output(command))


_likeness = click.option(
    "--likeness",
    type=click.Choice(_LIKENESSES),
    default="mixture",
    show_default=True,
    help="The kind of likeness that neighbours are ranked by.",
)


@export.command()
@_options
def tropy(output: Path | None, **where: Any) -> None:
    """Write a CSV for Tropy's CSV plugin."""
    from grisaille.collection import iiif_export

    catalog = _open(**where)
    _write_table(iiif_export.tropy(catalog.load("paintings"), _folder(catalog)), output or Path("tropy.csv"))


@export.command()
@_likeness
@_options
def omeka(likeness: str, output: Path | None, **where: Any) -> None:
    """Write a CSV for the CSV Import module of Omeka S; neighbours become relations."""
    from grisaille.collection import iiif_export

    catalog = _open(**where)
    table = iiif_export.omeka(catalog.load("paintings"), _neighbours(catalog, likeness))
    _write_table(table, output or Path("omeka.csv"))


@export.command()
@click.option(
    "--address",
    default="https://example.org/annotations",
    show_default=True,
    help="URL of the folder where you will publish the files.",
)
@_likeness
@_options
def annotations(likeness: str, address: str, output: Path | None, **where: Any) -> None:
    """Write an annotation page for each painting from a IIIF manifest; its annotations link to its neighbours."""
    from grisaille.collection import iiif_export
    from grisaille.storage import write_atomically

    catalog, folder = _open(**where), output or Path("annotations")
    pages = dict(iiif_export.annotation_pages(catalog.load("paintings"), _neighbours(catalog, likeness), address))
    if not pages:
        raise click.ClickException(
            "no painting comes from a IIIF manifest: run with --params paintings_folder=https://.../manifest.json"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        data = json.dumps(page, ensure_ascii=False, indent=1).encode()
        write_atomically(folder / name, lambda file, data=data: file.write(data))  # type: ignore[misc]
    click.echo(f"{folder}: {counted(len(pages), 'annotation page')}")


def _write_table(table: Any, path: Path) -> None:
    from grisaille.storage import write_atomically

    path.parent.mkdir(parents=True, exist_ok=True)
    data = table.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "replace")
    write_atomically(path, lambda file: file.write(data))
    click.echo(f"{path}: {counted(len(table), 'painting')}")


def _neighbours(catalog: Any, likeness: str) -> Any:
    if catalog.where("embedding_neighbours") is None:
        raise click.ClickException("there are no neighbours yet: run `kedro run --pipelines discovery` first")
    table = catalog.load("embedding_neighbours")
    return table[table["likeness"] == likeness]


def _folder(catalog: Any) -> str:
    """The picture folder that the run behind the table of paintings read."""
    from grisaille.provenance.recipes import settings_of

    stamp = catalog.stamp("paintings")
    given = settings_of(stamp["recipe"]).get("paintings_folder", {}) if stamp else {}
    source, read_from = catalog.get("raw_paintings"), json.loads(next(iter(given), "null"))
    if read_from and hasattr(source, "at"):
        source = source.at(read_from)
    return str(getattr(source.load(), "root", ""))


def _open(env: str | None, storage: str | None) -> Any:
    """The catalog of the project around the current folder.

    Raises:
        click.ClickException: If no run has ingested paintings yet.
    """
    import logging

    from kedro.framework.session import KedroSession

    session = KedroSession.create(project.find(), False, env, {"storage": storage} if storage else {})
    logging.getLogger("kedro").setLevel(logging.WARNING)  # a session resets it
    catalog: Any = session.load_context().catalog
    if catalog.where("paintings") is None:
        raise click.ClickException("there are no paintings yet: run `kedro run --pipelines ingestion` first")
    return catalog
