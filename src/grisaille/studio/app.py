"""The web application: access control and error responses. The routes are in `questions`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse

from grisaille.collection.images import UnusableImageError
from grisaille.errors import GrisailleError
from grisaille.studio.answers import UnknownError
from grisaille.studio.questions import AT_ONCE, TooLargeError, router
from grisaille.studio.source import ForgottenPictureError, Source

LOCAL = ("127.0.0.1", "localhost", "[::1]")
"""Host names of this machine."""
_COOKIE = "grisaille"
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; script-src 'self'{inline}; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' data: blob:; worker-src blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
)
_STATUS: Mapping[type[Exception], int] = {
    UnknownError: 404,
    ForgottenPictureError: 410,
    TooLargeError: 413,
    UnusableImageError: 415,
    TimeoutError: 503,
}


def create_app(source: Source, token: str | None = None, hosts: tuple[str, ...] = LOCAL) -> FastAPI:
    """Create the application.

    Args:
        source: The collection that answers.
        token: Secret that every request must present; None disables the check.
        hosts: Host names under which the studio may be called. Other names may be a DNS rebinding attack.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        source.start()
        yield
        source.stop()

    about = {"title": "grisaille", "summary": "Likeness of paintings", "version": "1"}
    app = FastAPI(**about, lifespan=lifespan, docs_url=None, redoc_url=None)  # type: ignore[arg-type]
    app.state.source, app.state.gate = source, asyncio.Semaphore(AT_ONCE)
    app.include_router(router)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    for kind in (GrisailleError, ValueError, TimeoutError):
        app.add_exception_handler(kind, _as_response)
    app.add_exception_handler(RequestValidationError, _as_invalid)

    @app.middleware("http")
    async def guard(request: Request, proceed: Callable[[Request], Any]) -> Response:
        if token is not None and not secrets.compare_digest(_given(request).encode(), token.encode()):
            return JSONResponse({"error": "this address needs the token that grisaille serve printed"}, 401)
        response: Response = await proceed(request)
        if token is not None and "token" in request.query_params:
            response.set_cookie(_COOKIE, token, httponly=True, samesite="strict")
        inline = " 'unsafe-inline' 'unsafe-eval'" if request.url.path == "/map" else ""
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(inline=inline))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app


def _given(request: Request) -> str:
    """The token of a request."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return request.query_params.get("token") or request.cookies.get(_COOKIE) or bearer


def _as_invalid(_: Request, error: Exception) -> Response:
    """Name the first field that is wrong."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return JSONResponse({"error": f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}"}, 422)


def _as_response(_: Request, error: Exception) -> Response:
    """Convert an exception to a JSON response."""
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    return JSONResponse({"error": " ".join(str(error).split()) or "this took too long"}, status)
