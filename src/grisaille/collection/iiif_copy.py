"""Copies the pictures of IIIF manifests to a folder, with the data of the manifests in a table.

The folder holds JPEGs and three hidden files: `.works.jsonl` (the table, written when a copy is finished),
`.rejected.jsonl` (pictures that could not be copied, with reasons) and `.copied.jsonl` (one line a picture, appended
after each, from which a killed copy resumes).
"""

from __future__ import annotations

import hashlib
import heapq
import io
import itertools
import json
import logging
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from typing import Any

from filelock import FileLock
from PIL import Image

from grisaille.collection import iiif, images
from grisaille.collection.iiif import SIDE, WORKS, ManifestError, Reference, Work
from grisaille.collection.iiif_client import Client, FetchError, HostError
from grisaille.errors import GrisailleError
from grisaille.storage import atomic_path, write_atomically
from grisaille.terminal import Bar

logger = logging.getLogger(__name__)

REJECTED, COPIED = ".rejected.jsonl", ".copied.jsonl"
DEEPEST = 10
"""Maximum nesting of collections."""
MOST_DOCUMENTS = 100_000
"""Maximum number of manifests, collections and their pages in a copy."""

# A service without sizes, or a URL without a service, may return the full original.
_LONGEST_SIDE = 2 * SIDE
_QUALITY = 92
_LONGEST_SLUG = 60


@dataclass
class _Copy:
    """The state of a copy in progress.

    Attributes:
        folder: Output folder.
        client: HTTP client.
        sources: URLs that the copy starts from.
        done: Name of a picture -> its line in `.copied.jsonl`; its file exists and is complete.
        seen: URLs of all listed documents.
        rejected: URL -> reason why there is no picture.
        complete: Whether every collection was read, so that unlisted pictures can be removed.
        silent: Messages about hosts that stopped answering.
    """

    folder: Path
    client: Client
    sources: list[str]
    done: dict[str, dict[str, Any]]
    seen: set[str] = field(default_factory=set)
    rejected: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    silent: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, line: dict[str, Any]) -> None:
        with self.lock, (self.folder / COPIED).open("a", encoding="utf-8") as journal:
            journal.write(_line(line))
            self.done[line["picture"]] = line


@dataclass(frozen=True)
class _Step:
    """A document to read, or a picture to copy.

    Attributes:
        reference: The document, or the manifest of the picture.
        depth: Number of enclosing collections.
        work: The work that the picture shows; None for a document.
        siblings: Number of pictures in the manifest.
    """

    reference: Reference
    depth: int = 0
    work: Work | None = None
    siblings: int = 1

    @property
    def rank(self) -> int:
        """Pictures come first, so that data already read is used; then collections, which show the extent of a copy."""
        if self.work is not None:
            return 0
        return 2 if self.reference.is_manifest else 1


def copy_collection(sources: Iterable[str], folder: Path, client: Client | None = None, connections: int = 2) -> None:
    """Copy the pictures of manifests and collections.

    A single manifest gives a picture for each canvas; several manifests, and those in collections, give one each.
    Complete files and their manifests are not fetched again, so a killed copy resumes. Files that are no longer listed
    are removed if every collection could be read.

    Args:
        sources: URLs of manifests and collections.
        folder: Output folder, created if missing. All JPEGs in it belong to the copy.
        client: HTTP client; one with default limits unless given.
        connections: Number of parallel requests.

    Raises:
        ManifestError: If nothing can be copied, or the source is too large.
        HostError: If a host stopped answering, raised after the pictures of other hosts are copied. Copied files stay.
        DiskFullError: If the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".copying"):
        copy = _Copy(folder, client or Client(), list(sources), _whole(folder))
        # Rewrite the journal, since its last line may be incomplete.
        _write_lines(folder / COPIED, copy.done.values())
        _copy_all(copy, connections)
        if copy.silent:
            raise HostError("; ".join(sorted(copy.silent)))
        _finish(copy)


def works(folder: Path) -> list[dict[str, str]]:
    """The rows of `.works.jsonl`; empty if the copy is not finished."""
    return _read_lines(folder / WORKS)


def rejected(folder: Path) -> list[tuple[str, str]]:
    """URLs without a picture in a copy, with reasons."""
    return [(line["path"], line["reason"]) for line in _read_lines(folder / REJECTED)]


def _copy_all(copy: _Copy, connections: int) -> None:
    """Process all steps, several at a time; each may add more."""
    waiting: list[tuple[int, int, _Step]] = []
    running: dict[Future[list[_Step]], _Step] = {}
    finished, order = _finished(copy), itertools.count()

    def add(steps: Iterable[_Step]) -> None:
        for step in _unseen(copy, steps):
            if step.reference.address not in finished:
                heapq.heappush(waiting, (step.rank, next(order), step))

    pool = ThreadPoolExecutor(connections)
    try:
        add(_Step(Reference(source)) for source in copy.sources)
        with Bar(desc="copying pictures", unit=" pictures", total=len(waiting)) as bar:
            while waiting or running:
                while waiting and len(running) < connections:
                    step = heapq.heappop(waiting)[-1]
                    running[pool.submit(_take, copy, step)] = step
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    bar.update(running.pop(future).work is not None)
                    add(future.result())
                bar.total = bar.n + len(waiting) + len(running)
                bar.refresh()
    except BaseException:
        copy.client.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(copy: _Copy) -> set[str]:
    """Manifests with all pictures copied."""
    lines = Counter(line["manifest"] for line in copy.done.values())
    return {line["manifest"] for line in copy.done.values() if lines[line["manifest"]] >= line["of"]}


def _unseen(copy: _Copy, steps: Iterable[_Step]) -> Iterator[_Step]:
    """Pictures, and documents not listed before, since collections may be circular."""
    for step in steps:
        if step.work is None:
            if step.reference.address in copy.seen:
                continue
            copy.seen.add(step.reference.address)
            if len(copy.seen) > MOST_DOCUMENTS:
                raise ManifestError(
                    f"more than {MOST_DOCUMENTS:,} manifests and collections: give parts of the collection"
                )
        yield step


def _take(copy: _Copy, step: _Step) -> list[_Step]:
    """Copy a picture, or read a document; return the resulting steps."""
    try:
        if step.work is None:
            return _read(copy, step)
        _copy_work(copy, step.work, step.siblings)
    except HostError as error:
        copy.silent.add(str(error))
    return []


def _read(copy: _Copy, step: _Step) -> list[_Step]:
    reference = step.reference
    try:
        document = reference.document or iiif.parse(copy.client.get(reference.address))
        read = iiif.read_manifest(document, reference.address, every_canvas=copy.sources == [reference.address])
        if step.depth > DEEPEST and not read.works:
            raise ManifestError(f"collections nested more than {DEEPEST} deep")
    except (FetchError, ManifestError) as error:
        copy.rejected[reference.address] = str(error)
        if not (reference.is_manifest or isinstance(error, iiif.NoPictureError)):
            copy.complete = False
        return []
    shown = {work.picture.name: work for work in reversed(read.works)}
    return [
        *(_Step(Reference(reference.address), 0, work, len(shown)) for work in reversed(shown.values())),
        *(_Step(listed, step.depth + 1) for listed in read.listed),
        *(_Step(page, step.depth) for page in read.pages),
    ]


def _copy_work(copy: _Copy, work: Work, siblings: int) -> None:
    if work.picture.name in copy.done:
        return
    try:
        data = _fetch(copy.client, work.picture)
    except (FetchError, images.UnusableImageError) as error:
        copy.rejected[work.picture.name] = f"{error} (of {work.row['manifest']})"
        return
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
    """Fetch a JPEG from the first URL that has one.

    Raises:
        FetchError: If no URL answers.
        UnusableImageError: If the data is not a picture.
    """
    service = picture.service
    if service and service.level == 0 and not service.sizes:
        try:
            description = iiif.parse(client.get(f"{service.address}/info.json"))
            picture = iiif.Picture(
                picture.address, iiif.read_service(description, service), picture.width, picture.height
            )
        except (FetchError, ManifestError):
            pass  # fall back to the URL in the manifest
    error: GrisailleError = FetchError("a level 0 service without sizes, and no other URL")
    for address in picture.addresses():
        try:
            return _as_jpeg(client.get(address))
        except (FetchError, images.UnusableImageError) as failure:
            error = failure
    raise error


def _as_jpeg(data: bytes) -> bytes:
    """The data itself if it is a JPEG of a useful size; otherwise a converted copy."""
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
    # A name ending in digits would be parsed as an artist's name and a number.
    return "_".join([*parts, digits, "iiif"]) + ".jpg"


def _slug(text: str) -> str:
    """Lower-case letters and digits of any script, without accents, words joined by hyphens."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", "-", bare.casefold()).strip("-")
    return words.encode()[:_LONGEST_SLUG].decode(errors="ignore").rstrip("-")


def _finish(copy: _Copy) -> None:
    """Write the tables; last the one that marks the copy as finished."""
    listed = {name: line for name, line in copy.done.items() if line["manifest"] in copy.seen}
    if not listed:
        address, reason = next(iter(copy.rejected.items()), ("", "nothing is listed"))
        if copy.sources == [address]:
            raise ManifestError(reason)
        raise ManifestError(f"no picture could be copied; the first reason: {address} {reason}")
    if copy.complete:
        copy.done = listed
    lines = sorted(copy.done.values(), key=lambda line: str(line["row"]["file"]))
    for name in {path.name for path in copy.folder.glob("*.jpg")} - {line["row"]["file"] for line in lines}:
        (copy.folder / name).unlink()
    _write_lines(copy.folder / COPIED, lines)
    _write_lines(
        copy.folder / REJECTED, [{"path": path, "reason": reason} for path, reason in sorted(copy.rejected.items())]
    )
    _write_lines(copy.folder / WORKS, [line["row"] for line in lines])
    logger.info("copied: %d pictures in %s; %d rejected", len(lines), copy.folder, len(copy.rejected))


def _whole(folder: Path) -> dict[str, dict[str, Any]]:
    """Lines of `.copied.jsonl` whose files are unchanged."""
    lines = {}
    for line in _read_lines(folder / COPIED):
        try:
            data = (folder / line["row"]["file"]).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == line["sha256"]:
            lines[line["picture"]] = line
    return lines


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("".join(map(_line, lines)), encoding="utf-8")


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """Complete lines; the last line of a killed writer's journal may be incomplete."""
    if not path.is_file():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
