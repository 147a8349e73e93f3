"""The verbs of jobs for everybody but workers: enqueue, look, cancel, try again.

`enqueue` inserts a row in the caller's transaction, so a job exists exactly when what it is about does.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import entries as audit
from app.audit.models import Action
from app.jobs import kinds, shapes
from app.jobs.events import JobChanged, JobReady
from app.jobs.models import ENDED, WAITING, Job, JobStatus
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Conflict, NotFound
from app.kernel.identity import Identity, Role
from app.kernel.paging import Page

MAX_PRIORITY = 100
MAX_WAITING = 100  # jobs of one person


async def enqueue(
    session: AsyncSession,
    kind_name: str,
    payload: BaseModel | None = None,
    *,
    owner_id: str | None = None,
    idempotency_key: str | None = None,
    concurrency_key: str | None = None,
    run_after: int | None = None,
    expires_at: int | None = None,
    priority: int = 0,
    parent_id: int | None = None,
) -> Job:
    """Add a job. With an `idempotency_key` that the kind has seen, the first one is returned and nothing is added.

    `run_after` and `expires_at` are seconds since the epoch; of one `concurrency_key` only one job runs at a time;
    a higher `priority` (-100 to 100) runs sooner.
    """
    kind = kinds.find(kind_name)
    if kind is None:
        raise ValueError(f"there is no kind of job called {kind_name}")
    at = now()
    row = Job(
        kind=kind.name,
        queue=kind.queue,
        status=JobStatus.PENDING if run_after is not None and run_after > at else JobStatus.QUEUED,
        rank=-max(-MAX_PRIORITY, min(MAX_PRIORITY, priority)),
        payload=kind.payload.model_validate(payload.model_dump() if payload else {}).model_dump(mode="json"),
        owner_id=owner_id,
        parent_id=parent_id,
        idempotency_key=idempotency_key,
        concurrency_key=concurrency_key,
        max_attempts=kind.max_attempts,
        run_after=max(run_after or 0, at),
        expires_at=expires_at,
    )
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError:
        if idempotency_key is None:
            raise
        same = select(Job).where(Job.kind == kind.name, Job.idempotency_key == idempotency_key)
        # FOR UPDATE reads what is committed now, also where the transaction's snapshot is older than the winner.
        return (await session.exec(same.with_for_update())).one()
    if row.status is JobStatus.QUEUED:
        await events.emit(session, JobReady(queue=row.queue))
    await tell(session, row)
    return row


async def start(
    session: AsyncSession, kind_name: str, payload: BaseModel, owner_id: str, *, key: str | None = None,
    run_after: int | None = None,
) -> Job:  # fmt: skip
    """Add a job that a person asked for: of most kinds one of theirs runs at a time; at most a hundred wait.

    The same `key` again is the same job; with another payload it is a 409.
    """
    kind = kinds.find(kind_name)
    is_alone = kind is not None and kind.is_one_per_person
    waiting = select(func.count()).select_from(Job).where(Job.owner_id == owner_id, col(Job.status).in_(WAITING))
    if (await session.exec(waiting)).one() >= MAX_WAITING:
        raise Conflict("too_many_tasks", "{max} of your tasks are waiting already.", max=MAX_WAITING)
    job = await enqueue(
        session,
        kind_name,
        payload,
        owner_id=owner_id,
        # A key is the caller's own: nobody gets another's task by guessing it.
        idempotency_key=f"{owner_id}:{key}" if key else None,
        concurrency_key=f"{kind_name}:{owner_id}" if is_alone else None,
        run_after=run_after,
    )
    if job.payload != payload.model_dump(mode="json"):
        raise Conflict("key_in_use", "Another task was started under this key.")
    return job


async def get(session: AsyncSession, me: Identity, job_id: int, *, lock: bool = False) -> Job:
    """A job of one's own, any for admins; 404 for another's."""
    query = select(Job).where(Job.id == job_id, *_seen_by(me))
    row = (await session.exec(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFound("job_not_found", "There is no such task.")
    return row


async def listing(
    session: AsyncSession, me: Identity, page: Page, *, statuses: Sequence[JobStatus] = (), kind: str | None = None,
    queue: str | None = None, owner_id: str | None = None, has_owner: bool | None = None, everybody: bool = False,
) -> tuple[int, list[Job]]:  # fmt: skip
    """The newest first: one's own; with `everybody` all that one may see, the product's own (no owner) among them."""
    wanted = list(_seen_by(me)) if everybody else [col(Job.owner_id) == me.user_id]
    if statuses:
        wanted.append(col(Job.status).in_(statuses))
    if has_owner is not None:
        wanted.append(col(Job.owner_id).is_not(None) if has_owner else col(Job.owner_id).is_(None))
    for column, value in ((Job.kind, kind), (Job.queue, queue), (Job.owner_id, owner_id)):
        if value is not None:
            wanted.append(col(column) == value)
    count = (await session.exec(select(func.count()).select_from(Job).where(*wanted))).one()
    newest = select(Job).where(*wanted).order_by(col(Job.id).desc()).offset(page.offset).limit(page.page_size)
    return count, list((await session.exec(newest)).all())


async def cancel(session: AsyncSession, me: Identity, job_id: int) -> Job:
    """End a waiting job now, and ask a running one to stop, which it does within two seconds. Its children too."""
    row = await get(session, me, job_id, lock=True)
    if row.status in ENDED:
        raise Conflict("job_has_ended", "This task has ended already.")
    kind = kinds.find(row.kind)
    if row.status is JobStatus.PROCESSING and kind is not None and not kind.is_cancellable:
        raise Conflict("job_must_end", "This task must not stop halfway.")
    await _cancel(session, row)
    children = select(Job).where(Job.parent_id == row.id, col(Job.status).not_in(ENDED)).with_for_update()
    for child in (await session.exec(children)).all():
        await _cancel(session, child)
    await _note(session, me, Action.TASK_CANCELLED, row)
    return row


async def retry(session: AsyncSession, me: Identity, job_id: int) -> Job:
    """Run a job again that failed or was cancelled; 409 for any other, and when it must not begin any more."""
    row = await get(session, me, job_id, lock=True)
    if row.status not in shapes.RETRYABLE or shapes.is_late(row.expires_at):
        raise Conflict(
            "job_cannot_be_retried",
            "Only a task that failed or was cancelled, and whose time is not over, can run again.",
        )
    row.sqlmodel_update(
        {
            "status": JobStatus.QUEUED, "attempts": 0, "losses": 0, "progress": 0, "note": None, "error": None,
            "trace": None, "result": None, "run_after": now(), "cancel_requested_at": None,
            "finished_at": None, "claim_token": None,
        }
    )  # fmt: skip
    await session.flush()
    await events.emit(session, JobReady(queue=row.queue))
    await tell(session, row)
    await _note(session, me, Action.TASK_RETRIED, row)
    return row


async def _note(session: AsyncSession, me: Identity, action: Action, row: Job) -> None:
    """For the audit log: what an admin does with the task of somebody else."""
    if row.owner_id != me.user_id:
        await audit.done(session, me, action, ("task", row.id), kind=row.kind, owner=row.owner_id)


async def forget(session: AsyncSession, before: int, limit: int) -> int:
    """Delete jobs that ended before `before` (seconds), at most `limit`; says how many."""
    old = select(Job.id).where(col(Job.finished_at) < before).order_by(col(Job.finished_at)).limit(limit)
    ids = list((await session.exec(old)).all())
    for row in (await session.exec(select(Job).where(col(Job.id).in_(ids)))).all():
        await session.delete(row)
    await session.flush()
    return len(ids)


async def tell(session: AsyncSession, row: Job) -> None:
    """Emit the news of a row. The product's own jobs are many and nobody waits for them: only their end is news."""
    if row.owner_id is not None or row.status in (JobStatus.FAILED, JobStatus.CANCELLED):
        await events.emit(session, JobChanged(job_id=row.id, owner_id=row.owner_id, job=shapes.columns(row)))


def _seen_by(me: Identity) -> list[Any]:
    return [] if me.role is Role.ADMIN else [col(Job.owner_id) == me.user_id]


async def _cancel(session: AsyncSession, row: Job) -> None:
    at = now()
    row.cancel_requested_at = row.cancel_requested_at or at
    if row.status in WAITING:
        row.status, row.finished_at = JobStatus.CANCELLED, at
    await session.flush()
    await tell(session, row)
