"""Talks to export, a worker that exports them, and what came out."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import app.chat.exports.tasks
import app.files.private_tasks  # noqa: F401
from app.chat.exports.orders import ExportOrder
from app.chat.models import Conversation, ConversationLabel, Message, MessageType, Status
from app.chat.notes_models import Note
from app.files import private_files
from app.files.models import PrivateFile
from app.jobs import kinds, queue
from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job, JobStatus
from app.jobs.worker import Worker
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.people import Person

PATIENCE_SECONDS = 30
Exported = Callable[..., Awaitable[Path]]
Talk = Callable[..., Awaitable[int]]


@pytest.fixture
def talk(db: Database) -> Talk:
    """`await talk("b1", "m1", ["hello", ("m1", "hi")])` lays down a conversation; its id."""

    async def make(buyer: str, shop: str, said: list[Any], at: int | None = None, **more: Any) -> int:
        begun = at or now() - 3600
        names = more.pop("labels", [])
        row = Conversation(
            customer_id=buyer, merchant_id=shop, status=more.pop("status", Status.RESOLVED), last_seq=len(said),
            last_message_time=begun + len(said), created_at=begun, **more,
        )  # fmt: skip

        async def lay(session: Any) -> None:
            session.add(row)
            await session.flush()
            session.add_all(ConversationLabel(conversation_id=row.id, name=name) for name in names)
            for seq, entry in enumerate(said, 1):
                sender, text, *files = (buyer, entry) if isinstance(entry, str) else entry
                session.add(
                    Message(
                        conversation_id=row.id, seq=seq, client_id=f"c{seq}", sender_id=sender,
                        sender_role=Role.BUYER if sender == buyer else Role.MERCHANT, content=text,
                        message_type=MessageType.IMAGE if files else MessageType.TEXT, attachments=files or None,
                        created_at=begun + seq,
                    )
                )  # fmt: skip

        await db.write(lay)
        return row.id

    return make


@pytest.fixture
def note(db: Database) -> Callable[..., Awaitable[None]]:
    """A private note after a message."""

    async def write(conversation_id: int, author: str, content: str, after_seq: int) -> None:
        row = Note(conversation_id=conversation_id, author_id=author, content=content, after_seq=after_seq)
        row.created_at = now() - 60

        async def lay(session: Any) -> None:
            session.add(row)

        await db.write(lay)

    return write


@pytest.fixture
def picture(settings: Settings) -> dict[str, Any]:
    """An uploaded image, as a message keeps it."""
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "#2f6f5b").save(content, "WEBP")
    path = settings.media_dir / "uploads/2026/11/22/random.webp"
    path.parent.mkdir(parents=True)
    path.write_bytes(content.getvalue())
    return {
        "id": "7", "url": "/media/uploads/2026/11/22/random.webp", "name": "<rice>.jpg", "size": path.stat().st_size,
        "content_type": "image/webp", "width": 40, "height": 30, "thumbnail_url": None,
    }  # fmt: skip


@pytest.fixture
def at_work(db: Database, settings: Settings) -> Callable[..., Any]:
    """`async with at_work():` a worker."""

    @asynccontextmanager
    async def start() -> AsyncIterator[Worker]:
        bells = Bells("", list(kinds.QUEUES))
        db.publish = bells.events
        worker = Worker(db, settings, bells, {})
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    return start


@pytest.fixture
def order(db: Database) -> Callable[..., Awaitable[Job]]:
    """Order an export, without a worker."""

    async def enqueue(who: Person, **wanted: Any) -> Job:
        payload = ExportOrder.model_validate(wanted)
        return await db.write(lambda session: queue.enqueue(session, "chat.export", payload, owner_id=who.id))

    return enqueue


@pytest.fixture
def ended(db: Database) -> Callable[[Job], Awaitable[Job]]:
    """The job when it has ended."""

    async def wait_for(of: Job) -> Job:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with db.reading() as session:
                    row = await session.get_one(Job, of.id)
                if row.status in ENDED:
                    return row
                await asyncio.sleep(0.02)

    return wait_for


@pytest.fixture
def file_of(db: Database, settings: Settings) -> Callable[[Job], Awaitable[Path]]:
    """Where the bytes of a job's result lie."""

    async def find(job: Job) -> Path:
        async with db.reading() as session:
            row = await session.get_one(PrivateFile, int((job.result or {})["file_id"]))
        return private_files.location(settings, row)

    return find


@pytest.fixture
def exported(at_work: Any, order: Any, ended: Any, file_of: Any) -> Exported:
    """`await exported(chen, format="csv")`: the finished file."""

    async def run(who: Person, **wanted: Any) -> Path:
        async with at_work():
            job = await ended(await order(who, **wanted))
        assert job.status is JobStatus.COMPLETED, job.error or job.trace
        return await file_of(job)

    return run
