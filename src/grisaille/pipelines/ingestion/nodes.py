"""Nodes of the ingestion pipeline."""

from __future__ import annotations

from grisaille.collection import Files
from grisaille.lazy import pd
from grisaille.parameters import Ingestion


def inspect_files(
    raw_paintings: Files, settings: Ingestion, seed: int, known_files: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe every usable file, and give reasons for every other one (see `collection.catalogue`)."""
    from grisaille.collection import catalogue

    return catalogue.inspect_files(raw_paintings, settings, seed, known_files)


def name_artists(
    picture_files: pd.DataFrame, raw_artists: pd.DataFrame, raw_works: pd.DataFrame, settings: Ingestion
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add all known facts about paintings to the table of files, and list unmatched items (see `catalogue`)."""
    from grisaille.collection import catalogue
    from grisaille.collection.works import log_reading, recognise

    works = recognise(raw_works, settings.columns.named)
    log_reading(raw_works, settings.columns.named, works)
    return catalogue.name_artists(picture_files, raw_artists, works, settings.aliases)
