"""From what was found to the answer that is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Literal

from embedrank.core.types import Chunk, Hit
from embedrank.search.explain import why
from embedrank.search.snippet import snippet
from embedrank.serving.searching.jobs import Job
from embedrank.serving.searching.library import Found
from embedrank.serving.searching.locations import Locations
from embedrank.serving.searching.schema import (
    ChunkOut,
    HitSnippet,
    JobOut,
    LeftOut,
    PointOut,
    SearchAnswer,
    SearchHit,
    StagePlace,
)

_SNIPPET_CHARS: Final = 320
_POINT_CHARS: Final = 160
LANG: Final = "lang"


def search_answer(
    found: Found, locations: Locations, thumbs: Mapping[str, Any], *, version: int, explain: bool
) -> SearchAnswer:
    """Spell the answer to a search.

    Args:
        found: What was found.
        locations: How paths are shown.
        thumbs: Chunk id to what was said of it for this query.
        version: Version of the index.
        explain: Whether choices and lists are told.

    Returns:
        The answer.
    """
    hits = [
        search_hit(hit, rank, locations, thumb=thumbs.get(hit.id), told=explain)
        for rank, hit in enumerate(found.hits, start=1)
    ]
    latency = {stage: seconds * 1000 for stage, seconds in found.seconds.items()} | {"total": found.total_s * 1000}
    return SearchAnswer(
        query=found.ranking.query,
        hits=hits,
        found={stage: len(rows) for stage, rows in found.ranking.stages().items()},
        latency_ms={stage: round(value, 3) for stage, value in latency.items()},
        dim=found.config.dim or 0,
        index_version=version,
        explanation=_explanation(found) if explain else None,
    )


def search_hit(
    hit: Hit, rank: int, locations: Locations, *, thumb: Literal["up", "down"] | None = None, told: bool = False
) -> SearchHit:
    """Spell a hit.

    Args:
        hit: The hit.
        rank: Its place, from 1.
        locations: How paths are shown.
        thumb: What was said of it for this query.
        told: Whether it says why it is there.

    Returns:
        The hit as JSON has it.
    """
    short = snippet(hit.text, hit.highlights, width=_SNIPPET_CHARS)
    return SearchHit(
        id=hit.id,
        document_id=hit.document_id,
        rank=rank,
        score=hit.score,
        title=hit.title,
        text=hit.text,
        path=locations.shown(hit.path),
        start_line=hit.start_line,
        end_line=None if hit.start_line is None else hit.start_line + hit.text.rstrip("\n").count("\n"),
        lang=_lang(hit.metadata),
        metadata=dict(hit.metadata),
        stages={stage: StagePlace(rank=place.rank, score=place.score) for stage, place in hit.stages.items()},
        highlights=[(low, high) for low, high in hit.highlights],
        snippet=HitSnippet(text=short.text, marks=list(short.marks)),
        thumb=thumb,
        why=why(hit.stages) if told else None,
    )


def chunk_out(chunk: Chunk) -> ChunkOut:
    """Spell a chunk of a document."""
    return ChunkOut(
        id=chunk.id,
        title=chunk.title,
        text=chunk.text,
        start_line=chunk.start_line,
        metadata=dict(chunk.metadata),
    )


def point_out(chunk: Chunk, x: float, y: float, locations: Locations) -> PointOut:
    """Spell a point of the map."""
    path = locations.shown(chunk.path)
    return PointOut(
        id=chunk.id,
        document_id=chunk.document_id,
        x=round(x, 4),
        y=round(y, 4),
        title=chunk.title[:_POINT_CHARS],
        text=" ".join(chunk.text[: 2 * _POINT_CHARS].split())[:_POINT_CHARS],
        path=path,
        lang=_lang(chunk.metadata),
        folder=None if path is None else path.rpartition("/")[0] or ".",
    )


def job_out(job: Job) -> JobOut:
    """Spell a job as it is at this moment."""
    skipped = [LeftOut(name=each.name, reason=each.reason) for each in job.skipped]
    return JobOut(**{**asdict(job), "skipped": skipped})


def _lang(metadata: Mapping[str, Any]) -> str | None:
    return None if LANG not in metadata else str(metadata[LANG])


def _explanation(found: Found) -> dict[str, Any]:
    lists = {
        stage: [{"id": row.id, "score": row.score} for row in rows[: found.config.recall]]
        for stage, rows in found.ranking.stages().items()
    }
    return {"choices": asdict(found.config), "lists": lists}
