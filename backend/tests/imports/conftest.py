"""A desk that uploads tables, and a worker that imports them."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlmodel import col, select

import app.chat.imports.tasks  # noqa: F401
from app.chat.contacts_models import Contact
from app.chat.models import QuickReply
from app.files import private_files
from app.jobs import kinds
from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job
from app.jobs.worker import Worker
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.people import Person

API = "/api/v1/imports/"
PATIENCE_SECONDS = 30


def csv_of(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(rows).encode(encoding)


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def upload(client: Any) -> Callable[..., Any]:
    """`await upload(chen, "contacts", b"…")`: the answer."""

    async def send(who: Person, kind: str, content: bytes, name: str = "table.csv", language: str = "en") -> Any:
        headers = who.headers | {"Accept-Language": language}
        return await client.post(f"{API}{kind}/", files={"file": (name, content)}, headers=headers)

    return send


@pytest.fixture
def confirm(client: Any) -> Callable[..., Any]:
    async def press(who: Person, preview: Any) -> Any:
        body = preview.json() if hasattr(preview, "json") else preview
        return await client.post(f"{API}{body['kind']}/{body['id']}/confirm", headers=who.headers)

    return press


@pytest.fixture
def work(db: Database, settings: Settings) -> Callable[..., Any]:
    """Run until this job has ended."""

    async def until(job_id: object) -> Job:
        bells = Bells("", list(kinds.QUEUES))
        worker = Worker(db, settings, bells, {})
        await worker.start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    async with db.reading() as session:
                        row = await session.get_one(Job, int(str(job_id)))
                    if row.status in ENDED:
                        return row
                    await asyncio.sleep(0.02)
        finally:
            await worker.stop()

    return until


@pytest.fixture
def imported(upload: Any, confirm: Any, work: Any) -> Callable[..., Any]:
    """From a table to the ended job."""

    async def run(who: Person, kind: str, content: bytes, name: str = "table.csv") -> Job:
        preview = await upload(who, kind, content, name)
        assert preview.status_code == 201, preview.text
        started = await confirm(who, preview)
        assert started.status_code == 200, started.text
        return await work(started.json()["id"])  # type: ignore[no-any-return]

    return run


@pytest.fixture
def contacts(db: Database) -> Callable[..., Any]:
    """What the shop has: (name, email, phone, company, note)."""

    async def read(merchant_id: str = "m1") -> list[tuple[Any, ...]]:
        query = select(Contact).where(Contact.merchant_id == merchant_id).order_by(col(Contact.id))
        async with db.reading() as session:
            return [
                (row.name, row.email, row.phone, row.company, row.note) for row in (await session.exec(query)).all()
            ]

    return read


@pytest.fixture
def replies(db: Database) -> Callable[..., Any]:
    """What everybody has: (user, title, content, is_shared)."""

    async def read() -> list[tuple[Any, ...]]:
        async with db.reading() as session:
            rows = (await session.exec(select(QuickReply).order_by(col(QuickReply.id)))).all()
        return [(row.user_id, row.title, row.content, row.is_shared) for row in rows]

    return read


@pytest.fixture
def kept(settings: Settings) -> Callable[[], list[str]]:
    """What lies in the private folder."""

    def look() -> list[str]:
        base = private_files.folder(settings)
        return sorted(path.name for path in base.iterdir()) if base.is_dir() else []

    return look
