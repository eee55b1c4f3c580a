"""The manifest of a run: what was asked for, what was read and what was written, with hashes of all of it.

A *record* is what a manifest says of one dataset: its kind (`file`, `folder` or `features`), its version, where it lies
(below the storage where it can be, so that a storage may be moved), and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline

from grisaille.datasets import FeatureStoreDataset, PointsDataset, VersionedPartitionsDataset
from grisaille.parameters import Backbone, plain
from grisaille.storage import AnyPath, is_damaged, place, sha256
from grisaille.storage.feature_store import MANIFEST

NAME = "run_manifest"
FOLDER = "08_reporting/run_manifest.json"
Catalog = CatalogProtocol[Any, Any]
Record = dict[str, Any]


class ManifestError(RuntimeError):
    """A run that left no manifest, or one that is damaged."""


def now() -> str:
    """The time, in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def read(storage: AnyPath, run: str) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        storage: Where everything is stored.
        run: Its name, which is the version under which it saved, or `newest`, which passes over questions: who asks
            for look-alikes or a chain does not mean them by it.

    Raises:
        ManifestError: If there is none, or it is damaged.
    """
    known = names(storage)
    if run == "newest":
        manifests = (_read(storage, name) for name in reversed(known))
        newest = next((manifest for manifest in manifests if not _is_question(manifest)), None)
        if newest is not None:
            return newest
    elif run in known:
        return _read(storage, run)
    several = f"the last of {len(known)} are {', '.join(known[-3:])}" if known else "there is none yet"
    raise ManifestError(f"no manifest of the run {run} in {storage}: {several}")


def _read(storage: AnyPath, name: str) -> dict[str, Any]:
    path = storage / FOLDER / name / Path(FOLDER).name
    if is_damaged(path):
        raise ManifestError(f"{path} is damaged: its checksum is not the one it was saved with. Name another run")
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise ManifestError(f"{path} is no manifest: {error}. Name another run") from error
    return manifest


def _is_question(manifest: Mapping[str, Any]) -> bool:
    return manifest["command"].get("tags") in {"look_alikes", "chain"}


def names(storage: AnyPath) -> list[str]:
    """All runs that left a manifest, oldest first."""
    folder = storage / FOLDER
    return sorted(path.parent.name for path in folder.glob(f"*/{folder.name}")) if folder.is_dir() else []


def inputs(pipeline: Pipeline, catalog: Catalog, storage: AnyPath) -> dict[str, Record]:
    """Records of what a run reads and does not make."""
    return _records(pipeline.inputs(), catalog, storage, "resolve_load_version")


def outputs(pipeline: Pipeline, catalog: Catalog, storage: AnyPath, finished: bool) -> dict[str, Record]:
    """Records of what a run has written.

    Args:
        pipeline: What was to run.
        catalog: Of the run.
        storage: Where everything is stored.
        finished: Whether all of it ran; otherwise what has no version may be another run's, and is left out.
    """
    found = _records(pipeline.all_outputs(), catalog, storage, "resolve_save_version")
    return {name: record for name, record in found.items() if finished or record["version"]}


def kept(pipeline: Pipeline, catalog: Catalog, storage: AnyPath, written: Iterable[str]) -> dict[str, Record]:
    """Records of what a run with `--only-missing-outputs` found there."""
    return _records(pipeline.all_outputs() - set(written), catalog, storage, "resolve_load_version")


def _records(names: Iterable[str], catalog: Catalog, storage: AnyPath, version_of: str) -> dict[str, Record]:
    found = {}
    for name in sorted(names):
        dataset = catalog.get(name)
        resolve = getattr(dataset, version_of, None)
        try:
            version = resolve() if resolve is not None else None
        except DatasetError:
            continue  # no version yet
        record = _record(dataset, version, storage)
        if record is not None:
            found[name] = record
    return found


def _record(dataset: Any, version: str | None, storage: AnyPath) -> Record | None:
    """What is stored of a dataset; None where it is kept in memory, or is not there."""
    if isinstance(dataset, FeatureStoreDataset):
        folder = _meant(dataset)
        return None if folder is None else _of_features(folder, storage)
    if isinstance(dataset, VersionedPartitionsDataset):
        return None if version is None else _of_folder(map(place, dataset.files(version)), version, storage)
    if isinstance(dataset, PointsDataset):
        return _of_folder(dataset.files(), None, storage)
    path = _file(dataset, version)
    if path is None or not path.is_file():
        return None
    return {
        "kind": "file",
        "version": version,
        "path": relative(path, storage),
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
    }


def _meant(features: FeatureStoreDataset) -> AnyPath | None:
    from grisaille.backbone import BackboneError

    try:
        return features.folder()
    except BackboneError:
        return None  # the run says so itself


def _file(dataset: Any, version: str | None) -> AnyPath | None:
    given = getattr(dataset, "_filepath", None)
    if given is None:
        return None
    versioned = isinstance(dataset, AbstractVersionedDataset) and version is not None
    path = str(dataset._get_versioned_path(str(version)) if versioned else given)
    protocol = getattr(dataset, "_protocol", "file")
    return place(path if protocol in ("file", "local", "") else f"{protocol}://{path}")


def _of_features(folder: AnyPath, storage: AnyPath) -> Record | None:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return None
    # The store's own manifest has a checksum of every shard, so its hash stands for all of them.
    return {"kind": "features", "version": None, "path": relative(folder, storage), "sha256": sha256(manifest)}


def _of_folder(files: Iterable[AnyPath], version: str | None, storage: AnyPath) -> Record | None:
    hashes = {relative(path, storage): sha256(path) for path in files}
    if not hashes:
        return None
    return {"kind": "folder", "version": version, "path": None, "files": hashes, "sha256": tree(hashes, version)}


def tree(hashes: Mapping[str, str], version: str | None) -> str:
    """One hash for several files, whose names count, but not the version in them."""
    lines = [f"{path.replace(version, '*') if version else path} {digest}" for path, digest in hashes.items()]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def relative(path: AnyPath, storage: AnyPath) -> str:
    """Where something lies below the storage; as it is, where it lies elsewhere."""
    try:
        return path.relative_to(storage).as_posix()  # type: ignore[arg-type]
    except ValueError:
        return str(path)


def absolute(path: str, storage: AnyPath) -> AnyPath:
    """The inverse of `relative`."""
    return place(path) if "://" in path or Path(path).is_absolute() else storage / path


def paintings(pipeline: Pipeline, catalog: Catalog) -> Record | None:
    """What the run's paintings are: the hash of their files' hashes, in order; None where no painting was read."""
    if "raw_paintings" not in pipeline.datasets() or not catalog.exists("paintings"):
        return None
    digests = _parameter(catalog, "paintings")["sha256"].tolist()
    source: Any = catalog.get("raw_paintings")
    folder = getattr(source, "_path", None)
    if folder is not None and source._protocol != "file":
        folder = f"{source._protocol}://{folder}"
    return {"files": len(digests), "folder": folder, "sha256": hashlib.sha256("\n".join(digests).encode()).hexdigest()}


def weights(pipeline: Pipeline, catalog: Catalog) -> dict[str, Any] | None:
    """What determines the features besides the paintings (see `backbone.identity`); None where no CNN was asked."""
    if not {"params:backbone"} & pipeline.inputs():
        return None
    from grisaille import backbone

    try:
        return backbone.identity(Backbone.model_validate(plain(_parameter(catalog, "params:backbone"))))
    except backbone.BackboneError:
        return None  # the run has said so itself


def parameters(catalog: Catalog) -> dict[str, Any]:
    """All parameters of the run, resolved, as plain JSON values; in the order of their names."""
    given = plain(_parameter(catalog, "parameters"))
    return {name: given[name] for name in sorted(given)}


def _parameter(catalog: Catalog, name: str) -> Any:
    # Not by the catalog, which tells of all that it loads.
    dataset: Any = catalog.get(name)
    return dataset.load()


def seeds(parameters: Mapping[str, Any], name: str = "") -> dict[str, int]:
    """Every seed among the parameters, by its dotted name."""
    found: dict[str, int] = {}
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            found |= seeds(value, f"{name}{key}.")
        elif key == "seed":
            found[f"{name}{key}"] = value
    return found


def check(record: Record, storage: AnyPath) -> str:
    """`ok`, `changed` or `missing`: what has become of a dataset since it was recorded."""
    if record["kind"] == "features":
        return _check_features(absolute(record["path"], storage), record["sha256"])
    files = record["files"] if record["kind"] == "folder" else {record["path"]: record["sha256"]}
    return _worst(_check_file(absolute(path, storage), digest) for path, digest in files.items())


def _check_features(folder: AnyPath, digest: str) -> str:
    manifest = folder / MANIFEST
    found = _check_file(manifest, digest)
    if found != "ok":
        return found
    layers = json.loads(manifest.read_text("utf-8"))["layers"].values()
    return _worst(_check_file(folder / shard["file"], shard["sha256"]) for layer in layers for shard in layer["shards"])


def _check_file(path: AnyPath, digest: str) -> str:
    if not path.is_file():
        return "missing"
    return "ok" if sha256(path) == digest else "changed"


def _worst(found: Iterable[str]) -> str:
    return max(found, key=("ok", "changed", "missing").index, default="missing")


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
    if record["version"] or record["kind"] != "file":
        return None
    for name in reversed(names(storage)):
        if name <= run:
            return None
        with suppress(ManifestError):
            others = _read(storage, name)["outputs"].values()
            if any(other["path"] == record["path"] and check(other, storage) == "ok" for other in others):
                return name
    return None
