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
from grisaille.features.backbone import BackboneError
from grisaille.features.store import FeatureStore, FeatureStoreError
from grisaille.provenance import stamps
from grisaille.storage import AnyPath, as_path, sha256

NAME = "run_manifest"
FOLDER = f"08_reporting/{NAME}.json"
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
        run: Its name, which is the version under which it saved, or `newest`: the last run that finished.

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
        if name == run or manifest["status"] == "finished":
            return manifest
    several = f"the last of {len(known)} are {', '.join(known[-3:])}" if known else "there is none yet"
    raise ManifestError(f"no manifest of the run {run} in {storage}: {several}")


def records(datasets: Iterable[str], catalog: Any, storage: AnyPath) -> dict[str, Record]:
    """Records of what is stored of some datasets, by their names."""
    found = {}
    for name in sorted(datasets):
        path, dataset = None, catalog.get(name)
        with suppress(BackboneError):  # the run has said so itself
            path = catalog.where(name)
        if path is not None:
            found[name] = {
                "kind": "store" if hasattr(dataset, "stored_at") else "file",
                "version": path.parent.name if getattr(dataset, "_version", None) else None,
                "path": relative(path, storage),
                "sha256": sha256(path) if _is_manifest(dataset, path) else catalog.checksum(name),
            }
    return found


def _is_manifest(dataset: Any, path: AnyPath) -> bool:
    """Whether what is stored is the manifest of features."""
    return hasattr(dataset, "stored_at") and path.is_file()


def relative(path: AnyPath, storage: AnyPath) -> str:
    """Where something lies below the storage; as it is, where it lies elsewhere."""
    try:
        return path.relative_to(storage).as_posix()  # type: ignore[arg-type]
    except ValueError:
        return str(path)


def absolute(path: str, storage: AnyPath) -> AnyPath:
    """The inverse of `relative`."""
    return as_path(path) if "://" in path or Path(path).is_absolute() else storage / path


def check(record: Record, storage: AnyPath) -> str:
    """What has become of a dataset since it was recorded.

    Returns:
        `ok`, `changed`, `missing`, or `written anew`: what has no version, and is as a later run stamped it.
    """
    path = absolute(record["path"], storage)
    if not path.exists():
        return "missing"
    of_features = record["kind"] == "store" and path.is_file()
    is_file = record["kind"] == "file" or of_features
    found = {stamps.checksum(path)} if is_file else {sha256(file) for file in path.glob("*.json")}
    with suppress(FeatureStoreError):
        if record["sha256"] in found:
            return "changed" if of_features and FeatureStore(path).damaged() else "ok"
    stamp = stamps.read(path)
    return "written anew" if stamp and stamp["checksum"] in found and not record["version"] else "changed"
