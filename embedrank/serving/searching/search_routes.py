"""`/search`, `/index` and `/map`: what only reads."""

from __future__ import annotations

import random
from typing import Annotated, Final

from fastapi import APIRouter, Query

from embedrank.core.errors import InvalidInputError
from embedrank.search.catalogue import Catalogue
from embedrank.serving.searching.answering import LANG, point_out, search_answer
from embedrank.serving.searching.asking import chosen, narrowed
from embedrank.serving.searching.depends import RoomOf
from embedrank.serving.searching.room import Room
from embedrank.serving.searching.schema import (
    IndexOut,
    MapOut,
    SearchAnswer,
    SearchQuery,
    SearchRequest,
    TallyOut,
)

_FEWEST_DIMS: Final = 32
_MOST_LANGUAGES: Final = 200
_MOST_EXAMPLES: Final = 8
_CHUNKS_LOOKED_AT: Final = 40
_SHORTEST_EXAMPLE: Final = 2

router = APIRouter(tags=["search"])


@router.post("/search", summary="Search the index")
async def search(body: SearchRequest, room: RoomOf) -> SearchAnswer:
    """Two stages: dense and BM25 recall, fused, then reranked; each hit with its place in every stage."""
    return await _searched(body, room)


@router.get("/search", summary="Search the index, by URL")
async def search_by_url(
    asked: Annotated[SearchQuery, Query()],
    room: RoomOf,
) -> SearchAnswer:
    """As POST, without filters by any metadata key."""
    return await _searched(asked, room)


@router.get("/index", summary="What the index holds")
async def index(room: RoomOf) -> IndexOut:
    """Counts, models, languages, and the bounds of a search."""
    return await room.library.read(_index, room)


@router.get("/map", summary="The index as points of a plane")
async def corpus_map(room: RoomOf) -> MapOut:
    """Neighbours among the vectors lie side by side. A large index shows a sample, the same at every call."""
    async with room.map_turn:
        return await room.library.read(_map, room)


async def _searched(asked: SearchQuery, room: Room) -> SearchAnswer:
    config, where = chosen(asked, room.library.settings), narrowed(asked)

    def work() -> SearchAnswer:
        found = room.library.search(asked.query, config, where)
        version = room.library.reader.catalogue.version
        thumbs = room.thumbs.of_query(asked.query)
        return search_answer(found, room.locations, thumbs, version=version, explain=asked.explain)

    return await room.library.read(work)


def _index(room: Room) -> IndexOut:
    library = room.library
    stats, pipeline = library.reader.stats(), library.reader.pipeline
    languages = list(library.reader.catalogue.values(LANG).items())
    if pipeline.encoder is None:
        raise InvalidInputError("index", "was opened without an embedder")
    return IndexOut(
        name=library.folder.name,
        version=library.reader.catalogue.version,
        num_documents=stats.num_documents,
        num_chunks=stats.num_chunks,
        dim=stats.dim,
        dims=_dims(stats.dim),
        embedder=stats.model.rpartition("/")[2],
        reranker=getattr(pipeline.reranker, "name", None),
        instruction=getattr(pipeline.encoder, "default_instruction", None),
        languages=dict(languages[:_MOST_LANGUAGES]),
        examples=_examples(library.reader.catalogue),
        max_top=library.settings.max_top,
        max_recall=library.settings.max_recall,
        max_rerank_depth=library.settings.max_rerank_depth,
        feedback=TallyOut.model_validate(room.thumbs.tally()),
    )


def _examples(catalogue: Catalogue) -> list[str]:
    """Titles of a few chunks, the same while the index is the same."""
    ids = catalogue.chunk_ids()
    drawn = random.Random(len(ids)).sample(ids, min(_CHUNKS_LOOKED_AT, len(ids)))
    titles = [chunk.title.rpartition(" > ")[2].strip() for chunk in catalogue.chunks(drawn)]
    return list(dict.fromkeys(title for title in titles if len(title) > _SHORTEST_EXAMPLE))[:_MOST_EXAMPLES]


def _dims(stored: int) -> list[int]:
    """All that are stored, then powers of two below."""
    powers = [1 << exponent for exponent in range(16) if _FEWEST_DIMS <= 1 << exponent < stored]
    return [stored, *reversed(powers)]


def _map(room: Room) -> MapOut:
    picture = room.corpus_map.picture()
    points = [point_out(point.chunk, point.x, point.y, room.locations) for point in picture.points]
    return MapOut(
        version=picture.version,
        num_chunks=picture.num_chunks,
        num_points=len(points),
        is_sample=len(points) < picture.num_chunks,
        points=points,
    )
