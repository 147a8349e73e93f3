"""Asking for one's deletion, taking it back, and whether it is possible. What it does is in `erasing.py`."""

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import sessions, users
from app.accounts.models import Staff, StaffRole, User
from app.chat.models import Conversation, Status
from app.jobs import queue
from app.jobs.models import ENDED, WAITING, Job, JobStatus
from app.kernel.clock import now
from app.kernel.errors import AppError, Conflict, Forbidden, NotFound
from app.kernel.identity import Role
from app.kernel.models import UserId
from app.privacy.models import PersonDeletion

KIND = "accounts.delete_person"
GRACE_SECONDS = 7 * 86_400


class PersonOrder(BaseModel):
    """Whom a job is about."""

    user_id: str


class DeletionPublic(BaseModel):
    """A deletion that waits. Until `due_at` it can be taken back."""

    user_id: UserId
    requested_by: UserId
    requested_at: int
    due_at: int


def public(row: PersonDeletion) -> DeletionPublic:
    """The shape that leaves."""
    return DeletionPublic(**row.model_dump(exclude={"job_id", "finished_at"}))


async def check_possible(session: AsyncSession, user: User) -> None:
    """Refuse with what has to be done first: a shop must not be left behind without anybody who answers."""
    if user.role is Role.PLATFORM:
        raise Forbidden("platform_stays", "The platform's own account cannot be deleted.")
    if user.role is Role.ADMIN:
        others = select(User.id).where(User.role == Role.ADMIN, User.id != user.id, col(User.blocked_at).is_(None))
        if (await session.exec(others.limit(1))).first() is None:
            raise Conflict("last_admin", "You are the last admin. Make somebody else an admin first.")
    if (await session.exec(select(Staff).where(Staff.user_id == user.id, Staff.role == StaffRole.OWNER))).first():
        await _check_shop(session, user.id)


async def _check_shop(session: AsyncSession, merchant_id: str) -> None:
    agents = select(func.count()).where(col(Staff.merchant_id) == merchant_id, col(Staff.user_id) != merchant_id)
    count = (await session.exec(agents)).one()
    if count:
        raise Conflict("shop_has_staff_left", "Your shop still has {n} more people. Remove them first.", n=count)
    unresolved = (Conversation.merchant_id == merchant_id, Conversation.status != Status.RESOLVED)
    count = (await session.exec(select(func.count()).select_from(Conversation).where(*unresolved))).one()
    if count:
        raise Conflict(
            "shop_has_open_conversations", "Your shop still has {n} open conversations. Resolve them first.", n=count
        )


async def standing(session: AsyncSession, user_id: str) -> PersonDeletion | None:
    """The deletion that waits for this person, or None."""
    found = select(PersonDeletion).join(Job, col(Job.id) == col(PersonDeletion.job_id))
    waits = (PersonDeletion.user_id == user_id, col(PersonDeletion.finished_at).is_(None))
    return (await session.exec(found.where(*waits, col(Job.status).not_in(ENDED)))).first()


async def ask(session: AsyncSession, user_id: str, requested_by: str) -> PersonDeletion:
    """Have a person deleted in seven days, and sign them out now. Asked again, the first answer stands.

    409 with what has to be done first; 404 for nobody, and for somebody who is deleted already.
    """
    user = await users.get(session, user_id)
    row = await session.get(PersonDeletion, user_id, with_for_update=True)
    if row is not None and row.finished_at is not None:
        raise NotFound("user_not_found", "There is no such user.")
    if row is not None and await standing(session, user_id) is not None:
        return row
    await check_possible(session, user)
    at = now()
    due_at = at + GRACE_SECONDS
    try:
        async with session.begin_nested():
            # Nobody's job: cancelled while it runs, it would leave half a person behind.
            job = await queue.enqueue(session, KIND, PersonOrder(user_id=user_id), run_after=due_at)
            if row is None:
                row = PersonDeletion(user_id=user_id, job_id=job.id, requested_by=requested_by, due_at=due_at)
                session.add(row)
            else:
                row.sqlmodel_update(
                    {"job_id": job.id, "requested_by": requested_by, "requested_at": at, "due_at": due_at}
                )
            await session.flush()
    except IntegrityError:  # asked twice at once
        return await session.get_one(PersonDeletion, user_id, with_for_update=True, populate_existing=True)
    await sessions.end_all(session, user_id)
    return row


async def take_back(session: AsyncSession, user_id: str) -> None:
    """Let the person stay. 404 when no deletion waits, 409 when it has begun."""
    row = await session.get(PersonDeletion, user_id, with_for_update=True)
    job = await session.get(Job, row.job_id, with_for_update=True) if row else None
    if row is None or row.finished_at is not None or job is None:
        raise no_deletion()
    if job.status is JobStatus.PROCESSING:
        raise Conflict("deletion_has_begun", "The deletion has begun and cannot be taken back.")
    if job.status in WAITING:
        job.status, job.finished_at = JobStatus.CANCELLED, now()
        await queue.tell(session, job)
    await session.delete(row)
    await session.flush()


def no_deletion() -> AppError:
    """The answer where nothing waits."""
    return NotFound("deletion_not_found", "No deletion is waiting.")
