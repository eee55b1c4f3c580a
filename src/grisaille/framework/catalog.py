"""Kedro's catalog, which saves results whole or not at all, stamps them, and compares stamps before it loads.

Kedro's datasets write straight to their final path, and the newest version wins: what a killed run had half written
would be loaded by the next. How each kind of file is written and read stays with the datasets.
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
from grisaille.framework.config import SOURCES
from grisaille.provenance import recipes, stamps
from grisaille.provenance.recipes import Recipe
from grisaille.provenance.stamps import Stamp
from grisaille.storage import AnyPath, DiskFullError, as_path, atomic_path, link

if TYPE_CHECKING:
    from grisaille.features.store import Contents

logger = logging.getLogger(__name__)

MEND = "`kedro run --only-missing-outputs` with the same --params makes it again, and what is made from it"


@dataclass(frozen=True)
class Ages:
    """What was found of stored results, as long as nothing is saved.

    Attributes:
        older: Result -> what `AtomicCatalog.older` found of it.
        checksums: Dataset -> its checksum.
    """

    older: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    checksums: dict[str, str | None] = field(default_factory=dict)


# In the step of an encoder that was kept: the version that it is a link to.
KEPT_FROM = "kept_from"
# Where this thread is saving: catalog name -> a dataset that writes to a temporary path.
_temporary: ContextVar[Mapping[str, Any]] = ContextVar("temporary", default={})  # noqa: B039 - never changed in place


class DamagedError(GrisailleError, DatasetError):
    """A stored file does not hold what was saved."""


class AtomicCatalog(DataCatalog, CatalogCommandsMixin):
    """``AtomicCatalog`` is Kedro's ``DataCatalog``, in which a result exists once all of it is there.

    A result is written beside its final path and renamed. Its stamp, with its recipe and checksum, lies in the same
    folder. A result without one (of an earlier release, or one's own file) is loaded with a warning.

    Attributes:
        settings: All parameters of the session, completed.
        given: Dotted names of the parameters that the command gave.
        storage: Where everything is stored; None where nobody knows.
        wiring: Result -> what the run that is asked for makes it from; of results that it does not make, nothing.
        pictures: Checksum of `picture_files`, and those of the pictures that it lists, read once.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As `DataCatalog`."""
        super().__init__(*arguments, **options)
        self.settings: dict[str, Any] = {}
        self.given: frozenset[str] = frozenset()
        self.storage: AnyPath | None = None
        self.wiring: dict[str, frozenset[str]] = {}
        self.pictures: tuple[str | None, list[str]] = None, []
        self._made: dict[str, tuple[dict[str, Any], dict[str, str | None], Recipe]] = {}
        self._told: set[str] = set()

    def get(self, key: str, fallback_to_runtime_pattern: bool = False, version: Version | None = None) -> Any:
        """As `DataCatalog`."""
        if key in _temporary.get():
            return _temporary.get()[key]
        dataset = super().get(key, fallback_to_runtime_pattern, version)
        _take_literally(dataset)
        return dataset

    def save(self, ds_name: str, data: Any) -> None:
        """As `DataCatalog`.

        Raises:
            DiskFullError: If there is no room for the result, in one sentence that names it.
        """
        dataset = self.get(ds_name)
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
                    "%s has a version from the future, %s: a clock is wrong. This run reads its own; other runs read "
                    "that one, until it is removed",
                    ds_name, newest,
                )  # fmt: skip

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """As `DataCatalog`; a run reads what it has saved itself, whatever is newer.

        Raises:
            DamagedError: If the file does not hold what was saved.
        """
        dataset = self.get(ds_name)
        own = None if version else self.own_version(dataset)
        if _is_file(dataset):
            self.refuse_damaged(ds_name, version)
            if not (own or version):
                self.warn(ds_name)
        return super().load(ds_name, version or own)

    def read(self, name: str) -> Any:
        """Load something without telling of it."""
        dataset = self.get(name)
        own = self.own_version(dataset)
        return (self.get(name, version=Version(own, None)) if own else dataset).load()

    def exists(self, ds_name: str) -> bool:
        """As `DataCatalog`; what is damaged or outdated does not, so that `--only-missing-outputs` makes it again."""
        if not super().exists(ds_name):
            return False
        reason = "it is damaged" if self.is_damaged(ds_name) else self.outdated(ds_name)
        if reason:
            logger.info("%s is made again: %s", ds_name, reason)
        return reason is None

    def where(self, name: str, version: str | None = None) -> AnyPath | None:
        """The file or folder that would be read; None where nothing is stored, or nobody knows where."""
        dataset = self.get(name)
        if hasattr(dataset, "stored_at"):
            path: AnyPath | None = dataset.stored_at()
        elif not _is_file(dataset):
            return None
        elif dataset._version is None:
            path = _path(dataset, dataset._filepath)
        else:
            try:
                chosen = version or self.own_version(dataset) or dataset.resolve_load_version()
            except VersionNotFoundError:
                return None
            path = _path(dataset, dataset._get_versioned_path(chosen))
        return path if path is not None and path.exists() else None

    def stamp(self, name: str, version: str | None = None) -> Stamp | None:
        """The stamp of what would be read; None where there is none."""
        found = self.where(name, version)
        return None if found is None else stamps.read(found)

    def version_with(self, name: str, checksum: str | None) -> str | None:
        """The version of a result that has a checksum; None where there is none."""
        dataset = self.get(name)
        known = dataset.list_versions(full_path=False) if _is_file(dataset) and dataset._version else []
        return next((v for v in known if (stamp := self.stamp(name, v)) and stamp["checksum"] == checksum), None)

    def checksum(self, name: str) -> str | None:
        """The checksum of what would be read: of a source, what tells that it has changed; None where nobody knows."""
        dataset = self.get(name)
        if hasattr(dataset, "fingerprint"):
            fingerprint: str | None = dataset.fingerprint()
            return fingerprint
        found = self.where(name)
        if found is None:
            return None
        stamp = stamps.read(found)
        return stamps.checksum(found) if stamp is None else stamp["checksum"]

    def is_damaged(self, name: str, version: str | None = None) -> bool:
        """Whether the file that would be read does not hold what was saved."""
        found = self.where(name, version) if _is_file(self.get(name)) else None
        return found is not None and stamps.is_damaged(found)

    def refuse_damaged(self, name: str, version: str | None = None) -> None:
        """Make sure that a file may be read.

        Raises:
            DamagedError: If it may not.
        """
        if self.is_damaged(name, version):
            raise DamagedError(
                f"{name}: {self.where(name, version)} is damaged: it does not have the checksum that it was saved "
                f"with. {MEND}"
            )

    def outdated(self, name: str, known: Ages | None = None) -> str | None:
        """Why a result is not what a run with these settings would make; None where it is, or nobody knows."""
        stamp = self.stamp(name)
        if stamp is None:
            return None
        found = recipes.differences(stamp["recipe"], self.settings)
        older = self.older(name, known)
        if found or older is None:
            return f"it was made with {recipes.sentence(found)}" if found else None
        return "{} is older than {}".format(*older)

    def older(self, name: str, known: Ages | None = None) -> tuple[str, str] | None:
        """A result, of one and all that it was made from, that is older than its source, and that source; or None.

        A source that the result was made without, and is made from today, is newer than the result.

        Args:
            name: Of the result.
            known: What was found of others.
        """
        known = known or Ages()
        if name not in known.older:
            stamp = self.stamp(name)
            known.older[name] = self._lacking(name, stamp)
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

    def _lacking(self, name: str, stamp: Stamp | None) -> tuple[str, str] | None:
        if stamp is None or KEPT_FROM in stamp["recipe"].get(name, {}):
            return None
        return next(
            ((name, source) for source in sorted(self.wiring.get(name, ())) if source not in stamp["inputs"]), None
        )

    def warn(self, name: str, known: Ages | None = None) -> None:
        """Say once what is wrong with a result that is going to be read; arguments as those of `older`."""
        if name in self._told or self.where(name) is None:
            return
        self._told.add(name)
        stamp, dataset = self.stamp(name), self.get(name)
        if stamp is None and _is_file(dataset) and dataset._version:
            logger.warning("%s has no stamp: nobody knows what it was made from. %s", name, MEND)
        elif reason := self.outdated(name, known):
            logger.warning("%s: %s. %s", name, reason, MEND)

    def accept(self, names: Iterable[str]) -> None:
        """Read some results as they are, and say nothing of how old they are."""
        self._told.update(names)

    def note(self, node: Any) -> None:
        """Remember what a node that is about to run makes its outputs from."""
        if recipes.KEEPS in node.tags:
            for name in recipes.encoders(node):
                self._adopt(
                    name, [source for source in node.inputs if source in ("features", "palettes", "layer_norms")]
                )
        groups = [name.removeprefix("params:") for name in node.inputs if name.startswith("params:")]
        groups += list(self.settings) if "parameters" in node.inputs else []
        # What is known of an earlier run comes first, since its steps are older than those of the others.
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
            # Of an earlier run.
            merged.pop(output, None)
        for output in node.outputs:
            relevant = [name for name in groups if (output, name) not in recipes.IRRELEVANT]
            parameters = {name: recipes.lookup(self.settings, name) for name in relevant}
            self._made[output] = parameters, inputs, merged

    def _adopt(self, name: str, sources: list[str]) -> None:
        """Make an encoder of an earlier run one of this run's: the same file, whose stamp fits to what it encodes.

        Args:
            name: Of the encoder.
            sources: What the collection of this run is described by.
        """
        dataset = self.get(name)
        found, stamp = self.where(name), self.stamp(name)
        if stamp is None or found is None or self.own_version(dataset) or not dataset._version.save:
            return
        recipe = dict(stamp["recipe"])
        for source in sources:
            recipe |= known["recipe"] if (known := self.stamp(source)) else {}
        own = stamp["recipe"][name] | {KEPT_FROM: found.parent.name}
        final = _path(dataset, dataset._get_save_path())
        final.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(final) as temporary:
            link(found, temporary)
            inputs = {source: self.checksum(source) for source in sources}
            stamps.write(final, Stamp(checksum=stamp["checksum"], inputs=inputs, recipe={**recipe, name: own}))
        dataset.release()

    def _of_source(self, name: str) -> dict[str, Any]:
        """The parameter that says where a source lies, which counts for nothing but is looked up later."""
        parameter = SOURCES.get(name)
        return {parameter: self.settings.get(parameter)} if parameter else {}

    def _stamp(self, name: str, checksum: str) -> Stamp:
        parameters, inputs, merged = self._made.get(name, ({}, {}, {}))
        step = {"parameters": parameters, "checksum": checksum}
        return Stamp(checksum=checksum, inputs=inputs, recipe={**merged, name: step})

    def own_version(self, dataset: Any) -> str | None:
        """The version of this very run, where it has saved one."""
        if not _is_file(dataset) or dataset._version is None or dataset._version.load or not dataset._version.save:
            return None
        own: str = dataset._version.save
        return own if _path(dataset, dataset._get_versioned_path(own)).exists() else None


class SharedAtomicCatalog(AtomicCatalog, SharedMemoryDataCatalog):
    """``SharedAtomicCatalog`` is the ``AtomicCatalog`` of Kedro's ``ParallelRunner``."""


class ProjectContext(KedroContext):
    """The context of this project, whose catalog is an ``AtomicCatalog`` in runs, notebooks and Kedro-Viz."""

    def _get_catalog(self, catalog_class: type = DataCatalog, *args: Any, **kwargs: Any) -> Any:
        ours: dict[type, type] = {DataCatalog: AtomicCatalog, SharedMemoryDataCatalog: SharedAtomicCatalog}
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
    """Which features the parameters and the paintings ask for (no closure, which could not travel to other processes).

    Attributes:
        catalog: Of the run; the paintings may not be known before.
        name: Of the dataset.
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
    """Whether a dataset is a file, or a folder of files, that it writes by a path of Kedro's."""
    return isinstance(dataset, AbstractVersionedDataset) and hasattr(dataset, "_fs")


def _take_literally(dataset: Any) -> None:
    """Let no dataset read a path as a pattern, or write text in whatever encoding the machine has."""
    if _is_file(dataset):
        dataset._glob_function = partial(_versions, dataset._fs)
    for name in ("_fs_open_args_load", "_fs_open_args_save"):
        arguments = getattr(dataset, name, None) or {}
        if arguments.get("mode") in {"r", "w"}:
            arguments.setdefault("encoding", "utf-8")


def _versions(filesystem: Any, pattern: str) -> list[str]:
    """What Kedro looks for by `folder/*/name`, in which brackets of the folder would stand for single characters."""
    folder, _, name = pattern.rpartition("/*/")
    return [f"{path}/{name}" for path in filesystem.ls(folder, detail=False)] if filesystem.isdir(folder) else []


def _path(dataset: Any, path: PurePosixPath) -> AnyPath:
    protocol = getattr(dataset, "_protocol", "file")
    if protocol == "file":
        return as_path(str(path))
    return as_path(f"{protocol}://{path}", dataset._fs.storage_options)


def _as_kedro(path: AnyPath) -> PurePosixPath:
    return PurePosixPath(getattr(path, "path", str(path)))
