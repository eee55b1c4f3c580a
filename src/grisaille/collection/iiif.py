"""What a IIIF manifest or collection says, in Presentation 2 or 3: works of art, their pictures, and what else to read.

Nothing is fetched here. Institutions differ in what they write where, so reading is tolerant: what is not understood is
left out, and only a document that leads to no picture is an error.
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
"""Columns of the table of a copy: those of a table of paintings, and the manifest and canvas that each row shows."""

WORKS = ".works.jsonl"
"""Name of that table, in the folder of a copy. It is there once the copy is finished."""

SIDE = 512
"""Pixels of the longer side that pictures are asked for: the backbone sees 224, the explorer shows less."""

# Deeper than any document nests what is read here; broken or hostile ones may nest deeper than Python calls.
_DEEPEST = 20
_LANGUAGES = ("en", "en-gb", "en-us", "eng", "none", "@none", "und", "")
# In the order in which they are asked; labels are compared without case, plural "(s)" and colons.
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
    """The folder in which the pictures of a source are kept.

    Args:
        source: URL of a manifest or collection, or path of a file of URLs.
        copies: Folder of all such folders.
    """
    return Path(copies) / hashlib.sha256(source.encode()).hexdigest()[:16]


def is_url(path: str | Path) -> bool:
    """Whether a path is an address of the web, where only manifests are looked for."""
    return str(path).lower().startswith(("http://", "https://"))


class ManifestError(GrisailleError):
    """A document that cannot be used, with the reason in one line."""


class NoPictureError(ManifestError):
    """A manifest that shows nothing."""


@dataclass(frozen=True)
class Service:
    """An image service.

    Attributes:
        address: Its base, without a slash at the end.
        version: Of the Image API, 1 to 3.
        level: Of compliance, 0 to 2.
        sizes: Width and height of the sizes that are listed.
    """

    address: str
    version: int
    level: int
    sizes: tuple[tuple[int, int], ...] = ()

    def picture(self, width: int, height: int) -> str | None:
        """The address of the picture in about `SIDE` pixels; None where no size is known that the service makes.

        Args:
            width: Pixels of the original, 0 where unknown.
            height: Likewise.

        Source: Image API 3.0, section 4.2; 2.1.1, section 4.2; 1.1, section 4.2.
        """
        if self.level == 0:
            if not self.sizes:
                return None
            enough = [size for size in self.sizes if max(size) >= SIDE]
            listed = min(enough, key=max) if enough else max(self.sizes, key=max)
            size = f"{listed[0]},{listed[1]}" if self.version == 3 else f"{listed[0]},"
        elif 0 < max(width, height) <= SIDE:
            # Version 3 refuses to enlarge.
            size = "max" if self.version == 3 else "full"
        elif self.level == 1 and width and height:
            size = f"{SIDE}," if width >= height else f",{SIDE}"
        else:
            size = f"!{SIDE},{SIDE}"
        quality = "native" if self.version == 1 else "default"
        return f"{self.address}/full/{size}/0/{quality}.jpg"


@dataclass(frozen=True)
class Picture:
    """A picture as a manifest describes it.

    Attributes:
        address: That the manifest gives, "" where it only gives a service.
        service: Its image service.
        width: Pixels of the original, 0 where unknown.
        height: Likewise.
    """

    address: str
    service: Service | None
    width: int = 0
    height: int = 0

    @property
    def name(self) -> str:
        """What tells it from other pictures, and does not change with sizes: the address of its service, or its own."""
        return self.service.address if self.service else self.address

    def addresses(self) -> list[str]:
        """Where to ask for it, the best first."""
        served = self.service.picture(self.width, self.height) if self.service else None
        return list(dict.fromkeys(address for address in (served, self.address) if address))


@dataclass(frozen=True)
class Work:
    """A work of art: its picture, and what is known of it in columns of `COLUMNS`, all text."""

    picture: Picture
    row: Mapping[str, str]


@dataclass(frozen=True)
class Reference:
    """A document that a collection lists, or that is read first.

    Attributes:
        address: Its URL.
        is_manifest: None where nobody knows.
        document: Its content where the collection holds that, too.
    """

    address: str
    is_manifest: bool | None = None
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Document:
    """A manifest, which has works, or a collection, which has references.

    Attributes:
        works: One a manifest: the first canvas with a picture. One a canvas where that is asked for, and where two
            canvases or more have a title or an artist in metadata of their own: the manifest is a list of works.
        listed: Manifests and collections inside of a collection.
        pages: Further pages of a collection.
    """

    works: list[Work] = field(default_factory=list)
    listed: list[Reference] = field(default_factory=list)
    pages: list[Reference] = field(default_factory=list)


def parse(data: bytes) -> Mapping[str, Any]:
    """The JSON object in an answer.

    Raises:
        ManifestError: If it holds anything else.
    """
    try:
        found = json.loads(data)
    except UnicodeDecodeError:
        raise ManifestError("no manifest: not in UTF-8") from None
    except (ValueError, RecursionError):
        page = data.lstrip()[:1] == b"<"
        raise ManifestError(f"no manifest: {'a web page' if page else 'not JSON'}") from None
    if not isinstance(found, dict):
        raise ManifestError("no manifest: JSON, but no object")
    return found


def read_manifest(document: Mapping[str, Any], address: str, every_canvas: bool = False) -> Document:
    """Read a manifest, or a collection.

    Args:
        document: The JSON object.
        address: Where it was found; relative addresses begin there.
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
    """A service with the sizes that its own description (`info.json`) lists."""
    told = _service(document)
    return Service(service.address, told.version if told else service.version, service.level, _sizes(document))


def texts(value: Any, depth: int = 0) -> list[str]:
    """The texts of a value: a string, a language map, a value with a language, or a list of any of these.

    English is taken where there are several languages, then what has none, then the first. Markup is removed.
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
    """Text without markup; lines stay lines."""
    text = re.sub(r"<br\s*/?>|</p>|</li>", "\n", text, flags=re.IGNORECASE)
    text = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    # Half of a letter, which JSON can spell, can be written to no file.
    text = text.encode("utf-8", "replace").decode()
    return "\n".join(line for part in text.splitlines() if (line := " ".join(part.split())))


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _address(value: Any, base: str = "") -> str:
    """The http(s) URL of a resource, "" where it has none."""
    if isinstance(value, Mapping):
        value = value.get("@id", value.get("id"))
    if not isinstance(value, str):
        return ""
    try:
        address = urljoin(base, value.strip())
        parts = urlsplit(address)
        address.encode()  # half of a letter, which JSON can spell, is in no address
        return address if parts.scheme in {"http", "https"} and parts.hostname else ""
    except ValueError:
        return ""


def _kind(value: Mapping[str, Any]) -> str:
    """The type without its namespace, in lower case."""
    kind = next(iter(_many(value.get("@type", value.get("type")))), "")
    return str(kind).rpartition(":")[2].rpartition("/")[2].lower()


def _is_collection(document: Mapping[str, Any]) -> bool:
    if _kind(document) == "manifest":
        return False
    return _kind(document) in {"collection", "collectionpage"} or any(
        name in document for name in ("collections", "manifests", "members")
    )


def _collection(document: Mapping[str, Any], address: str) -> Document:
    found = []
    for member, is_manifest in (("collections", False), ("manifests", True), ("members", None), ("items", None)):
        for listed in _many(document.get(member)):
            kind = _kind(listed) if isinstance(listed, Mapping) else ""
            known = {"manifest": True, "collection": False}.get(kind, is_manifest)
            whole = isinstance(listed, Mapping) and ("sequences" in listed or (known and "items" in listed))
            if target := _address(listed, address):
                found.append(Reference(target, known, listed if whole else None))
    further = (_address(document.get(name), address) for name in ("first", "next"))
    return Document(listed=found, pages=[Reference(target, False) for target in further if target])


def _canvases(document: Mapping[str, Any]) -> Iterator[Any]:
    """Of the first sequence, as the specification wants it, or the items."""
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
    """Images on a canvas."""
    annotations = _many(canvas.get("images"))
    for page in _many(canvas.get("items")):
        annotations += _many(page.get("items")) if isinstance(page, Mapping) else []
    for annotation in annotations:
        if isinstance(annotation, Mapping) and "painting" in str(annotation.get("motivation", "painting")):
            for body in (*_many(annotation.get("resource")), *_many(annotation.get("body"))):
                yield from _images(body)


def _images(body: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """An image, the image that a choice or a part of one begins with."""
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
            if told := _service(described):
                yield Service(address.rstrip("/"), told.version, told.level, _sizes(described))


def _service(described: Mapping[str, Any]) -> Service | None:
    """Version and level; None of what is no image service."""
    profile = str(described.get("profile", ""))[:2000]
    told = f"{described.get('@context', '')} {described.get('@type', described.get('type', ''))}"[:2000] + profile
    if not re.search("image|level[012]", told, re.IGNORECASE):
        return None
    version = re.search(r"image(?:-api)?/([123])|ImageService([123])", told)
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
    """Field -> texts of the label that is asked first, in metadata."""
    by_label: dict[str, list[str]] = {}
    for pair in _many(resource.get("metadata")):
        if isinstance(pair, Mapping) and (values := texts(pair.get("value"))):
            for label in _all_languages(pair.get("label")):
                by_label.setdefault(label, values)
    found: dict[str, list[str]] = {}
    for name, labels in _LABELS.items():
        first = next((label for label in labels if label in by_label), None)
        if first is not None:
            found[name] = by_label[first]
    return found


def _all_languages(label: Any) -> set[str]:
    """A label in every language it is given in, as labels are compared."""
    if isinstance(label, Mapping):
        values = [label["@value"]] if "@value" in label else list(label.values())
    else:
        values = _many(label)
    said = [text for value in values for part in _many(value) for text in texts(part)]
    bare = (re.sub(r"\((?:s|es|in|e|en)\)|[:*]", "", text.casefold()) for text in said)
    return {re.sub(r"\s*/\s*", "/", " ".join(text.split())) for text in bare}


def _row(
    manifest: Mapping[str, Any], address: str, shown: Mapping[str, Any], work: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """What is known of a work.

    Args:
        manifest: That it is in.
        address: Of the manifest.
        shown: The canvas that shows it.
        work: What describes it in place of the manifest, which adds what is missing.
    """
    own = _described(work or {})
    known = _described(manifest) | own
    labelled = work or manifest
    if work and "title" not in own:
        known["title"] = texts(work.get("label"))
    rights = [*_many(manifest.get("rights")), *_many(manifest.get("license"))]
    statement = manifest.get("requiredStatement")
    told = texts(statement.get("value")) if isinstance(statement, Mapping) else texts(manifest.get("attribution"))
    provider = next((p for p in _many(manifest.get("provider")) if isinstance(p, Mapping)), {})
    row = {
        "title": known.get("title") or texts(labelled.get("label")),
        "artist": [_artist(next(iter(known.get("artist", [])), ""))],
        "date": known.get("date", [])[:1],
        "medium": known.get("medium", []),
        "museum": (known.get("museum") or texts(provider.get("label")))[:1],
        "rights": [*(texts(rights) or known.get("rights", [])), *(told or known.get("attribution", []))],
        "link": [_link(work or {}, address) or _link(manifest, address)],
        "tags": known.get("tags", []),
        "text": texts(labelled.get("summary", labelled.get("description"))) or known.get("text", []),
        "manifest": [address],
        "canvas": [_address(shown, address)],
    }
    joined = {name: "; ".join(dict.fromkeys(" ".join(text.split()) for text in found)) for name, found in row.items()}
    return {name: joined.get(name, "") for name in COLUMNS}


def _page_row(manifest: Mapping[str, Any], address: str, canvas: Mapping[str, Any]) -> dict[str, str]:
    """What is known of a canvas that is a part of one work: its label tells it from the others."""
    row = _row(manifest, address, canvas)
    label = " ".join(" ".join(texts(canvas.get("label"))).split())
    return row | {"title": ", ".join(dict.fromkeys(filter(None, (row["title"], label))))}


def _artist(told: str) -> str:
    """A name without a role, and without the life behind it."""
    name = next(iter(told.splitlines()), "").strip()
    role = _ROLE.match(name)
    if role:
        return role[1].strip()
    bare = _ROLE_BEHIND.sub("", name) or name
    return (_LIFE.sub("", bare) or bare).strip()


def _link(resource: Mapping[str, Any], base: str) -> str:
    """The page about a work for people, or what comes closest."""
    for name in ("homepage", "related", "rendering", "seeAlso"):
        linked = [item for item in _many(resource.get(name)) if name != "rendering" or _is_page(item)]
        found = [target for item in sorted(linked, key=_is_page, reverse=True) if (target := _address(item, base))]
        if found:
            return found[0]
    for pair in _many(resource.get("metadata")):
        labels = _all_languages(pair.get("label")) if isinstance(pair, Mapping) else set()
        if not labels.isdisjoint(_LABELS["link"]):
            said = str(pair.get("value"))[:2000]
            if found := re.findall(r"https?://[^\s\"'<>\]}]+", said):
                return str(found[0])
    return ""


def _is_page(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("format") == "text/html"


def urls(text: str) -> list[str]:
    """The addresses in a text file, one a line; lines that begin with # are comments."""
    lines: Iterable[str] = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    return list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
