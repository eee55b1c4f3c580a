"""Exports of a list of paintings: a table, a contact sheet, a IIIF collection."""

from __future__ import annotations

import io
import json

from grisaille.api import Collection
from grisaille.collection.iiif_export import collection_of
from grisaille.collection.tables import without_formulas
from grisaille.lazy import pd


def as_csv(paintings: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need; no cell is a formula."""
    return without_formulas(paintings).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_sheet(collection: Collection, paintings: pd.DataFrame, title: str, kind: str) -> bytes:
    """A contact sheet.

    Args:
        collection: The collection of the paintings.
        paintings: Table with a column painting_id.
        title: Heading of the sheet.
        kind: `png` or `pdf`.
    """
    buffer = io.BytesIO()
    collection.sheet(paintings, title).savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()


def as_iiif(collection: Collection, paintings: pd.DataFrame, title: str) -> bytes:
    """A IIIF collection of the paintings that come from a manifest.

    Raises:
        ValueError: If none of them does.
    """
    known = collection.paintings.set_index("painting_id").loc[paintings["painting_id"]].reset_index()
    return json.dumps(collection_of(known, title), ensure_ascii=False, indent=1).encode()
