"""Texts ranked, and pairs judged, as TEI's clients ask for it."""

from __future__ import annotations

from typing import cast

import numpy as np
from fastapi.responses import Response

from embedrank.serving.dialects.tei.schemas import PredictBody, RerankBody
from embedrank.serving.dialects.tei.truncated import telling
from embedrank.serving.pairs import score_pairs
from embedrank.serving.replying import list_of, reply_with, size_of
from embedrank.serving.service import Service

LABEL = "LABEL_0"  # of a classifier with one output, which is what a reranker is to TEI


async def rerank(body: RerankBody, service: Service) -> Response:
    """Rank texts.

    Args:
        body: What the client sent.
        service: Scores.

    Returns:
        Places and scores, best first.

    Raises:
        EmbedrankError: If the service refuses or fails.
    """
    scored = await service.score(
        body.query, body.texts, model=body.model, instruction=body.instruction, truncate=body.policy
    )
    values = scored.logits if body.raw_scores else scored.scores
    best_first = np.argsort(-scored.logits, kind="stable").tolist()
    ranks = (
        {"index": place, **({"text": body.texts[place]} if body.return_text else {}), "score": float(values[place])}
        for place in best_first
    )
    size = len(best_first) + (size_of(body.texts) if body.return_text else 0)
    return await reply_with(lambda: list_of(ranks), size=size, headers=telling(scored.truncated))


async def predict(body: PredictBody, service: Service) -> Response:
    """Judge pairs of query and document.

    Args:
        body: What the client sent.
        service: Scores.

    Returns:
        Predictions of one pair, or a list of them for each.

    Raises:
        EmbedrankError: If the service refuses or fails.
    """
    is_one = isinstance(body.inputs[0], str)
    pairs = cast("list[list[str]]", [body.inputs] if is_one else body.inputs)
    scored = await score_pairs(
        service,
        [(query, document) for query, document in pairs],
        model=body.model,
        instruction=body.instruction,
        truncate=body.policy,
    )
    values = scored.logits if body.raw_scores else scored.scores
    predictions = ({"score": float(value), "label": LABEL} for value in values)
    rows = predictions if is_one else ([prediction] for prediction in predictions)
    return await reply_with(lambda: list_of(rows), size=len(values), headers=telling(scored.truncated))
