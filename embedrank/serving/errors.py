"""One table from errors to HTTP; how a body is spelled is each dialect's own affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from embedrank.core import errors
from embedrank.core.errors import EmbedrankError

BUSY_RETRY_S: Final = 1.0  # what a caller is told who finds the server starting, restarting or ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request got no answer.

    Attributes:
        status: HTTP status.
        kind: Class of trouble in one word, such as `invalid_input`; the key of the metrics.
        message: One line that says what was wrong and what to do.
        param: The field of the request that is to blame, where one is.
        retry_after_s: When the same request may go well, where it may.
    """

    status: int
    kind: str
    message: str
    param: str | None = None
    retry_after_s: float | None = None


# The first class that an error is of decides, so special ones stand before general ones.
STATUS: Final[Mapping[type[EmbedrankError], tuple[int, str]]] = MappingProxyType(
    {
        errors.TooLargeError: (413, "too_large"),
        errors.InvalidInputError: (400, "invalid_input"),
        errors.TokenIdError: (400, "invalid_input"),
        errors.ModelNotFoundError: (404, "model_not_found"),
        errors.NotServedError: (404, "not_served"),
        errors.ForeignOriginError: (403, "foreign_origin"),
        errors.IndexNotFoundError: (404, "index_not_found"),
        errors.IndexMismatchError: (409, "index_mismatch"),
        errors.AccessDeniedError: (401, "access_denied"),
        errors.QuotaExceededError: (429, "quota_exceeded"),
        errors.OverloadedError: (429, "overloaded"),
        errors.DeadlineExceededError: (504, "deadline_exceeded"),
        errors.EngineClosedError: (503, "shutting_down"),
        errors.EngineFailedError: (503, "worker_died"),
        errors.ModelUnavailableError: (503, "model_unavailable"),
        errors.StorageError: (503, "storage"),
        errors.MissingPackageError: (501, "not_installed"),
        errors.DocumentReadError: (422, "unreadable_document"),
    }
)


def problem_of(error: BaseException) -> Problem:
    """Say an error in terms of HTTP.

    Args:
        error: What a handler raised. One that is not in the table is the server's own fault, and its text, which may
            hold anything, is not told.

    Returns:
        The problem.
    """
    for kind, (status, name) in STATUS.items():
        if isinstance(error, kind):
            retry = getattr(error, "retry_after_s", BUSY_RETRY_S if status == 503 else None)
            return Problem(
                status=status, kind=name, message=str(error), param=getattr(error, "what", None), retry_after_s=retry
            )
    if isinstance(error, errors.ComputeError | errors.NumericalError):
        return Problem(status=500, kind="compute", message=f"model {error.model} failed on this request")
    return Problem(status=500, kind="internal", message="the server failed on this request; its log says why")


def problem_of_fields(faults: Sequence[Mapping[str, Any]]) -> Problem:
    """Say in one line what is wrong with the fields of a request.

    Args:
        faults: As pydantic lists them; what the caller sent is not repeated.

    Returns:
        The problem, status 422.
    """
    first = faults[0]
    place = [str(part) for part in first.get("loc", ())[1:]]  # the first says only that it is in the body
    name = "body" if first.get("type") == "json_invalid" else ".".join(place) or "body"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = " ".join(str(first.get("msg", "is not valid")).removeprefix("Value error, ").split())
    return Problem(
        status=422, kind="invalid_request", message=f"{name}: {message}{more}", param=place[0] if place else None
    )
