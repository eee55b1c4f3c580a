"""Kedro's catalog with atomic saves and stamps, which are compared before results are loaded.

Kedro's datasets write directly to the final path, and the newest version wins, so the next run would load a file that a
killed run had half written. The datasets still decide how each kind of file is written and read.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.framework.context import CatalogCommandsMixin, KedroContext
from kedro.io import AbstractVersionedDataset, DataCatalog, SharedMemoryDataCatalog
from kedro.io.core import DatasetError, Version, VersionNotFoundError

from grisaille.errors import GrisailleError
from grisaille.framework import config
from grisaille.framework.config import SOURCES
from grisaille.provenance import recipes, stamps
from grisaille.provenance.recipes import Recipe
from grisaille.provenance.stamps import Stamp
from grisaille.storage import AnyPath, DiskFullError, as_path, atomic_path, forget_listings, link

if TYPE_CHECKING:
    from grisaille.features.store import Contents

logger = logging.getLogger(__name__)

MEND = "`kedro run --only-missing-outputs` with the same --params recomputes it, and the results that depend on it"


@dataclass(frozen=True)
class Ages:
    """Cached facts about stored results, valid until the next save.

    Attributes:
        older: Result -> the return value of `AtomicCatalog.older`.
        checksums: Dataset -> its checksum.
    """

    older: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    checksums: dict[str, str | None] = field(default_factory=dict)


# Key in the step of a kept encoder: the version that it links to.
KEPT_FROM = "kept_from"
# Saves in progress in this context: catalog name -> a dataset that writes to a temporary path.
_temporary: ContextVar[Mapping[str, Any]] = ContextVar("temporary", default={})  # noqa: B039 - never changed in place


class DamagedError(GrisailleError, DatasetError):
    """A stored file differs from what was saved."""


class AtomicCatalog(DataCatalog, CatalogCommandsMixin):
    """``AtomicCatalog`` is Kedro's ``DataCatalog`` with atomic saves: a result exists only once it is complete.

    A result is written next to its final path and renamed. Its stamp, with recipe and checksum, is in the same folder.
    A result without a stamp (of an earlier release, or a file of your own) is loaded with a warning.

    Attributes:
        settings: All parameters of the session, with defaults.
        given: Dotted names of the parameters on the command line.
        storage: Folder or bucket of all results; None if unknown.
        wiring: Result -> the datasets that the requested run makes it from; empty for results that it does not make.
        pictures: Checksum of `picture_files`, and those of the pictures that it lists, read once.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Takes the arguments of `DataCatalog`."""
        super().__init__(*arguments, **options)
        self.settings: dict[str, Any] = {}
        self.given: frozenset[str] = frozenset()
        self.storage: AnyPath | None = None
        self.wiring: dict[str, frozenset[str]] = {}
        self.pictures: tuple[str | None, list[str]] = None, []
        self._made: dict[str, tuple[dict[str, Any], dict[str, str | None], Recipe]] = {}
        self._warned: set[str] = set()
        # Listing a folder of 100,000 paintings for every result would take minutes.
        self._ages = Ages()

    def get(self, key: str, fallback_to_runtime_pattern: bool = False, version: Version | None = None) -> Any:
        """See `DataCatalog`."""
        if key in _temporary.get():
            return _temporary.get()[key]
        dataset = super().get(key, fallback_to_runtime_pattern, version)
        _take_literally(dataset)
        return dataset

    def save(self, ds_name: str, data: Any) -> None:
        """See `DataCatalog`.

        Raises:
            DiskFullError: If the disk is full; the message names the result.
        """
        dataset = self.get(ds_name)
        self._ages = Ages()
        try:
            if not _is_file(dataset):
                super().save(ds_name, data)
                if hasattr(dataset, "stored_at") and (folder := dataset.stored_at()):
                    stamps.write(folder, self._stamp(ds_name, dataset.fingerprint()))
                return
            final = _path(dataset, dataset._get_save_path())
            with atomic_path(final) as temporary:
                target = dataset._copy(_filepath=_as_kedro(temporary), _version=None)
                token = _temporary.set({ds_name: target})
                try:
                    super().save(ds_name, data)
                finally:
                    _temporary.reset(token)
                stamps.write(final, self._stamp(ds_name, stamps.checksum(temporary)))
        except (DatasetError, DiskFullError) as error:
            full: BaseException | None = error
            while full is not None and not isinstance(full, DiskFullError):
                full = full.__cause__
            if full is None:
                raise
            raise DiskFullError(f"{ds_name}: {full}") from None
        dataset.release()
        if dataset._version and not dataset._version.load:
            newest = dataset.resolve_load_version()
            if newest != dataset.resolve_save_version():
                logger.warning(
                    "%s has a version from the future, %s, so a clock is wrong. This run reads its own version; other "
                    "runs read that one until it is removed",
                    ds_name, newest,
                )  # fmt: skip

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """See `DataCatalog`; a run reads its own results, even if there are newer ones.

        Raises:
            DamagedError: If the file differs from what was saved.
        """
        dataset = self.get(ds_name)
        own = None if version else self.own_version(dataset)
        if _is_file(dataset):
            self.refuse_damaged(ds_name, version)
            if not (own or version):
                self.warn(ds_name)
        return super().load(ds_name, version or own)

    def read(self, name: str) -> Any:
        """Load something without logging."""
        dataset = self.get(name)
        own = self.own_version(dataset)
        return (self.get(name, version=Version(own, None)) if own else dataset).load()

    def exists(self, ds_name: str) -> bool:
        """See `DataCatalog`; damaged and outdated results count as missing for `--only-missing-outputs`."""
        if not super().exists(ds_name):
            return False
        reason = "it is damaged" if self.is_damaged(ds_name) else self.outdated(ds_name, self._ages)
        if ds_name == "picture_files" and not config.refits():
            reason = reason or self._split_otherwise()
        if reason:
            logger.info("%s is made again: %s", ds_name, reason)
        return reason is None

    def _split_otherwise(self) -> str | None:
        """Why the files are not split as for the encoders that are kept; ingestion alone splits them anew."""
        then = self.checksum_of_encoders()
        return None if then in {None, self.checksum("picture_files")} else "the encoders to keep know another split"

    def checksum_of_encoders(self) -> str | None:
        """The checksum of `picture_files` that the stored encoders were fitted on, or kept for; None if unknown."""
        encoders = (self.stamp(f"{chunk}.composition_encoder") for chunk in config.chunks())
        steps = (encoder["recipe"].get("picture_files") for encoder in encoders if encoder)
        return next((step["checksum"] for step in steps if step), None)

    def where(self, name: str, version: str | None = None) -> AnyPath | None:
        """The file or folder that would be read; None if nothing is stored, or the path is unknown."""
        dataset = self.get(name)
        if hasattr(dataset, "stored_at"):
            path: AnyPath | None = dataset.stored_at()
        elif not _is_file(dataset):
            return None
        elif dataset._version is None:
            path = _path(dataset, dataset._filepath)
        else:
            try:
                resolved = version or self.own_version(dataset) or dataset.resolve_load_version()
            except VersionNotFoundError:
                return None
            path = _path(dataset, dataset._get_versioned_path(resolved))
        return path if path is not None and path.exists() else None

    def stamp(self, name: str, version: str | None = None) -> Stamp | None:
        """The stamp of the result that would be read; None if there is none."""
        path = self.where(name, version)
        return None if path is None else stamps.read(path)

    def version_with(self, name: str, checksum: str | None) -> str | None:
        """The version of a result with a given checksum; None if there is none."""
        dataset = self.get(name)
        known = dataset.list_versions(full_path=False) if _is_file(dataset) and dataset._version else []
        return next((v for v in known if (stamp := self.stamp(name, v)) and stamp["checksum"] == checksum), None)

    def checksum(self, name: str) -> str | None:
        """The checksum of the data that would be read (of a source: its fingerprint); None if unknown."""
        dataset = self.get(name)
        if hasattr(dataset, "fingerprint"):
            fingerprint: str | None = dataset.fingerprint()
            return fingerprint
        path = self.where(name)
        if path is None:
            return None
        stamp = stamps.read(path)
        return stamps.checksum(path) if stamp is None else stamp["checksum"]

    def is_damaged(self, name: str, version: str | None = None) -> bool:
        """Whether the file that would be read differs from what was saved."""
        path = self.where(name, version) if _is_file(self.get(name)) else None
        return path is not None and stamps.is_damaged(path)

    def refuse_damaged(self, name: str, version: str | None = None) -> None:
        """Refuse to read a damaged file.

        Raises:
            DamagedError: If it is damaged.
        """
        if self.is_damaged(name, version):
            raise DamagedError(
                f"{name}: {self.where(name, version)} is damaged: its checksum differs from the one that it was saved "
                f"with. {MEND}"
            )

    def outdated(self, name: str, known: Ages | None = None) -> str | None:
        """Why a run with these settings would make another result; None if it would not, or that is unknown."""
        stamp = self.stamp(name)
        if stamp is None:
            return None
        differences = recipes.differences(stamp["recipe"], self.settings)
        older = self.older(name, known)
        if differences or older is None:
            return f"it was made with {recipes.sentence(differences)}" if differences else None
        return "{} is older than {}".format(*older)

    def older(self, name: str, known: Ages | None = None) -> tuple[str, str] | None:
        """Find a result that is older than its source, among one result and everything upstream of it.

        A source that was used at the time, or would be used today, but not both, counts as newer.

        Args:
            name: Name of the result.
            known: Cached facts.

        Returns:
            The result and its source; None if all are up to date.
        """
        known = known or Ages()
        if name not in known.older:
            stamp = self.stamp(name)
            known.older[name] = self._other_source(name, stamp)
            if known.older[name]:
                return known.older[name]
            for source, then in (stamp["inputs"] if stamp else {}).items():
                if source not in self:
                    continue
                if source not in known.checksums:
                    known.checksums[source] = self.checksum(source)
                now = known.checksums[source]
                known.older[name] = (name, source) if then and now and then != now else self.older(source, known)
                if known.older[name]:
                    break
        return known.older[name]

    def _other_source(self, name: str, stamp: Stamp | None) -> tuple[str, str] | None:
        if stamp is None or KEPT_FROM in stamp["recipe"].get(name, {}):
            return None
        if name not in self.wiring:
            return None
        return next(((name, source) for source in sorted(self.wiring[name] ^ set(stamp["inputs"]))), None)

    def warn(self, name: str, known: Ages | None = None) -> None:
        """Warn once about a result that is to be read; arguments as in `older`."""
        if name in self._warned or self.where(name) is None:
            return
        self._warned.add(name)
        stamp, dataset = self.stamp(name), self.get(name)
        if stamp is None and _is_file(dataset) and dataset._version:
            logger.warning("%s has no stamp, so its inputs are unknown. %s", name, MEND)
        elif reason := self.outdated(name, known):
            logger.warning("%s: %s. %s", name, reason, MEND)

    def accept(self, names: Iterable[str]) -> None:
        """Read some results as they are, without warnings about their age."""
        self._warned.update(names)

    def note(self, node: Any) -> None:
        """Record the inputs of a node that is about to run, for the stamps of its outputs."""
        if recipes.KEEPS in node.tags:
            for name in recipes.encoders(node):
                self._adopt(
                    name, [source for source in node.inputs if source in ("features", "palettes", "layer_norms")]
                )
        groups = [name.removeprefix("params:") for name in node.inputs if name.startswith("params:")]
        groups += list(self.settings) if "parameters" in node.inputs else []
        # Earlier results come first, since their steps are older than those of the others.
        sources = sorted(
            (name for name in node.inputs if not recipes.is_parameter(name)),
            key=lambda name: not name.startswith(recipes.KNOWN),
        )
        merged: Recipe = {}
        for name in sources:
            stamp = self.stamp(name)
            merged |= stamp["recipe"] if stamp else {name: {"parameters": self._of_source(name), "checksum": None}}
        inputs = {name: self.checksum(name) for name in sources if not name.startswith(recipes.KNOWN)}
        for output in node.outputs:
            # It belongs to an earlier run.
            merged.pop(output, None)
        for output in node.outputs:
            relevant = [name for name in groups if (output, name) not in recipes.IRRELEVANT]
            parameters = {name: recipes.lookup(self.settings, name) for name in relevant}
            self._made[output] = parameters, inputs, merged

    def _adopt(self, name: str, sources: list[str]) -> None:
        """Adopt an encoder of an earlier run: link its file to this run, with a stamp that matches the new collection.

        Args:
            name: Name of the encoder.
            sources: Datasets that describe the collection of this run.
        """
        dataset = self.get(name)
        path, stamp = self.where(name), self.stamp(name)
        if stamp is None or path is None or self.own_version(dataset) or not dataset._version.save:
            return
        recipe = dict(stamp["recipe"])
        for source in sources:
            recipe |= known["recipe"] if (known := self.stamp(source)) else {}
        own = stamp["recipe"][name] | {KEPT_FROM: path.parent.name}
        final = _path(dataset, dataset._get_save_path())
        final.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(final) as temporary:
            link(path, temporary)
            inputs = {source: self.checksum(source) for source in sources}
            stamps.write(final, Stamp(checksum=stamp["checksum"], inputs=inputs, recipe={**recipe, name: own}))
        dataset.release()

    def _of_source(self, name: str) -> dict[str, Any]:
        """The parameter for the location of a source; it does not count in comparisons, but is looked up later."""
        parameter = SOURCES.get(name)
        return {parameter: self.settings.get(parameter)} if parameter else {}

    def _stamp(self, name: str, checksum: str) -> Stamp:
        parameters, inputs, merged = self._made.get(name, ({}, {}, {}))
        step = {"parameters": parameters, "checksum": checksum}
        return Stamp(checksum=checksum, inputs=inputs, recipe={**merged, name: step})

    def own_version(self, dataset: Any) -> str | None:
        """The version that this run has saved, if any."""
        if not _is_file(dataset) or dataset._version is None or dataset._version.load or not dataset._version.save:
            return None
        own: str = dataset._version.save
        return own if _path(dataset, dataset._get_versioned_path(own)).exists() else None


class SharedAtomicCatalog(AtomicCatalog, SharedMemoryDataCatalog):
    """``SharedAtomicCatalog`` is the ``AtomicCatalog`` of Kedro's ``ParallelRunner``."""


class ProjectContext(KedroContext):
    """Kedro's context with an ``AtomicCatalog``, in runs, notebooks and Kedro-Viz."""

    def _get_catalog(self, catalog_class: type = DataCatalog, *args: Any, **kwargs: Any) -> Any:
        ours: dict[type, type] = {DataCatalog: AtomicCatalog, SharedMemoryDataCatalog: SharedAtomicCatalog}
        forget_listings()
        catalog = super()._get_catalog(ours.get(catalog_class, catalog_class), *args, **kwargs)
        if isinstance(catalog, AtomicCatalog):
            loader: Any = self.config_loader
            catalog.settings = recipes.complete(loader["parameters"])
            given = loader.runtime_params or {}
            catalog.given = frozenset(name for group in given for name, _ in recipes.leaves(group, given[group]))
            catalog.storage = loader.storage(Path(self.project_path))
            for name in ("features", "study_features", "palettes"):
                if name in catalog and hasattr(features := catalog.get(name), "expect"):
                    features.expect(_Wanted(catalog, name))
        return catalog


@dataclass(frozen=True)
class _Wanted:
    """Returns the features that parameters and paintings determine (a class, since closures cannot be pickled).

    Attributes:
        catalog: Catalog of the run; the paintings may not be known yet.
        name: Name of the dataset.
    """

    catalog: AtomicCatalog
    name: str

    def __call__(self) -> Contents | None:
        from grisaille.features import backbone, palettes
        from grisaille.parameters import Backbone, Colour, Study

        if self.catalog.where("picture_files") is None or self.catalog.is_damaged("picture_files"):
            return None
        files = self.catalog.checksum("picture_files")
        if self.catalog.pictures[0] != files:
            self.catalog.pictures = files, self.catalog.read("picture_files")["sha256"].tolist()
        digests = self.catalog.pictures[1]
        if self.name == "palettes":
            return palettes.contents(digests, Colour.model_validate(self.catalog.settings["colour"]))
        settings = Backbone.model_validate(self.catalog.settings["backbone"])
        if self.name == "study_features":
            settings = Study.model_validate(self.catalog.settings["study"]).seen_by(settings)
        return backbone.contents(digests, settings)


def _is_file(dataset: Any) -> bool:
    """Whether a dataset is a file, or a folder of files, written to a path of Kedro's."""
    return isinstance(dataset, AbstractVersionedDataset) and hasattr(dataset, "_fs")


def _take_literally(dataset: Any) -> None:
    """Make datasets treat paths literally, not as patterns, and write text as UTF-8 on every machine."""
    if _is_file(dataset):
        dataset._glob_function = partial(_versions, dataset._fs)
    for name in ("_fs_open_args_load", "_fs_open_args_save"):
        arguments = getattr(dataset, name, None) or {}
        if arguments.get("mode") in {"r", "w"}:
            arguments.setdefault("encoding", "utf-8")


def _versions(filesystem: Any, pattern: str) -> list[str]:
    """Find the files of `folder/*/name`, which Kedro globs, even if the folder's name contains brackets."""
    folder, _, name = pattern.rpartition("/*/")
    return [f"{path}/{name}" for path in filesystem.ls(folder, detail=False)] if filesystem.isdir(folder) else []


def _path(dataset: Any, path: PurePosixPath) -> AnyPath:
    protocol = getattr(dataset, "_protocol", "file")
    if protocol == "file":
        return as_path(str(path))
    return as_path(f"{protocol}://{path}", dataset._fs.storage_options)


def _as_kedro(path: AnyPath) -> PurePosixPath:
    return PurePosixPath(getattr(path, "path", str(path)))
