"""The manifest of a run: its command, its inputs and its outputs, with checksums.

A *record* is the entry of one dataset in a manifest: its kind, its version, its path (relative to the storage if
possible, so that a storage may be moved), and the checksum of its stamp, or of a store's manifest.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
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
# Replaces the name of a run.
NEWEST = "newest"
# Maximum number of runs in a message.
_NAMED = 3
Record = dict[str, Any]


class ManifestError(GrisailleError):
    """A run without a manifest, or with a damaged one."""


def names(storage: AnyPath) -> list[str]:
    """All runs with a manifest, oldest first."""
    return sorted(path.parent.name for path in (storage / FOLDER).glob(f"*/{NAME}.json"))


def read(storage: AnyPath, run: str, holding: Collection[str] = ()) -> dict[str, Any]:
    """Read the manifest of a run.

    Args:
        storage: The storage.
        run: Its name, which is the version of its results; a unique beginning of it; or `newest`.
        holding: For `newest`: see there. A named run is read whatever it holds.

    Raises:
        ManifestError: If there is none, or it is damaged.
    """
    if run == NEWEST:
        manifest = newest(storage, holding)
        if manifest is None:
            raise ManifestError(_none(storage, run, holding))
        return manifest
    known = names(storage)
    matches = [run] if run in known else [name for name in known if name.startswith(run)]
    if len(matches) > 1:
        raise ManifestError(f"{len(matches)} runs begin with {run}: {', '.join(matches[-_NAMED:])}. Name one of them")
    if not matches:
        raise ManifestError(_none(storage, run))
    return _read(storage, matches[0])


def newest(storage: AnyPath, holding: Collection[str] = ()) -> dict[str, Any] | None:
    """The last finished run that made or read one of some datasets.

    Args:
        storage: The storage.
        holding: The datasets; without any, every run qualifies.

    Raises:
        ManifestError: If a manifest is damaged.
    """
    for manifest in finished(storage):
        if not holding or held(manifest).keys() & set(holding):
            return manifest
    return None


def finished(storage: AnyPath) -> Iterator[dict[str, Any]]:
    """Manifests of finished runs, newest first.

    Raises:
        ManifestError: If a manifest is damaged.
    """
    for name in reversed(names(storage)):
        manifest = _read(storage, name)
        if manifest["status"] == "finished":
            yield manifest


def held(manifest: Mapping[str, Any]) -> dict[str, Record]:
    """Records of all datasets that a run made or read, by name."""
    return dict(manifest["inputs"] | manifest["outputs"])


def _read(storage: AnyPath, name: str) -> dict[str, Any]:
    path = storage / FOLDER / name / f"{NAME}.json"
    if stamps.is_damaged(path):
        raise ManifestError(
            f"{path} is damaged: its checksum differs from the one that it was saved with. Name another run"
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise ManifestError(f"{path} is not a manifest: {error}. Name another run") from error
    return manifest


def _none(storage: AnyPath, run: str, holding: Collection[str] = ()) -> str:
    """The message that there is no such run, with the runs that exist."""
    known = names(storage)
    several = f"the last of {len(known)} are {', '.join(known[-_NAMED:])}" if known else "there is none yet"
    of = f" that holds {' or '.join(holding)}" if holding else ""
    return f"no manifest of the run {run}{of} in {storage}: {several}"


def records(datasets: Iterable[str], catalog: Any, storage: AnyPath) -> dict[str, Record]:
    """Records of the stored datasets among some names."""
    stored = {}
    for name in sorted(datasets):
        path, dataset = None, catalog.get(name)
        with suppress(BackboneError):  # the run has reported it
            path = catalog.where(name)
        if path is not None:
            stored[name] = {
                "kind": "store" if hasattr(dataset, "stored_at") else "file",
                "version": path.parent.name if getattr(dataset, "_version", None) else None,
                "path": relative(path, storage),
                "sha256": sha256(path) if _is_manifest(dataset, path) else catalog.checksum(name),
            }
    return stored


def _is_manifest(dataset: Any, path: AnyPath) -> bool:
    """Whether the file is a feature store's manifest."""
    return hasattr(dataset, "stored_at") and path.is_file()


def relative(path: AnyPath, storage: AnyPath) -> str:
    """The path relative to the storage; unchanged if it is elsewhere."""
    try:
        return path.relative_to(storage).as_posix()  # type: ignore[arg-type]
    except (TypeError, ValueError):  # on another filesystem, or in another folder
        return str(path)


def absolute(path: str, storage: AnyPath) -> AnyPath:
    """The inverse of `relative`."""
    return as_path(path) if "://" in path or Path(path).is_absolute() else storage / path


def check(record: Record, storage: AnyPath) -> str:
    """The current state of a recorded dataset.

    Returns:
        `ok`, `changed`, `missing`, or `written anew` for an unversioned dataset that a later run has replaced and
        stamped.
    """
    path = absolute(record["path"], storage)
    if not path.exists():
        return "missing"
    of_features = record["kind"] == "store" and path.is_file()
    is_file = record["kind"] == "file" or of_features
    checksums = {stamps.checksum(path)} if is_file else {sha256(file) for file in path.glob("*.json")}
    with suppress(FeatureStoreError):
        if record["sha256"] in checksums:
            return "changed" if of_features and FeatureStore(path).damaged() else "ok"
    stamp = stamps.read(path)
    return "written anew" if stamp and stamp["checksum"] in checksums and not record["version"] else "changed"
