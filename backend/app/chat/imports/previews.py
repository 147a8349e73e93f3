"""The verbs of imports: receive a table, look at what it would do, confirm it, throw it away. Nothing is written before

the confirmation, and then everything at once.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import BaseModel
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.chat.imports import columns, entries, tables
from app.chat.imports.entries import Parsed, Problem
from app.chat.imports.kinds import ImportKind
from app.files import private_files
from app.files.kinds import label
from app.files.models import PrivateFile
from app.jobs import queue
from app.jobs.models import Job
from app.kernel.config import Settings
from app.kernel.db import Database, settings_in
from app.kernel.errors import AppError, Conflict, NotFound
from app.kernel.i18n import translate
from app.kernel.identity import Identity
from app.kernel.models import Id

SHOWN_ROWS, SHOWN_PROBLEMS = 50, 100
CONTENT_TYPE = "application/octet-stream"  # what it is, its bytes say


class ImportOrder(BaseModel):
    """The payload of the jobs: an upload that was looked at."""

    file_id: Id


class ImportColumn(BaseModel):
    """One column of the table; `field` is null when it is left out."""

    heading: str
    field: str | None
    name: str | None
    """Of the field, in the reader's language."""


class ImportProblem(BaseModel):
    """Why the table cannot be imported as it is. `line` as a text editor or Excel counts them."""

    line: int
    column: str
    """The table's own heading; empty when it is the whole row."""
    detail: str


class ImportRow(BaseModel):
    """A row of the table and what would become of it. `double`: a row above is the same; `wrong`: see problems."""

    line: int
    verdict: Literal["new", "changed", "same", "double", "wrong"]
    values: dict[str, str]


class ImportPreview(BaseModel):
    """What an import would do. Nothing has been written; the table is kept until `expires_at`."""

    id: Id
    kind: str
    name: str
    columns: list[ImportColumn]
    count: int
    added: int
    updated: int
    skipped: int
    problem_count: int
    problems: list[ImportProblem]
    """The first 100."""
    rows: list[ImportRow]
    """The first 50."""
    can_confirm: bool
    """Only a table without problems can be imported."""
    expires_at: int


async def receive(
    db: Database, settings: Settings, me: Identity, kind: ImportKind, name: str | None, source: BinaryIO, locale: str
) -> ImportPreview:
    """Keep a table privately and look at it. Raises 400, 413 or 415 for what cannot be read; then nothing is kept."""
    shop_of(me)
    path = await asyncio.to_thread(private_files.new_path, settings)
    is_kept = False
    try:
        await asyncio.to_thread(_store, source, path)
        parsed = await asyncio.to_thread(parsed_of, kind, path, locale)
        row = await private_files.describe(
            settings, path, owner_id=me.user_id, name=label(name), content_type=CONTENT_TYPE
        )
        async with db.reading() as session:
            preview = await _preview(session, me, kind, row, parsed, locale)
        async with db.writing() as session:
            await private_files.add(session, row)
        is_kept = True
        return preview
    finally:
        if not is_kept:
            await asyncio.to_thread(private_files.discard, path)


async def look(session: AsyncSession, me: Identity, kind: ImportKind, file_id: int, locale: str) -> ImportPreview:
    """The preview again, as things stand now."""
    row = await _upload(session, me, file_id)
    path = private_files.location(settings_in(session), row)
    parsed = await asyncio.to_thread(parsed_of, kind, path, locale)
    return await _preview(session, me, kind, row, parsed, locale)


async def confirm(db: Database, me: Identity, kind: ImportKind, file_id: int) -> Job:
    """Start the import. Confirmed again, the same job is the answer; a table with problems is a 409.

    Looked at in a unit that only reads: on SQLite everybody would wait for a big table otherwise.
    """
    shop, key = shop_of(me), f"import-{file_id}"
    known = select(Job).where(Job.kind == kind.job, Job.idempotency_key == key, Job.owner_id == me.user_id)
    async with db.reading() as session:
        before = (await session.exec(known)).first()
        if before is not None:
            return before
        preview = await look(session, me, kind, file_id, "en")
    if not preview.can_confirm:
        raise Conflict("import_has_problems", "This file still has mistakes. Correct them and upload it again.")
    order = ImportOrder(file_id=file_id)
    return await db.write(
        lambda session: queue.enqueue(
            session, kind.job, order, owner_id=me.user_id, idempotency_key=key, concurrency_key=f"import-{shop}"
        )
    )


async def discard(db: Database, settings: Settings, me: Identity, file_id: int) -> None:
    """Throw an upload away."""

    async def forget(session: AsyncSession) -> PrivateFile:
        row = await _upload(session, me, file_id)
        await private_files.remove(session, [row.id])
        return row

    gone = await db.write(forget)
    await asyncio.to_thread(private_files.discard, private_files.location(settings, gone))


def parsed_of(kind: ImportKind, path: Path, locale: str = "en") -> Parsed:
    """Blocks: for threads."""
    if not path.is_file():
        raise AppError(410, "import_expired", "This upload was kept for a day and is gone. Upload the file again.")
    rows = tables.read(path, lambda headings: columns.fitness(headings, kind.fields))
    return entries.parse(rows, kind.fields, kind.needed, lambda text: translate(text, locale))


def _store(source: BinaryIO, path: Path) -> None:
    with path.open("xb") as target:
        shutil.copyfileobj(source, target)


async def _upload(session: AsyncSession, me: Identity, file_id: int) -> PrivateFile:
    row = await private_files.get(session, me.user_id, file_id)
    if row is None or row.job_id is not None:
        raise NotFound("import_not_found", "There is no such upload of yours.")
    return row


async def _preview(
    session: AsyncSession, me: Identity, kind: ImportKind, row: PrivateFile, parsed: Parsed, locale: str
) -> ImportPreview:
    plan = await kind.plan(session, me, parsed.entries)
    problems = sorted([*parsed.problems, *plan.problems], key=lambda problem: (problem.line, problem.field))
    headings = {name: heading for name, heading in zip(parsed.fields, parsed.headings, strict=True) if name}

    def shown(problem: Problem) -> ImportProblem:
        detail = translate(problem.text, locale, **problem.params)
        return ImportProblem(line=problem.line, column=headings.get(problem.field, ""), detail=detail)

    verdicts: dict[int, Any] = {line: plan.verdicts.get(line, "wrong") for line in parsed.raw}
    return ImportPreview(
        id=row.id,
        kind=kind.word,
        name=row.name,
        columns=[
            ImportColumn(heading=heading, field=name, name=translate(columns.NAMES[name], locale) if name else None)
            for heading, name in zip(parsed.headings, parsed.fields, strict=True)
        ],
        count=len(parsed.raw),
        **plan.counts,
        problem_count=len(problems),
        problems=[shown(problem) for problem in problems[:SHOWN_PROBLEMS]],
        rows=[
            ImportRow(line=line, verdict=verdicts[line], values=values)
            for line, values in list(parsed.raw.items())[:SHOWN_ROWS]
        ],
        can_confirm=not problems,
        expires_at=row.expires_at,
    )
