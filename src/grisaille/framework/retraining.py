"""Decides whether `autoencoder.retrain=auto` refits encoders."""

from __future__ import annotations

from typing import Any

from kedro.io.core import DatasetError, Version

from grisaille.collection.split import ADDED, HELD_OUT
from grisaille.framework import config
from grisaille.framework.catalog import AtomicCatalog
from grisaille.provenance import recipes

# Growth of the collection beyond which encoders are refitted.
GROWTH = 0.25
# Tolerated loss of recall of new paintings against held-out ones.
MARGIN = 0.05


def reason_to_refit(catalog: AtomicCatalog) -> str | None:
    """The reason to refit encoders; None if the earlier ones are good enough.

    Args:
        catalog: Catalog of the session, with its settings and stored results.
    """
    files = catalog.stamp("picture_files")
    encoders = {name: catalog.stamp(f"{name}.composition_encoder") for name in config.chunks()}
    if files is None or not all(encoders.values()):
        return "nothing has been fitted yet"
    for stamp in encoders.values():
        if stamp and (differences := recipes.differences(stamp["recipe"], catalog.settings)):
            return f"they were made with {recipes.sentence(differences)}"
    return _has_grown(catalog) or _falls_short(catalog)


def _has_grown(catalog: AtomicCatalog) -> str | None:
    # Ingestion alone may have split the files anew since then.
    version = catalog.version_with("picture_files", catalog.checksum_of_encoders())
    known = catalog.get("picture_files", version=Version(version, None)).load()
    fitted = int((known["split"] != ADDED).sum())
    try:
        now = len(catalog.read("raw_paintings"))
    except DatasetError:
        return None  # ingestion reports it
    return f"the collection has grown from {fitted:,} to {now:,} files" if now > (1 + GROWTH) * fitted else None


def _falls_short(catalog: AtomicCatalog) -> str | None:
    if catalog.where("growth") is None or catalog.is_damaged("growth"):
        return None
    # It only applies to the same encoders.
    if _version(catalog, "growth") != _version(catalog, "picture_files"):
        return None
    recall = catalog.read("growth").set_index("paintings")["recall"].to_dict()
    if recall.get(ADDED, 1.0) >= recall.get(HELD_OUT, 0.0) - MARGIN:
        return None
    return (
        f"the embedding keeps {recall[ADDED]:.2f} of the nearest of later paintings, but "
        f"{recall[HELD_OUT]:.2f} of held-out ones"
    )


def _version(catalog: AtomicCatalog, name: str) -> Any:
    return catalog.get(name).resolve_load_version()
