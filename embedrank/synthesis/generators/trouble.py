"""What an endpoint's error means: whose fault it is, and whether asking again can help."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Final

from embedrank.synthesis.generators.backoff import retry_after_s

_FOR_ALL: Final[Mapping[int, str]] = {401: "not authorised", 402: "not paid", 403: "not allowed", 404: "not found"}
_OUT_OF_QUOTA: Final = "insufficient_quota"  # OpenAI says this with 429, and it does not pass by itself
_TRY_AGAIN: Final = frozenset({408, 409, 425})
_NO_CONNECTION: Final = frozenset({"ConnectError", "ConnectTimeout"})  # of httpx, which the client keeps as the cause
_DETAIL_CHARS: Final = 300


class Fault(Enum):
    """Where the trouble lies."""

    ENDPOINT = "endpoint"  # busy or away: the same for any request, and passes
    ATTEMPT = "attempt"  # broke this time; if it breaks every time, the request is what breaks it
    REQUEST = "request"  # this one can never be answered
    SETTINGS = "settings"  # none can ever be answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An attempt that brought no answer.

    Attributes:
        fault: Where it lies.
        reason: In few words, to be counted by.
        detail: What exactly was said.
        wait_s: Seconds that the endpoint asks to wait; None where it asks for nothing.
    """

    fault: Fault
    reason: str
    detail: str = ""
    wait_s: float | None = None


class BrokenReplyError(Exception):
    """A reply with status 200 that holds no completion."""


def trouble_of(error: Exception) -> Trouble:
    """Read an error of the client.

    Args:
        error: What it raised.

    Returns:
        What it means.

    Raises:
        Exception: The error itself where it is none of the endpoint's.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.response.headers, error)
    if isinstance(error, openai.APITimeoutError | asyncio.TimeoutError | TimeoutError):
        if _is_no_connection(error):
            return Trouble(fault=Fault.ENDPOINT, reason="no connection", detail="it cannot be reached in time")
        return Trouble(fault=Fault.ATTEMPT, reason="timeout", detail="no answer in time")
    if isinstance(error, openai.APIConnectionError):
        reason, fault = ("no connection", Fault.ENDPOINT) if _is_no_connection(error) else ("broken off", Fault.ATTEMPT)
        return Trouble(fault=fault, reason=reason, detail=_short(error.__cause__ or error))
    if isinstance(error, BrokenReplyError | openai.APIError | ValueError):
        return Trouble(fault=Fault.ATTEMPT, reason="broken reply", detail=_short(error))
    raise error


def _of_status(status: int, headers: Mapping[str, str], error: Any) -> Trouble:
    detail = f"{status}: {_short(error)}"
    wait_s = retry_after_s(headers, datetime.now(timezone.utc))
    if status in _FOR_ALL:
        return Trouble(fault=Fault.SETTINGS, reason=_FOR_ALL[status], detail=detail)
    if status == 429 and error.code == _OUT_OF_QUOTA:
        return Trouble(fault=Fault.SETTINGS, reason="out of quota", detail=detail)
    if status == 429 or (status == 503 and wait_s is not None):
        return Trouble(fault=Fault.ENDPOINT, reason="too many requests", detail=detail, wait_s=wait_s)
    if status >= 500 or status in _TRY_AGAIN:
        return Trouble(fault=Fault.ATTEMPT, reason="server error", detail=detail, wait_s=wait_s)
    return Trouble(fault=Fault.REQUEST, reason="refused request", detail=detail)


def _is_no_connection(error: BaseException) -> bool:
    return type(error.__cause__).__name__ in _NO_CONNECTION


def _short(error: BaseException) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _DETAIL_CHARS else words[: _DETAIL_CHARS - 3] + "..."
