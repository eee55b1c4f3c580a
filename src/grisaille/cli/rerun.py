"""`grisaille rerun`: the same command once more, from its manifest, and what came out otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grisaille.storage import AnyPath

_TIMES = "it holds the seconds that training took"
BY_DESIGN = dict.fromkeys(("study_points", "study_code_sizes", "study_layers", "study_code_size_figure"), _TIMES)


@click.command()
@click.argument("run")
@click.option("--env", "-e", help="The configuration environment that the run was made in.")
@click.option("--storage", help="Where the run is stored; the environment's storage unless given.")
@click.option("--into", help="Where to store the repetition: a folder that is not there yet, or empty.")
@click.option("--keep-features", is_flag=True, help="Take the features that are stored; extract none again.")
def rerun(run: str, env: str | None, storage: str | None, into: str | None, keep_features: bool) -> None:
    """Repeat RUN from its manifest, and say what differs.

    RUN is the version under which the run saved its results, or newest. What it read is taken as it was read, what it
    wrote is written into a storage of its own, so that nothing is overwritten. The exit status is 1 if any result
    differs, or is missing.
    """
    from grisaille.cli.project import open_project
    from grisaille.provenance import manifest as manifests

    project = open_project(env, storage)
    manifest = manifests.read(project.storage, run)
    folder = _empty_folder(project, manifest["run"], into)
    click.echo(f"repeating {manifest['run']} into {folder}")
    for line in _beforehand(manifest, project):
        click.echo(f"  {line}")
    _bring_inputs(manifest, project.storage, folder, keep_features)
    done = _repeat(manifest, project.path, folder)
    names = manifests.names(folder)
    if not names:
        raise click.ClickException(f"the repetition ended with status {done} before it had begun")
    again = manifests.read(folder, names[-1])
    if not _compared(manifest, again):
        raise SystemExit(1)


def _empty_folder(project: Any, run: str, into: str | None) -> AnyPath:
    from kedro.io.core import generate_timestamp

    from grisaille.storage import as_path

    if into is None:
        folder: AnyPath = project.storage / "reruns" / f"{run}_{generate_timestamp()}"
    else:
        folder = as_path(into) if "://" in into else Path(into).absolute()
    if folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty", param_hint="--into")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _beforehand(manifest: Mapping[str, Any], project: Any) -> Iterator[str]:
    """Why results may differ, known before anything is repeated."""
    from grisaille.provenance import environment
    from grisaille.provenance import manifest as manifests

    if manifest["status"] != "finished":
        yield f"the run failed: {manifest['error']}"
    now = environment.describe(project.path) | {"threads": manifest["threads"]}
    yield from (f"differs: {line}" for line in environment.differences(manifest, now))
    for name, record in manifest["inputs"].items():
        found = manifests.check(record, project.storage)
        if found != "ok":
            yield f"the input {name} is {found}"


def _bring_inputs(manifest: Mapping[str, Any], storage: AnyPath, folder: AnyPath, keep_features: bool) -> None:
    """Put what the run read where the repetition looks for it."""
    from grisaille.provenance import stamps
    from grisaille.provenance.manifest import absolute, relative

    made = manifest["outputs"] if keep_features else {}
    records = [*manifest["inputs"].values(), *(record for record in made.values() if record["kind"] == "store")]
    sources = {absolute(record["path"], storage) for record in records}
    given = manifest["parameters"].get("paintings_folder") or "01_raw"
    for source in sorted({*sources, *map(stamps.path_of, sources), absolute(given, storage)}):
        path = relative(source, storage)
        # What lies elsewhere is read where it lies.
        if path != str(source):
            _bring(source, absolute(path, folder))


def _bring(source: AnyPath, target: AnyPath) -> None:
    """A link where there can be one, a copy elsewhere."""
    from grisaille.provenance.manifest import relative

    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(source, Path) and isinstance(target, Path):
        try:
            target.symlink_to(source, target_is_directory=source.is_dir())
        except OSError:  # Windows wants a privilege
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return
    for file in (path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]:
        copy = target if file == source else target / relative(file, source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as original, copy.open("wb") as written:
            shutil.copyfileobj(original, written)


def _repeat(manifest: Mapping[str, Any], project: Path, folder: AnyPath) -> int:
    """Run the command in a process of its own, with as many threads as it had; its words go to the terminal."""
    import yaml

    from grisaille.provenance.environment import INSTRUCTIONS, THREADS

    command = {name: value for name, value in manifest["command"].items() if name not in ("folder", "load_versions")}
    command["params"] = command.get("params", {}) | {"storage": str(folder)}
    started_in = Path(manifest["command"]["folder"])
    environment = {name: value for name, value in os.environ.items() if name not in (*THREADS, *INSTRUCTIONS)}
    with tempfile.TemporaryDirectory() as temporary:
        recipe = Path(temporary) / "rerun.yml"
        # The order of parameters is the order of chunks and of pictures.
        recipe.write_text(yaml.safe_dump({"run": command}, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "kedro", "run", "--config", str(recipe)],
            cwd=started_in if started_in.is_dir() else project,
            env=environment | manifest["threads"],
            check=False,
        ).returncode


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say of every result whether it came out the same; whether all did."""
    from grisaille.provenance.manifest import differing

    for name in differing(before["parameters"], after["parameters"]):
        click.echo(f"parameter {name} was another")
    counts = {"identical": 0, "differs": 0, "differs by design": 0, "missing": 0}
    for name, record in before["outputs"].items():
        again = after["outputs"].get(name)
        same = again is not None and again["sha256"] == record["sha256"]
        found = "identical" if same else "missing" if again is None else "differs"
        reason = BY_DESIGN.get(name) if found == "differs" else None
        found = "differs by design" if reason else found
        counts[found] += 1
        click.echo(f"{found:<18} {name}{': ' + reason if reason else ''}")
    click.echo(", ".join(f"{count} {found}" for found, count in counts.items() if count or found == "identical"))
    if after["status"] != before["status"]:
        click.echo(f"the repetition {after['status']}: {after['error']}")
    return not (counts["differs"] or counts["missing"]) and after["status"] == before["status"]
