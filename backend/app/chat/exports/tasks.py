"""The job that exports conversations. Reading is the event loop's, writing a thread's, a few hundred rows each."""

import asyncio
import io
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from app.accounts.models import User
from app.chat.exports import orders
from app.chat.exports.as_csv import CsvFile
from app.chat.exports.as_html import HtmlArchive
from app.chat.exports.as_json import JsonFile
from app.chat.exports.as_xlsx import XlsxFile
from app.chat.exports.columns import About, clock
from app.chat.exports.orders import ExportOrder, Format
from app.chat.exports.reading import NOTE, Chunk, Line, Reader
from app.files import private_files
from app.jobs.kinds import job
from app.jobs.runs import Cancelled, Run
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.kernel.identity import Role

T = TypeVar("T")
CONVERSATIONS = sentence("Conversations")
BUFFER_BYTES = 262_144
WRITTEN_PERCENT = 96  # the rest is putting the file together
NAMED = {
    Format.CSV: ("csv", "text/csv; charset=utf-8"),
    Format.XLSX: ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    Format.JSON: ("json", "application/json"),
    Format.HTML: ("zip", "application/zip"),
}


class Writer(Protocol):
    """One for each format."""

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines, in their order."""

    def finish(self) -> None:
        """Write what is left."""


class Abandoned(Exception):
    """Raised in the writer's thread when nobody waits for its file any more."""


class Target(io.FileIO):
    """A file that can be told to stop: putting a large workbook together is one long call in a thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+b")
        self.is_abandoned = False
        self.is_dropped = False
        """Nobody is in a call any more: what destructors still write goes nowhere."""

    def write(self, content: Any) -> int:
        """As any file's."""
        if self.is_dropped:
            return len(content)
        if self.is_abandoned:
            raise Abandoned()
        return super().write(content)


@job(
    "chat.export",
    ExportOrder,
    title=sentence("Export of conversations"),
    queue="exports",
    max_attempts=3,
    soft_seconds=3600,
    hard_seconds=4200,
    starters=frozenset({Role.MERCHANT, Role.ADMIN}),
)
async def export(run: Run, order: ExportOrder) -> dict[str, Any]:
    """Write the conversations of an order into a private file of its owner's."""
    at = run.claimed.job.started_at or now()
    async with run.db.reading() as session:
        me = await orders.asker(session, run.owner_id, order)
        locale = order.locale or (await session.get_one(User, me.user_id)).locale or "en"
    reader = Reader(run.db, me, order, at)
    about = About(run.settings, order, locale, me.role is Role.ADMIN, at)
    total = await reader.count()
    path = await asyncio.to_thread(private_files.new_path, run.settings, run.job_id)
    is_whole = False
    try:
        counts = await _written(run, reader, about, path, total)
        ending, content_type = NAMED[order.format]
        name = f"{about.say(CONVERSATIONS)} {clock(at, about.zone)[:16].replace(':', '.')}.{ending}"
        row = await private_files.describe(
            run.settings, path, owner_id=me.user_id, name=name, content_type=content_type, job_id=run.job_id
        )
        is_whole = True
    finally:
        if not is_whole:
            await asyncio.to_thread(private_files.discard, path)
    try:
        result = {"file_id": str(row.id), "name": name, "size": row.size, **counts}
        await run.complete(lambda session: private_files.add(session, row), result)
    except Cancelled:
        # After any other trouble the commit may have happened: the next attempt, or the sweep, knows.
        await asyncio.to_thread(private_files.discard, path)
        raise
    return result


async def _written(run: Run, reader: Reader, about: About, path: Path, total: int) -> dict[str, int]:
    """Read and write everything; how many messages and conversations that were."""
    messages, conversations, last = 0, 0, 0
    target = Target(path)
    file = io.BufferedWriter(target, BUFFER_BYTES)
    thread = ThreadPoolExecutor(1, "export")
    apart = partial(_in, thread, target)
    try:
        writer = await apart(partial(_writer, file, about, path.parent))
        async for chunk in reader.chunks():
            told = await apart(partial(_write, writer, chunk, last))
            messages, conversations, last = messages + told[0], conversations + told[1], told[2]
            percent = WRITTEN_PERCENT * min(1, messages / total) if total else 0
            await run.progress(percent, "{n} of {total} messages", n=messages, total=max(total, messages))
        await run.progress(WRITTEN_PERCENT, "Putting the file together")
        await apart(partial(_finish, writer, file))
    finally:
        target.is_dropped = True
        thread.shutdown(wait=False)
    return {"messages": messages, "conversations": conversations}


async def _in(thread: ThreadPoolExecutor, target: Target, work: Callable[[], T]) -> T:
    """The result of `work` in the thread. When we are cancelled, the thread has left the file before we go on."""
    future = asyncio.get_running_loop().run_in_executor(thread, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        target.is_abandoned = True
        await asyncio.wait({future})
        future.exception()
        raise


def _writer(file: BinaryIO, about: About, folder: Path) -> Writer:
    match about.order.format:
        case Format.CSV:
            return CsvFile(file, about)
        case Format.XLSX:
            return XlsxFile(file, about, folder)
        case Format.JSON:
            return JsonFile(file, about)
        case Format.HTML:
            return HtmlArchive(file, about)


def _write(writer: Writer, chunk: Chunk, last: int) -> tuple[int, int, int]:
    """Messages and conversations that are new in this chunk, and the last conversation's id."""
    lines = list(chunk.lines())
    writer.write(lines)
    talks = {line.talk.id for line in lines}
    messages = sum(1 for line in lines if line.kind != NOTE)
    return messages, len(talks - {last}), lines[-1].talk.id if lines else last


def _finish(writer: Writer, file: BinaryIO) -> None:
    writer.finish()
    file.flush()
    os.fsync(file.fileno())
    file.close()
