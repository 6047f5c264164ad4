"""`/jobs`: how far writing is."""

from __future__ import annotations

from fastapi import APIRouter

from embedrank.core.errors import NotServedError
from embedrank.serving.searching.answering import job_out
from embedrank.serving.searching.depends import RoomOf
from embedrank.serving.searching.schema import JobOut

router = APIRouter(tags=["documents"])


@router.get("/jobs", summary="All jobs")
async def jobs(room: RoomOf) -> list[JobOut]:
    """The jobs of this server, newest first; old ones are forgotten."""
    return [job_out(job) for job in room.jobs.all()]


@router.get("/jobs/{job_id}", summary="One job")
async def job(job_id: str, room: RoomOf) -> JobOut:
    """How far it is, what it did, and what it left out, with the reasons."""
    found = room.jobs.get(job_id)
    if found is None:
        raise NotServedError(f"job {job_id!r}", hint="jobs are forgotten when the server ends, and old ones before")
    return job_out(found)
