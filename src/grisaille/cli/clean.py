"""`grisaille clean`: remove features that no current collection needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from grisaille.cli import options, project


@dataclass(frozen=True)
class _Collection:
    """The pictures of a folder, as the last run saw them.

    Attributes:
        run: When that was.
        paintings: SHA-256 of the files.
    """

    run: str
    paintings: frozenset[str]


@click.command()
@options.where
@click.option("--forget", multiple=True, help="A folder of paintings whose collection is not needed any more.")
@click.option("--yes", "-y", is_flag=True, help="Remove without asking.")
def clean(env: str | None, storage: str | None, forget: tuple[str, ...], yes: bool) -> None:
    """Remove features of paintings that are in no current collection.

    The current collection of a folder is what the last run found there. Everything is listed before anything is
    removed. Removed features are computed again when a run asks for them.
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
        click.echo(f"current: {len(collection.paintings):,} paintings of {folder}, run {collection.run}")
    needed = frozenset[str]().union(*(collection.paintings for collection in current.values()))
    stores = sorted({catalog.get(name).root for name in ("features", "palettes", "study_features")})
    found = [store for folder in stores for store in excess(folder, needed)]
    for store in found:
        click.echo(f"{store.folder.name}: {_in_words(store)}")
    total = sum(store.bytes for store in found)
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
    if not store.unneeded:
        return f"features of {store.paintings:,} paintings, all of them needed"
    return (
        f"features of {store.paintings:,} paintings, {store.unneeded:,} of which are in no current collection, "
        f"{_size(store.bytes)}"
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _collections(catalog: Any) -> dict[str, _Collection]:
    """Folder -> what the last run found there."""
    from grisaille.provenance.recipes import settings_of

    found: dict[str, _Collection] = {}
    for version in catalog.get("picture_files").list_versions(full_path=False):
        stamp = catalog.stamp("picture_files", version)
        given: Mapping[str, Any] = settings_of(stamp["recipe"]).get("paintings_folder", {}) if stamp else {}
        folder = next(iter(given), "null").strip('"')
        folder = "the catalog's raw_paintings" if folder == "null" else folder
        # Versions come newest first.
        if folder not in found:
            table = catalog.load("picture_files", version)
            found[folder] = _Collection(version, frozenset(table["sha256"]))
    return found


def _open(env: str | None, storage: str | None) -> tuple[Any, Path]:
    """The catalog of the project in whose folder the command was given, and its storage.

    Raises:
        click.ClickException: If the storage is not local: nothing keeps a run from writing there meanwhile.
    """
    import logging

    from kedro.framework.session import KedroSession

    path = project.find()
    session = KedroSession.create(path, False, env, {"storage": storage} if storage else {})
    logging.getLogger("kedro").setLevel(logging.WARNING)  # which a session sets anew
    catalog: Any = session.load_context().catalog
    if not isinstance(catalog.storage, Path):
        raise click.ClickException(f"{catalog.storage} is not local: remove what nobody needs with its own tools")
    return catalog, catalog.storage
