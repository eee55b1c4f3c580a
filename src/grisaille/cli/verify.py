"""`grisaille verify`: is what a run read and wrote still there, to the bit?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grisaille.storage import AnyPath

_GOOD = ("ok", "written anew")


@click.command()
@click.argument("run")
@click.option("--env", "-e", help="The configuration environment that the run was made in.")
@click.option("--storage", help="Where the run is stored; the environment's storage unless given.")
def verify(run: str, env: str | None, storage: str | None) -> None:
    """Hash again all that RUN read and wrote, and say what has changed.

    RUN is the version under which the run saved its results, or newest. The exit status is 1 if anything differs.
    """
    from grisaille.cli.project import open_project, read_manifest

    project = open_project(env, storage)
    manifest = read_manifest(project.storage, run)
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
    from grisaille import run_manifest

    if manifest["paintings"]:
        yield "input", "raw_paintings", *_paintings(manifest, project)
    if manifest["weights"]:
        yield "weights", "backbone", *_weights(manifest)
    for what in ("input", "output"):
        for name, record in manifest[f"{what}s"].items():
            found = run_manifest.check(record, project.storage)
            words = "" if found == "ok" else record["path"] or ""
            later = run_manifest.later(project.storage, manifest["run"], record) if found == "changed" else None
            yield what, name, "written anew" if later else found, f"by the run {later}" if later else words


def _paintings(manifest: Mapping[str, Any], project: Any) -> tuple[str, str]:
    """Hash every file again, as the run's own table of paintings names it."""
    known = _table(manifest, project.storage)
    if known is None:
        return "missing", "the run's table of paintings, which names the files, is not there"
    files, recorded = project.paintings(manifest), manifest["paintings"]
    found, digests = {"changed": 0, "missing": 0}, []
    for path, digest in known:
        try:
            digests.append(hashlib.sha256(files[path]()).hexdigest())
        except (KeyError, OSError):
            digests.append("")
        if digests[-1] != digest:
            found["changed" if digests[-1] else "missing"] += 1
    same = hashlib.sha256("\n".join(digests).encode()).hexdigest() == recorded["sha256"]
    words = ", ".join(f"{count} {what}" for what, count in found.items() if count)
    # Where the files are those of the table and the hash is not the recorded one, the table has changed.
    state = "ok" if same else "missing" if found["missing"] else "changed"
    return state, f"{len(known)} files{': ' + words if words else ''}"


def _table(manifest: Mapping[str, Any], storage: AnyPath) -> list[tuple[str, str]] | None:
    import pandas as pd

    from grisaille import run_manifest

    record = manifest["outputs"].get("paintings") or manifest["inputs"].get("paintings")
    path = None if record is None else run_manifest.absolute(record["path"], storage)
    if path is None or not path.is_file():
        return None
    with path.open("rb") as file:
        table = pd.read_parquet(file, columns=["path", "sha256"])
    return list(zip(table["path"], table["sha256"], strict=True))


def _weights(manifest: Mapping[str, Any]) -> tuple[str, str]:
    from grisaille import backbone
    from grisaille.parameters import Backbone

    settings = Backbone.model_validate(manifest["parameters"]["backbone"])
    words = str(settings.model_file or settings.weights)
    try:
        return "ok" if backbone.identity(settings) == manifest["weights"] else "changed", words
    except backbone.BackboneError:
        return "missing", words
