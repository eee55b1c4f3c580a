"""`grisaille verify`: is what a run read and wrote still there, to the bit?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import click

_GOOD = ("ok", "written anew")


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

    project = open_project(env, storage)
    manifest = manifests.read(project.storage, run)
    click.echo(f"run {manifest['run']}, {manifest['status']}, {manifest['ended']}")
    counts = {"ok": 0, "changed": 0, "missing": 0, "written anew": 0}
    for what, name, found, words in _items(manifest, project):
        counts[found] += 1
        click.echo(f"{found:<12} {what:<7} {name:<24} {words}".rstrip())
    click.echo(", ".join(f"{count} {found}" for found, count in counts.items() if count or found == "ok"))
    if any(count for found, count in counts.items() if found not in _GOOD):
        raise SystemExit(1)


def _items(manifest: Mapping[str, Any], project: Any) -> Iterator[tuple[str, str, str, str]]:
    """What it is, its name, what has become of it, and more about that."""
    from grisaille.provenance.manifest import check, later

    files = {**manifest["inputs"], **manifest["outputs"]}.get("picture_files")
    if files:
        yield "input", "raw_paintings", *_paintings(files, manifest, project)
    if manifest["weights"]:
        yield "weights", "backbone", *_weights(manifest)
    for what in ("input", "output"):
        for name, record in manifest[f"{what}s"].items():
            found = check(record, project.storage)
            newer = later(project.storage, manifest["run"], record) if found == "changed" else None
            words = "" if found == "ok" else f"by the run {newer}" if newer else record["path"]
            yield what, name, "written anew" if newer else found, words


def _paintings(record: Mapping[str, Any], manifest: Mapping[str, Any], project: Any) -> tuple[str, str]:
    """Hash every picture again, as the run's own table names it."""
    import pandas as pd

    from grisaille.provenance.manifest import absolute

    path = absolute(record["path"], project.storage)
    if not path.is_file():
        return "missing", "the run's table picture_files, which names the files, is not there"
    with path.open("rb") as file:
        known = pd.read_parquet(file, columns=["path", "sha256"])
    files, found = project.paintings(manifest), {"changed": 0, "missing": 0}
    for name, digest in zip(known["path"], known["sha256"], strict=True):
        try:
            found["changed"] += hashlib.sha256(files[name]()).hexdigest() != digest
        except (KeyError, OSError):
            found["missing"] += 1
    words = ", ".join(f"{count} {what}" for what, count in found.items() if count)
    state = "missing" if found["missing"] else "changed" if found["changed"] else "ok"
    return state, f"{len(known)} files{': ' + words if words else ''}"


def _weights(manifest: Mapping[str, Any]) -> tuple[str, str]:
    from grisaille.features import backbone
    from grisaille.parameters import Backbone

    settings = Backbone.model_validate(manifest["parameters"]["backbone"])
    words = str(settings.model_file or settings.weights)
    try:
        return "ok" if backbone.identity(settings) == manifest["weights"] else "changed", words
    except backbone.BackboneError:
        return "missing", words
