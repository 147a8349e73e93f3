"""The verbs of one conversation: get, start, change, mark as read. The list is in `inbox.py`."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform
from app.accounts.access import shop_of
from app.accounts.models import Staff, User
from app.chat import access, activities, contacts_buyers, labels, shapes
from app.chat.drafts import Storable
from app.chat.events import ConversationChanged, ConversationStarted, ReadMarked
from app.chat.models import Channel, Conversation, ConversationPublic, Message, Priority, Status
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Invalid, NotFound
from app.kernel.identity import Identity, Role

MAX_SNOOZE_SECONDS = 366 * 86_400


class ConversationStart(SQLModel):
    """A buyer names the shop, a merchant the buyer."""

    merchant_id: str | None = Field(default=None, max_length=50, schema_extra={"examples": ["m1"]})
    customer_id: str | None = Field(default=None, max_length=50)
    channel: Channel = Channel.API


class ConversationChange(SQLModel):
    """What the merchant's side may change; absent fields stay."""

    status: Status = Field(default=None)
    assignee_id: str | None = Field(default=None, max_length=50)
    priority: Priority = Field(default=None)
    labels: list[Storable] = Field(default=None, max_length=20)
    snoozed_until: int | None = Field(default=None, ge=0)


class ReadMarks(SQLModel):
    customer_unread: int
    merchant_unread: int


async def get(session: AsyncSession, me: Identity, conversation_id: int) -> ConversationPublic:
    """One conversation, as `me` sees it."""
    query = shapes.with_people(col(Conversation.id) == conversation_id, access.seen_by(me))
    rows = await shapes.rows_of(session, query)
    if not rows:
        raise NotFound("conversation_not_found", "There is no such conversation.")
    await access.opened(session, me, rows[0].id, rows[0].merchant_id)
    return (await shapes.public(session, me, rows))[0]


async def start(session: AsyncSession, me: Identity, draft: ConversationStart) -> tuple[ConversationPublic, bool]:
    """The open conversation between the two, made if there is none; True when it is new."""
    access.check_may_write(me)
    customer_id, merchant_id = await _parties(session, me, draft)
    await contacts_buyers.check_not_blocked(session, me, merchant_id)
    pair = (col(Conversation.customer_id) == customer_id, col(Conversation.merchant_id) == merchant_id)
    open_ones = select(Conversation.id).where(*pair, col(Conversation.status) != Status.RESOLVED)
    newest = open_ones.order_by(col(Conversation.last_message_time).desc()).limit(1)
    existing = (await session.exec(newest)).first()
    if existing is not None:
        return await get(session, me, existing), False
    conversation = Conversation(
        customer_id=customer_id,
        merchant_id=merchant_id,
        open_key=f"{customer_id}:{merchant_id}",
        channel=draft.channel,
    )
    try:
        async with session.begin_nested():
            session.add(conversation)
            await session.flush()
    except IntegrityError:  # the same buyer in another tab was first
        winner = select(Conversation.id).where(col(Conversation.open_key) == conversation.open_key)
        return await get(session, me, (await session.exec(winner)).one()), False
    shop = Identity(merchant_id, Role.MERCHANT, merchant_id, 0)  # whose news it is, whoever started
    public = await get(session, shop, conversation.id)
    await events.emit(session, ConversationStarted(conversation=public, is_by_shop=me.role is Role.MERCHANT))
    return (shapes.for_buyer(public) if me.role is Role.BUYER else public), True


async def change(
    session: AsyncSession,
    me: Identity,
    conversation_id: int,
    change: ConversationChange,
    actor: Identity | None = None,
) -> ConversationPublic:
    """Change what is named; each change leaves an activity. Merchant's side only.

    `actor` is in whose name the activity stands when the product acts for the shop by itself.
    """
    row = await access.conversation(session, me, conversation_id, lock=True)
    access.check_changes(me)
    values = change.model_dump(exclude_unset=True)
    wanted_labels = values.pop("labels", None)
    if "assignee_id" in values:
        await check_assignee(session, row.merchant_id, values["assignee_id"])
    check_snooze(values)
    await activities.record_changes(session, actor or me, row, values)
    row.sqlmodel_update(with_consequences(values) | {"updated_at": now()})
    await session.flush()
    if wanted_labels is not None:
        await labels.replace(session, me, row, wanted_labels, actor)
    public = await get(session, me, conversation_id)
    await events.emit(session, ConversationChanged(conversation=public, is_status_new="status" in values))
    return public


async def mark_read(session: AsyncSession, me: Identity, conversation_id: int, seq: int) -> ReadMarks:
    """Move the caller's side's read mark up to `seq`; it never moves backwards nor past the last message."""
    access.check_may_write(me)
    row = await access.conversation(session, me, conversation_id, lock=True)
    side = access.side_of(me)
    mark, unread = f"{side}_read_seq", f"{side}_unread"
    seq = min(seq, row.last_seq)
    if seq > getattr(row, mark):
        left = 0 if seq == row.last_seq else await _unread_after(session, me, row, seq)
        row.sqlmodel_update({mark: seq, unread: left})
        row.merchant_seen_seq = max(row.merchant_seen_seq, row.merchant_read_seq)
        await session.flush()
        await events.emit(
            session,
            ReadMarked(
                conversation_id=row.id,
                customer_id=row.customer_id,
                merchant_id=row.merchant_id,
                side=str(side),
                seq=seq,
            ),
        )
    waits = row.merchant_unread
    if me.role is Role.BUYER:
        waits = shapes.unread_for_buyer(waits, row.merchant_read_seq, row.merchant_seen_seq)
    return ReadMarks(customer_unread=row.customer_unread, merchant_unread=waits)


def with_consequences(values: dict[str, Any]) -> dict[str, Any]:
    """New values of a conversation, with what follows from a new status: the resolved neither wait nor sleep."""
    if values.get("status") is Status.RESOLVED:
        return values | {"open_key": None, "waiting_since": None, "snoozed_until": None}
    if "status" in values and values["status"] is not Status.SNOOZED:
        return values | {"snoozed_until": None}
    return values


async def wake_snoozed(session: AsyncSession, at: int, limit: int) -> int:
    """Open up to `limit` conversations whose snooze ended at `at` (seconds) or before; says how many."""
    over = select(Conversation).where(Conversation.status == Status.SNOOZED, col(Conversation.snoozed_until) <= at)
    rows = (await session.exec(over.order_by(col(Conversation.id)).limit(limit).with_for_update())).all()
    actor = await platform.ensure(session) if rows else None
    for row in rows:
        shop = Identity(row.merchant_id, Role.MERCHANT, row.merchant_id, 0)
        await change(session, shop, row.id, ConversationChange(status=Status.OPEN), actor=actor)
    return len(rows)


async def merchants_of(session: AsyncSession, buyer_id: str) -> list[str]:
    """The shops with which a buyer talks."""
    query = select(Conversation.merchant_id).where(col(Conversation.customer_id) == buyer_id).distinct()
    return list((await session.exec(query)).all())


async def _parties(session: AsyncSession, me: Identity, draft: ConversationStart) -> tuple[str, str]:
    other_id = draft.merchant_id if me.role is Role.BUYER else draft.customer_id
    wanted = Role.MERCHANT if me.role is Role.BUYER else Role.BUYER
    if other_id is None:
        field = "merchant_id" if me.role is Role.BUYER else "customer_id"
        raise Invalid("other_side_missing", "Say with whom: {field} is missing.", field=field)
    other = await session.get(User, other_id)
    if other is None or other.role is not wanted or other.blocked_at is not None:
        raise NotFound("user_not_found", "There is no such user.")
    if me.role is not Role.BUYER:
        return other_id, shop_of(me)
    employer = select(User).join(Staff, col(Staff.merchant_id) == col(User.id)).where(col(Staff.user_id) == other_id)
    shop = (await session.exec(employer)).first()
    if shop is None or shop.is_blocked:
        raise NotFound("user_not_found", "There is no such user.")
    return me.user_id, shop.id


async def check_assignee(session: AsyncSession, merchant_id: str, assignee_id: str | None) -> None:
    """Refuse whoever does not work for the shop."""
    if assignee_id is None or assignee_id == merchant_id:
        return
    works_here = select(Staff.user_id).where(col(Staff.user_id) == assignee_id, col(Staff.merchant_id) == merchant_id)
    if (await session.exec(works_here)).first() is None:
        raise Invalid("assignee_not_in_team", "Only a member of the shop's team can be in charge.")


def check_snooze(values: dict[str, Any]) -> None:
    """Refuse a sleep without an end, or with one that is over or too far."""
    until = values.get("snoozed_until")
    if values.get("status") is Status.SNOOZED and until is None:
        raise Invalid("snooze_needs_time", "Say until when: snoozed_until is missing.")
    if until is not None and not now() < until <= now() + MAX_SNOOZE_SECONDS:
        raise Invalid("snooze_not_ahead", "A conversation can be snoozed for at most a year.")


async def _unread_after(session: AsyncSession, me: Identity, row: Conversation, seq: int) -> int:
    theirs = (
        col(Message.sender_id) != row.customer_id
        if me.role is Role.BUYER
        else (col(Message.sender_id) == row.customer_id)
    )
    query = select(func.count()).where(col(Message.conversation_id) == row.id, col(Message.seq) > seq, theirs)
    return (await session.exec(query)).one()
