"""Reads IIIF manifests and collections, Presentation 2 or 3: works of art, their pictures, and further documents.

Nothing is fetched here. Institutions use the fields differently, so reading is tolerant: unknown parts are ignored, and
only a document without any picture is an error.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from grisaille.errors import GrisailleError

COLUMNS = (
    "file",
    "title",
    "artist",
    "date",
    "medium",
    "museum",
    "rights",
    "link",
    "tags",
    "text",
    "manifest",
    "canvas",
)
"""Columns of the table of a copy: those of a table of paintings, and the manifest and canvas of each row."""

WORKS = ".works.jsonl"
"""File name of that table in the folder of a copy; it exists once the copy is finished."""

SIDE = 512
"""Pixels of the longer side of requested pictures: the backbone reads 224, the explorer shows fewer."""

# Maximum nesting. Valid documents are flatter; broken or hostile ones could exceed Python's recursion limit.
_DEEPEST = 20
_LANGUAGES = ("en", "en-gb", "en-us", "eng", "none", "@none", "und", "")
# In order of preference; labels are compared without case, plural "(s)" and colons.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "title": (
        *("title", "titles", "titel", "titre", "título", "titulo", "titolo", "tytuł", "object title", "work title"),
        *("name", "object name"),
    ),
    "artist": (
        *("artist", "artists", "artist/maker", "artist/creator", "painter", "künstler", "künstlerin", "kunstenaar"),
        *("künstler/in", "artiste", "peintre", "artista", "pittore", "pintor", "schilder", "maler", "kunstner"),
        *("konstnär", "maker", "makers", "vervaardiger", "hersteller", "creator", "creators", "créateur", "urheber"),
        *("creatore", "autor", "autore", "auteur", "author", "authors", "verfasser", "twórca", "作者", "people"),
        *("contributor", "contributors"),
    ),
    "date": (
        *("date", "dates", "date made", "date created", "creation date", "date of creation", "production date"),
        *("object date", "datum", "datierung", "entstehungsdatum", "entstehungszeit", "datering", "date de création"),
        *("dated", "created", "fecha", "data", "datazione", "jahr", "year", "issued", "publication date"),
        *("date statement", "date original", "date of origin", "date of origin (english)", "period"),
    ),
    "medium": (
        *("medium", "media", "materials and techniques", "materials & techniques", "material and technique"),
        *("material/technik", "medium and support", "technik", "technique", "techniques", "techniek", "tecnica"),
        *("material", "materials", "materiaal", "matériaux", "support", "physical description"),
    ),
    "museum": (
        *("repository", "holding institution", "institution", "owning institution", "museum", "data provider"),
        *("institution de conservation", "lieu de conservation", "besitzende institution", "standort", "bewaarplaats"),
        *("aufbewahrungsort", "contributing institution", "owner", "eigenaar", "collection", "collectie", "sammlung"),
        *("current location", "location"),
    ),
    "rights": (
        *("rights", "license", "licence", "rights statement", "usage terms", "terms of use", "conditions of use"),
        *("copyright", "rechte", "lizenz", "droits", "rechten", "rights/license", "image rights"),
    ),
    "attribution": ("attribution", "credit line", "credit"),
    "tags": (
        *("subject", "subjects", "keyword", "keywords", "tags", "tag", "genre", "classification", "topic", "topics"),
        *("schlagwort", "schlagworte", "schlagwörter", "sujet", "onderwerp", "depicts", "object type"),
    ),
    "text": ("description", "summary", "beschreibung", "beschrijving", "descripción", "descrizione"),
    "link": ("link", "permalink", "persistent url", "object page", "homepage", "catalogue record"),
}
_ROLE = re.compile(r"(?:artist|painter|maker|creator|author|attributed to)\s*:\s*([^,]+)", re.IGNORECASE)
_ROLE_BEHIND = re.compile(
    r"(?:[.,]\s+|\s*[\[(])(?:artist|painter|engraver|printmaker|creator|author|artiste|peintre|graveur|auteur du texte"
    r"|künstler|künstlerin|maler|verfasser|kunstenaar|schilder|artista|pittore|pintor)[\])]?\.?\s*$",
    re.IGNORECASE,
)
_LIFE = re.compile(r"\s*(?:\([^()]*\d{3}[^()]*\)|\[[^\[\]]*\d{3}[^\[\]]*\]|,\s*[^,()]*\d{4}[^,()]*)\s*$")


def copy_of(source: str, copies: str) -> Path:
    """The folder with the copied pictures of a source.

    Args:
        source: URL of a manifest or collection, or path of a file of URLs.
        copies: Parent folder of all copies.
    """
    return Path(copies) / hashlib.sha256(source.encode()).hexdigest()[:16]


def is_url(path: str | Path) -> bool:
    """Whether a path is a URL; URLs are read as manifests."""
    return str(path).lower().startswith(("http://", "https://"))


class ManifestError(GrisailleError):
    """A document that cannot be used; the message is the reason, in one line."""


class NoPictureError(ManifestError):
    """A manifest without a picture."""


@dataclass(frozen=True)
class Service:
    """An image service.

    Attributes:
        address: Base URL, without a slash at the end.
        version: Version of the Image API, 1 to 3.
        level: Compliance level, 0 to 2.
        sizes: Width and height of the listed sizes.
    """

    address: str
    version: int
    level: int
    sizes: tuple[tuple[int, int], ...] = ()

    def picture(self, width: int, height: int) -> str | None:
        """URL of the picture at about `SIDE` pixels; None if no size is known that the service provides.

        Args:
            width: Pixels of the original, 0 if unknown.
            height: Pixels of the original, 0 if unknown.

        Source: Image API 3.0, section 4.2; 2.1.1, section 4.2; 1.1, section 4.2.
        """
        if self.level == 0:
            if not self.sizes:
                return None
            enough = [size for size in self.sizes if max(size) >= SIDE]
            listed = min(enough, key=max) if enough else max(self.sizes, key=max)
            size = f"{listed[0]},{listed[1]}" if self.version == 3 else f"{listed[0]},"
        elif 0 < max(width, height) <= SIDE:
            # Version 3 does not enlarge.
            size = "max" if self.version == 3 else "full"
        elif self.level == 1 and width and height:
            size = f"{SIDE}," if width >= height else f",{SIDE}"
        else:
            size = f"!{SIDE},{SIDE}"
        quality = "native" if self.version == 1 else "default"
        return f"{self.address}/full/{size}/0/{quality}.jpg"


@dataclass(frozen=True)
class Picture:
    """A picture as described by a manifest.

    Attributes:
        address: URL in the manifest, "" if it only gives a service.
        service: Its image service.
        width: Pixels of the original, 0 if unknown.
        height: Pixels of the original, 0 if unknown.
    """

    address: str
    service: Service | None
    width: int = 0
    height: int = 0

    @property
    def name(self) -> str:
        """Identifier of the picture at any size: the URL of its service, or its own."""
        return self.service.address if self.service else self.address

    def addresses(self) -> list[str]:
        """URLs of the picture, the best first."""
        served = self.service.picture(self.width, self.height) if self.service else None
        return list(dict.fromkeys(address for address in (served, self.address) if address))


@dataclass(frozen=True)
class Work:
    """A work of art: its picture, and its data in the columns of `COLUMNS`, all text."""

    picture: Picture
    row: Mapping[str, str]


@dataclass(frozen=True)
class Reference:
    """A document that a collection lists, or that is read first.

    Attributes:
        address: Its URL.
        is_manifest: Whether it is a manifest; None if unknown.
        document: Its content, if the collection embeds it.
    """

    address: str
    is_manifest: bool | None = None
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Document:
    """A manifest, which has works, or a collection, which has references.

    Attributes:
        works: One a manifest, from its first canvas with a picture. One a canvas on request, and if two or more
            canvases have a title or an artist in their own metadata, since the manifest is then a list of works.
        listed: Manifests and collections in a collection.
        pages: Further pages of a collection.
    """

    works: list[Work] = field(default_factory=list)
    listed: list[Reference] = field(default_factory=list)
    pages: list[Reference] = field(default_factory=list)


def parse(data: bytes) -> Mapping[str, Any]:
    """Parse a response to a JSON object.

    Raises:
        ManifestError: If it contains anything else.
    """
    try:
        document = json.loads(data)
    except UnicodeDecodeError:
        raise ManifestError("no manifest: not UTF-8") from None
    except (ValueError, RecursionError):
        page = data.lstrip()[:1] == b"<"
        raise ManifestError(f"no manifest: {'a web page' if page else 'not JSON'}") from None
    if not isinstance(document, dict):
        raise ManifestError("no manifest: JSON, but not an object")
    return document


def read_manifest(document: Mapping[str, Any], address: str, every_canvas: bool = False) -> Document:
    """Read a manifest, or a collection.

    Args:
        document: The JSON object.
        address: Its URL, the base of relative URLs.
        every_canvas: Whether each canvas of a manifest is a work.

    Raises:
        ManifestError: If it is neither.
        NoPictureError: If it is a manifest without a picture.
    """
    if _is_collection(document):
        return _collection(document, address)
    canvases = [canvas for canvas in _canvases(document) if isinstance(canvas, Mapping)]
    if not canvases and _kind(document) != "manifest":
        raise ManifestError("neither a manifest nor a collection")
    shown = [(canvas, picture) for canvas in canvases if (picture := _picture(canvas, address))]
    if not shown:
        raise NoPictureError("a manifest without a picture")
    own = [_described(canvas) for canvas, _ in shown]
    if sum("title" in known or "artist" in known for known in own) > 1:
        works = [Work(picture, _row(document, address, canvas, canvas)) for canvas, picture in shown]
    elif every_canvas and len(shown) > 1:
        works = [Work(picture, _page_row(document, address, canvas)) for canvas, picture in shown]
    else:
        canvas, picture = shown[0]
        works = [Work(picture, _row(document, address, canvas))]
    return Document(works=works)


def read_service(document: Mapping[str, Any], service: Service) -> Service:
    """The service with the sizes from its own description (`info.json`)."""
    own = _service(document)
    return Service(service.address, own.version if own else service.version, service.level, _sizes(document))


def texts(value: Any, depth: int = 0) -> list[str]:
    """The texts of a value: a string, a language map, a value with a language, or a list of these.

    Of several languages English is preferred, then text without a language, then the first. Markup is removed.
    """
    if depth > _DEEPEST or value is None or isinstance(value, bool):
        return []
    if isinstance(value, str | int | float):
        text = _plain(str(value))
        return [text] if text else []
    if isinstance(value, Mapping):
        if "@value" in value or "value" in value:
            return texts(value.get("@value", value.get("value")), depth + 1)
        return texts(_in_a_language(value), depth + 1)
    if not isinstance(value, list):
        return []
    if any(isinstance(part, Mapping) and "@language" in part for part in value):
        spoken: dict[str, list[Any]] = {}
        for part in value:
            language = part.get("@language") if isinstance(part, Mapping) else ""
            spoken.setdefault(str(language or ""), []).append(part)
        value = _in_a_language(spoken)
    return [text for part in value for text in texts(part, depth + 1)]


def _in_a_language(spoken: Mapping[str, Any]) -> Any:
    known = {language.lower(): language for language in spoken}
    best = next((known[language] for language in _LANGUAGES if language in known), next(iter(spoken), None))
    return None if best is None else spoken[best]


def _plain(text: str) -> str:
    """Text without markup; line breaks are kept."""
    text = re.sub(r"<br\s*/?>|</p>|</li>", "\n", text, flags=re.IGNORECASE)
    text = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    # JSON can contain lone surrogates, which cannot be written to a file.
    text = text.encode("utf-8", "replace").decode()
    return "\n".join(line for part in text.splitlines() if (line := " ".join(part.split())))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _address(value: Any, base: str = "") -> str:
    """The http(s) URL of a resource, "" if it has none."""
    if isinstance(value, Mapping):
        value = value.get("@id", value.get("id"))
    if not isinstance(value, str):
        return ""
    try:
        address = urljoin(base, value.strip())
        parts = urlsplit(address)
        address.encode()  # fails on lone surrogates, which JSON can contain
        return address if parts.scheme in {"http", "https"} and parts.hostname else ""
    except ValueError:
        return ""


def _kind(value: Mapping[str, Any]) -> str:
    """The type in lower case, without its namespace."""
    kind = next(iter(_many(value.get("@type", value.get("type")))), "")
    return str(kind).rpartition(":")[2].rpartition("/")[2].lower()


def _is_collection(document: Mapping[str, Any]) -> bool:
    if _kind(document) == "manifest":
        return False
    return _kind(document) in {"collection", "collectionpage"} or any(
        name in document for name in ("collections", "manifests", "members")
    )


def _collection(document: Mapping[str, Any], address: str) -> Document:
    references = []
    for member, is_manifest in (("collections", False), ("manifests", True), ("members", None), ("items", None)):
        for listed in _many(document.get(member)):
            kind = _kind(listed) if isinstance(listed, Mapping) else ""
            known = {"manifest": True, "collection": False}.get(kind, is_manifest)
            whole = isinstance(listed, Mapping) and ("sequences" in listed or (known and "items" in listed))
            if target := _address(listed, address):
                references.append(Reference(target, known, listed if whole else None))
    further = (_address(document.get(name), address) for name in ("first", "next"))
    return Document(listed=references, pages=[Reference(target, False) for target in further if target])


def _canvases(document: Mapping[str, Any]) -> Iterator[Any]:
    """The canvases of the first sequence (version 2) or the items (version 3)."""
    for sequence in _many(document.get("sequences"))[:1]:
        if isinstance(sequence, Mapping):
            yield from _many(sequence.get("canvases"))
    yield from _many(document.get("items"))


def _picture(canvas: Mapping[str, Any], base: str) -> Picture | None:
    for body in _bodies(canvas):
        address = _address(body, base)
        service = next(_services(body, base), None)
        if address or service:
            width, height = (_pixels(body.get(side)) or _pixels(canvas.get(side)) for side in ("width", "height"))
            return Picture(address, service, width, height)
    return None


def _bodies(canvas: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Images of a canvas."""
    annotations = _many(canvas.get("images"))
    for page in _many(canvas.get("items")):
        annotations += _many(page.get("items")) if isinstance(page, Mapping) else []
    for annotation in annotations:
        if isinstance(annotation, Mapping) and "painting" in str(annotation.get("motivation", "painting")):
            for body in (*_many(annotation.get("resource")), *_many(annotation.get("body"))):
                yield from _images(body)


def _images(body: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """An image; of a choice or a part of an image, the first image."""
    if isinstance(body, str):
        yield {"id": body}
    if not isinstance(body, Mapping) or depth > _DEEPEST:
        return
    kind = _kind(body)
    if kind in {"choice", "specificresource"}:
        for name in ("default", "item", "items", "full", "source"):
            for part in _many(body.get(name)):
                yield from _images(part, depth + 1)
    elif kind in {"image", "stillimage"} or (not kind and str(body.get("format", "image")).startswith("image")):
        yield body


def _services(body: Mapping[str, Any], base: str) -> Iterator[Service]:
    for described in (*_many(body.get("service")), *_many(body.get("services"))):
        if isinstance(described, Mapping) and (address := _address(described, base)):
            if service := _service(described):
                yield Service(address.rstrip("/"), service.version, service.level, _sizes(described))


def _service(described: Mapping[str, Any]) -> Service | None:
    """Version and level; None if it is not an image service."""
    profile = str(described.get("profile", ""))[:2000]
    text = f"{described.get('@context', '')} {described.get('@type', described.get('type', ''))}"[:2000] + profile
    if not re.search("image|level[012]", text, re.IGNORECASE):
        return None
    version = re.search(r"image(?:-api)?/([123])|ImageService([123])", text)
    level = re.search(r"level\s?([012])", profile)
    confined = "sizeByConfinedWh" in f"{profile}{described.get('extraFeatures', '')}"
    return Service(
        address="",
        version=int(version[1] or version[2]) if version else 2,
        level=2 if confined or level is None else int(level[1]),
    )


def _sizes(described: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    listed = [size for size in _many(described.get("sizes")) if isinstance(size, Mapping)]
    sizes = [(_pixels(size.get("width")), _pixels(size.get("height"))) for size in listed]
    return tuple(size for size in sizes if all(size))


def _pixels(value: Any) -> int:
    try:
        return int(value) if 0 < int(value) < 1 << 31 else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def _described(resource: Mapping[str, Any]) -> dict[str, list[str]]:
    """Field -> texts of the preferred label in the metadata."""
    by_label: dict[str, list[str]] = {}
    for pair in _many(resource.get("metadata")):
        if isinstance(pair, Mapping) and (values := texts(pair.get("value"))):
            for label in _all_languages(pair.get("label")):
                by_label.setdefault(label, values)
    fields: dict[str, list[str]] = {}
    for name, labels in _LABELS.items():
        first = next((label for label in labels if label in by_label), None)
        if first is not None:
            fields[name] = by_label[first]
    return fields


def _all_languages(label: Any) -> set[str]:
    """A label in all its languages, normalised for comparison."""
    if isinstance(label, Mapping):
        values = [label["@value"]] if "@value" in label else list(label.values())
    else:
        values = _many(label)
    labels = [text for value in values for part in _many(value) for text in texts(part)]
    bare = (re.sub(r"\((?:s|es|in|e|en)\)|[:*]", "", text.casefold()) for text in labels)
    return {re.sub(r"\s*/\s*", "/", " ".join(text.split())) for text in bare}


def _row(
    manifest: Mapping[str, Any], address: str, shown: Mapping[str, Any], work: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """The data of a work.

    Args:
        manifest: The manifest.
        address: URL of the manifest.
        shown: The canvas with the picture.
        work: The resource that describes the work; the manifest fills its gaps.
    """
    own = _described(work or {})
    known = _described(manifest) | own
    labelled = work or manifest
    if work and "title" not in own:
        known["title"] = texts(work.get("label"))
    rights = [*_many(manifest.get("rights")), *_many(manifest.get("license"))]
    statement = manifest.get("requiredStatement")
    attribution = (
        texts(statement.get("value")) if isinstance(statement, Mapping) else texts(manifest.get("attribution"))
    )
    provider = next((p for p in _many(manifest.get("provider")) if isinstance(p, Mapping)), {})
    row = {
        "title": known.get("title") or texts(labelled.get("label")),
        "artist": [_artist(next(iter(known.get("artist", [])), ""))],
        "date": known.get("date", [])[:1],
        "medium": known.get("medium", []),
        "museum": (known.get("museum") or texts(provider.get("label")))[:1],
        "rights": [*(texts(rights) or known.get("rights", [])), *(attribution or known.get("attribution", []))],
        "link": [_link(work or {}, address) or _link(manifest, address)],
        "tags": known.get("tags", []),
        "text": texts(labelled.get("summary", labelled.get("description"))) or known.get("text", []),
        "manifest": [address],
        "canvas": [_address(shown, address)],
    }
    joined = {name: "; ".join(dict.fromkeys(" ".join(text.split()) for text in values)) for name, values in row.items()}
    return {name: joined.get(name, "") for name in COLUMNS}


def _page_row(manifest: Mapping[str, Any], address: str, canvas: Mapping[str, Any]) -> dict[str, str]:
    """The data of a canvas that is part of a work; its label distinguishes it from the others."""
    row = _row(manifest, address, canvas)
    label = " ".join(" ".join(texts(canvas.get("label"))).split())
    return row | {"title": ", ".join(dict.fromkeys(filter(None, (row["title"], label))))}


def _artist(written: str) -> str:
    """An artist's name without role and dates."""
    name = next(iter(written.splitlines()), "").strip()
    role = _ROLE.match(name)
    if role:
        return role[1].strip()
    bare = _ROLE_BEHIND.sub("", name) or name
    return (_LIFE.sub("", bare) or bare).strip()


def _link(resource: Mapping[str, Any], base: str) -> str:
    """The web page about a work, or the closest link."""
    for name in ("homepage", "related", "rendering", "seeAlso"):
        linked = [item for item in _many(resource.get(name)) if name != "rendering" or _is_page(item)]
        links = [target for item in sorted(linked, key=_is_page, reverse=True) if (target := _address(item, base))]
        if links:
            return links[0]
    for pair in _many(resource.get("metadata")):
        labels = _all_languages(pair.get("label")) if isinstance(pair, Mapping) else set()
        if not labels.isdisjoint(_LABELS["link"]):
            text = str(pair.get("value"))[:2000]
            if links := re.findall(r"https?://[^\s\"'<>\]}]+", text):
                return str(links[0])
    return ""


def _is_page(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("format") == "text/html"


def urls(text: str) -> list[str]:
    """The URLs in a text file, one a line; lines that begin with # are comments."""
    lines: Iterable[str] = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
