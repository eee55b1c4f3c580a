"""Exports a collection: annotations for IIIF viewers, tables for Tropy and for Omeka."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grisaille.lazy import pd

_DC = "http://purl.org/dc/elements/1.1/"
_TROPY = "https://tropy.org/v1/tropy#"
# Dublin Core element -> column of `paintings`, in output order. Tropy skips rows whose first cell begins with #, as
# some titles do and identifiers rarely do.
_ELEMENTS = {
    "identifier": "painting_id",
    "title": "title",
    "creator": "artist",
    "date": "date",
    "format": "medium",
    "publisher": "museum",
    "rights": "rights",
    "source": "link",
    "subject": "tags",
    "description": "text",
}
_ALSO = ("manifest", "canvas")


def _complete(paintings: pd.DataFrame) -> pd.DataFrame:
    """The exported columns as text, empty if unknown; a painting without a title gets its name."""
    table = paintings.reindex(columns=["path", *_ELEMENTS.values(), *_ALSO], fill_value="").fillna("").astype(str)
    table["title"] = table["title"].where(table["title"] != "", table["painting_id"])
    return table


def tropy(paintings: pd.DataFrame, folder: str) -> pd.DataFrame:
    """A table for Tropy's plugin `tropy-plugin-csv`: one item a painting, with its picture.

    Args:
        paintings: The table of paintings.
        folder: Folder of the pictures.

    Returns:
        Columns named after properties; those of the picture come last, as the plugin requires.
    """
    known = _complete(paintings)
    table = known.rename(columns={column: _DC + element for element, column in _ELEMENTS.items()})
    table = table[[_DC + element for element in _ELEMENTS]]
    table[f"{_TROPY}tag"] = known["tags"].str.replace("; ", ", ")
    table[f"{_TROPY}path"] = [f"{folder}/{path}" if folder else path for path in known["path"]]
    return table


def omeka(paintings: pd.DataFrame, neighbours: pd.DataFrame) -> pd.DataFrame:
    """A table for the CSV Import module of Omeka S, which recognises the columns by name.

    Args:
        paintings: The table of paintings.
        neighbours: Neighbours by one likeness: painting_id, rank and neighbour_id.

    Returns:
        Dublin Core terms. `dcterms:relation` holds the identifiers of the neighbours, nearest first, and
        `dcterms:subject` the tags, separated by semicolons. `file` is the path of the picture in its folder.
    """
    known = _complete(paintings)
    table = known.rename(columns={column: f"dcterms:{element}" for element, column in _ELEMENTS.items()})
    near = neighbours.sort_values("rank").groupby("painting_id")["neighbour_id"].agg(";".join)
    table["dcterms:subject"] = table["dcterms:subject"].str.replace("; ", ";")
    table["dcterms:relation"] = known["painting_id"].map(near).fillna("")
    table["file"] = known["path"]
    return table[[*(f"dcterms:{element}" for element in _ELEMENTS), "dcterms:relation", "file"]]


def annotation_pages(
    paintings: pd.DataFrame, neighbours: pd.DataFrame, address: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an annotation page for each painting with a IIIF manifest: one annotation that links to its neighbours.

    Its motivations are `linking`, with the manifests of the neighbours, and `commenting`, with a list in HTML, since
    viewers show comments but not links (see Mirador's `annotations.filteredMotivations`).

    Args:
        paintings: The table of paintings.
        neighbours: Neighbours by one likeness: painting_id, rank and neighbour_id.
        address: URL under which the files will be published.

    Yields:
        File name and content.

    Source: Presentation API 3.0, section 5.5; Web Annotation Data Model, section 3.3.5.
    """
    known = {str(row["painting_id"]): _strings(row) for row in _complete(paintings).to_dict("records")}
    for painting_id, near in neighbours.sort_values(["painting_id", "rank"]).groupby("painting_id", sort=True):
        painting = known.get(str(painting_id))
        if painting is None or not painting["manifest"]:
            continue
        name = _file_name(str(painting_id))
        page = f"{address.rstrip('/')}/{name}"
        related = [known[neighbour] for neighbour in near["neighbour_id"] if neighbour in known]
        yield (
            name,
            {
                "@context": "http://iiif.io/api/presentation/3/context.json",
                "id": page,
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{page}#neighbours",
                        "type": "Annotation",
                        "motivation": ["commenting", "linking"],
                        "body": [_comment(related), *map(_linked, filter(_has_manifest, related))],
                        "target": _target(painting),
                    }
                ],
            },
        )


def collection_of(paintings: pd.DataFrame, title: str) -> dict[str, Any]:
    """A IIIF collection of the paintings that come from manifests; others are left out.

    Args:
        paintings: Rows of the table of paintings, in order.
        title: Title of the collection.

    Raises:
        ValueError: If no painting comes from a manifest.

    Source: Presentation API 3.0, section 5.1.
    """
    known = [_strings(row) for row in _complete(paintings).to_dict("records")]
    linked = [_linked(painting) for painting in known if _has_manifest(painting)]
    if not linked:
        raise ValueError("none of these paintings comes from a IIIF manifest")
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": f"urn:sha256:{hashlib.sha256(json.dumps(linked).encode()).hexdigest()}",
        "type": "Collection",
        "label": {"none": [title]},
        "items": linked,
    }


def _strings(row: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in row.items()}


def _has_manifest(painting: Mapping[str, str]) -> bool:
    return bool(painting["manifest"])


def _linked(painting: Mapping[str, str]) -> dict[str, Any]:
    return {"id": painting["manifest"], "type": "Manifest", "label": {"none": [painting["title"]]}}


def _comment(neighbours: list[dict[str, str]]) -> dict[str, str]:
    lines = "".join(f"<li>{_line(painting)}</li>" for painting in neighbours)
    return {
        "type": "TextualBody",
        "language": "en",
        "format": "text/html",
        "value": f"<p>Most alike:</p><ol>{lines}</ol>",
    }


def _line(painting: Mapping[str, str]) -> str:
    caption = html.escape(", ".join(filter(None, (painting["artist"], painting["title"], painting["date"]))))
    page = next(
        (link for link in (painting["link"], painting["manifest"]) if link.startswith(("http:", "https:"))), None
    )
    return f'<a href="{html.escape(page)}">{caption}</a>' if page else caption


def _target(painting: Mapping[str, str]) -> Any:
    manifest = {"id": painting["manifest"], "type": "Manifest"}
    if not painting["canvas"]:
        return manifest
    return {"id": painting["canvas"], "type": "Canvas", "partOf": [manifest]}


def _file_name(painting_id: str) -> str:
    digits = hashlib.sha256(painting_id.encode()).hexdigest()[:8]
    return f"{re.sub('[^a-zA-Z0-9]+', '-', painting_id)[:80].strip('-')}-{digits}.json"
