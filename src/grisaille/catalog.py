"""Kedro's catalog, which saves files whole or not at all, seals versions with a checksum, and loads nothing damaged.

Kedro's datasets write straight to their final path, and the newest version wins: what a killed run had half written
would be loaded by the next. How each kind of file is written and read stays with the datasets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.framework.context import CatalogCommandsMixin, KedroContext
from kedro.io import AbstractVersionedDataset, DataCatalog, SharedMemoryDataCatalog
from kedro.io.core import DatasetError, Version, VersionNotFoundError

from grisaille.storage import AnyPath, DiskFullError, is_damaged, place, whole

logger = logging.getLogger(__name__)


class DamagedError(DatasetError):
    """A stored file does not hold what was saved."""


class FullError(DatasetError):
    """There is no room for what was to be saved."""


class WholeCatalog(DataCatalog, CatalogCommandsMixin):
    """``WholeCatalog`` is Kedro's ``DataCatalog``, in which a file exists once all of it is there.

    What it saves is written beside its place and renamed; versions get a file `.sha256` beside them, which is compared
    before they are loaded. A file without one (of an earlier release, or one's own) is loaded as it is.
    """

    def get(self, key: str, fallback_to_runtime_pattern: bool = False, version: Version | None = None) -> Any:
        """As `DataCatalog`; files in a folder of partitions are treated as all others are."""
        dataset = super().get(key, fallback_to_runtime_pattern, version)
        _take_literally(dataset)
        kind = getattr(dataset, "_dataset_type", None)
        if kind is not None and not isinstance(kind, _Whole):
            dataset._dataset_type = _Whole(kind)  # type: ignore[union-attr]
        return dataset

    def save(self, ds_name: str, data: Any) -> None:
        """As `DataCatalog`.

        Raises:
            FullError: Where there is no room for the file, in one sentence that names it.
        """
        try:
            with _saving(self.get(ds_name)):
                super().save(ds_name, data)
        except (DatasetError, DiskFullError) as error:
            short = _for_want_of_room(error)
            if short is None:
                raise
            raise FullError(f"{ds_name}: {short}") from None

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """As `DataCatalog`.

        Raises:
            DamagedError: If the file does not hold what was saved.
        """
        refuse_damaged(self.get(ds_name, version=Version(version, None) if version else None), ds_name)
        return super().load(ds_name, version)

    def exists(self, ds_name: str) -> bool:
        """As `DataCatalog`; what is damaged does not exist, so that `--only-missing-outputs` makes it again."""
        dataset = self.get(ds_name)
        if not super().exists(ds_name):
            return False
        damaged = damaged_file(dataset)
        if damaged is not None:
            logger.warning("%s is damaged, which counts as missing: %s", ds_name, damaged)
        return damaged is None


class SharedWholeCatalog(WholeCatalog, SharedMemoryDataCatalog):
    """``SharedWholeCatalog`` is the ``WholeCatalog`` of Kedro's ``ParallelRunner``."""


class ProjectContext(KedroContext):
    """The context of this project, whose catalog is a ``WholeCatalog`` in runs, notebooks and Kedro-Viz."""

    def _get_catalog(self, catalog_class: type = DataCatalog, *args: Any, **kwargs: Any) -> Any:
        ours: dict[type, type] = {DataCatalog: WholeCatalog, SharedMemoryDataCatalog: SharedWholeCatalog}
        return super()._get_catalog(ours.get(catalog_class, catalog_class), *args, **kwargs)


def _take_literally(dataset: Any) -> None:
    """Let no dataset read a path as a pattern, or write text in whatever encoding the machine has."""
    if isinstance(dataset, AbstractVersionedDataset) and hasattr(dataset, "_fs"):
        dataset._glob_function = partial(_versions, dataset._fs)
    for name in ("_fs_open_args_load", "_fs_open_args_save"):
        arguments = getattr(dataset, name, None) or {}
        if arguments.get("mode") in {"r", "w"}:
            arguments.setdefault("encoding", "utf-8")


def _versions(filesystem: Any, pattern: str) -> list[str]:
    """What Kedro looks for by `folder/*/name`, in which brackets of the folder would stand for single characters."""
    folder, _, name = pattern.rpartition("/*/")
    return [f"{path}/{name}" for path in filesystem.ls(folder, detail=False)] if filesystem.isdir(folder) else []


class _Whole:
    """A kind of dataset for partitions: saves whole files, and loads none that is damaged."""

    def __init__(self, kind: Callable[..., Any]) -> None:
        self._kind = kind
        self.__name__ = getattr(kind, "__name__", str(kind))

    def __call__(self, **arguments: Any) -> Any:
        dataset = self._kind(**arguments)
        _take_literally(dataset)
        dataset.save = partial(_save, dataset, dataset.save)
        dataset.load = partial(_load, dataset, dataset.load)
        return dataset


def _save(dataset: Any, save: Callable[[Any], None], data: Any) -> None:
    with _saving(dataset):
        save(data)


def _load(dataset: Any, load: Callable[[], Any]) -> Any:
    refuse_damaged(dataset)
    return load()


def _saving(dataset: Any) -> Any:
    if not isinstance(dataset, AbstractVersionedDataset) or not hasattr(dataset, "_fs"):
        return nullcontext()
    return _elsewhere_first(dataset)


@contextmanager
def _elsewhere_first(dataset: Any) -> Iterator[None]:
    """Let a dataset save to a temporary path, which is then renamed."""
    final = _place(dataset, dataset._get_save_path())
    with whole(final, sealed=dataset._version is not None) as temporary:
        path = PurePosixPath(str(temporary) if isinstance(temporary, Path) else temporary.path)
        dataset._get_save_path = lambda: path
        # Kedro looks for what it saved when it has, and there it is not yet.
        dataset.resolve_load_version = dataset.resolve_save_version
        try:
            yield
        finally:
            del dataset._get_save_path, dataset.resolve_load_version
    dataset.release()


def _place(dataset: Any, path: PurePosixPath) -> AnyPath:
    protocol = getattr(dataset, "_protocol", "file")
    if protocol == "file":
        return place(str(path))
    return place(f"{protocol}://{path}", dataset._fs.storage_options)


def _for_want_of_room(error: BaseException | None) -> DiskFullError | None:
    while error is not None and not isinstance(error, DiskFullError):
        error = error.__cause__
    return error


def damaged_file(dataset: Any) -> AnyPath | None:
    """The file of a versioned dataset, if it does not hold what was saved; None if it does, or if nobody knows."""
    if not isinstance(dataset, AbstractVersionedDataset) or dataset._version is None or not hasattr(dataset, "_fs"):
        return None
    try:
        path = _place(dataset, dataset._get_load_path())
    except VersionNotFoundError:
        return None
    return path if is_damaged(path) else None


def refuse_damaged(dataset: Any, name: str = "") -> None:
    """Make sure that a dataset's file may be used.

    Args:
        dataset: Of any kind; only versions are sealed.
        name: In the catalog.

    Raises:
        DamagedError: If it may not.
    """
    damaged = damaged_file(dataset)
    if damaged is not None:
        raise DamagedError(
            f"{name + ': ' if name else ''}{damaged} is damaged: its checksum is not the one it was saved with. "
            "`kedro run --only-missing-outputs` with the same --params makes it again, and what is made with it"
        )
