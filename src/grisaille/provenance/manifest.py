"""The manifest of a run: what was asked for, what was read and what was written, with checksums of all of it.

A *record* is what a manifest says of one dataset: its kind, its version, where it lies (below the storage where it can
be, so that a storage may be moved), and the checksum of its stamp; of a store, that of the file that lists its content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from grisaille.errors import GrisailleError
from grisaille.features import backbone
from grisaille.features.store import MANIFEST, FeatureStore, FeatureStoreError
from grisaille.parameters import Backbone
from grisaille.provenance import stamps
from grisaille.storage import AnyPath, as_path, sha256

NAME = "run_manifest"
FOLDER = f"08_reporting/{NAME}.json"
QUESTIONS = frozenset({"look_alikes", "chain"})
Record = dict[str, Any]


class ManifestError(GrisailleError):
    """A run that left no manifest, or one that is damaged."""


def names(storage: AnyPath) -> list[str]:
    """All runs that left a manifest, oldest first."""
    return sorted(path.parent.name for path in (storage / FOLDER).glob(f"*/{NAME}.json"))


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
    for name in reversed(known) if run == "newest" else {run}.intersection(known):
        path = storage / FOLDER / name / f"{NAME}.json"
        if stamps.is_damaged(path):
            raise ManifestError(
                f"{path} is damaged: it does not have the checksum that it was saved with. Name another run"
            )
        try:
            manifest: dict[str, Any] = json.loads(path.read_bytes())
        except ValueError as error:
            raise ManifestError(f"{path} is no manifest: {error}. Name another run") from error
        is_question = manifest["command"].get("pipelines") in QUESTIONS
        if name == run or (manifest["status"] == "finished" and not is_question):
            return manifest
    several = f"the last of {len(known)} are {', '.join(known[-3:])}" if known else "there is none yet"
    raise ManifestError(f"no manifest of the run {run} in {storage}: {several}")


def records(datasets: Iterable[str], catalog: Any, storage: AnyPath) -> dict[str, Record]:
    """Records of what is stored of some datasets, by their names."""
    found = {}
    for name in sorted(datasets):
        path, dataset = None, catalog.get(name)
        with suppress(backbone.BackboneError):  # the run has said so itself
            path = catalog.where(name)
        if path is not None:
            found[name] = {
                "kind": "store" if hasattr(dataset, "stored_at") else "file",
                "version": path.parent.name if getattr(dataset, "_version", None) else None,
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
    if "params:backbone" in pipeline.inputs():
        with suppress(backbone.BackboneError):  # the run has said so itself
            return backbone.identity(Backbone.model_validate(catalog.settings["backbone"]))
    return None


def check(record: Record, storage: AnyPath) -> str:
    """`ok`, `changed` or `missing`: what has become of a dataset since it was recorded."""
    path = absolute(record["path"], storage)
    if not path.exists():
        return "missing"
    if record["kind"] == "file":
        return "ok" if stamps.checksum(path) == record["sha256"] else "changed"
    with suppress(FeatureStoreError):
        if record["sha256"] in map(sha256, path.glob("*.json")):
            damaged = FeatureStore(path).damaged() if (path / MANIFEST).is_file() else []
            return "changed" if damaged else "ok"
    return "changed"


def later(storage: AnyPath, run: str, record: Record) -> str | None:
    """The last later run that wrote what has no version and lies where the record says, if it wrote what is there.

    Of a later run whose manifest is damaged nobody knows.
    """
    newer = [name for name in names(storage) if name > run and not record["version"]]
    for name in reversed(newer):
        with suppress(ManifestError):
            others = read(storage, name)["outputs"].values()
            if any(other["path"] == record["path"] and check(other, storage) == "ok" for other in others):
                return name
    return None
