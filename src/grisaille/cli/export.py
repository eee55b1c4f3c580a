"""`grisaille export`: a collection for Tropy, for Omeka and for IIIF viewers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from grisaille.cli import options, project

_LIKENESSES = ("composition", "style", "colour", "mixture", "vectors")


@click.group()
def export() -> None:
    """Write a collection for other programs."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What all formats share."""
    return options.where(click.option("--output", "-o", type=click.Path(path_type=Path), help="Where to.")(command))


_likeness = click.option(
    "--likeness", type=click.Choice(_LIKENESSES), default="mixture", show_default=True, help="What alike means."
)


@export.command()
@_options
def tropy(output: Path | None, **where: Any) -> None:
    """Write a CSV that Tropy's CSV plugin imports."""
    from grisaille.collection import iiif_export

    catalog = _open(**where)
    _write_table(iiif_export.tropy(catalog.load("paintings"), _folder(catalog)), output or Path("tropy.csv"))


@export.command()
@_likeness
@_options
def omeka(likeness: str, output: Path | None, **where: Any) -> None:
    """Write a CSV that Omeka S imports by its module CSV Import; neighbours are relations."""
    from grisaille.collection import iiif_export

    catalog = _open(**where)
    table = iiif_export.omeka(catalog.load("paintings"), _neighbours(catalog, likeness))
    _write_table(table, output or Path("omeka.csv"))


@export.command()
@click.option(
    "--address",
    default="https://example.org/annotations",
    show_default=True,
    help="The URL of the folder that you will publish the files in.",
)
@_likeness
@_options
def annotations(likeness: str, address: str, output: Path | None, **where: Any) -> None:
    """Write a page of annotations for each painting from a IIIF manifest, which leads to its neighbours."""
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
    click.echo(f"{folder}: {len(pages):,} pages of annotations")


def _write_table(table: Any, path: Path) -> None:
    from grisaille.storage import write_atomically

    path.parent.mkdir(parents=True, exist_ok=True)
    data = table.to_csv(index=False, lineterminator="\r\n").encode("utf-8", "replace")
    write_atomically(path, lambda file: file.write(data))
    click.echo(f"{path}: {len(table):,} paintings")


def _neighbours(catalog: Any, likeness: str) -> Any:
    if catalog.where("embedding_neighbours") is None:
        raise click.ClickException("no neighbours were looked for yet: run `kedro run --pipelines discovery` first")
    table = catalog.load("embedding_neighbours")
    return table[table["likeness"] == likeness]


def _folder(catalog: Any) -> str:
    """The folder of the pictures, as the run that made the table of paintings read it."""
    from grisaille.provenance.recipes import settings_of

    stamp = catalog.stamp("paintings")
    given = settings_of(stamp["recipe"]).get("paintings_folder", {}) if stamp else {}
    source, read_from = catalog.get("raw_paintings"), json.loads(next(iter(given), "null"))
    if read_from and hasattr(source, "at"):
        source = source.at(read_from)
    return str(getattr(source.load(), "root", ""))


def _open(env: str | None, storage: str | None) -> Any:
    """The catalog of the project in whose folder the command was given.

    Raises:
        click.ClickException: If nothing was ingested yet.
    """
    import logging

    from kedro.framework.session import KedroSession

    session = KedroSession.create(project.find(), False, env, {"storage": storage} if storage else {})
    logging.getLogger("kedro").setLevel(logging.WARNING)  # which a session sets anew
    catalog: Any = session.load_context().catalog
    if catalog.where("paintings") is None:
        raise click.ClickException("there are no paintings yet: run `kedro run --pipelines ingestion` first")
    return catalog
