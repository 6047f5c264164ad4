"""`/documents`: what is in the index, what comes in, what goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.core.types import Document, Skipped
from embedrank.serving.searching.answering import chunk_out, job_out, search_hit
from embedrank.serving.searching.depends import RoomOf, own_origin
from embedrank.serving.searching.locations import path_pattern
from embedrank.serving.searching.room import Room
from embedrank.serving.searching.schema import (
    DocumentIn,
    DocumentOut,
    DocumentsIn,
    DocumentsOut,
    JobOut,
    SimilarOut,
    WholeDocument,
)
from embedrank.serving.searching.uploads import Uploads, safe_name

_REMOVAL_WAIT_S: Final = 10.0
_MOST_AT_A_TIME: Final = 500

router = APIRouter(tags=["documents"])
_changing = [Depends(own_origin)]
_Limit = Annotated[int, Query(ge=1, le=_MOST_AT_A_TIME)]
_Offset = Annotated[int, Query(ge=0)]


@router.post("/documents", status_code=202, dependencies=_changing, summary="Add texts")
async def add_texts(body: DocumentsIn, room: RoomOf) -> JobOut:
    """Adds or replaces documents by their ids. Answers with a job; ask `/jobs/{id}` how far it is."""
    documents = [_document(each, room) for each in body.documents]
    _check_number(len(documents), room)
    return job_out(room.jobs.add(lambda: iter(documents), num_files=len(documents)))


@router.post("/documents/files", status_code=202, dependencies=_changing, summary="Add files")
async def add_files(files: Annotated[list[UploadFile], File()], room: RoomOf) -> JobOut:
    """Adds files, or replaces those of the same name; PDF, Word, HTML, CSV, JSON lines, and any text."""
    _check_number(len(files), room)
    room.jobs.check_room()  # before anything is stored
    names = await room.library.read(_stored, files, room.uploads)
    return job_out(room.jobs.add(lambda: _read(names, room.uploads), num_files=len(names), are_files=True))


@router.get("/documents", summary="List documents")
async def documents(
    room: RoomOf,
    offset: _Offset = 0,
    limit: _Limit = 50,
    path: Annotated[str | None, Query(max_length=1000, description="A part of the path, or a pattern.")] = None,
) -> DocumentsOut:
    """One page of the documents, in the order of their ids."""
    where = {"path": path_pattern(path)} if path else None

    def work() -> DocumentsOut:
        held = room.library.reader.catalogue.documents(where)
        shown = [
            DocumentOut(id=name, path=room.locations.shown(document.path), chunks=document.num_chunks)
            for name, document in list(held.items())[offset : offset + limit]
        ]
        return DocumentsOut(total=len(held), offset=offset, documents=shown)

    return await room.library.read(work)


@router.delete("/documents", dependencies=_changing, summary="Remove documents by path")
async def remove_by_path(
    room: RoomOf,
    response: Response,
    path: Annotated[str, Query(min_length=1, max_length=1000, description="A part of the path, or a pattern.")],
) -> JobOut:
    """Removes all documents whose path matches."""
    return await _removed(room, response, {"path": path_pattern(path)})


# An id may hold slashes, so that the route which ends in a word of ours comes before the one that does not.
@router.get("/documents/{document_id:path}/similar", summary="Documents like one")
async def similar(document_id: str, room: RoomOf, top: Annotated[int, Query(ge=1, le=100)] = 10) -> SimilarOut:
    """The documents whose vectors are nearest to the mean of this one's."""

    def work() -> SimilarOut:
        hits = room.library.reader.similar(document_id, top=top)
        shown = [search_hit(hit, rank, room.locations) for rank, hit in enumerate(hits, start=1)]
        return SimilarOut(id=document_id, hits=shown)

    return await room.library.read(work)


@router.get("/documents/{document_id:path}", summary="Read a document")
async def document(document_id: str, room: RoomOf, offset: _Offset = 0, limit: _Limit = 100) -> WholeDocument:
    """A document, chunk by chunk."""

    def work() -> WholeDocument:
        catalogue = room.library.reader.catalogue
        held = catalogue.documents({"document_id": document_id}).get(document_id)
        if held is None:
            raise InvalidInputError("document", f"there is none with the id {document_id!r}")
        end = min(offset + limit, held.num_chunks)
        chunks = catalogue.chunks([f"{document_id}#{ordinal}" for ordinal in range(offset, end)])
        return WholeDocument(
            id=document_id,
            path=room.locations.shown(held.path),
            num_chunks=held.num_chunks,
            offset=offset,
            chunks=[chunk_out(chunk) for chunk in chunks],
        )

    return await room.library.read(work)


@router.delete("/documents/{document_id:path}", dependencies=_changing, summary="Remove a document")
async def remove(document_id: str, room: RoomOf, response: Response) -> JobOut:
    """Removes one document; one that is not there is no error, and `removed` says 0."""
    return await _removed(room, response, {"document_id": document_id})


async def _removed(room: Room, response: Response, where: Mapping[str, object]) -> JobOut:
    held = await room.library.read(room.library.reader.catalogue.documents, where)
    paths = {document.path for document in held.values() if document.path}

    def remove_files() -> None:
        for path in paths:
            if not room.library.writer.catalogue.documents({"path": path}):
                room.uploads.remove(path)

    job = room.jobs.remove(list(held), then=remove_files)
    ended = await room.jobs.ended(job, within_s=_REMOVAL_WAIT_S)
    response.status_code = 200 if ended else 202
    return job_out(job)


def _check_number(number: int, room: Room) -> None:
    limit = room.library.settings.max_documents
    if number > limit:
        raise TooLargeError("documents", size=number, limit=limit)


def _document(given: DocumentIn, room: Room) -> Document:
    limit = room.library.settings.max_text_chars
    if len(given.text) > limit:
        raise TooLargeError("characters of a text", size=len(given.text), limit=limit)
    name = given.id or f"text-{hashlib.blake2b(given.text.encode(), digest_size=8).hexdigest()}"
    return Document(id=name, text=given.text, title=given.title, path=given.path, metadata=given.metadata)


def _stored(files: Sequence[UploadFile], uploads: Uploads) -> list[str]:
    """Put the files in their places; returns their reduced names, each once."""
    names: dict[str, None] = {}
    for file in files:
        name = safe_name(file.filename or "")
        uploads.take(name, file.file)
        names[name] = None
    return list(names)


def _read(names: Sequence[str], uploads: Uploads) -> Iterator[Document | Skipped]:
    for name in names:
        yield from uploads.read(name)
