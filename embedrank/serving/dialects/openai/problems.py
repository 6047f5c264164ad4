"""How OpenAI's API says what went wrong.

Source: https://platform.openai.com/docs/guides/error-codes
"""

from __future__ import annotations

from typing import Any, Final

from embedrank.serving.errors import Problem

_CODES: Final = {"access_denied": "invalid_api_key", "quota_exceeded": "rate_limit_exceeded"}
_PARAMS: Final = {"dim": "dimensions"}


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """OpenAI's error body; a request that cannot be read is a 400 there.

    Args:
        problem: What went wrong.

    Returns:
        Status and body.
    """
    status = 400 if problem.status == 422 else problem.status
    kind = "rate_limit_error" if status == 429 else "server_error" if status >= 500 else "invalid_request_error"
    error = {
        "message": problem.message,
        "type": kind,
        "param": _PARAMS.get(problem.param or "", problem.param),
        "code": _CODES.get(problem.kind, problem.kind),
    }
    return status, {"error": error, "detail": problem.message}  # the latter is where Jina's clients look
