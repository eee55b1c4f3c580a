"""Finds and removes features that no collection needs, or that are not to be kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grisaille.features.store import FeatureStore, FeatureStoreError, Shard, save_shard, shards
from grisaille.storage.files import AnyPath

# Earlier releases stored features by collection, each with a file of this name.
_EARLIER = "manifest.json"


@dataclass(frozen=True)
class Excess:
    """Features of one identity.

    Attributes:
        folder: Their folder.
        paintings: Number of paintings with stored features; None in a store of an earlier release.
        unneeded: Number of these paintings that no collection needs.
        bytes: Disk space of the unneeded features.
    """

    folder: Path
    paintings: int | None
    unneeded: int
    bytes: int


def excess(root: Path, needed: Set[str]) -> list[Excess]:
    """Find features that no collection needs; nothing is removed.

    Args:
        root: Folder of all stores.
        needed: SHA-256 of the files of all paintings in current collections.
    """
    return [_excess(folder, needed) for folder in _folders(root)]


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _excess(folder: Path, needed: Set[str]) -> Excess:
    if (folder / _EARLIER).is_file():
        return Excess(folder, None, 0, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
    known, superfluous = set[str](), 0
    for shard in _shards(folder):
        known |= set(shard.index.rows)
        superfluous += sum(shard.row_bytes for painting in shard.index.rows if painting not in needed)
    return Excess(folder, len(known), len(known - needed), superfluous)


def _shards(folder: Path) -> Iterator[Shard]:
    for layer in _folders(folder):
        yield from shards(layer)


def prune(root: Path, needed: Set[str]) -> None:
    """Remove the features that no collection needs. A shard with needed features, too, is rewritten without the others.

    Args:
        root: Folder of all stores.
        needed: See `excess`.

    Raises:
        DiskFullError: If there is no space for a new shard; nothing is lost then.
    """
    for folder in _folders(root):
        if (folder / _EARLIER).is_file():
            shutil.rmtree(folder)
            continue
        for shard in list(_shards(folder)):
            _prune_shard(shard, needed)
        for manifest in folder.glob("*.json"):
            if not manifest.name.endswith(".stamp.json") and not _is_whole(manifest):
                manifest.unlink()
                manifest.with_name(f"{manifest.name}.stamp.json").unlink(missing_ok=True)


def let_go(store: FeatureStore, kept: Set[str]) -> tuple[int, int]:
    """Remove the features of a collection, except for some paintings, once nothing needs them.

    Features of another collection stay, unless all its paintings are in this one. A killed call leaves a store that can
    be opened, and the next call resumes.

    Args:
        store: The features of the collection.
        kept: SHA-256 of the files of the paintings whose features stay.

    Returns:
        Number of paintings whose features were removed, and bytes.

    Raises:
        FeatureStoreError: If a shard with features that stay is damaged; nothing is removed then.
        DiskFullError: If there is no space for a new shard; nothing is lost then.
    """
    if damaged := store.damaged():
        raise FeatureStoreError(f"no features are removed, because the shard {damaged[0]} is damaged")
    own, folder = set(store.paintings), store.path.parent
    others = [_paintings(path) for path in folder.glob("*.json") if path != store.path]
    needed = set(kept).union(*(paintings for paintings in others if paintings - own))
    # First, so that the collection can be opened after an interruption.
    store.note_kept(kept & own)
    removed, freed = set[str](), 0
    for layer in store:
        for shard in shards(folder / layer):
            gone = own.intersection(shard.index.rows) - needed
            removed |= gone
            freed += len(gone) * shard.row_bytes
            _prune_shard(shard, set(shard.index.rows) - gone)
    return len(removed), freed


def _paintings(manifest: AnyPath) -> set[str]:
    """The paintings whose features a collection has; empty if the file is not a manifest."""
    try:
        found = FeatureStore(manifest)
    except FeatureStoreError:
        return set()
    return {found.paintings[row] for row in (range(len(found.paintings)) if found.kept is None else found.kept)}


def _prune_shard(shard: Shard, needed: Set[str]) -> None:
    paintings = list(shard.index.rows)
    rows = [row for row, painting in enumerate(paintings) if painting in needed]
    if len(rows) == len(paintings):
        return
    if rows and not shard.is_damaged:
        save_shard(shard.path.parent, [paintings[row] for row in rows], np.array(shard.map()[rows]))
    shard.remove()


def _is_whole(manifest: Path) -> bool:
    try:
        FeatureStore(manifest)
    except FeatureStoreError:
        return False
    return True
