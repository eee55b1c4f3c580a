"""Whether `autoencoder.retrain=auto` fits encoders anew."""

from __future__ import annotations

from typing import Any

from kedro.io.core import DatasetError

from grisaille.collection.split import ADDED, HELD_OUT
from grisaille.framework import config
from grisaille.framework.catalog import AtomicCatalog
from grisaille.provenance import recipes

# By how much the collection may grow before encoders are fitted anew.
GROWTH = 0.25
# By how much less of their nearest new paintings may keep than paintings that were held out.
MARGIN = 0.05


def reason_to_refit(catalog: AtomicCatalog) -> str | None:
    """Why encoders are to be fitted anew; None where those of an earlier run will do.

    Args:
        catalog: Of the session, which knows its settings and what is stored.
    """
    files = catalog.stamp("picture_files")
    encoders = {name: catalog.stamp(f"{name}.composition_encoder") for name in config.chunks()}
    if files is None or not all(encoders.values()):
        return "nothing was fitted yet"
    for stamp in encoders.values():
        if stamp and (found := recipes.differences(stamp["recipe"], catalog.settings)):
            return f"they were made with {recipes.sentence(found)}"
    return _has_grown(catalog) or _falls_short(catalog)


def _has_grown(catalog: AtomicCatalog) -> str | None:
    known = catalog.read("picture_files")
    fitted = int((known["split"] != ADDED).sum())
    try:
        now = len(catalog.read("raw_paintings"))
    except DatasetError:
        return None  # ingestion says so in words
    return f"the collection has grown from {fitted:,} to {now:,} files" if now > (1 + GROWTH) * fitted else None


def _falls_short(catalog: AtomicCatalog) -> str | None:
    if catalog.where("growth") is None or catalog.is_damaged("growth"):
        return None
    # Of other encoders it says nothing.
    if _version(catalog, "growth") != _version(catalog, "picture_files"):
        return None
    recall = catalog.read("growth").set_index("paintings")["recall"].to_dict()
    if recall.get(ADDED, 1.0) >= recall.get(HELD_OUT, 0.0) - MARGIN:
        return None
    return (
        f"paintings that came later keep {recall[ADDED]:.2f} of their nearest, and those that were held out "
        f"{recall[HELD_OUT]:.2f}"
    )


def _version(catalog: AtomicCatalog, name: str) -> Any:
    return catalog.get(name).resolve_load_version()
