"""The jobs that import. Every row and the end of the job are one transaction: all of a table is there, or nothing."""

import asyncio
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import identity_of
from app.chat.imports import previews
from app.chat.imports.kinds import KINDS, ImportKind, ImportWord
from app.chat.imports.previews import ImportOrder
from app.files import private_files
from app.files.models import PrivateFile
from app.jobs.kinds import GiveUp, Retry, job
from app.jobs.runs import Run
from app.kernel.errors import AppError
from app.kernel.i18n import sentence
from app.kernel.identity import Identity, Role

LIMITS: dict[str, Any] = {"soft_seconds": 240, "hard_seconds": 300}


@job("chat.import_quick_replies", ImportOrder, title=sentence("Import of quick replies"), **LIMITS)
async def import_quick_replies(run: Run, order: ImportOrder) -> dict[str, Any]:
    """Add and change quick replies as a confirmed table says."""
    return await _import(run, KINDS[ImportWord.QUICK_REPLIES], order)


@job("chat.import_contacts", ImportOrder, title=sentence("Import of contacts"), **LIMITS)
async def import_contacts(run: Run, order: ImportOrder) -> dict[str, Any]:
    """Add and change contacts as a confirmed table says."""
    return await _import(run, KINDS[ImportWord.CONTACTS], order)


async def _import(run: Run, kind: ImportKind, order: ImportOrder) -> dict[str, Any]:
    async with run.db.reading() as session:
        me = await _importer(session, run.owner_id)
        file = await private_files.get(session, me.user_id, order.file_id)
    if file is None:
        raise GiveUp("import_expired", "This upload was kept for a day and is gone. Upload the file again.")
    path = private_files.location(run.settings, file)
    try:
        parsed = await asyncio.to_thread(previews.parsed_of, kind, path)
    except AppError as error:  # it was fine when it was confirmed, so a second look helps nobody
        raise GiveUp(error.code, error.text, **error.params) from error
    await run.progress(40, "Read {n} rows", n=len(parsed.raw))
    async with run.db.reading() as session:
        counts = (await kind.plan(session, me, parsed.entries)).counts

    async def write(session: AsyncSession) -> None:
        if not await _taken(session, file):
            raise GiveUp("import_done", "This file has been imported already.")
        plan = await kind.plan(session, me, parsed.entries)
        if parsed.problems or plan.problems:
            raise GiveUp("import_has_problems", "This file still has mistakes. Correct them and upload it again.")
        if plan.counts != counts:
            raise Retry("somebody changed the same rows", after_seconds=0)
        await kind.apply(session, me, plan)

    result = {"rows": len(parsed.raw), **counts}
    try:
        await run.complete(write, result)
    except IntegrityError as error:
        raise Retry("somebody added the same rows", after_seconds=1) from error
    await asyncio.to_thread(private_files.discard, path)
    return result


async def _importer(session: AsyncSession, owner_id: str | None) -> Identity:
    me = await identity_of(session, owner_id) if owner_id else None
    if me is None or me.role is not Role.MERCHANT or me.merchant_id is None:
        raise GiveUp("not_allowed", "You may not import into this shop any more.")
    return me


async def _taken(session: AsyncSession, file: PrivateFile) -> bool:
    """The upload is used up with what it brings, so that no second job can bring it again."""
    return await private_files.remove(session, [file.id]) == 1
