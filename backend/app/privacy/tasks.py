"""The jobs of a person's rights: a copy of what is kept, and the end of it."""

import asyncio
from functools import partial
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, users
from app.accounts.models import User
from app.files import private_files, sweeps
from app.files.storage.local import LocalStorage
from app.jobs.kinds import GiveUp, Retry, job
from app.jobs.runs import Cancelled, Run
from app.kernel.clock import now
from app.kernel.errors import AppError
from app.kernel.i18n import LOCALES, sentence, translate
from app.kernel.identity import Role
from app.privacy import deletions, erasing, exports
from app.privacy.deletions import PersonOrder
from app.privacy.models import PersonDeletion

BATCH = 100
FILE_NAME = sentence("Data of {person}")


class ExportPersonOrder(PersonOrder):
    """Whose copy, in which language."""

    locale: str = "en"


@job(
    "accounts.export_person",
    ExportPersonOrder,
    title=sentence("Copy of a person's data"),
    queue="exports",
    max_attempts=3,
    soft_seconds=3600,
    hard_seconds=4200,
)
async def export_person(run: Run, order: ExportPersonOrder) -> dict[str, Any]:
    """Write everything that is kept about a person into a private file of whoever asked: the person, or an admin."""
    async with run.db.reading() as session:
        asker = await access.identity_of(session, run.owner_id or "")
        user = await session.get(User, order.user_id)
    if asker is None or user is None or (asker.user_id != user.id and asker.role is not Role.ADMIN):
        raise GiveUp("not_allowed", "You may not have this person's data.")
    locale = order.locale if order.locale in LOCALES else "en"
    path = await asyncio.to_thread(private_files.new_path, run.settings, run.job_id)
    is_whole = False
    try:
        counts = await exports.write(run, user, locale, path)
        name = f"{translate(FILE_NAME, locale, person=user.id)}.zip"
        row = await private_files.describe(
            run.settings, path, owner_id=asker.user_id, name=name, content_type="application/zip", job_id=run.job_id
        )
        is_whole = True
    finally:
        if not is_whole:
            await asyncio.to_thread(private_files.discard, path)
    result = {"file_id": str(row.id), "name": name, "size": row.size, **counts}
    try:
        await run.complete(lambda session: private_files.add(session, row), result)
    except Cancelled:
        await asyncio.to_thread(private_files.discard, path)
        raise
    return result


@job(
    deletions.KIND,
    PersonOrder,
    title=sentence("Deletion of a person"),
    is_cancellable=False,
    max_attempts=10,
    soft_seconds=3600,
    hard_seconds=4200,
)
async def delete_person(run: Run, order: PersonOrder) -> dict[str, Any]:
    """Erase a person whose seven days are over. Every step can be repeated: an attempt goes on where one broke off."""
    async with run.db.reading() as session:
        row = await session.get(PersonDeletion, order.user_id)
        user = await session.get(User, order.user_id)
        if row is None or user is None or row.job_id != run.job_id or row.finished_at is not None:
            return {"deleted": False}
        if row.due_at > now():  # cancelled and run again by an admin: seven days are a promise
            raise Retry("the person's days are not over", after_seconds=row.due_at - now())
        if user.role is Role.ADMIN or (user.role is Role.MERCHANT and await access.is_shop(session, user.id)):
            await _check_still_possible(session, user)
    await run.db.write(partial(erasing.lock_out, user=user))
    talks = await _erase_talks(run, user.id) if user.role is Role.BUYER else 0
    if user.role is Role.MERCHANT:
        await run.db.write(partial(erasing.leave_the_shop, user_id=user.id))
    files = await _erase_files(run, user)
    result = {"deleted": True, "conversations": talks, "files": files}

    async def end(session: AsyncSession) -> None:
        await erasing.forget_contact(session, user.id)
        done = await session.get_one(PersonDeletion, user.id)
        done.finished_at = now()
        await session.flush()

    await run.complete(end, result)
    return result


async def _check_still_possible(session: AsyncSession, user: User) -> None:
    """In the seven days new conversations may have come, and the other admins gone. A later attempt would find no shop

    and go on.
    """
    try:
        await deletions.check_possible(session, await users.get(session, user.id))
    except AppError as error:
        raise GiveUp(error.code, error.text, **error.params) from error


async def _erase_talks(run: Run, user_id: str) -> int:
    after, count = 0, 0
    while True:
        async with run.db.reading() as session:
            ids = await erasing.conversations_of(session, user_id, after, BATCH)
        for number in ids:
            seq: int | None = 0
            while seq is not None:
                blank = partial(erasing.blank, user_id=user_id, conversation_id=number, after=seq)
                seq = await run.db.write(blank)
            await run.db.write(partial(erasing.close, user_id=user_id, conversation_id=number))
            after, count = number, count + 1
        if len(ids) < BATCH:
            return count


async def _erase_files(run: Run, user: User) -> int:
    """A buyer's all; of others those that no conversation shows: what they sent for the shop is the shop's."""
    storage, count = run.service(LocalStorage), 0
    some = partial(sweeps.remove_of, owner_id=user.id, limit=BATCH, unused_only=user.role is not Role.BUYER)
    while gone := await run.db.write(some):
        await sweeps.discard(storage, gone)
        count += len(gone)
    return count
