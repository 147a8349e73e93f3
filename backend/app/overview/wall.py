"""The shops as they are this minute, for the wall: what is open, who waits and for how long, how much is said."""

from collections.abc import Callable

from pydantic import BaseModel
from sqlalchemy import case
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff, User
from app.chat.models import Conversation, Message, Status
from app.files.urls import absolute
from app.kernel.clock import now
from app.kernel.config import Settings

MOST_SHOPS = 200
MINUTE = 60


class ShopNow(BaseModel):
    """One shop. `online`: people of its team who are here now."""

    id: str
    name: str
    avatar: str
    is_blocked: bool
    team: list[str]
    online: int
    open: int
    waiting: int
    oldest_wait: int | None
    messages: int
    """Of the last minute."""


async def shops(session: AsyncSession, settings: Settings, is_online: Callable[[str], bool]) -> list[ShopNow]:
    """Where people wait comes first, the longest wait before all; then by what is open. Four statements."""
    shop = col(Conversation.merchant_id)
    waits = col(Conversation.waiting_since).is_not(None)
    standing = select(
        shop, func.count(), func.count(case((waits, 1))), func.min(col(Conversation.waiting_since))
    ).where(col(Conversation.status) != Status.RESOLVED)
    rows = (await session.exec(standing.group_by(shop))).all()
    figures = {number: (opened, waiting, oldest) for number, opened, waiting, oldest in rows}
    since = now() - MINUTE
    said = select(shop, func.count()).select_from(Message)
    said = said.join(Conversation, col(Conversation.id) == col(Message.conversation_id))
    said = said.where(col(Conversation.last_message_time) >= since, col(Message.created_at) >= since).group_by(shop)
    messages = dict((await session.exec(said)).all())
    people: dict[str, list[str]] = {}
    for number, user_id in (await session.exec(select(Staff.merchant_id, Staff.user_id))).all():
        people.setdefault(number, []).append(user_id)
    owner = aliased(User)
    owners = select(owner).join(Staff, col(Staff.user_id) == col(owner.id))
    owners = owners.where(col(Staff.user_id) == col(Staff.merchant_id)).order_by(col(owner.id))
    found = [
        _shown(settings, row, people.get(row.id, []), figures.get(row.id, (0, 0, None)), messages.get(row.id, 0))
        for row in (await session.exec(owners)).all()
    ]
    for one in found:
        one.online = sum(is_online(user_id) for user_id in one.team)
    return sorted(found, key=lambda one: (one.oldest_wait or 2**53, -one.open, one.name))[:MOST_SHOPS]


def _shown(
    settings: Settings, user: User, team: list[str], standing: tuple[int, int, int | None], messages: int
) -> ShopNow:
    return ShopNow(
        id=user.id,
        name=user.name,
        avatar=absolute(settings, user.avatar),
        is_blocked=user.is_blocked,
        team=team,
        online=0,
        open=standing[0],
        waiting=standing[1],
        oldest_wait=standing[2],
        messages=messages,
    )
