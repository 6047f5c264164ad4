"""`/` and `/web`: the page, with headers that let it load nothing from elsewhere and be framed by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from embedrank.serving.dialects.dialect import Dialect
from embedrank.serving.page.web_files import web_files
from embedrank.serving.searching.dialect import spell_problem

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-cache",
    }
)
_router = APIRouter(include_in_schema=False)


@_router.get("/")
async def page(request: Request) -> Response:
    """The page."""
    return _reply(request, "index.html")


@_router.get("/web/{name:path}")
async def web_file(request: Request, name: str) -> Response:
    """A file of the page."""
    return _reply(request, name)


def _reply(request: Request, name: str) -> Response:
    file = web_files().get(name)
    if file is None:
        raise HTTPException(404, "the page has no such file")
    headers = {**_HEADERS, "ETag": file.etag}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


PAGE: Final = Dialect(name="page", router=_router, spell_problem=spell_problem, open_paths=frozenset({"/", "/web/"}))
