"""Pairs of many queries and documents, scored a query at a time: what its prompts share is computed once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import numpy as np

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.serving.results import Scored
from embedrank.serving.service import Service
from embedrank.serving.settings import Truncate

_AT_A_TIME = 16  # queries of one request in the engine: enough to fill batches, few enough to leave room for others
_T = TypeVar("_T")


async def score_pairs(
    service: Service,
    pairs: Sequence[tuple[str, str]],
    *,
    model: str | None,
    instruction: str | None = None,
    truncate: Truncate = "right",
) -> Scored:
    """Judge each document against its own query.

    Args:
        service: Scores.
        pairs: Queries and documents.
        model: Name of the reranker; None for the first.
        instruction: The task; None for the template's.
        truncate: What becomes of documents that are too long.

    Returns:
        The scores, in the order of the pairs.

    Raises:
        InvalidInputError: If there is no pair.
        TooLargeError: If there are more pairs than a request may have.
        EmbedrankError: If the service refuses or fails.
    """
    if not pairs:
        raise InvalidInputError("inputs", "are empty")
    limit = service.settings.limits.max_items
    if len(pairs) > limit:
        raise TooLargeError("pairs", size=len(pairs), limit=limit)
    places: dict[str, list[int]] = {}
    for place, (query, _) in enumerate(pairs):
        places.setdefault(query, []).append(place)
    turns = asyncio.Semaphore(_AT_A_TIME)

    async def judge(query: str, mine: list[int]) -> Scored:
        async with turns:
            documents = [pairs[place][1] for place in mine]
            return await service.score(query, documents, model=model, instruction=instruction, truncate=truncate)

    parts = await all_or_none([judge(query, mine) for query, mine in places.items()])
    order = np.argsort([place for mine in places.values() for place in mine]).tolist()
    return Scored(
        scores=np.concatenate([part.scores for part in parts])[order],
        logits=np.concatenate([part.logits for part in parts])[order],
        num_tokens=_in_order([count for part in parts for count in part.num_tokens], order),
        truncated=_in_order([flag for part in parts for flag in part.truncated], order),
        model=parts[0].model,
    )


async def all_or_none(awaitables: Sequence[Awaitable[_T]]) -> list[_T]:
    """Await several; where one fails, or the caller is cancelled, the others are cancelled too.

    Args:
        awaitables: What to await.

    Returns:
        Their results, in order.
    """
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _in_order(values: Sequence[_T], order: Sequence[int]) -> list[_T]:
    return [values[place] for place in order]
