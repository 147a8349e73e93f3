"""Messages: read by seq, sent through the writer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.audit import entries as audit
from app.audit.models import Action
from app.chat import access, frames, quick_replies
from app.chat.drafts import (
    MAX_ATTACHMENTS,
    Draft,
    MessageRow,
    checked_client_id,
    checked_content,
    checked_id,
    checked_ids,
    checked_type,
    invalid,
)
from app.chat.models import Conversation, Message, MessagePublic, MessageType
from app.chat.threads_models import SharedFile
from app.files import uploads
from app.kernel.config import Settings
from app.kernel.db import Database, settings_in
from app.kernel.identity import Identity, Role
from app.kernel.paging import Listing

MAX_LIMIT = 200
MAX_FILES = 60  # messages whose files are listed
MAX_SYNCED = 500  # messages of one answer to `sync`, far below the hub's MAX_QUEUED; what is left is named in `more`
MAX_SYNCED_CHARACTERS = 400_000  # the same for long messages: with ten files each they stay below MAX_QUEUED_BYTES


class MessageCreate(SQLModel):
    """A message. Repeating it under the same `client_id` never makes a second one."""

    content: str = Field(default="", schema_extra={"examples": ["你好，大米还有吗？"]})
    message_type: MessageType = MessageType.TEXT
    client_id: str | None = Field(default=None, schema_extra={"examples": ["1f0c8a52-6a52-4a6e-9c5b-0a3f0d6c7e11"]})
    """The client's own name for the message, unique in the conversation: 1–100 visible ASCII characters."""
    attachment_ids: list[str] = Field(default=[], max_length=MAX_ATTACHMENTS)
    reply_to: str | None = None


async def draft_of(db: Database, me: Identity, conversation_id: object, fields: dict[str, Any]) -> Draft:
    """Check the form of a message and claim its files. For every door; raises 403 for admins, 422 with the field."""
    draft = checked_draft(me, conversation_id, fields)
    file_ids = checked_ids(fields.get("attachment_ids"), "attachment_ids")
    if file_ids:
        async with db.writing() as session:
            lent = await quick_replies.lent_files(session, me, file_ids) if me.role is Role.MERCHANT else ()
            draft.attachments = await uploads.take(session, me.user_id, file_ids, draft.conversation_id, lent)
    return draft


def checked_draft(me: Identity, conversation_id: object, fields: dict[str, Any]) -> Draft:
    """A draft without its files. Raises 403 for admins, 422 with the field."""
    access.check_may_write(me)
    message_type, has_files = checked_type(fields.get("message_type")), bool(fields.get("attachment_ids"))
    if message_type != MessageType.TEXT and not has_files:
        raise invalid("attachment_ids", "An image or a file needs its attachment.")
    reply_to = fields.get("reply_to")
    return Draft(
        me,
        checked_id(conversation_id, "conversation_id"),
        checked_client_id(fields.get("client_id")),
        checked_content(fields.get("content", ""), may_be_empty=has_files),
        message_type,
        None,
        None if reply_to is None else checked_id(reply_to, "reply_to"),
    )


async def listing(
    session: AsyncSession,
    me: Identity,
    conversation_id: int,
    after_seq: int | None = None,
    before_seq: int | None = None,
    limit: int = 50,
    ids: Sequence[int] = (),
) -> Listing[MessagePublic]:
    """Ascending by seq: the first `limit` after `after_seq`, or else the last `limit` (before `before_seq`).

    With `ids` exactly these, as far as they are in the conversation.

    `count` is of the whole conversation, which is its last seq because there are no gaps.
    """
    conversation = await access.conversation(session, me, conversation_id)
    query = select(Message).where(col(Message.conversation_id) == conversation_id)
    seq = col(Message.seq)
    if ids:
        rows = list(await session.exec(query.where(col(Message.id).in_(ids)).order_by(seq)))
    elif after_seq is not None:
        rows = list(await session.exec(query.where(seq > after_seq).order_by(seq).limit(limit)))
    else:
        older = query.where(seq < before_seq) if before_seq is not None else query
        rows = list(await session.exec(older.order_by(seq.desc()).limit(limit)))[::-1]
    settings = settings_in(session)
    return Listing(count=conversation.last_seq, results=[public(settings, conversation, row) for row in rows])


async def files(session: AsyncSession, me: Identity, conversation_id: int) -> Listing[SharedFile]:
    """The files of the newest messages that have any, newest first."""
    await access.conversation(session, me, conversation_id)
    shown = (col(Message.conversation_id) == conversation_id, col(Message.attachments).is_not(None))
    rows = await session.exec(select(Message).where(*shown).order_by(col(Message.seq).desc()).limit(MAX_FILES))
    settings = settings_in(session)
    results = [
        SharedFile.model_validate(row.model_dump() | {"attachment": attachment})
        for row in rows
        for attachment in frames.attachments(row.attachments, settings)
    ]
    return Listing(count=len(results), results=results)


async def missed(
    session: AsyncSession, me: Identity, known: dict[int, int]
) -> tuple[list[MessageRow], dict[int, int], list[int]]:
    """What came after the seqs in `known` (conversation id → last seq that the client has).

    Answers the messages in seq order, the last seq given per conversation that `me` may see, and the conversations of
    which there is more than fits. Two statements, however many conversations.
    """
    mine = select(Conversation.id, Conversation.last_seq).where(col(Conversation.id).in_(known), access.seen_by(me))
    current: dict[int, int] = dict((await session.exec(mine)).all())
    behind = {number: known[number] for number, last_seq in current.items() if known[number] < last_seq}
    if not behind:
        return [], current, []
    place = col(Message.conversation_id), col(Message.seq)
    newer = or_(*(and_(place[0] == number, place[1] > seq) for number, seq in behind.items()))
    query = select(Message).where(newer).order_by(*place).limit(MAX_SYNCED)
    fitting = _fitting(list(await session.exec(query)))
    given = {**current, **behind}
    for message in fitting:
        given[message.conversation_id] = message.seq
    more = [number for number in behind if given[number] < current[number]]
    await _caught_up(session, me, {message.conversation_id for message in fitting})
    return [as_row(message) for message in fitting], given, more


async def _caught_up(session: AsyncSession, me: Identity, conversation_ids: set[int]) -> None:
    """An admin's page is given what was said while its line was down."""
    if me.role is Role.ADMIN and conversation_ids:
        query = select(Conversation.id, Conversation.merchant_id).where(col(Conversation.id).in_(conversation_ids))
        subjects = [("conversation", number, shop) for number, shop in (await session.exec(query)).all()]
        await audit.looked_at_many(session, me, Action.CONVERSATION_CAUGHT_UP, subjects)


def _fitting(found: list[Message]) -> list[Message]:
    """The first of `found` that one answer holds; one in any case, so that every sync gets on."""
    room = MAX_SYNCED_CHARACTERS
    for number, message in enumerate(found):
        room -= len(message.content)
        if room < 0 and number:
            return found[:number]
    return found


def public(settings: Settings, conversation: Conversation, message: Message) -> MessagePublic:
    """The shape that leaves. Read means: the other side's mark has reached it."""
    by_customer = message.sender_role == Role.BUYER
    mark = conversation.merchant_seen_seq if by_customer else conversation.customer_read_seq
    return MessagePublic.model_validate(
        message.model_dump(exclude={"attachments"})
        | {"attachments": frames.attachments(message.attachments, settings), "is_read": message.seq <= mark}
    )


def as_row(message: Message) -> MessageRow:
    """The tuple in which the hot path keeps a message."""
    return MessageRow(*(getattr(message, name) for name in MessageRow._fields))
