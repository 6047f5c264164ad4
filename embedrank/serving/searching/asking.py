"""From a request to the choices and the filter of a search, within the bounds of the server."""

from __future__ import annotations

from typing import Any

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.search.config import SearchConfig
from embedrank.serving.searching.locations import path_pattern
from embedrank.serving.searching.schema import SearchQuery, SearchRequest
from embedrank.serving.searching.settings import SearchingSettings


def chosen(asked: SearchQuery, settings: SearchingSettings) -> SearchConfig:
    """The choices of a request.

    Args:
        asked: The request.
        settings: Bounds.

    Returns:
        The choices.

    Raises:
        InvalidInputError: If the query is blank.
        TooLargeError: If something is more than may be asked for.
    """
    if not asked.query.strip():
        raise InvalidInputError("query", "is empty", hint="give at least one word")
    for what, size, limit in (
        ("characters of the query", len(asked.query), settings.max_query_chars),
        ("characters of the instruction", len(asked.instruction or ""), settings.max_query_chars),
        ("hits (top)", asked.top, settings.max_top),
        ("candidates (recall)", asked.recall, settings.max_recall),
        ("candidates to rerank (rerank_depth)", asked.rerank_depth, settings.max_rerank_depth),
    ):
        if size > limit:
            raise TooLargeError(what, size=size, limit=limit)
    return SearchConfig(
        top=asked.top,
        recall=max(asked.recall, asked.top),
        mode=asked.mode,
        fusion=asked.fusion,
        rerank=asked.rerank,
        rerank_depth=asked.rerank_depth,
        rerank_weight=asked.rerank_weight,
        dim=asked.dim,
        instruction=asked.instruction,
    )


def narrowed(asked: SearchQuery) -> dict[str, Any] | None:
    """The filter of a request.

    Args:
        asked: The request.

    Returns:
        Field to wanted values; None where there is nothing to filter.
    """
    where: dict[str, Any] = dict(asked.filters) if isinstance(asked, SearchRequest) else {}
    if asked.lang:
        where["lang"] = asked.lang
    if asked.path:
        where["path"] = path_pattern(asked.path)
    return where or None
