"""`grisaille clean`: remove features that belong to no current collection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from grisaille.cli import options, project
from grisaille.errors import counted


@dataclass(frozen=True)
class _Collection:
    """The paintings of a folder in its last run.

    Attributes:
        run: Version of that run.
        paintings: SHA-256 digests of the files.
    """

    run: str
    paintings: frozenset[str]


@click.command()
@options.where
@click.option("--forget", multiple=True, help="A folder of paintings whose collection is no longer needed.")
@click.option("--yes", "-y", is_flag=True, help="Remove without asking.")
def clean(env: str | None, storage: str | None, forget: tuple[str, ...], yes: bool) -> None:
    """Remove features of paintings that are in no current collection.

    The current collection of a folder consists of the paintings in its last run. The command lists everything before
    it removes anything. A run that needs removed features extracts them again.
    """
    from grisaille.features.pruning import excess, prune
    from grisaille.storage.run_lock import RunLock

    catalog, root = _open(env, storage)
    collections = _collections(catalog)
    unknown = sorted(set(forget) - set(collections))
    if unknown:
        known = ", ".join(collections) or "none"
        raise click.BadParameter(f"no run has read {', '.join(unknown)}; there are {known}", param_hint="--forget")
    current = {folder: collection for folder, collection in collections.items() if folder not in forget}
    for folder, collection in current.items():
        click.echo(f"current: {counted(len(collection.paintings), 'painting')} of {folder}, run {collection.run}")
    needed = frozenset[str]().union(*(collection.paintings for collection in current.values()))
    stores = sorted({catalog.get(name).root for name in ("features", "palettes", "study_features")})
    unneeded = [store for folder in stores for store in excess(folder, needed)]
    for store in unneeded:
        click.echo(f"{store.folder.name}: {_in_words(store)}")
    total = sum(store.bytes for store in unneeded)
    if not total:
        click.echo("there is nothing to remove")
        return
    if not yes:
        click.confirm(f"remove {_size(total)}?", abort=True)
    lock = RunLock(root)
    lock.acquire()
    try:
        for folder in stores:
            prune(folder, needed)
    finally:
        lock.release()
    click.echo(f"removed {_size(total)}")


def _in_words(store: Any) -> str:
    if store.paintings is None:
        return f"features of an earlier release, which this one does not read, {_size(store.bytes)}"
    paintings = counted(store.paintings, "painting")
    if not store.unneeded:
        return f"features of {paintings}, all of them needed"
    return f"features of {paintings}, {store.unneeded:,} of which are in no current collection, {_size(store.bytes)}"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _collections(catalog: Any) -> dict[str, _Collection]:
    """Folder -> its collection in the last run."""
    from grisaille.provenance.recipes import settings_of

    collections: dict[str, _Collection] = {}
    for version in catalog.get("picture_files").list_versions(full_path=False):
        stamp = catalog.stamp("picture_files", version)
        given: Mapping[str, Any] = settings_of(stamp["recipe"]).get("paintings_folder", {}) if stamp else {}
        folder = next(iter(given), "null").strip('"')
        folder = "the catalog's raw_paintings" if folder == "null" else folder
        # Versions come newest first.
        if folder not in collections:
            table = catalog.load("picture_files", version)
            collections[folder] = _Collection(version, frozenset(table["sha256"]))
    return collections


def _open(env: str | None, storage: str | None) -> tuple[Any, Path]:
    """The catalog of the project around the current folder, and its storage.

    Raises:
        click.ClickException: If the storage is not local: a run could write there meanwhile, since it has no lock.
    """
    import logging

    from kedro.framework.session import KedroSession

    path = project.find()
    session = KedroSession.create(path, False, env, {"storage": storage} if storage else {})
    logging.getLogger("kedro").setLevel(logging.WARNING)  # a session resets it
    catalog: Any = session.load_context().catalog
    if not isinstance(catalog.storage, Path):
        raise click.ClickException(
            f"{catalog.storage} is not local: remove unneeded features with the bucket's own tools"
        )
    return catalog, catalog.storage
