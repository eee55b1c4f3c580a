"""A run with embeddings, and the stored results that match them, found by manifests and stamps."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
import yaml
from pydantic import ValidationError

from grisaille.collection import Files
from grisaille.collection.folder import PictureFolder
from grisaille.errors import GrisailleError
from grisaille.likenesses.names import LIKENESSES
from grisaille.parameters import Parameters
from grisaille.provenance import manifest as manifests
from grisaille.provenance import recipes, stamps
from grisaille.provenance.recipes import Recipe

# Datasets of embeddings, one a likeness.
EMBEDDINGS = tuple(f"{likeness}_embeddings" for likeness in LIKENESSES)


class NothingStoredError(GrisailleError):
    """No run can be opened, or one of its results is missing or damaged."""


def storage_of(where: str | Path, env: str | None) -> Path:
    """The folder of the results.

    Args:
        where: A project's folder, or the storage itself.
        env: The project's configuration environment. Default: `local`.

    Raises:
        NothingStoredError: If it is neither.
    """
    folder = Path(where).expanduser().resolve()
    if not (folder / "conf" / "base").is_dir():
        if (folder / manifests.FOLDER).is_dir():
            return folder
        raise NothingStoredError(f"{folder} is neither a project nor a storage with runs")
    configured: str | None = None
    for name in ("base", env or "local"):
        for path in sorted((folder / "conf" / name).glob("globals*.yml")):
            configured = (yaml.safe_load(path.read_text("utf-8")) or {}).get("storage", configured)
    if configured is None or "://" in configured:
        raise NothingStoredError(f"conf/ sets the storage to {configured or 'nothing'}: name a local folder of results")
    return folder / configured


class StoredRun:
    """A run that made or read embeddings.

    Attributes:
        storage: The folder of the results.
        name: Name of the run.
    """

    def __init__(self, storage: Path, run: str | None = None) -> None:
        """Open a run by its name (`manifest.read`), or the newest with embeddings.

        Raises:
            NothingStoredError: If there is none.
        """
        self.storage = storage
        newest = run is None or run == manifests.NEWEST
        manifest = manifests.newest(storage, EMBEDDINGS) if newest else manifests.read(storage, str(run))
        if manifest is None or not _embedded(manifest):
            whose = "no run" if manifest is None else f"the run {manifest['run']} never"
            raise NothingStoredError(f"{whose} left embeddings in {storage}: run `kedro run` first")
        self._manifest, self.name = manifest, str(manifest["run"])

    @property
    def likenesses(self) -> list[str]:
        """The likenesses that have embeddings."""
        return list(_embedded(self._manifest))

    def path(self, name: str) -> Path:
        """The file of a result that matches the embeddings: of this run, or the newest with the same sources.

        Raises:
            NothingStoredError: If there is none, or it is damaged.
        """
        for manifest in (self._manifest, *manifests.finished(self.storage)):
            record = manifests.held(manifest).get(name)
            if record is None:
                continue
            path = Path(str(manifests.absolute(record["path"], self.storage)))
            # A store's stamp covers all its files, and verifying it would mean reading them.
            if record["kind"] != "store" and stamps.is_damaged(path):
                raise NothingStoredError(f"{path} is damaged: its checksum differs from the one that it was saved with")
            stamp = stamps.read(path)
            if stamp and recipes.conflict({"run": self._recipe, name: stamp["recipe"]}) is None:
                return path
        raise NothingStoredError(f"no stored {name} match the embeddings of {self.name} in {self.storage}")

    @cached_property
    def parameters(self) -> Parameters:
        """The parameters of the embeddings; later runs may have others."""
        given = dict(self._manifest["parameters"])
        for step in self._recipe.values():
            for name, value in step["parameters"].items():
                recipes.replace(given, name, value)
        return _read(given)

    def pictures(self, folder: str | Path | None = None) -> Files:
        """The picture files in a given folder, or else in the run's folder; empty if it does not exist."""
        location = str(folder) if folder is not None else self._manifest.get("pictures")
        if location is None:
            return {}
        filesystem, path = fsspec.core.url_to_fs(str(manifests.absolute(location, self.storage)))
        return PictureFolder(path, filesystem) if filesystem.isdir(path) else {}

    def is_newest(self) -> bool:
        """Whether no later run has stored embeddings."""
        latest = manifests.newest(self.storage, EMBEDDINGS)
        return latest is not None and latest["run"] == self.name

    @cached_property
    def _recipe(self) -> Recipe:
        """The recipe of the embeddings."""
        records = _embedded(self._manifest).values()
        stamped = (stamps.read(manifests.absolute(record["path"], self.storage)) for record in records)
        merged: Recipe = {}
        for stamp in stamped:
            merged |= stamp["recipe"] if stamp else {}
        return merged


def _read(given: dict[str, Any]) -> Parameters:
    """Parameters of a run, without those that this release does not know."""
    try:
        return Parameters.model_validate(given)
    except ValidationError as error:
        unknown = [detail["loc"] for detail in error.errors() if detail["type"] == "extra_forbidden"]
        if not unknown:
            raise
    known: Any = copy.deepcopy(given)
    for *groups, name in unknown:
        group = known
        for step in groups:
            group = group[step]
        del group[name]
    return _read(known)


def _embedded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Likeness -> record of its embeddings."""
    known = manifests.held(manifest)
    return {name: known[dataset] for name, dataset in zip(LIKENESSES, EMBEDDINGS, strict=True) if dataset in known}
