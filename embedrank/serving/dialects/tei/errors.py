"""How Text Embeddings Inference spells trouble.

Source: https://huggingface.github.io/text-embeddings-inference/
"""

from __future__ import annotations

from typing import Any, Final

from embedrank.serving.dialects.tei.schemas import ErrorType
from embedrank.serving.errors import Problem

# TEI's statuses where they are not ours: what was understood but cannot be used is a 413, and a model that is of
# another kind or failed is a 424.
_STATUS: Final = {400: 413, 404: 424, 500: 424, 501: 424}
_TYPES: Final[dict[int, ErrorType]] = {
    413: "Validation",
    424: "Backend",
    429: "Overloaded",
    503: "Unhealthy",
    504: "Overloaded",
}


def spell_problem(problem: Problem) -> tuple[int, Any]:
    """TEI's status and error body."""
    is_about_models = problem.kind not in ("not_found", "invalid_request")
    status = _STATUS.get(problem.status, problem.status) if is_about_models else problem.status
    return status, {"error": problem.message, "error_type": _TYPES.get(status, "Validation")}
