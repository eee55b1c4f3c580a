"""Nodes of the ingestion pipeline."""

from __future__ import annotations

from grisaille.collection import Files
from grisaille.lazy import pd
from grisaille.parameters import Ingestion


def catalogue_paintings(
    raw_paintings: Files, raw_artists: pd.DataFrame, settings: Ingestion, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe every file that can be used, and say why of every other (see `collection.catalogue`)."""
    from grisaille.collection.catalogue import catalogue

    return catalogue(raw_paintings, raw_artists, settings, seed)
