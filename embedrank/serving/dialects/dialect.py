"""What a dialect is: some routes, and the way it spells trouble."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fastapi import APIRouter, FastAPI, Request

from embedrank.serving.errors import Problem
from embedrank.serving.service import Service

SPOKEN: Final = "embedrank.dialect"  # key of a request's scope
SpellProblem: TypeAlias = Callable[[Problem], tuple[int, Any]]
"""From a problem to the status and the JSON body that clients of a dialect expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One API.

    Attributes:
        name: What it is called in logs.
        router: Its routes; none of two dialects may be the same.
        spell_problem: How it says what went wrong on one of its routes.
        open_paths: Those of its paths that need no API key, such as a page's; one that ends in `/` stands for all below
            it.
        lifespan: What it holds while the server runs, such as an open index; begun after the models are loaded, with
            `app.state.service` in place. None for nothing.
    """

    name: str
    router: APIRouter
    spell_problem: SpellProblem
    open_paths: frozenset[str] = frozenset()
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None


def trouble(body: Any) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of answers to requests that failed, for an `APIRouter`'s `responses`.

    Args:
        body: Model of the error body, or a union of several.

    Returns:
        The entry of all statuses that are not told by themselves.
    """
    return {"default": {"model": body, "description": "Why there is no answer."}}


def speak(request: Request, dialect: Dialect) -> None:
    """Let trouble with a request be spelled in another dialect than that of its path.

    Args:
        request: One on a path where two dialects meet.
        dialect: The one that its body is in.
    """
    request.scope[SPOKEN] = dialect


def service_of(request: Request) -> Service:
    """The service behind a request; for `Annotated[Service, Depends(service_of)]`."""
    service: Service = request.app.state.service
    return service
