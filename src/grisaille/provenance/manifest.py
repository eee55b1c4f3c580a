"""The manifest of a run: what was asked for, what was read and what was written, with checksums of all of it.

A *record* is what a manifest says of one dataset: its kind, its version, where it lies (below the storage where it can
be, so that a storage may be moved), and the checksum of its stamp.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from grisaille.errors import GrisailleError
from grisaille.features.store import MANIFEST, FeatureStore, FeatureStoreError
from grisaille.parameters import Backbone, plain
from grisaille.provenance import stamps
from grisaille.storage import AnyPath, as_path, sha256

NAME = "run_manifest"
FOLDER = "08_reporting/run_manifest.json"
QUESTIONS = frozenset({"look_alikes", "chain"})
Record = dict[str, Any]


class ManifestError(GrisailleError):
    """A run that left no manifest, or one that is damaged."""


def now() -> str:
    """The time, in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def read(storage: AnyPath, run: str) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        storage: Where everything is stored.
        run: Its name, which is the version under which it saved, or `newest`: the last run that finished and was no
            question about a painting.

    Raises:
        ManifestError: If there is none, or it is damaged.
    """
    known = names(storage)
    if run == "newest":
        for name in reversed(known):
            manifest = _read(storage, name)
            if manifest["status"] == "finished" and manifest["command"].get("pipelines") not in QUESTIONS:
                return manifest
    elif run in known:
        return _read(storage, run)
    several = f"the last of {len(known)} are {', '.join(known[-3:])}" if known else "there is none yet"
    raise ManifestError(f"no manifest of the run {run} in {storage}: {several}")


def _read(storage: AnyPath, name: str) -> dict[str, Any]:
    path = storage / FOLDER / name / Path(FOLDER).name
    if stamps.is_damaged(path):
        raise ManifestError(
            f"{path} is damaged: it does not have the checksum that it was saved with. Name another run"
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise ManifestError(f"{path} is no manifest: {error}. Name another run") from error
    return manifest


def names(storage: AnyPath) -> list[str]:
    """All runs that left a manifest, oldest first."""
    folder = storage / FOLDER
    return sorted(path.parent.name for path in folder.glob(f"*/{folder.name}")) if folder.is_dir() else []


def records(datasets: Iterable[str], catalog: Any, storage: AnyPath) -> dict[str, Record]:
    """Records of what is stored of some datasets, by their names."""
    from grisaille.features.backbone import BackboneError

    found = {}
    for name in sorted(datasets):
        try:
            path = catalog.where(name)
        except BackboneError:
            continue  # the run has said so itself
        if path is None:
            continue
        is_store = hasattr(catalog.get(name), "stored_at")
        found[name] = {
            "kind": "store" if is_store else "file",
            "version": None if is_store or not catalog.get(name)._version else path.parent.name,
            "path": relative(path, storage),
            "sha256": sha256(path / MANIFEST) if (path / MANIFEST).is_file() else catalog.checksum(name),
        }
    return found


def relative(path: AnyPath, storage: AnyPath) -> str:
    """Where something lies below the storage; as it is, where it lies elsewhere."""
    try:
        return path.relative_to(storage).as_posix()  # type: ignore[arg-type]
    except ValueError:
        return str(path)


def absolute(path: str, storage: AnyPath) -> AnyPath:
    """The inverse of `relative`."""
    return as_path(path) if "://" in path or Path(path).is_absolute() else storage / path


def weights(pipeline: Any, catalog: Any) -> dict[str, Any] | None:
    """What determines the features besides the paintings (see `backbone.identity`); None where no CNN was asked."""
    from grisaille.features import backbone

    if "params:backbone" not in pipeline.inputs():
        return None
    with suppress(backbone.BackboneError):  # the run has said so itself
        return backbone.identity(Backbone.model_validate(plain(catalog.settings["backbone"])))
    return None


def check(record: Record, storage: AnyPath) -> str:
    """`ok`, `changed` or `missing`: what has become of a dataset since it was recorded."""
    path = absolute(record["path"], storage)
    if not path.exists():
        return "missing"
    if record["kind"] == "store":
        if not (path / MANIFEST).is_file():
            return "ok"
        with suppress(FeatureStoreError):
            if sha256(path / MANIFEST) == record["sha256"] and not FeatureStore(path).damaged():
                return "ok"
        return "changed"
    return "ok" if stamps.checksum(path) == record["sha256"] else "changed"


def differing(before: Mapping[str, Any], after: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """The dotted names of parameters that differ."""
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differing(old, new, f"{name}{key}.")
        elif old != new:
            yield f"{name}{key}"


def later(storage: AnyPath, run: str, record: Record) -> str | None:
    """The last later run that wrote what has no version and lies where the record says, if it wrote what is there.

    Of a later run whose manifest is damaged nobody knows.
    """
    if record["version"]:
        return None
    for name in reversed(names(storage)):
        if name <= run:
            return None
        with suppress(ManifestError):
            others = _read(storage, name)["outputs"].values()
            if any(other["path"] == record["path"] and check(other, storage) == "ok" for other in others):
                return name
    return None
