"""The HTTP routes, documented by `/openapi.json`."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from grisaille.api import Collection, EmbeddedPicture, Likeness
from grisaille.errors import GrisailleError
from grisaille.lazy import pd
from grisaille.lookalikes.parts import Box
from grisaille.lookalikes.recommendation import DIVERSITY
from grisaille.studio import exports
from grisaille.studio.answers import (
    UnknownError,
    as_json,
    described,
    explained,
    facts,
    known_as,
    rows,
    searched,
    thumbnail,
    years,
)
from grisaille.studio.source import Source

# Limits of an uploaded picture: bytes, and seconds until the answer.
MOST_BYTES, MOST_SECONDS = 64 << 20, 60.0
# Number of pictures decoded and embedded at a time; each may take hundreds of megabytes.
AT_ONCE = 2
# Prefix of uploaded pictures, which distinguishes them from names of paintings.
_SENT = "sent:"
_SIDES = (64, 128, 256, 512, 1024, 2048)
# Static files by package: those of the studio, and those it shares with the explorer.
_STATIC = {
    **dict.fromkeys(("theme.css", "dom.js", "combobox.js"), "explorer"),
    **dict.fromkeys(
        (
            *("studio.css", "studio.js", "state.js", "ask.js", "pictures.js", "cards.js", "query.js", "part.js"),
            *("list.js", "trays.js", "search.js", "dialogs.js", "path.js", "artist.js", "map.js"),
        ),
        "studio",
    ),
}
_MEDIA = {".css": "text/css", ".js": "text/javascript"}
_BODY = {"requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}
_Share = Annotated[float, Field(ge=0, le=1)]
_Many = Annotated[int, Query(ge=1, le=500)]


class _Request(BaseModel):
    """A body, in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class RecommendationRequest(_Request):
    """A request for recommendations.

    Attributes:
        liked: Names of paintings, or of uploaded pictures as `/similar` returned them.
        disliked: Likewise.
        likeness: A likeness, or a mixture such as `style:1,colour:0.5`.
        n: Number of recommendations.
        diversity: See `Collection.recommend`, as for all fields below.
        artists: Only works by these artists.
        movements: Only works of these movements.
        years: First and last year; null leaves an end open.
        without: No works by these artists.
        new_artists: No works by artists of liked or disliked pictures.
        among: Only these paintings; null allows all.
    """

    liked: list[str] = Field(min_length=1, max_length=500)
    disliked: list[str] = Field(default=[], max_length=500)
    likeness: str | None = None
    n: int = Field(20, ge=1, le=500)
    diversity: _Share = DIVERSITY
    artists: list[str] = []
    movements: list[str] = []
    years: tuple[int | None, int | None] | None = None
    without: list[str] = []
    new_artists: bool = False
    among: list[str] | None = Field(None, max_length=1_000_000)


class Listed(_Request):
    """A list to export.

    Attributes:
        paintings: Names of paintings, in order.
        title: Heading.
    """

    paintings: list[str] = Field(min_length=1, max_length=500)
    title: str = Field("Paintings", max_length=200)


class TooLargeError(GrisailleError):
    """An upload above the size limit."""


@dataclass(frozen=True)
class Current:
    """The state that answers one request, from start to end, even if a newer run replaces it meanwhile.

    Attributes:
        collection: The collection of one run.
        source: The source of the collection, which knows the uploaded pictures.
        gate: Limits how many pictures are embedded at a time.
    """

    collection: Collection
    source: Source
    gate: asyncio.Semaphore

    @property
    def run(self) -> str:
        """Name of the run that answers."""
        return self.collection.run

    def picture(self, name: str) -> str | EmbeddedPicture:
        """A painting by its name, or an uploaded picture."""
        if name.startswith(_SENT):
            return self.source.sent(self.collection, name.removeprefix(_SENT))
        return known_as(self.collection, name)

    async def send(self, data: bytes, part: str | None) -> tuple[str, EmbeddedPicture]:
        """Embed an uploaded picture and remember it."""
        async with self.gate:
            work = run_in_threadpool(self.source.send, self.collection, data, None if part is None else _box(part))
            name, placed = await asyncio.wait_for(work, MOST_SECONDS)
        return f"{_SENT}{name}", placed


def current(request: Request, response: Response) -> Current:
    """The run that answers; its name is set in a response header."""
    source = request.app.state.source
    answer = Current(source.collection, source, request.app.state.gate)
    response.headers["X-Grisaille-Run"] = answer.run
    return answer


async def sent(request: Request) -> bytes:
    """The body of an upload.

    Raises:
        TooLargeError: If it exceeds `MOST_BYTES`.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise TooLargeError(f"a picture may have at most {MOST_BYTES >> 20} MB")
        parts.append(part)
    return b"".join(parts)


Answering = Annotated[Current, Depends(current)]
Sent = Annotated[bytes, Depends(sent)]
router = APIRouter()


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request) -> HTMLResponse:
    """The page of the studio."""
    request.app.state.source.wake()
    return HTMLResponse(_file("page.html", "studio").decode(), headers={"Cache-Control": "no-cache"})


@router.get("/static/{name}", include_in_schema=False)
def static(name: str, request: Request) -> Response:
    """A static file of the page."""
    if name not in _STATIC:
        raise UnknownError(f"there is no {name}")
    return _cached(request, _file(name, _STATIC[name]), _MEDIA[PurePath(name).suffix], "no-cache")


@router.get("/collection")
def collection(answer: Answering) -> dict[str, Any]:
    """The collection: run, likenesses, artists, movements, years, and whether the models are loaded."""
    return described(answer.collection) | answer.source.state() | {"run": answer.run}


@router.get("/paintings")
def paintings(
    answer: Answering,
    q: str = "",
    artist: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Paintings whose title, name or artist contains all words of `q`."""
    matches = searched(answer.collection, q, artist)
    return {
        "run": answer.run,
        "total": len(matches),
        "paintings": rows(answer.collection, matches[offset : offset + limit]),
    }


@router.get("/paintings/{name:path}")
def painting(answer: Answering, name: str) -> dict[str, Any]:
    """All known facts about one painting."""
    known = answer.collection.paintings[answer.collection.paintings["painting_id"] == known_as(answer.collection, name)]
    (row,) = rows(answer.collection, known)
    return {"run": answer.run, **row, "known": facts(known)}


@router.get("/thumbnails/{name:path}", response_class=Response)
def thumbnails(answer: Answering, request: Request, name: str, side: int = 256, v: str | None = None) -> Response:
    """A painting as WebP, its longer side at most 64, 128, 256, 512, 1024 or 2048 pixels."""
    if side not in _SIDES:
        raise ValueError(f"side must be one of {', '.join(map(str, _SIDES))}. Received: {side}")
    data = thumbnail(answer.collection, known_as(answer.collection, name), side)
    keep = "private, max-age=31536000, immutable" if v else "private, max-age=3600"
    return _cached(request, data, "image/webp", keep)


@router.get("/similar")
def similar(answer: Answering, picture: str, likeness: str | None = None, n: _Many = 20) -> dict[str, Any]:
    """The paintings most like a painting or an uploaded picture."""
    table = answer.collection.similar(answer.picture(picture), _likeness(likeness), n)
    return {"run": answer.run, "picture": picture, "paintings": as_json(answer.collection, table)}


@router.post("/similar", openapi_extra=_BODY)
async def similar_to_sent(
    answer: Answering,
    data: Sent,
    likeness: str | None = None,
    n: _Many = 20,
    part: str | None = None,
) -> dict[str, Any]:
    """The paintings most like the uploaded picture or a part of it, as left,top,right,bottom in fractions.

    The answer names the picture for later requests. The picture is not stored; its embeddings are remembered for a
    while.
    """
    name, placed = await answer.send(data, part)
    table = await run_in_threadpool(answer.collection.similar, placed, _likeness(likeness), n)
    own = answer.collection.paintings["painting_id"][answer.collection.paintings["sha256"] == placed.sha256]
    return {
        "run": answer.run,
        "picture": name,
        "in_collection": next(iter(own), None),
        "paintings": as_json(answer.collection, table),
    }


@router.post("/parts", openapi_extra=_BODY)
async def parts(answer: Answering, data: Sent, part: str, n: _Many = 20) -> dict[str, Any]:
    """The paintings with a region like a part of the uploaded picture, each with the region as `box`.

    The part and the boxes are left,top,right,bottom in fractions. The picture is not stored.
    """
    box = _box(part)
    async with answer.gate:
        table = await asyncio.wait_for(run_in_threadpool(answer.collection.parts, data, box, n), MOST_SECONDS)
    edges = table[["left", "top", "right", "bottom"]].to_numpy().round(4).tolist()
    rows_found = as_json(answer.collection, table.drop(columns=["left", "top", "right", "bottom"]))
    return {"run": answer.run, "paintings": [row | {"box": box} for row, box in zip(rows_found, edges, strict=True)]}


@router.post("/recommend")
def recommend(answer: Answering, body: RecommendationRequest) -> dict[str, Any]:
    """Recommend paintings from liked and disliked ones."""
    liked, disliked = ([answer.picture(name) for name in names] for names in (body.liked, body.disliked))
    rest = body.model_dump(exclude={"liked", "disliked", "likeness"})
    table = answer.collection.recommend(liked, disliked, _likeness(body.likeness), **rest)
    table["because"] = table["because"].map(dict(zip(map(_called, liked), body.liked, strict=True)))
    return {"run": answer.run, "paintings": as_json(answer.collection, table)}


@router.get("/why")
def why(answer: Answering, a: str, b: str, likeness: str = "style") -> dict[str, Any]:
    """Why two paintings are alike: both pictures, faded where they are no more alike than usual."""
    return explained(answer.collection, known_as(answer.collection, a), known_as(answer.collection, b), likeness)


@router.post("/why", openapi_extra=_BODY)
async def why_sent(answer: Answering, data: Sent, b: str, likeness: str = "style") -> dict[str, Any]:
    """The same for an uploaded picture and a painting."""
    async with answer.gate:
        work = run_in_threadpool(explained, answer.collection, data, known_as(answer.collection, b), likeness)
        return await asyncio.wait_for(work, MOST_SECONDS)


@router.get("/chain")
def chain(answer: Answering, start: str, stop: str, likeness: str | None = None) -> dict[str, Any]:
    """A chain of paintings from one to another, each like the one before."""
    table = answer.collection.chain(answer.picture(start), answer.picture(stop), _likeness(likeness))
    return {"run": answer.run, "paintings": as_json(answer.collection, table)}


@router.get("/artists")
def artists(answer: Answering) -> dict[str, Any]:
    """All artists, with their numbers of paintings."""
    counts = answer.collection.paintings["artist"].value_counts().sort_index()
    return {
        "run": answer.run,
        "artists": [{"artist": str(name), "paintings": int(n)} for name, n in counts.items()],
    }


@router.get("/artists/{name:path}")
def artist(answer: Answering, name: str, likeness: str | None = None) -> dict[str, Any]:
    """An artist's paintings, oldest first, and the nearest artists."""
    own = searched(answer.collection, "", name)
    if own.empty:
        raise UnknownError(f"there are no paintings by {name}")
    own = own.sort_values("year_from", kind="stable", na_position="last") if "year_from" in own else own
    near = answer.collection.nearest_artists(name, _likeness(likeness))
    pairs = zip(near["artist"][:8], near["nearness"][:8], strict=True)
    nearest = [{"artist": str(other), "nearness": round(float(value), 3)} for other, value in pairs]
    listed = [row | {"years": span} for row, span in zip(rows(answer.collection, own), years(own), strict=True)]
    return {"run": answer.run, "artist": name, "paintings": listed, "nearest": nearest}


@router.get("/map", response_class=HTMLResponse)
def explorer(answer: Answering) -> HTMLResponse:
    """The explorer of this run, a map of the same paintings."""
    return HTMLResponse(answer.collection.explorer())


@router.post("/export/{kind}", response_class=Response)
def export(answer: Answering, kind: Literal["csv", "png", "pdf", "iiif"], listed: Listed) -> Response:
    """Export a list as a table, a contact sheet or a IIIF collection."""
    table = answer.collection.described([known_as(answer.collection, name) for name in listed.paintings])
    made, media, ending = _exported(answer.collection, table, kind, listed.title)
    name = f'attachment; filename="paintings.{ending}"'
    return Response(made, media_type=media, headers={"Content-Disposition": name, "X-Grisaille-Run": answer.run})


def _file(name: str, folder: str) -> bytes:
    return resources.files(f"grisaille.{folder}").joinpath(f"web/{name}").read_bytes()


def _cached(request: Request, data: bytes, media: str, keep: str) -> Response:
    """A response that browsers cache and revalidate by its ETag."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": keep}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=media, headers=headers)


def _box(part: str) -> Box:
    try:
        left, top, right, bottom = map(float, part.split(","))
    except ValueError:
        raise ValueError(f"a part must be left,top,right,bottom in fractions. Received: {part[:80]}") from None
    return left, top, right, bottom


def _likeness(given: str | None) -> Likeness | None:
    """Parse a name, or name:share,name:share."""
    if given is None or ":" not in given:
        return given or None
    try:
        return {name: float(share) for name, _, share in (part.partition(":") for part in given.split(","))}
    except ValueError:
        raise ValueError(f"a mixture must be likeness:share,likeness:share. Received: {given[:80]}") from None


def _called(picture: str | EmbeddedPicture) -> str:
    return picture.name if isinstance(picture, EmbeddedPicture) else picture


def _exported(collection: Collection, table: pd.DataFrame, kind: str, title: str) -> tuple[bytes, str, str]:
    if kind == "csv":
        return exports.as_csv(table), "text/csv; charset=utf-8", "csv"
    if kind == "iiif":
        return exports.as_iiif(collection, table, title), "application/ld+json", "json"
    return exports.as_sheet(collection, table, title, kind), {"png": "image/png", "pdf": "application/pdf"}[kind], kind
