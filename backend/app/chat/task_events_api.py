"""One job's progress as server-sent events, for clients without the socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from app.chat.api import TheDesk
from app.chat.desk import Desk
from app.chat.hub import Socket, job_watchers
from app.jobs import queue, shapes
from app.jobs.api import JobId
from app.jobs.models import ENDED, JobPublic
from app.kernel.errors import NotFound, TooMany
from app.kernel.i18n import locale_of
from app.kernel.identity import Identity, Me
from app.kernel.refusals import refusals

MAX_STREAMS = 20  # of one person
KEEP_ALIVE_SECONDS = 15.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(tags=["tasks"])


class Follower(Socket):
    """A member of the hub whose transport is a response."""

    __slots__ = ()


@router.get(
    "/tasks/{task_id}/events",
    summary="Follow a task",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events."}, **refusals(401, 404, 429)},
)
async def follow_task(request: Request, me: Me, task_id: JobId, desk: TheDesk) -> StreamingResponse:
    """Server-sent events: `task` with the task as JSON, at once and after each change, until it has ended. 404 for

    another's task, 429 for more than 20 streams at once.
    """
    streams = sum(1 for one in desk.hub.sockets if isinstance(one, Follower) and one.identity.user_id == me.user_id)
    if streams >= MAX_STREAMS:
        raise TooMany(int(KEEP_ALIVE_SECONDS))
    first = await _read(desk, me, task_id, locale_of(request))
    events = _events(desk, me, first, locale_of(request))
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


async def _events(desk: Desk, me: Identity, first: JobPublic, locale: str) -> AsyncIterator[bytes]:
    """A member of the hub whose transport is this response. Frames say that something is new; the row says what."""
    news = asyncio.Event()
    is_closed = False

    async def send(message: dict[str, Any]) -> None:
        nonlocal is_closed
        is_closed = is_closed or message["type"] == "websocket.close"
        news.set()

    member = Follower(me, send, locale, None)
    member.audiences = {job_watchers(first.id)}
    desk.hub.join(member)
    try:
        shown: JobPublic | None = None
        while not is_closed:
            news.clear()
            try:
                job = await _read(desk, me, first.id, locale)
            except (NotFound, SQLAlchemyError, OSError) as error:
                logger.info("events of task {} end: {}", first.id, error)  # who comes again learns what there is
                return
            if job != shown:
                shown = job
                yield b"event: task\ndata: " + orjson.dumps(job.model_dump(mode="json")) + b"\n\n"
            if job.status in ENDED:
                return
            try:
                await asyncio.wait_for(news.wait(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
    finally:
        desk.hub.leave(member)


async def _read(desk: Desk, me: Identity, job_id: int, locale: str) -> JobPublic:
    async with desk.db.reading() as session:
        row = await queue.get(session, me, job_id)
        return shapes.public(shapes.columns(row), locale)
