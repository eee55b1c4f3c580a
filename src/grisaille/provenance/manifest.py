"""The manifest of a run: what was asked for, what was read and what was written, with checksums of all of it.

A *record* is what a manifest says of one dataset: its kind, its version, where it lies (below the storage where it can
be, so that a storage may be moved), and the checksum of its stamp; of a store, that of the file that lists its content.
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
# In place of a name.
NEWEST = "newest"
# Runs that a message names.
_NAMED = 3
Record = dict[str, Any]


class ManifestError(GrisailleError):
    """A run that left no manifest, or one that is damaged."""


def names(storage: AnyPath) -> list[str]:
    """All runs that left a manifest, oldest first."""
    return sorted(path.parent.name for path in (storage / FOLDER).glob(f"*/{NAME}.json"))


def read(storage: AnyPath, run: str, holding: Collection[str] = ()) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        storage: Where everything is stored.
        run: Its name, which is the version under which it saved; a beginning that no other name has; or `newest`.
        holding: What `newest` is asked for, as in `newest`; a run that is named is read whatever it holds.

    Raises:
        ManifestError: If there is none, or it is damaged.
    """
    if run == NEWEST:
        found = newest(storage, holding)
        if found is None:
            raise ManifestError(_none(storage, run, holding))
        return found
    known = names(storage)
    meant = [run] if run in known else [name for name in known if name.startswith(run)]
    if len(meant) > 1:
        raise ManifestError(f"{len(meant)} runs begin with {run}: {', '.join(meant[-_NAMED:])}. Name one of them")
    if not meant:
        raise ManifestError(_none(storage, run))
    return _read(storage, meant[0])


def newest(storage: AnyPath, holding: Collection[str] = ()) -> dict[str, Any] | None:
    """The last run that finished, and made or read one of some datasets.

    Args:
        storage: Where everything is stored.
        holding: The datasets; without any, every run will do.

    Raises:
        ManifestError: If a manifest is damaged.
    """
    for manifest in finished(storage):
        if not holding or held(manifest).keys() & set(holding):
            return manifest
    return None


def finished(storage: AnyPath) -> Iterator[dict[str, Any]]:
    """Manifests of runs that finished, newest first.

    Raises:
        ManifestError: If one is damaged.
    """
    for name in reversed(names(storage)):
        manifest = _read(storage, name)
        if manifest["status"] == "finished":
            yield manifest


def held(manifest: Mapping[str, Any]) -> dict[str, Record]:
    """Records of what a run made or read, by their names."""
    return dict(manifest["inputs"] | manifest["outputs"])


def _read(storage: AnyPath, name: str) -> dict[str, Any]:
    path = storage / FOLDER / name / f"{NAME}.json"
    if stamps.is_damaged(path):
        raise ManifestError(
            f"{path} is damaged: it does not have the checksum that it was saved with. Name another run"
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise ManifestError(f"{path} is no manifest: {error}. Name another run") from error
    return manifest


def _none(storage: AnyPath, run: str, holding: Collection[str] = ()) -> str:
    """There is no such run, in words, and which there are."""
    known = names(storage)
    several = f"the last of {len(known)} are {', '.join(known[-_NAMED:])}" if known else "there is none yet"
    of = f" that holds {' or '.join(holding)}" if holding else ""
    return f"no manifest of the run {run}{of} in {storage}: {several}"


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
