"""A list of paintings as files: a table, a contact sheet, a IIIF collection."""

from __future__ import annotations

import io
import json

from grisaille.api import Collection
from grisaille.collection.iiif_export import collection_of
from grisaille.collection.tables import without_formulas
from grisaille.lazy import pd


def as_csv(paintings: pd.DataFrame) -> bytes:
    """UTF-8 with a mark, which spreadsheets ask for; no cell is a formula."""
    return without_formulas(paintings).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def as_sheet(collection: Collection, paintings: pd.DataFrame, title: str, kind: str) -> bytes:
    """A contact sheet.

    Args:
        collection: That the paintings are of.
        paintings: With a column painting_id.
        title: Above them.
        kind: `png` or `pdf`.
    """
    buffer = io.BytesIO()
    collection.sheet(paintings, title).savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()


def as_iiif(collection: Collection, paintings: pd.DataFrame, title: str) -> bytes:
    """A IIIF collection of those paintings that come from a manifest.

    Raises:
        ValueError: If none does.
    """
    known = collection.paintings.set_index("painting_id").loc[paintings["painting_id"]].reset_index()
    return json.dumps(collection_of(known, title), ensure_ascii=False, indent=1).encode()
