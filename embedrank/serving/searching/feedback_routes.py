"""`/feedback`: thumbs up and down on answers."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.serving.searching.depends import RoomOf, own_origin
from embedrank.serving.searching.schema import TallyOut, ThumbIn
from embedrank.serving.searching.thumbs import Thumb

router = APIRouter(tags=["feedback"])


@router.post("/feedback", dependencies=[Depends(own_origin)], summary="Judge a hit")
async def judge(body: ThumbIn, room: RoomOf) -> TallyOut:
    """Keeps what a user thought of a hit; it is on disk when this answers. Returns what feedback there is now."""
    limit = room.library.settings.max_query_chars
    for what, text in (("query", body.query), ("instruction", body.instruction or "")):
        if len(text) > limit:
            raise TooLargeError(f"characters of the {what}", size=len(text), limit=limit)

    def work() -> TallyOut:
        chunks = room.library.reader.catalogue.chunks([body.chunk_id])
        if not chunks:
            raise InvalidInputError("chunk_id", f"there is no chunk {body.chunk_id!r}", hint="give the id of a hit")
        (chunk,) = chunks
        thumb = Thumb(
            query=body.query,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            text=chunk.embedding_text,
            thumb=body.thumb,
            rank=body.rank,
            instruction=body.instruction,
        )
        return TallyOut.model_validate(room.thumbs.add(thumb))

    return await room.library.read(work)


@router.get("/feedback", summary="What feedback there is")
async def tally(room: RoomOf) -> TallyOut:
    """Counts of thumbs, of rows to train on, and of queries that wait for something good."""
    return TallyOut.model_validate(room.thumbs.tally())


@router.get("/feedback/rows", summary="Feedback as training rows", response_class=PlainTextResponse)
async def rows(room: RoomOf) -> PlainTextResponse:
    """JSON lines as `embedrank tune INDEX --feedback FILE` reads them."""
    return PlainTextResponse(await room.library.read(room.thumbs.rows), media_type="application/jsonl")
