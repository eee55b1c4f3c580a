"""`grisaille verify`: is what a run read and wrote still there, to the bit?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grisaille.storage import AnyPath


@click.command()
@click.argument("run")
@click.option("--env", "-e", help="The configuration environment that the run was made in.")
@click.option("--storage", help="Where the run is stored; the environment's storage unless given.")
def verify(run: str, env: str | None, storage: str | None) -> None:
    """Hash again all that RUN read and wrote, and say what has changed.

    RUN is the version under which the run saved its results, or newest. The exit status is 1 if anything differs.
    """
    from grisaille.cli.project import open_project
    from grisaille.provenance import manifest as manifests

    project, root = open_project(env, storage)
    manifest = manifests.read(root, run)
    click.echo(f"run {manifest['run']}, {manifest['status']}, {manifest['ended']}")
    counts: Counter[str] = Counter()
    for what, name, found, words in _checked(manifest, project, root):
        counts[found] += 1
        click.echo(f"{found:<12} {what:<7} {name:<24} {words}".rstrip())
    click.echo(", ".join(f"{count} {found}" for found, count in counts.items()))
    if counts["changed"] or counts["missing"]:
        raise SystemExit(1)


def _checked(manifest: Mapping[str, Any], project: Path, root: AnyPath) -> Iterator[tuple[str, str, str, str]]:
    """What it is, its name, what has become of it, and more about that."""
    from grisaille.features import backbone
    from grisaille.parameters import Backbone
    from grisaille.provenance.manifest import absolute, check, later

    files = {**manifest["inputs"], **manifest["outputs"]}.get("picture_files")
    if files:
        yield "input", "raw_paintings", *_paintings(absolute(files["path"], root), manifest, project, root)
    if manifest["weights"]:
        settings = Backbone.model_validate(manifest["parameters"]["backbone"])
        try:
            found = "ok" if backbone.identity(settings) == manifest["weights"] else "changed"
        except backbone.BackboneError:
            found = "missing"
        yield "weights", "backbone", found, str(settings.model_file or settings.weights)
    for what in ("input", "output"):
        for name, record in manifest[f"{what}s"].items():
            found = check(record, root)
            newer = later(root, manifest["run"], record) if found == "changed" else None
            words = "" if found == "ok" else f"by the run {newer}" if newer else record["path"]
            yield what, name, "written anew" if newer else found, words


def _paintings(table: AnyPath, manifest: Mapping[str, Any], project: Path, root: AnyPath) -> tuple[str, str]:
    """Hash every picture again, as the run's own table names it."""
    import pandas as pd
    from kedro.framework.session import KedroSession
    from kedro.io.core import DatasetError

    if not table.is_file():
        return "missing", "the run's table picture_files, which names the files, is not there"
    with table.open("rb") as file:
        known = pd.read_parquet(file, columns=["path", "sha256"])
    command = manifest["command"]
    parameters = command.get("params", {}) | {"storage": str(root)}
    context: Any = KedroSession.create(project, False, command.get("env"), parameters).load_context()
    # Nothing will run, so that no pipeline has to be built to check parameters.
    context._pipelines_to_validate = []
    try:
        files = context.catalog.get("raw_paintings").load()
    except DatasetError:
        files = {}
    found: Counter[str] = Counter()
    for name, digest in zip(known["path"], known["sha256"], strict=True):
        try:
            found["ok" if hashlib.sha256(files[name]()).hexdigest() == digest else "changed"] += 1
        except (KeyError, OSError):
            found["missing"] += 1
    state = "missing" if found["missing"] else "changed" if found["changed"] else "ok"
    return state, ", ".join(f"{count} files {what}" for what, count in found.items())
