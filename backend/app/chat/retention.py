"""How long a shop keeps resolved conversations. What is older goes for good, with everything that belongs to it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.shop_settings import ShopSettings
from app.chat import unindexing
from app.chat.models import Activity, Conversation, ConversationLabel, Message, Status
from app.chat.notes_models import Note
from app.files import uses
from app.files.uses import Gone
from app.kernel.clock import now

DAY_SECONDS = 86_400
MAX_MESSAGES = 3000  # of one transaction: others wait for its locks
MAX_CONVERSATIONS = 50


class RetentionPreview(BaseModel):
    """What a limit of `days` would delete now."""

    days: int
    conversations: int
    messages: int


class Old(NamedTuple):
    """A conversation whose time is over."""

    id: int
    last_seq: int


class Deleted(NamedTuple):
    """How many conversations went, and the files whose bytes are to go after the commit."""

    conversations: int
    files: list[Gone]


async def preview(session: AsyncSession, merchant_id: str, days: int) -> RetentionPreview:
    """Count what a limit of `days` would delete in this shop now; nothing is deleted."""
    query = select(func.count(), func.sum(Conversation.last_seq)).where(*_old(merchant_id, before(days)))
    conversations, messages = (await session.exec(query)).one()
    return RetentionPreview(days=days, conversations=conversations, messages=int(messages or 0))


async def count(session: AsyncSession, merchant_id: str, until: int) -> int:
    """How many conversations of this shop are too old."""
    return (await session.exec(select(func.count()).select_from(Conversation).where(*_old(merchant_id, until)))).one()


async def shops(session: AsyncSession, after: str, limit: int) -> Sequence[ShopSettings]:
    """The shops that set a limit, by id from `after` on."""
    wanted = (col(ShopSettings.retention_days).is_not(None), col(ShopSettings.merchant_id) > after)
    query = select(ShopSettings).where(*wanted).order_by(col(ShopSettings.merchant_id)).limit(limit)
    return (await session.exec(query)).all()


def before(days: int) -> int:
    """What was silent since this moment (seconds) is too old."""
    return now() - days * DAY_SECONDS


async def due(session: AsyncSession, merchant_id: str, until: int, limit: int) -> list[Old]:
    """Conversations of this shop that are too old, the oldest first."""
    time, number = col(Conversation.last_message_time), col(Conversation.id)
    query = select(number, Conversation.last_seq).where(*_old(merchant_id, until)).order_by(time, number).limit(limit)
    return [Old(*row) for row in (await session.exec(query)).all()]


def batches(found: Sequence[Old]) -> Iterator[list[int]]:
    """What one transaction takes. A conversation of any length goes as a whole: nobody sees half of it."""
    batch: list[int] = []
    messages = 0
    for one in found:
        if batch and (messages + one.last_seq > MAX_MESSAGES or len(batch) == MAX_CONVERSATIONS):
            yield batch
            batch, messages = [], 0
        batch.append(one.id)
        messages += one.last_seq
    if batch:
        yield batch


async def remove(session: AsyncSession, merchant_id: str, ids: Sequence[int], until: int) -> Deleted:
    """Delete those of these conversations that are still too old: a buyer who writes meanwhile keeps theirs."""
    locked = select(Conversation.id).where(col(Conversation.id).in_(ids), *_old(merchant_id, until))
    gone = (await session.exec(locked.order_by(col(Conversation.id)).with_for_update())).all()
    if not gone:
        return Deleted(0, [])
    await unindexing.conversations(session, gone)
    files = await uses.release(session, gone)
    for model in (Message, Note, Activity, ConversationLabel):
        theirs: Any = model.conversation_id
        await session.exec(delete(model).where(col(theirs).in_(gone)))
    await session.exec(delete(Conversation).where(col(Conversation.id).in_(gone)))
    return Deleted(len(gone), files)


def _old(merchant_id: str, until: int) -> tuple[Any, ...]:
    return (
        Conversation.merchant_id == merchant_id,
        Conversation.status == Status.RESOLVED,
        col(Conversation.last_message_time) < until,
        col(Conversation.updated_at) < until,
    )
