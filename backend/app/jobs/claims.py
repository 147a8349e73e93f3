"""The verbs of workers: claim, show life, report, finish. Each is one conditional statement fenced by a claim token.

A worker that was thought dead and lives (a frozen machine, a cut network) holds an old token and changes nothing.
"""

import asyncio
import random
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, and_, case, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import queue as job_queue
from app.jobs.events import JobReady
from app.jobs.kinds import Kind
from app.jobs.models import WAITING, Job, JobStatus, Queue
from app.kernel import events
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.kernel.sql import server_now, table_of

MAX_LOSSES = 5  # workers that vanished with one job before we take the job for the cause
MAX_TRACE = 20_000  # characters
_JOBS = table_of(Job)
INTERNAL: dict[str, object] = {"code": "internal", "text": sentence("Something went wrong on our side."), "params": {}}


@dataclass(slots=True)
class Claimed:
    """A job in the hands of this worker. `job` is detached from every session."""

    job: Job
    token: int
    is_cancelled: bool = False
    is_lost: bool = False
    handler: asyncio.Future[Any] | None = None

    def interrupt(self) -> None:
        """Cancel the handler; once, so that what it does to end in order is left alone."""
        handler, self.handler = self.handler, None
        if handler is not None:
            handler.cancel()


async def claim(session: AsyncSession, queue: str, limit: int, max_running: int | None = None) -> list[Claimed]:
    """Take up to `limit` jobs that wait in `queue`, the highest priority first, then the oldest.

    `max_running` limits the queue over all workers. Two workers that take jobs of one concurrency key at once are told
    apart by the unique `running_key`: the later one takes jobs without a key only, and comes back.
    """
    if max_running is not None:
        limit = min(limit, max_running - await _running(session, queue))
    if limit <= 0:
        return []
    try:
        async with session.begin_nested():
            return await _claim(session, queue, limit, with_keys=True)
    except IntegrityError:
        return await _claim(session, queue, limit, with_keys=False)


async def look(session: AsyncSession, held: list[Claimed]) -> None:
    """Mark those that are to be cancelled, and those that were given to somebody else."""
    ids = [claimed.job.id for claimed in held]
    query = select(Job.id, Job.claim_token, Job.cancel_requested_at).where(col(Job.id).in_(ids))
    found = {job_id: (token, asked_at) for job_id, token, asked_at in (await session.exec(query)).all()}
    for claimed in held:
        token, asked_at = found.get(claimed.job.id, (None, None))
        claimed.is_lost = token != claimed.token
        claimed.is_cancelled = asked_at is not None
        claimed.job.cancel_requested_at = asked_at


async def show_life(session: AsyncSession, held: list[Claimed]) -> None:
    """Count one beat for each job in hand, in one statement."""
    mine = col(Job.claim_token).in_({claimed.token for claimed in held})
    ids = [claimed.job.id for claimed in held]
    await session.exec(update(Job).where(col(Job.id).in_(ids), mine).values(beats=Job.beats + 1, beat_at=server_now()))


async def report(session: AsyncSession, claimed: Claimed, progress: int, note: dict[str, Any] | None) -> bool:
    """Write how far a run is; False when it is not ours any more."""
    return await _move(session, claimed, progress=progress, note=note)


async def finish(session: AsyncSession, claimed: Claimed, status: JobStatus, **values: Any) -> bool:
    """End a run for good; False when it is not ours any more, and then nothing has changed."""
    if status is JobStatus.COMPLETED:
        values["progress"] = 100
    return await _move(session, claimed, status=status, claim_token=None, running_key=None, finished_at=now(), **values)


async def fail(
    session: AsyncSession, claimed: Claimed, kind: Kind, error: dict[str, Any], trace: str, after: float | None
) -> bool:
    """End a run that broke: again after a delay while attempts are left. `after` (seconds) overrides the backoff."""
    trace = trace[-MAX_TRACE:].replace("\x00", "")  # which PostgreSQL does not take
    if claimed.job.attempts >= claimed.job.max_attempts:
        return await finish(session, claimed, JobStatus.FAILED, error=error, trace=trace)
    delay = backoff(kind, claimed.job.attempts) if after is None else after
    return await put_back(session, claimed, delay, error=error, trace=trace)


def backoff(kind: Kind, attempt: int) -> float:
    """Seconds before the next attempt: exponential with full jitter, so that what broke together does not come back

    together (Amazon Builders' Library, "Timeouts, retries, and backoff with jitter").
    """
    return random.uniform(0, min(kind.max_backoff_seconds, kind.backoff_seconds * 2**attempt))


async def put_back(session: AsyncSession, claimed: Claimed, delay: float = 0, **values: Any) -> bool:
    """Let the job wait again: at once, or `delay` seconds from now; not at all when somebody wants it to end."""
    asked = select(Job.cancel_requested_at).where(Job.id == claimed.job.id).with_for_update()
    if (await session.exec(asked)).first() is not None:
        return await finish(session, claimed, JobStatus.CANCELLED)
    delay = round(delay)
    due = now() + delay
    is_now = delay <= 0
    moved = await _move(
        session,
        claimed,
        status=JobStatus.QUEUED if is_now else JobStatus.PENDING,
        claim_token=None,
        running_key=None,
        run_after=due,
        delay_seconds=delay,
        **values,
    )
    if moved and is_now:
        await events.emit(session, JobReady(queue=claimed.job.queue))
    return moved


async def hand_back(session: AsyncSession, claimed: Claimed) -> bool:
    """A worker that stops returns what it did not finish; that was no attempt."""
    return await put_back(session, claimed, attempts=claimed.job.attempts - 1)


async def give_up_lost(session: AsyncSession, job_id: int, token: int | None, beats: int) -> bool:
    """Take a job from a worker that shows no life; nothing happens when it has moved since it was observed."""
    still = and_(col(Job.id) == job_id, col(Job.status) == JobStatus.PROCESSING, col(Job.beats) == beats)
    same = col(Job.claim_token) == token
    is_last = col(Job.losses) >= MAX_LOSSES
    lost = {
        "code": "worker_lost",
        "text": sentence("The worker that ran this task vanished several times."),
        "params": {},
    }
    moved = await session.exec(
        update(Job)
        .where(still, same)
        .values(
            status=case((is_last, JobStatus.FAILED), else_=JobStatus.QUEUED),
            finished_at=case((is_last, now()), else_=None),
            losses=Job.losses + 1,
            attempts=Job.attempts - 1,
            claim_token=None,
            running_key=None,
        )
    )
    if _count(moved) == 0:
        return False
    row = await session.get_one(Job, job_id, populate_existing=True)
    if row.status is JobStatus.FAILED:
        row.error = lost
        await session.flush()
    elif row.cancel_requested_at is not None:
        row.status, row.finished_at = JobStatus.CANCELLED, now()
        await session.flush()
    else:
        await events.emit(session, JobReady(queue=row.queue))
    await job_queue.tell(session, row)
    return True


class Sign(NamedTuple):
    """What the row of a running job shows. `silent_seconds`: since its last beat, by the database's clock."""

    job_id: int
    token: int | None
    beats: int
    silent_seconds: int


async def signs(session: AsyncSession) -> list[Sign]:
    """Of every job that somebody runs."""
    silent = (server_now() - func.coalesce(Job.beat_at, 0)).label("silent")
    query = select(Job.id, Job.claim_token, Job.beats, silent).where(Job.status == JobStatus.PROCESSING)
    return [Sign(*row) for row in (await session.exec(query)).all()]


async def due_queues(session: AsyncSession, queues: list[str]) -> tuple[set[str], bool]:
    """The queues in which something waits for a worker, and whether something waits for its time that has come."""
    waiting = select(Job.queue).where(Job.status == JobStatus.QUEUED, col(Job.queue).in_(queues)).distinct()
    found = set((await session.exec(waiting)).all())
    is_due = (await session.exec(select(Job.id).where(_is_due(now())).limit(1))).first()
    return found, is_due is not None


async def promote(session: AsyncSession) -> None:
    """Queue what waited for its time; end what waited too long."""
    at = now()
    is_old = and_(col(Job.status).in_(WAITING), col(Job.expires_at) <= at)
    for row in (await session.exec(select(Job).where(is_old).with_for_update(skip_locked=True))).all():
        row.status, row.finished_at = JobStatus.EXPIRED, at
        await session.flush()
        await job_queue.tell(session, row)
    due = select(Job).where(_is_due(at)).limit(500)
    for row in (await session.exec(due.with_for_update(skip_locked=True))).all():
        row.status = JobStatus.QUEUED
        await session.flush()
        await events.emit(session, JobReady(queue=row.queue))
        await job_queue.tell(session, row)


def _is_due(at: int) -> Any:
    """Its time has come, or cannot be right: no retry is further ahead than its own delay."""
    is_wrong = col(Job.run_after) > at + col(Job.delay_seconds)
    return and_(
        col(Job.status) == JobStatus.PENDING,
        or_(col(Job.run_after) <= at, col(Job.expires_at) <= at, is_wrong),
    )


async def _running(session: AsyncSession, queue: str) -> int:
    """How many of a limited queue run. Its row is locked, so that two workers do not count the same free place."""
    await session.exec(select(Queue).where(Queue.name == queue).with_for_update())
    running = select(Job.id).where(Job.status == JobStatus.PROCESSING, Job.queue == queue)
    return len((await session.exec(running)).all())


async def _claim(session: AsyncSession, queue: str, limit: int, *, with_keys: bool) -> list[Claimed]:
    wanted: list[Any] = [Job.status == JobStatus.QUEUED, Job.queue == queue]
    if with_keys:
        other = aliased(Job)
        is_taken = select(other.id).where(other.running_key == Job.concurrency_key).exists()
        wanted.append(or_(col(Job.concurrency_key).is_(None), ~is_taken))
    else:
        wanted.append(col(Job.concurrency_key).is_(None))
    first = select(Job).where(*wanted).order_by(col(Job.rank), col(Job.id)).limit(limit)
    rows = _one_of_each_key((await session.exec(first.with_for_update(skip_locked=True))).all())
    if not rows:
        return []
    token, at = secrets.randbits(62), now()
    taken = update(Job).where(col(Job.id).in_([row.id for row in rows])).values(
        status=JobStatus.PROCESSING,
        claim_token=token,
        running_key=Job.concurrency_key,
        attempts=Job.attempts + 1,
        beats=Job.beats + 1,
        beat_at=server_now(),
        started_at=at,
        progress=0,
        note=None,
    )  # fmt: skip
    await session.exec(taken.execution_options(synchronize_session=False))
    claimed = []
    for row in rows:
        session.expunge(row)
        row.status, row.claim_token, row.attempts, row.started_at = JobStatus.PROCESSING, token, row.attempts + 1, at
        row.progress, row.note = 0, None
        await job_queue.tell(session, row)
        claimed.append(Claimed(row, token))
    return claimed


def _one_of_each_key(rows: Any) -> list[Job]:
    seen: set[str] = set()
    chosen = []
    for row in rows:
        if row.concurrency_key is None or row.concurrency_key not in seen:
            chosen.append(row)
            seen.add(row.concurrency_key or "")
    return chosen


async def _move(session: AsyncSession, claimed: Claimed, **values: Any) -> bool:
    job = claimed.job
    mine = (col(Job.id) == job.id) & (col(Job.claim_token) == claimed.token)
    connection = await session.connection()  # Core: the ORM's way costs three times as much, for every run
    if (await connection.execute(update(_JOBS).where(mine).values(**values))).rowcount == 0:
        return False
    for name, value in values.items():
        setattr(job, name, value)
    await job_queue.tell(session, job)
    return True


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount
