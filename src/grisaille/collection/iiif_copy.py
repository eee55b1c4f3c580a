"""Pictures of IIIF manifests in a folder of files, and what the manifests say of them in a table beside.

The folder holds JPEGs and three hidden files: `.works.jsonl` (the table, there once a copy is finished),
`.rejected.jsonl` (what could not be copied, and why) and `.copied.jsonl` (one line a picture, written as it comes, with
which a copy that was killed goes on).
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import threading
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from typing import Any

from filelock import FileLock
from PIL import Image
from tqdm import tqdm

from grisaille.collection import iiif, images
from grisaille.collection.iiif import SIDE, WORKS, ManifestError, Reference, Work
from grisaille.collection.iiif_client import Client, FetchError
from grisaille.errors import GrisailleError
from grisaille.storage import atomic_path, write_atomically

logger = logging.getLogger(__name__)

REJECTED, COPIED = ".rejected.jsonl", ".copied.jsonl"
DEEPEST = 10
"""How deep collections may lie inside of each other."""
MOST_MANIFESTS = 100_000
"""How many manifests a copy may have."""
MOST_PAGES = 10_000
"""How many collections, and pages of them, are read for it."""

# A service without sizes, or an address without a service, may give the whole original.
_LONGEST_SIDE = 2 * SIDE
_QUALITY = 92
_LONGEST_SLUG = 60


@dataclass
class _Copy:
    """A copy that is being made.

    Attributes:
        folder: Where.
        client: That fetches.
        done: Name of a picture -> its line in `.copied.jsonl`; its file is there and whole.
        rejected: Address -> why there is no picture.
        complete: Whether every collection could be read, so that what is not listed is no longer there.
    """

    folder: Path
    client: Client
    done: dict[str, dict[str, Any]]
    rejected: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, line: dict[str, Any]) -> None:
        with self.lock, (self.folder / COPIED).open("a", encoding="utf-8") as journal:
            journal.write(_line(line))
            self.done[line["picture"]] = line


def copy_collection(sources: Iterable[str], folder: Path, client: Client | None = None, connections: int = 2) -> None:
    """Copy the pictures that manifests and collections lead to.

    What is there and whole is not fetched again, nor are its manifests; a copy that was killed goes on. What is no
    longer listed is removed, if every collection could be read.

    Args:
        sources: URLs of manifests and collections.
        folder: Where to; made if it is not there.
        client: That fetches; one with the usual bounds unless given.
        connections: How many at a time.

    Raises:
        ManifestError: If nothing can be copied, or too much would have to be.
        FetchError: If no source answers.
        HostError: If a host stops answering. What was copied stays.
        DiskFullError: If there is no room.
    """
    client = client or Client()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".copying"):
        copy = _Copy(folder, client, _whole(folder))
        # What is appended must not go on in half a line.
        _write_lines(folder / COPIED, copy.done.values())
        # Two addresses may lead to one manifest.
        references = list({reference.address: reference for reference in _manifests(copy, sources)}.values())
        _copy_all(copy, references, connections)
        _finish(copy, {reference.address for reference in references})


def works(folder: Path) -> list[dict[str, str]]:
    """The rows of `.works.jsonl`; none where the copy is not finished."""
    return _read_lines(folder / WORKS)


def rejected(folder: Path) -> list[tuple[str, str]]:
    """Addresses that have no picture in a copy, and why."""
    return [(line["path"], line["reason"]) for line in _read_lines(folder / REJECTED)]


def _manifests(copy: _Copy, sources: Iterable[str]) -> Iterator[Reference]:
    """All that is listed, in order; what turns out to be a manifest comes with its content."""
    sources = list(sources)
    waiting = deque((Reference(source), 0) for source in sources)
    seen, found, failures = set(sources), 0, []
    while waiting:
        reference, depth = waiting.popleft()
        if reference.is_manifest:
            found += 1
            if found > MOST_MANIFESTS:
                raise ManifestError(f"more than {MOST_MANIFESTS:,} manifests: give parts of the collection")
            yield reference
            continue
        try:
            document = reference.document or iiif.parse(copy.client.get(reference.address))
            if depth > DEEPEST:
                raise ManifestError(f"collections inside of each other, more than {DEEPEST} deep")
            listed = _listed(document, reference.address)
        except (FetchError, ManifestError) as error:
            copy.rejected[reference.address] = str(error)
            copy.complete = False
            failures.append(error)
            continue
        if listed is None:
            waiting.appendleft((Reference(reference.address, True, document), depth))
            continue
        new = [(further, step) for further, step in listed if further.address not in seen]
        seen |= {further.address for further, _ in new}
        if len(seen) > MOST_MANIFESTS + MOST_PAGES:
            raise ManifestError(f"more than {MOST_MANIFESTS:,} manifests: give parts of the collection")
        waiting.extendleft((further, depth + step) for further, step in reversed(new))
    if len(failures) == len(sources) and not found:
        raise failures[0]


def _listed(document: Mapping[str, Any], address: str) -> list[tuple[Reference, int]] | None:
    """What a collection lists, and how much deeper that lies; None of a manifest.

    Raises:
        ManifestError: If it is neither.
    """
    try:
        read = iiif.read_manifest(document, address)
    except iiif.NoPictureError:
        return None  # a reason of its own is given where pictures are copied
    if read.works:
        return None
    return [(reference, 1) for reference in read.listed] + [(page, 0) for page in read.pages]


def _copy_all(copy: _Copy, references: list[Reference], connections: int) -> None:
    lines = Counter(line["manifest"] for line in copy.done.values())
    complete = {line["manifest"] for line in copy.done.values() if lines[line["manifest"]] >= line["of"]}
    missing = [reference for reference in references if reference.address not in complete]
    pool = ThreadPoolExecutor(connections)
    try:
        outcomes = pool.map(lambda reference: _copy_manifest(copy, reference), missing)
        for _ in tqdm(outcomes, "copying pictures", len(missing), unit=" manifests", disable=not missing):
            pass
    except BaseException:
        copy.client.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _copy_manifest(copy: _Copy, reference: Reference) -> None:
    try:
        document = reference.document or iiif.parse(copy.client.get(reference.address))
        found = iiif.read_manifest(document, reference.address).works
        if not found:
            raise ManifestError("a collection where a manifest is expected")
    except (FetchError, ManifestError) as error:
        copy.rejected[reference.address] = str(error)
        return
    for work in found:
        if work.picture.name not in copy.done:
            try:
                _copy_work(copy, work, len(found))
            except (FetchError, images.UnusableImageError) as error:
                copy.rejected[work.picture.name] = f"{error} (of {reference.address})"


def _copy_work(copy: _Copy, work: Work, siblings: int) -> None:
    data = _fetch(copy.client, work.picture)
    name = file_name(work)
    write_atomically(copy.folder / name, methodcaller("write", data))
    copy.note(
        {
            "picture": work.picture.name,
            "manifest": work.row["manifest"],
            "of": siblings,
            "sha256": hashlib.sha256(data).hexdigest(),
            "row": {**work.row, "file": name},
        }
    )


def _fetch(client: Client, picture: iiif.Picture) -> bytes:
    """A JPEG, from the first address that has one.

    Raises:
        FetchError: If no address answers.
        UnusableImageError: If what comes is no picture.
    """
    service = picture.service
    if service and service.level == 0 and not service.sizes:
        try:
            told = iiif.parse(client.get(f"{service.address}/info.json"))
            picture = iiif.Picture(picture.address, iiif.read_service(told, service), picture.width, picture.height)
        except (FetchError, ManifestError):
            pass  # the address in the manifest is left
    error: GrisailleError = FetchError("a service of level 0 that lists no sizes, and no other address")
    for address in picture.addresses():
        try:
            return _as_jpeg(client.get(address))
        except (FetchError, images.UnusableImageError) as failure:
            error = failure
    raise error


def _as_jpeg(data: bytes) -> bytes:
    """The file as it came, if it is a JPEG of a useful size; otherwise one that is."""
    picture, _ = images.decode(data)
    if data.startswith(b"\xff\xd8") and max(picture.size) <= _LONGEST_SIDE:
        return data
    if max(picture.size) > _LONGEST_SIDE:
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def file_name(work: Work) -> str:
    """Artist, title and 8 hexadecimal digits of the picture's address: `claude-monet_poppies_0f3a9c21_iiif.jpg`."""
    parts = [slug for text in (work.row["artist"], work.row["title"]) if (slug := _slug(text))]
    digits = hashlib.sha256(work.picture.name.encode("utf-8", "replace")).hexdigest()[:8]
    # A name that ends in digits would be taken for that of an artist, with a number behind it.
    return "_".join([*parts, digits, "iiif"]) + ".jpg"


def _slug(text: str) -> str:
    """Lower-case letters and digits of any script, without accents, with hyphens between words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", "-", bare.casefold()).strip("-")
    return words.encode()[:_LONGEST_SLUG].decode(errors="ignore").rstrip("-")


def _finish(copy: _Copy, listed: set[str]) -> None:
    """Write the tables; the one whose presence says that the copy is finished, last."""
    kept = {name: line for name, line in copy.done.items() if line["manifest"] in listed}
    if not kept:
        address, reason = next(iter(copy.rejected.items()), ("", "nothing is listed"))
        raise ManifestError(f"no picture could be copied; the first reason: {address} {reason}")
    if copy.complete:
        gone = {line["row"]["file"] for line in copy.done.values()} - {line["row"]["file"] for line in kept.values()}
        for name in gone:
            (copy.folder / name).unlink(missing_ok=True)
        copy.done = kept
    lines = sorted(copy.done.values(), key=lambda line: str(line["row"]["file"]))
    _write_lines(copy.folder / COPIED, lines)
    _write_lines(
        copy.folder / REJECTED, [{"path": path, "reason": reason} for path, reason in sorted(copy.rejected.items())]
    )
    _write_lines(copy.folder / WORKS, [line["row"] for line in lines])
    logger.info("copied: %d pictures in %s; %d rejected", len(lines), copy.folder, len(copy.rejected))


def _whole(folder: Path) -> dict[str, dict[str, Any]]:
    """Lines of `.copied.jsonl` whose files are there as they were written."""
    found = {}
    for line in _read_lines(folder / COPIED):
        try:
            data = (folder / line["row"]["file"]).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == line["sha256"]:
            found[line["picture"]] = line
    return found


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("".join(map(_line, lines)), encoding="utf-8")


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """Lines that are whole: the last one of a journal whose writer was killed need not be."""
    if not path.is_file():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
