"""The team of a shop at work: how much everybody has open, and what becomes of the work of who leaves."""

from pydantic import BaseModel
from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform, staff
from app.accounts.access import shop_of
from app.accounts.events import StaffRemoved
from app.accounts.models import Availability, StaffRole
from app.chat import conversations, routing
from app.chat.conversations import ConversationChange
from app.chat.models import Conversation, Status
from app.chat.presence import Presence
from app.kernel import events
from app.kernel.db import settings_in
from app.kernel.identity import Identity, Role
from app.kernel.models import UserId


class MemberAtWork(BaseModel):
    """A member of the team, and how much they have to do."""

    user_id: UserId
    display_name: str
    username: str
    avatar: str
    role: StaffRole
    availability: Availability
    """As chosen."""
    is_here: bool
    """A page of theirs is open."""
    open_count: int
    """Open conversations of which they are in charge."""
    capacity: int


class TeamAtWork(BaseModel):
    """Everybody, and how many conversations wait for somebody."""

    results: list[MemberAtWork]
    waiting: int


async def at_work(session: AsyncSession, me: Identity, presence: Presence) -> TeamAtWork:
    """The caller's team."""
    merchant_id = shop_of(me)
    people = await staff.listing(session, settings_in(session), merchant_id)
    counts = await open_counts(session, merchant_id)
    waits = select(func.count()).where(col(Conversation.merchant_id) == merchant_id, *routing.queued())
    return TeamAtWork(
        waiting=(await session.exec(waits)).one(),
        results=[
            MemberAtWork(
                user_id=one.id,
                is_here=presence.is_here(one.id),
                open_count=counts.get(one.id, 0),
                **one.model_dump(include={"display_name", "username", "avatar", "role", "availability", "capacity"}),
            )
            for one in people
            if not one.is_blocked
        ],
    )


async def open_counts(session: AsyncSession, merchant_id: str) -> dict[str, int]:
    """User → open conversations of which they are in charge."""
    mine = (col(Conversation.merchant_id) == merchant_id, col(Conversation.status) == Status.OPEN)
    assignee = col(Conversation.assignee_id)
    query = select(assignee, func.count()).where(*mine, assignee.is_not(None)).group_by(assignee)
    return dict((await session.exec(query)).all())  # type: ignore[arg-type]


async def relieve(session: AsyncSession, event: StaffRemoved) -> None:
    """What somebody who leaves was in charge of goes back to nobody."""
    theirs = (col(Conversation.merchant_id) == event.merchant_id, col(Conversation.assignee_id) == event.user_id)
    unfinished = select(Conversation.id).where(*theirs, col(Conversation.status) != Status.RESOLVED)
    shop = Identity(event.merchant_id, Role.MERCHANT, event.merchant_id, 0)
    actor = await platform.ensure(session)
    for conversation_id in (await session.exec(unfinished.order_by(col(Conversation.id)))).all():
        await conversations.change(session, shop, conversation_id, ConversationChange(assignee_id=None), actor=actor)
    # What is resolved changes without a word: nobody works at it, and a buyer may open it again.
    await session.exec(update(Conversation).where(*theirs).values(assignee_id=None))


def listen() -> None:
    """From now on in this process; called once, by the module that registers the jobs."""
    events.listen(StaffRemoved, relieve)
