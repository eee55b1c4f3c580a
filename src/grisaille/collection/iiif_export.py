"""A collection for other programs: annotations for IIIF viewers, tables for Tropy and for Omeka."""

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
# Dublin Core element -> column of `paintings`, in the order of the columns that are written. Tropy takes a row for a
# comment whose first cell begins with #, as titles do and identifiers rarely.
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
    """The columns that are exported, as text, empty where nothing is known; a painting without a title has its name."""
    table = paintings.reindex(columns=["path", *_ELEMENTS.values(), *_ALSO], fill_value="").fillna("").astype(str)
    table["title"] = table["title"].where(table["title"] != "", table["painting_id"])
    return table


def tropy(paintings: pd.DataFrame, folder: str) -> pd.DataFrame:
    """A table that Tropy's plugin `tropy-plugin-csv` imports: one item a painting, with its picture.

    Args:
        paintings: The table of paintings.
        folder: Of the pictures.

    Returns:
        Columns named after properties; the picture's come last, as the plugin wants them.
    """
    known = _complete(paintings)
    table = known.rename(columns={column: _DC + element for element, column in _ELEMENTS.items()})
    table = table[[_DC + element for element in _ELEMENTS]]
    table[f"{_TROPY}tag"] = known["tags"].str.replace("; ", ", ")
    table[f"{_TROPY}path"] = [f"{folder}/{path}" if folder else path for path in known["path"]]
    return table


def omeka(paintings: pd.DataFrame, neighbours: pd.DataFrame) -> pd.DataFrame:
    """A table that Omeka S imports by its module CSV Import, which knows the columns by their names.

    Args:
        paintings: The table of paintings.
        neighbours: Of one likeness: painting_id, rank and neighbour_id.

    Returns:
        Dublin Core terms. `dcterms:relation` holds the identifiers of the neighbours, nearest first, and
        `dcterms:subject` the tags, with semicolons between them. `file` is the path of the picture in its folder.
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
    """A page of annotations for each painting that has a IIIF manifest: one annotation that leads to its neighbours.

    Its motivation is `linking`, with the manifests of the neighbours, and `commenting`, with a list in HTML: viewers
    show comments, and pass over links (Mirador's `annotations.filteredMotivations` names the former only).

    Args:
        paintings: The table of paintings.
        neighbours: Of one likeness: painting_id, rank and neighbour_id.
        address: Under which the files are going to be published.

    Yields:
        Name of a file, and what it holds.

    Source: Presentation API 3.0, section 5.5; Web Annotation Data Model, section 3.3.5.
    """
    known = {str(row["painting_id"]): _strings(row) for row in _complete(paintings).to_dict("records")}
    for painting_id, near in neighbours.sort_values(["painting_id", "rank"]).groupby("painting_id", sort=True):
        painting = known.get(str(painting_id))
        if painting is None or not painting["manifest"]:
            continue
        name = _file_name(str(painting_id))
        page = f"{address.rstrip('/')}/{name}"
        found = [known[neighbour] for neighbour in near["neighbour_id"] if neighbour in known]
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
                        "body": [_comment(found), *map(_linked, filter(_has_manifest, found))],
                        "target": _target(painting),
                    }
                ],
            },
        )


def collection_of(paintings: pd.DataFrame, title: str) -> dict[str, Any]:
    """Paintings that come from IIIF manifests as a collection, which viewers open; others are left out.

    Args:
        paintings: Rows of the table of paintings, in their order.
        title: Of the collection.

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


def _comment(found: list[dict[str, str]]) -> dict[str, str]:
    lines = "".join(f"<li>{_line(painting)}</li>" for painting in found)
    return {
        "type": "TextualBody",
        "language": "en",
        "format": "text/html",
        "value": f"<p>Most alike:</p><ol>{lines}</ol>",
    }


def _line(painting: Mapping[str, str]) -> str:
    said = html.escape(", ".join(filter(None, (painting["artist"], painting["title"], painting["date"]))))
    page = next(
        (link for link in (painting["link"], painting["manifest"]) if link.startswith(("http:", "https:"))), None
    )
    return f'<a href="{html.escape(page)}">{said}</a>' if page else said


def _target(painting: Mapping[str, str]) -> Any:
    manifest = {"id": painting["manifest"], "type": "Manifest"}
    if not painting["canvas"]:
        return manifest
    return {"id": painting["canvas"], "type": "Canvas", "partOf": [manifest]}


def _file_name(painting_id: str) -> str:
    digits = hashlib.sha256(painting_id.encode()).hexdigest()[:8]
    return f"{re.sub('[^a-zA-Z0-9]+', '-', painting_id)[:80].strip('-')}-{digits}.json"
