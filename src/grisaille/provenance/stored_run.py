"""A run that left embeddings, and the stored results that fit to these, found by manifests and stamps."""

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

# One a likeness.
EMBEDDINGS = tuple(f"{likeness}_embeddings" for likeness in LIKENESSES)


class NothingStoredError(GrisailleError):
    """There is no run whose results could be opened, or one of them is missing or damaged."""


def storage_of(where: str | Path, env: str | None) -> Path:
    """The folder that holds results.

    Args:
        where: A project's folder, or the storage itself.
        env: The project's configuration environment; `local` unless given.

    Raises:
        NothingStoredError: If there is neither.
    """
    folder = Path(where).expanduser().resolve()
    if not (folder / "conf" / "base").is_dir():
        if (folder / manifests.FOLDER).is_dir():
            return folder
        raise NothingStoredError(f"{folder} is no project, and no run has stored anything in it")
    found: str | None = None
    for name in ("base", env or "local"):
        for path in sorted((folder / "conf" / name).glob("globals*.yml")):
            found = (yaml.safe_load(path.read_text("utf-8")) or {}).get("storage", found)
    if found is None or "://" in found:
        raise NothingStoredError(f"results lie in {found or 'no folder that conf/ names'}: give their folder itself")
    return folder / found


class StoredRun:
    """A run that made or read embeddings.

    Attributes:
        storage: The folder that holds results.
        name: Of the run.
    """

    def __init__(self, storage: Path, run: str | None = None) -> None:
        """Find the newest run that left embeddings, or one by its name (`manifest.read`).

        Raises:
            NothingStoredError: If there is none.
        """
        self.storage = storage
        newest = run is None or run == manifests.NEWEST
        found = manifests.newest(storage, EMBEDDINGS) if newest else manifests.read(storage, str(run))
        if found is None or not _embedded(found):
            whose = "no run" if found is None else f"the run {found['run']} never"
            raise NothingStoredError(f"{whose} left embeddings in {storage}: run `kedro run` first")
        self._manifest, self.name = found, str(found["run"])

    @property
    def likenesses(self) -> list[str]:
        """Those that there are embeddings of."""
        return list(_embedded(self._manifest))

    def path(self, name: str) -> Path:
        """The file of a result that fits to the embeddings: of this run, or the newest made from the same sources.

        Raises:
            NothingStoredError: If there is none, or it is damaged.
        """
        for found in (self._manifest, *manifests.finished(self.storage)):
            record = manifests.held(found).get(name)
            if record is None:
                continue
            path = Path(str(manifests.absolute(record["path"], self.storage)))
            # The stamp of a store says what all of its files hold, which only reading them would tell.
            if record["kind"] != "store" and stamps.is_damaged(path):
                raise NothingStoredError(f"{path} is damaged: it does not have the checksum that it was saved with")
            stamp = stamps.read(path)
            if stamp and recipes.conflict({"run": self._recipe, name: stamp["recipe"]}) is None:
                return path
        raise NothingStoredError(f"no stored {name} fit to the embeddings of {self.name} in {self.storage}")

    @cached_property
    def parameters(self) -> Parameters:
        """With which the embeddings were made: those of a later run may be others."""
        given = dict(self._manifest["parameters"])
        for step in self._recipe.values():
            for name, value in step["parameters"].items():
                recipes.replace(given, name, value)
        return _read(given)

    def pictures(self, folder: str | Path | None = None) -> Files:
        """The picture files: of a folder that is given, or else of that which the run read; nothing if it is gone."""
        found = str(folder) if folder is not None else self._manifest.get("pictures")
        if found is None:
            return {}
        filesystem, path = fsspec.core.url_to_fs(str(manifests.absolute(found, self.storage)))
        return PictureFolder(path, filesystem) if filesystem.isdir(path) else {}

    def is_newest(self) -> bool:
        """Whether no later run has left embeddings."""
        found = manifests.newest(self.storage, EMBEDDINGS)
        return found is not None and found["run"] == self.name

    @cached_property
    def _recipe(self) -> Recipe:
        """Of the embeddings."""
        records = _embedded(self._manifest).values()
        found = (stamps.read(manifests.absolute(record["path"], self.storage)) for record in records)
        merged: Recipe = {}
        for stamp in found:
            merged |= stamp["recipe"] if stamp else {}
        return merged


def _read(given: dict[str, Any]) -> Parameters:
    """Parameters of a run, which may be of an earlier release: what is not known any more is left out."""
    try:
        return Parameters.model_validate(given)
    except ValidationError as error:
        unknown = [found["loc"] for found in error.errors() if found["type"] == "extra_forbidden"]
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
