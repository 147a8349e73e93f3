"""The queues themselves: how they stand, and what admins decided about them."""

from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import entries as audit
from app.audit.models import Action
from app.jobs.kinds import QUEUES
from app.jobs.models import ALIVE, Job, JobStatus, Queue
from app.kernel.clock import now
from app.kernel.errors import NotFound
from app.kernel.identity import Identity
from app.kernel.sql import upsert

HOUR = 3600
COUNTED = (JobStatus.COMPLETED, JobStatus.FAILED)


class QueueHealth(BaseModel):
    """One queue. `oldest_seconds`: how long its longest-waiting job waits; the last two count the last hour."""

    name: str
    is_paused: bool
    max_running: int | None
    pending: int
    queued: int
    processing: int
    oldest_seconds: int
    completed: int
    failed: int


async def health(session: AsyncSession) -> list[QueueHealth]:
    """Every queue that the product has, in the order of their names."""
    at = now()
    found: dict[tuple[str, str], tuple[int, int]] = {}
    is_alive = col(Job.status).in_(ALIVE)
    has_ended = (col(Job.finished_at) > at - HOUR) & col(Job.status).in_(COUNTED)
    for which in (is_alive, has_ended):
        query = select(Job.queue, Job.status, func.count(), func.min(Job.run_after)).where(which)
        rows = await session.exec(query.group_by(col(Job.queue), col(Job.status)))
        found |= {(queue, str(status)): (count, since) for queue, status, count, since in rows.all()}
    decided = await decisions(session)
    return [
        QueueHealth(
            name=name,
            is_paused=name in decided and decided[name].is_paused,
            max_running=decided[name].max_running if name in decided else None,
            oldest_seconds=max(0, at - found.get((name, "queued"), (0, at))[1]),
            **{str(status): found.get((name, str(status)), (0, at))[0] for status in (*ALIVE, *COUNTED)},
        )
        for name in sorted(QUEUES)
    ]


async def decisions(session: AsyncSession) -> dict[str, Queue]:
    """What admins decided, by queue."""
    return {row.name: row for row in (await session.exec(select(Queue))).all()}


async def decide_as(
    session: AsyncSession, me: Identity, name: str, *, is_paused: bool, max_running: int | None
) -> None:
    """The decision of an admin, with its entry in the audit log."""
    await decide(session, name, is_paused=is_paused, max_running=max_running)
    subject = ("queue", name)
    await audit.done(session, me, Action.QUEUE_CHANGED, subject, is_paused=is_paused, max_running=max_running)


async def decide(session: AsyncSession, name: str, *, is_paused: bool, max_running: int | None) -> None:
    """Pause a queue, or limit how many of its jobs run at once over all workers; these know within two seconds."""
    if name not in QUEUES:
        raise NotFound("queue_not_found", "There is no such queue.")
    decided = {"name": name, "is_paused": is_paused, "max_running": max_running}
    await upsert(session, Queue, [decided], key=["name"], update=["is_paused", "max_running"])
