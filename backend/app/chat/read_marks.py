"""The shop's read marks of many conversations at once, forwards and back. One at a time is in `conversations.py`."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access, shapes
from app.chat.events import MarkedUnread, ReadMarked
from app.chat.models import Conversation, ConversationPublic, Message
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.identity import Identity, Role


async def mark_unread(session: AsyncSession, me: Identity, conversation_id: int) -> ConversationPublic:
    """Move the shop's mark back before the buyer's last message. 400 when the buyer has said nothing."""
    row = await access.conversation(session, me, conversation_id, lock=True)
    if not await move_back(session, [row]) and row.merchant_unread == 0:
        raise Invalid("nothing_to_read", "The buyer has written nothing that could be unread.")
    await session.flush()
    query = shapes.with_people(col(Conversation.id) == row.id)
    shown = (await shapes.public(session, me, await shapes.rows_of(session, query)))[0]
    await events.emit(session, MarkedUnread(conversation=shown))
    return shown


async def move_back(session: AsyncSession, rows: Sequence[Conversation]) -> list[Conversation]:
    """Make the buyer's last message unread in each of the locked `rows` that has none unread; answers which moved.

    The buyer is not told: what was once seen stays seen.
    """
    read = [row for row in rows if row.merchant_unread == 0]
    last = select(Message.conversation_id, func.max(Message.seq)).where(
        col(Message.conversation_id).in_([row.id for row in read]), col(Message.sender_role) == Role.BUYER
    )
    seqs = dict((await session.exec(last.group_by(col(Message.conversation_id)))).all()) if read else {}
    moved = [row for row in read if row.id in seqs]
    for row in moved:
        row.sqlmodel_update({"merchant_read_seq": seqs[row.id] - 1, "merchant_unread": 1, "updated_at": now()})
    return moved


def move_to_end(rows: Sequence[Conversation]) -> list[ReadMarked]:
    """Everything in the locked `rows` is read; answers what is to be told of it."""
    told = []
    for row in rows:
        if row.merchant_unread == 0 and row.merchant_read_seq >= row.last_seq:
            continue
        row.sqlmodel_update(
            {"merchant_read_seq": row.last_seq, "merchant_seen_seq": row.last_seq, "merchant_unread": 0}
        )
        told.append(
            ReadMarked(
                conversation_id=row.id,
                customer_id=row.customer_id,
                merchant_id=row.merchant_id,
                side=access.MERCHANT,
                seq=row.last_seq,
            )
        )
    return told
