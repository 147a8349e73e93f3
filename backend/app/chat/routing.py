"""How a conversation finds the person who answers it, in shops that want it.

The queue is no table: it is the open conversations that wait for an answer and have nobody in charge, the longest
waiting first. Who takes from it locks the shop's settings first, so that two processes never give one conversation
twice, nor anybody more than they have room for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform, shop_settings
from app.accounts.models import Availability, Staff, User
from app.accounts.shop_settings import Routing, ShopSettings
from app.chat import access, conversations
from app.chat.conversations import ConversationChange
from app.chat.models import Activity, Conversation, Message, Status
from app.kernel.clock import now
from app.kernel.identity import Identity, Role

BATCH = 20  # conversations of one unit of work
LOOK_BACK = 5  # conversations in which we look for who answered a buyer last
_IN_CHARGE = ("assigned", "transferred", "unassigned")

Waiting = dict[int, str]
"""Conversation id → its buyer, the next one first."""


@dataclass(slots=True)
class Taker:
    """Somebody who is there and has room."""

    user_id: str
    last_turn: int
    room: int


def queued() -> tuple[ColumnElement[bool], ...]:
    """What makes a conversation wait for a person."""
    return (
        col(Conversation.status) == Status.OPEN,
        col(Conversation.assignee_id).is_(None),
        col(Conversation.waiting_since).is_not(None),
    )


async def shops(session: AsyncSession) -> set[str]:
    """The shops that route."""
    query = select(ShopSettings.merchant_id).join(User, col(User.id) == col(ShopSettings.merchant_id))
    return set(
        (await session.exec(query.where(ShopSettings.routing != Routing.OFF, col(User.blocked_at).is_(None)))).all()
    )


async def queue(session: AsyncSession, merchant_id: str, limit: int) -> Waiting:
    """Who waits in a shop, the longest waiting first."""
    query = select(Conversation.id, Conversation.customer_id).where(Conversation.merchant_id == merchant_id, *queued())
    query = query.order_by(col(Conversation.waiting_since), col(Conversation.id)).limit(limit)
    return dict((await session.exec(query)).all())


async def position(session: AsyncSession, me: Identity, conversation_id: int) -> int | None:
    """The place in the queue, from 1; None for a conversation that is in none. 404 for a foreign one."""
    row = await access.conversation(session, me, conversation_id)
    is_queued = row.status is Status.OPEN and row.assignee_id is None and row.waiting_since is not None
    if not is_queued or (await shop_settings.of(session, row.merchant_id)).routing == Routing.OFF:
        return None
    since, number = col(Conversation.waiting_since), col(Conversation.id)
    earlier = or_(since < row.waiting_since, (since == row.waiting_since) & (number < row.id))
    query = select(func.count()).where(col(Conversation.merchant_id) == row.merchant_id, *queued(), earlier)
    return (await session.exec(query)).one() + 1


async def drain(session: AsyncSession, merchant_id: str, limit: int = BATCH) -> Waiting:
    """Give waiting conversations to people who are there and have room; those that found somebody."""
    if await _locked(session, merchant_id) is None:
        return {}
    given: Waiting = {}
    waiting = await queue(session, merchant_id, limit)
    takers, turn = await _takers(session, merchant_id) if waiting else ([], 0)
    if not takers:
        return given
    for conversation_id, customer_id in waiting.items():
        taker = await _taker_for(session, merchant_id, conversation_id, customer_id, takers)
        if taker is None or not await _still_waits(session, conversation_id):
            continue
        turn += 1
        taker.last_turn, taker.room = turn, taker.room - 1
        await _put_in_charge(session, merchant_id, conversation_id, taker.user_id)
        await session.exec(update(Staff).where(col(Staff.user_id) == taker.user_id).values(last_turn=turn))
        given[conversation_id] = customer_id
        takers = [one for one in takers if one.room > 0]
        if not takers:
            break
    return given


async def give_back(session: AsyncSession, merchant_id: str) -> list[int]:
    """Take unanswered conversations from people who have been away for as long as the shop allows."""
    wishes = await _locked(session, merchant_id)
    if wishes is None or wishes.return_after_minutes is None:
        return []
    since = now() - wishes.return_after_minutes * 60
    is_away = (col(Staff.availability) == Availability.AWAY) & (col(Staff.availability_at) <= since)
    absent = select(Staff.user_id).where(Staff.merchant_id == merchant_id, or_(is_away, col(Staff.here_until) <= since))
    # Who was put in charge a moment ago has been told so by a person: not before the time has passed again.
    given = select(Activity.conversation_id).where(
        col(Activity.conversation_id) == col(Conversation.id),
        col(Activity.kind).in_(_IN_CHARGE),
        col(Activity.created_at) > since,
    )
    query = select(Conversation.id).where(
        Conversation.merchant_id == merchant_id,
        Conversation.status == Status.OPEN,
        col(Conversation.assignee_id).in_(absent),
        col(Conversation.waiting_since) <= since,
        ~given.exists(),
    )
    query = query.order_by(col(Conversation.id))
    found = (await session.exec(query.limit(BATCH))).all()
    if not found:
        return []
    # Somebody may have answered, or handed one over, until we had the locks: asked again, in a statement of its own.
    these = col(Conversation.id).in_(found)
    await session.exec(select(Conversation.id).where(these).order_by(col(Conversation.id)).with_for_update())
    found = (await session.exec(query.where(these))).all()
    for conversation_id in found:
        await _put_in_charge(session, merchant_id, conversation_id, None)
    return list(found)


async def _locked(session: AsyncSession, merchant_id: str) -> ShopSettings | None:
    """The wishes of a shop that routes, locked until the end of the unit."""
    query = select(ShopSettings).where(ShopSettings.merchant_id == merchant_id, ShopSettings.routing != Routing.OFF)
    return (await session.exec(query.with_for_update())).first()


async def _takers(session: AsyncSession, merchant_id: str) -> tuple[list[Taker], int]:
    """Who is there and has room, and the number of the last turn of all.

    Their rows stay locked until the end of the unit, people before conversations as in `staff.remove`: nobody leaves
    the shop between our look and the conversation that they are given.
    """
    # A statement of its own: what is read below is then as new as the locks, and MariaDB locks no users beside.
    team = select(Staff.user_id).where(Staff.merchant_id == merchant_id).order_by(col(Staff.user_id))
    await session.exec(team.with_for_update())
    in_charge = (
        select(func.count())
        .select_from(Conversation)
        .where(
            col(Conversation.merchant_id) == merchant_id,
            col(Conversation.status) == Status.OPEN,
            col(Conversation.assignee_id) == col(Staff.user_id),
        )
        .scalar_subquery()
    )
    query: Any = select(Staff, in_charge).join(User, col(User.id) == col(Staff.user_id))
    query = query.where(Staff.merchant_id == merchant_id, col(User.blocked_at).is_(None))
    rows: Sequence[tuple[Staff, int]] = (await session.exec(query)).all()
    at = now()
    takers = [
        Taker(row.user_id, row.last_turn, row.capacity - count)
        for row, count in rows
        if row.availability is Availability.ONLINE and row.here_until > at and row.capacity > count
    ]
    return takers, max((row.last_turn for row, _ in rows), default=0)


async def _taker_for(
    session: AsyncSession, merchant_id: str, conversation_id: int, customer_id: str, takers: list[Taker]
) -> Taker | None:
    """Who answered this buyer last, else who was given none for longest."""
    not_again = await _who_put_it_back(session, conversation_id)
    able = [taker for taker in takers if taker.user_id != not_again]
    if len(able) > 1:
        known = await _who_answered_last(session, merchant_id, customer_id)
        able = [taker for taker in able if taker.user_id == known] or able
    return min(able, key=lambda taker: (taker.last_turn, taker.user_id), default=None)


async def _who_put_it_back(session: AsyncSession, conversation_id: int) -> str | None:
    """Whom a person relieved of this conversation: it must not come back to them at once."""
    query = select(Activity).where(col(Activity.conversation_id) == conversation_id, col(Activity.kind).in_(_IN_CHARGE))
    last = (await session.exec(query.order_by(col(Activity.id).desc()).limit(2))).all()
    if not last or last[0].kind != "unassigned" or last[0].actor_id == platform.USER_ID:
        return None
    return last[1].value if len(last) > 1 else last[0].actor_id


async def _who_answered_last(session: AsyncSession, merchant_id: str, customer_id: str) -> str | None:
    recent = select(Conversation.id).where(
        Conversation.customer_id == customer_id, Conversation.merchant_id == merchant_id, Conversation.last_seq > 0
    )
    recent = recent.order_by(col(Conversation.last_message_time).desc(), col(Conversation.id).desc()).limit(LOOK_BACK)
    for conversation_id in (await session.exec(recent)).all():
        theirs = (col(Message.conversation_id) == conversation_id, col(Message.sender_role) == Role.MERCHANT)
        by_hand = col(Message.client_id).not_like("auto-resolve:%")
        query = select(Message.sender_id).where(*theirs, by_hand).order_by(col(Message.seq).desc()).limit(1)
        found = (await session.exec(query)).first()
        if found is not None:
            return found
    return None


async def _still_waits(session: AsyncSession, conversation_id: int) -> bool:
    query = select(Conversation.id).where(col(Conversation.id) == conversation_id, *queued())
    return (await session.exec(query.with_for_update())).first() is not None


async def _put_in_charge(session: AsyncSession, merchant_id: str, conversation_id: int, user_id: str | None) -> None:
    shop, actor = Identity(merchant_id, Role.MERCHANT, merchant_id, 0), await platform.ensure(session)
    await conversations.change(session, shop, conversation_id, ConversationChange(assignee_id=user_id), actor=actor)
