"""Taking back what one wrote: the words and files go for good, the place in the order stays."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Text, cast
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access, unindexing
from app.chat.events import MessageDeleted
from app.chat.models import Conversation, Message, MessageType
from app.files import uses
from app.files.uses import Gone
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Forbidden, NotFound
from app.kernel.identity import Identity

MAX_TOLD = 500  # deletions of one answer to `sync`


class Deleted(NamedTuple):
    """A message that was taken back."""

    conversation_id: int
    id: int
    seq: int


async def delete(session: AsyncSession, me: Identity, conversation_id: int, message_id: int) -> list[Gone]:
    """Delete a message of the caller's own; again changes nothing. Answers the files to remove after the commit.

    404 when it is not there, 403 when somebody else wrote it.
    """
    access.check_may_write(me)
    row = await access.conversation(session, me, conversation_id, lock=True)
    mine = (col(Message.id) == message_id, col(Message.conversation_id) == conversation_id)
    message = (await session.exec(select(Message).where(*mine).with_for_update())).first()
    if message is None:
        raise NotFound("message_not_found", "There is no such message.")
    if message.sender_id != me.user_id:
        raise Forbidden("not_the_sender", "Only its sender may delete a message.")
    if message.deleted_at is not None:
        return []
    await unindexing.blank(session, [message])
    file_ids = await _shown_only_here(session, message)
    at = now()
    message.sqlmodel_update(
        {"content": "", "attachments": None, "message_type": MessageType.TEXT, "deleted_at": at, "reply_to": None}
    )
    row.last_deletion_at = at
    if message.seq == row.last_seq:
        row.sqlmodel_update({"last_message": "", "last_message_type": MessageType.TEXT})
    await session.flush()
    gone = await uses.forget(session, conversation_id, file_ids)
    told = MessageDeleted(
        conversation_id=row.id, customer_id=row.customer_id, merchant_id=row.merchant_id, id=message.id, seq=message.seq
    )
    await events.emit(session, told)
    return gone


async def since(session: AsyncSession, me: Identity, known: Iterable[int], at: int) -> list[Deleted]:
    """What was deleted at `at` (seconds) or later in these conversations, as far as `me` may see them."""
    query = (
        select(Message.conversation_id, Message.id, Message.seq)
        .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
        .where(col(Conversation.id).in_(known), access.seen_by(me), col(Conversation.last_deletion_at) >= at)
        .where(col(Message.deleted_at) >= at)
        .order_by(col(Message.deleted_at).desc())
        .limit(MAX_TOLD)
    )
    return [Deleted(*found) for found in (await session.exec(query)).all()]


async def _shown_only_here(session: AsyncSession, message: Message) -> list[int]:
    """The files of a message that no other message of its conversation shows."""
    others: Any = (col(Message.conversation_id) == message.conversation_id, col(Message.id) != message.id)
    only_here = []
    for attachment in message.attachments or ():
        named = cast(col(Message.attachments), Text).contains(f'"{attachment["id"]}"')
        if (await session.exec(select(Message.id).where(*others, named).limit(1))).first() is None:
            only_here.append(int(attachment["id"]))
    return only_here
