"""What one sees of a contact beside the facts: conversations, files, ratings, doubles."""

from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.customers import CustomerIdentity
from app.chat import access, contacts_standing, frames, shapes
from app.chat.contacts_models import ContactPublic
from app.chat.models import Conversation, Message
from app.chat.ratings import Rating
from app.kernel.db import settings_in
from app.kernel.identity import Identity

CONVERSATIONS = 50
FILES = 24
RATINGS = 20


async def of(session: AsyncSession, me: Identity, contact: ContactPublic) -> dict[str, Any]:
    """For the page of a contact."""
    customers = [one.id for one in contact.customers]
    doubles = await contacts_standing.doubles(session, me, contact.id)
    if not customers:
        return {"conversations": [], "files": [], "ratings": [], "doubles": doubles, "is_verified": False}
    mine = (access.seen_by(me), col(Conversation.customer_id).in_(customers))
    newest = col(Conversation.last_message_time).desc(), col(Conversation.id).desc()
    rows = await shapes.rows_of(session, shapes.with_people(*mine).order_by(*newest).limit(CONVERSATIONS))
    conversations = await shapes.public(session, me, rows)
    return {
        "conversations": conversations,
        "files": await _files(session, [one.id for one in conversations]),
        "ratings": await _ratings(session, me, customers),
        "doubles": doubles,
        "is_verified": await _is_verified(session, me, customers),
    }


async def _files(session: AsyncSession, ids: list[int]) -> list[dict[str, Any]]:
    """The last files of both sides, the newest first."""
    shown = select(Message).where(col(Message.conversation_id).in_(ids), col(Message.attachments).is_not(None))
    rows = (await session.exec(shown.order_by(col(Message.id).desc()).limit(FILES))).all()
    settings = settings_in(session)
    return [
        one | {"conversation_id": row.conversation_id, "at": row.created_at}
        for row in rows
        for one in frames.attachments(row.attachments, settings)
    ][:FILES]


async def _ratings(session: AsyncSession, me: Identity, customers: list[str]) -> list[Rating]:
    mine = select(Rating).where(Rating.merchant_id == me.merchant_id, col(Rating.customer_id).in_(customers))
    return list((await session.exec(mine.order_by(col(Rating.created_at).desc()).limit(RATINGS))).all())


async def _is_verified(session: AsyncSession, me: Identity, customers: list[str]) -> bool:
    """The shop's own systems have vouched for one of the buyers."""
    mine = (CustomerIdentity.merchant_id == me.merchant_id, col(CustomerIdentity.user_id).in_(customers))
    return (await session.exec(select(CustomerIdentity.user_id).where(*mine).limit(1))).first() is not None
