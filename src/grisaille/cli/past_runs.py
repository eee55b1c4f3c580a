"""`grisaille verify` and `grisaille rerun`: check the files of a run, and repeat it."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grisaille.cli import options, project
from grisaille.errors import counted

if TYPE_CHECKING:
    from grisaille.storage import AnyPath

# These hold training times in seconds.
BY_DESIGN = frozenset({"study_points", "study_code_sizes", "study_layers", "study_code_size_figure"})


@click.command()
@click.argument("run")
@options.where
def verify(run: str, env: str | None, storage: str | None) -> None:
    """Hash all inputs and outputs of RUN again, and list what has changed.

    RUN is the version of the run's results, the beginning of one, or newest. The exit status is 1 if anything differs.
    """
    from grisaille.provenance import manifest as manifests

    path, root = _open(env, storage)
    manifest = manifests.read(root, run)
    click.echo(f"run {manifest['run']}, {manifest['status']}, {manifest['ended']}")
    counts: Counter[str] = Counter()
    for kind, name, state, detail in _checked(manifest, path, root):
        counts[state] += 1
        click.echo(f"{state:<12} {kind:<7} {name:<24} {detail}".rstrip())
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    if counts["changed"] or counts["missing"]:
        raise SystemExit(1)


def _checked(manifest: Mapping[str, Any], path: Path, root: AnyPath) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, name, state (ok, changed, missing) and details of every input and output."""
    from grisaille.features import backbone
    from grisaille.parameters import Backbone
    from grisaille.provenance.manifest import check, held

    files = held(manifest).get("picture_files")
    if files:
        yield "input", "raw_paintings", *_paintings(files["version"], manifest, path, root)
    if manifest["weights"]:
        settings = Backbone.model_validate(manifest["parameters"]["backbone"])
        try:
            state = "ok" if backbone.identity(settings) == manifest["weights"] else "changed"
        except backbone.BackboneError:
            state = "missing"
        yield "weights", "backbone", state, str(settings.model_file or settings.weights)
    for kind in ("input", "output"):
        for name, record in manifest[f"{kind}s"].items():
            state = check(record, root)
            yield kind, name, state, "" if state == "ok" else record["path"]


def _paintings(version: str, manifest: Mapping[str, Any], path: Path, root: AnyPath) -> tuple[str, str]:
    """Hash every picture of the run's own table again; the state of all, and the number of files in each state."""
    from kedro.framework.session import KedroSession
    from kedro.io.core import DatasetError

    # A partial run reads the folder of the full run, whatever its own command names.
    folder = manifest["parameters"].get("paintings_folder")
    parameters = manifest["command"].get("params", {}) | {"storage": str(root)}
    parameters |= {"paintings_folder": folder} if folder else {}
    session = KedroSession.create(path, False, manifest["command"].get("env"), parameters)
    logging.getLogger("kedro").setLevel(logging.WARNING)  # a session resets it
    catalog = session.load_context().catalog
    try:
        known, files = catalog.load("picture_files", version), catalog.load("raw_paintings")
    except DatasetError as error:
        return "missing", " ".join(str(error).split())
    counts: Counter[str] = Counter()
    for name, digest in zip(known["path"], known["sha256"], strict=True):
        try:
            counts["ok" if hashlib.sha256(files[name]()).hexdigest() == digest else "changed"] += 1
        except (KeyError, OSError):
            counts["missing"] += 1
    state = "missing" if counts["missing"] else "changed" if counts["changed"] else "ok"
    return state, ", ".join(f"{counted(count, 'file')} {each}" for each, count in counts.items())


@click.command()
@click.argument("run")
@options.where
@click.option("--into", help="Folder of the repetition: a new or empty one.")
@click.option("--keep-features", is_flag=True, help="Use the stored features instead of extracting them again.")
def rerun(run: str, env: str | None, storage: str | None, into: str | None, keep_features: bool) -> None:
    """Repeat RUN from its manifest, and list the results that differ.

    RUN is the version of the run's results, the beginning of one, or newest. The repetition reads the same inputs and
    writes to a storage of its own, so nothing is overwritten. The exit status is 1 if a result differs or is missing.
    """
    from kedro.io.core import generate_timestamp

    from grisaille.provenance import manifest as manifests

    path, root = _open(env, storage)
    before = manifests.read(root, run)
    own = root / "reruns" / f"{before['run']}_{generate_timestamp()}"
    folder = manifests.absolute(into, Path.cwd()) if into else own
    if folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty", param_hint="--into")
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"repeating {before['run']} into {folder}")
    for line in _beforehand(before, path, root):
        click.echo(f"  {line}")
    _bring_inputs(before, root, folder, keep_features)
    status = _repeat(before, path, folder)
    if not manifests.names(folder):
        raise click.ClickException(f"the repetition ended with status {status} before its first node")
    if not _compared(before, manifests.read(folder, manifests.names(folder)[-1])):
        raise SystemExit(1)


def _beforehand(manifest: Mapping[str, Any], path: Path, root: AnyPath) -> Iterator[str]:
    """Yield the reasons why results may differ that are known before the repetition."""
    from grisaille.provenance import environment
    from grisaille.provenance.manifest import check

    if manifest["status"] != "finished":
        yield f"the run failed: {manifest['error']}"
    now = environment.describe(path) | {"threads": manifest["threads"]}
    yield from environment.differences(manifest, now)
    for name, record in manifest["inputs"].items():
        state = check(record, root)
        if state != "ok":
            yield f"the input {name} is {state}"


def _bring_inputs(manifest: Mapping[str, Any], root: AnyPath, folder: AnyPath, keep_features: bool) -> None:
    """Link the inputs of the run into the storage of the repetition, or copy them if links are not possible."""
    from grisaille.provenance import stamps
    from grisaille.provenance.manifest import absolute, relative
    from grisaille.storage import as_path

    made = manifest["outputs"].values() if keep_features else ()
    records = [*manifest["inputs"].values(), *(record for record in made if record["kind"] == "store")]
    sources = [absolute(record["path"], root) for record in records]
    given = absolute(manifest["parameters"].get("paintings_folder") or "01_raw", root)
    # The folders of shards are beside the manifest of features.
    manifests = [source for record, source in zip(records, sources, strict=True) if record["kind"] == "store"]
    layers = [
        folder for source in manifests if source.is_file() for folder in source.parent.iterdir() if folder.is_dir()
    ]
    for source in {*sources, *map(stamps.path_of, sources), *layers, given}:
        # Inputs outside the storage are read in place.
        target = absolute(relative(source, root), folder)
        if target == source or not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Path) and isinstance(target, Path):
            with suppress(OSError):  # Windows requires a privilege
                target.symlink_to(source, target_is_directory=source.is_dir())
                continue
        as_path(source).copy(as_path(target))  # type: ignore[union-attr]


def _repeat(manifest: Mapping[str, Any], path: Path, folder: AnyPath) -> int:
    """Run the command in a process of its own, with the same number of threads; its output goes to the terminal."""
    import yaml

    from grisaille.provenance.environment import VARIABLES

    command = {name: value for name, value in manifest["command"].items() if name not in ("folder", "load_versions")}
    command["params"] = command.get("params", {}) | {"storage": str(folder)}
    started_in = Path(manifest["command"]["folder"])
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with tempfile.TemporaryDirectory() as temporary:
        recipe = Path(temporary) / "rerun.yml"
        # The order of parameters determines the order of chunks and of pictures.
        recipe.write_text(yaml.safe_dump({"run": command}, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "kedro", "run", "--config", str(recipe)],
            cwd=started_in if started_in.is_dir() else path,
            env=environment | manifest["threads"],
            check=False,
        ).returncode


def _compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Print whether each result is identical; return whether all are."""
    from grisaille.provenance.recipes import changes

    for name, *_ in changes(before["parameters"], after["parameters"]):
        click.echo(f"the parameter {name} differs")
    counts: Counter[str] = Counter()
    for name, record in before["outputs"].items():
        again = after["outputs"].get(name, {"sha256": None})["sha256"]
        differs = "differs by design" if name in BY_DESIGN else "differs"
        state = "identical" if again == record["sha256"] else differs if again else "missing"
        counts[state] += 1
        click.echo(f"{state:<18} {name}")
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    if after["status"] != before["status"]:
        click.echo(f"the repetition {after['status']}: {after['error']}")
    return not (counts["differs"] or counts["missing"]) and after["status"] == before["status"]


def _open(env: str | None, storage: str | None) -> tuple[Path, AnyPath]:
    """The folder of the project around the current folder, and its storage."""
    from kedro.framework.project import settings

    from grisaille.framework.config import RunConfigLoader

    # Hide Kedro's messages about the configuration that it reads.
    logging.getLogger("kedro").setLevel(logging.WARNING)
    path, given = project.find(), {"storage": storage} if storage else {}
    source = str(path / settings.CONF_SOURCE)
    return path, RunConfigLoader(source, env, given, **settings.CONFIG_LOADER_ARGS).storage(path)
