"""The two sentences that a shop says by itself: a welcome after the first message, and where it is while it is closed.

Only what the owner wrote is said. Never both at once: who finds the shop closed hears that and no more.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import hours, opening, shop_settings
from app.accounts.models import User
from app.accounts.shop_settings import ShopSettings
from app.chat import automatic
from app.chat.desk import Desk
from app.chat.models import Message
from app.chat.reactions import Reaction, Said
from app.kernel.identity import Role

AWAY_SECONDS = 86_400  # between two away texts in one conversation
PERSON_SECONDS = 300  # who was just answered by a person need not hear that nobody is there
LOOK_BACK = 200  # messages
WELCOME = "welcome"


def reaction(desk: Desk) -> Reaction:
    """For the shops that wrote something."""

    async def react(said: Said) -> None:
        spoken = await _answer(desk, said)
        if spoken is not None:
            client_id, text = spoken
            await automatic.say(desk, said.merchant_id, said.conversation_id, client_id, text)

    return Reaction("automatic answers", shops, react)


async def shops(session: AsyncSession) -> Collection[str]:
    """Who wrote a welcome or an away text."""
    wrote = or_(col(ShopSettings.welcome_text) != "", col(ShopSettings.away_text) != "")
    return (await session.exec(select(ShopSettings.merchant_id).where(wrote))).all()


def away_name(day: str) -> str:
    """The client id of a day's away text: said twice, it is one message."""
    return f"away:{day}"


async def _answer(desk: Desk, said: Said) -> tuple[str, str] | None:
    asked = [message for message in said.messages if message.sender_role is Role.BUYER]
    if not asked:
        return None
    at = asked[-1].created_at
    async with desk.db.reading() as session:
        wishes = await shop_settings.of(session, said.merchant_id)
        timetable = await opening.timetable(session, desk.settings, said.merchant_id, at)
        if wishes.away_text and not hours.is_open(timetable, at):
            today = datetime.fromtimestamp(at, timetable.zone).date()
            days = [today - timedelta(days=1), today]
            if await _may_say_away(session, said, at, [away_name(day.isoformat()) for day in days]):
                return away_name(today.isoformat()), wishes.away_text
            return None
        if wishes.welcome_text and await _is_first(session, said, asked[0]):
            shop = await session.get_one(User, said.merchant_id)
            if wishes.welcome_text != shop.greeting.strip():  # that one stood on the page: the buyer has read it
                return WELCOME, wishes.welcome_text
    return None


async def _may_say_away(session: AsyncSession, said: Said, at: int, names: list[str]) -> bool:
    here = col(Message.conversation_id) == said.conversation_id
    before = select(Message.id).where(
        here, col(Message.client_id).in_(names), col(Message.created_at) > at - AWAY_SECONDS
    )
    person = select(Message.id).where(
        here,
        col(Message.seq) > said.messages[0].seq - LOOK_BACK,
        col(Message.sender_role) == Role.MERCHANT,
        col(Message.created_at) > at - PERSON_SECONDS,
    )
    for found in (before, person):
        if (await session.exec(found.limit(1))).first() is not None:
            return False
    return True


async def _is_first(session: AsyncSession, said: Said, asked: Message) -> bool:
    """Nobody said anything before: no buyer, and no one of the shop, who would have greeted them."""
    earlier = (col(Message.sender_role) == Role.BUYER) & (col(Message.seq) < asked.seq)
    spoken = or_(earlier, col(Message.sender_role) == Role.MERCHANT)
    query = select(Message.id).where(col(Message.conversation_id) == said.conversation_id, spoken)
    return (await session.exec(query.limit(1))).first() is None
