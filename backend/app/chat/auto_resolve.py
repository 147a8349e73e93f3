"""Conversations in which the shop has answered and the buyer stays silent: a word before the end, then the end.

Silence begins with the last message, or with the last thing that the shop changed: who reopens a conversation by hand
does not find it resolved again at once.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import platform
from app.accounts.models import User
from app.accounts.shop_settings import ShopSettings
from app.chat import conversations
from app.chat.conversations import ConversationChange
from app.chat.desk import Desk
from app.chat.drafts import Draft
from app.chat.events import ConversationChanged
from app.chat.models import Conversation, Message, Status
from app.kernel import events
from app.kernel.identity import Identity, Role

HOUR = 3600
FORGOTTEN_DAYS = 7  # beyond the end


class Silent(NamedTuple):
    """A conversation that waits for its buyer, as it stood when we looked."""

    id: int
    last_seq: int
    last_message_time: int
    updated_at: int
    is_warned: bool

    @property
    def since(self) -> int:
        return max(self.last_message_time, self.updated_at)


async def shops(session: AsyncSession, after: str, limit: int) -> Sequence[ShopSettings]:
    """The shops that want it, by id from `after` on."""
    query = select(ShopSettings).join(User, col(User.id) == col(ShopSettings.merchant_id))
    wanted = (col(ShopSettings.auto_resolve_after_hours).is_not(None), col(User.blocked_at).is_(None))
    query = query.where(*wanted, col(ShopSettings.merchant_id) > after).order_by(col(ShopSettings.merchant_id))
    return (await session.exec(query.limit(limit))).all()


async def silent(
    session: AsyncSession, shop: ShopSettings, at: int, after: tuple[int, int], limit: int
) -> list[Silent]:
    """Open conversations whose last word is the shop's and old enough for a look, the oldest first, from `after`

    (time of the last message, id) on.
    """
    time, number = col(Conversation.last_message_time), col(Conversation.id)
    columns = (Conversation.id, Conversation.last_seq, Conversation.last_message_time, Conversation.updated_at)
    is_last = (col(Message.conversation_id) == number) & (col(Message.seq) == col(Conversation.last_seq))
    old = at - min(warning_seconds(shop), end_seconds(shop, is_warned=True), end_seconds(shop, is_warned=False))
    query = (
        select(*columns, Message.client_id)  # type: ignore[call-overload]
        .join(Message, is_last)
        .where(Conversation.merchant_id == shop.merchant_id, Conversation.status == Status.OPEN)
        .where(Message.sender_role == Role.MERCHANT, time <= old, col(Conversation.updated_at) <= old)
        .where((time > after[0]) | ((time == after[0]) & (number > after[1])))
    )
    rows = (await session.exec(query.order_by(time, number).limit(limit))).all()
    return [Silent(row[0], row[1], row[2], row[3], row[4] == warning_name(row[1] - 1)) for row in rows]


def warning_name(last_seq: int) -> str:
    """The client id of the warning after `last_seq`: said twice, it is one message."""
    return f"auto-resolve:{last_seq}"


def warning_seconds(shop: ShopSettings) -> int:
    """After how much silence the warning comes."""
    return max(0, (shop.auto_resolve_after_hours or 0) - shop.warn_before_hours) * HOUR


def end_seconds(shop: ShopSettings, *, is_warned: bool) -> int:
    """After how much silence the end comes: counted from the warning where there was one."""
    return (shop.warn_before_hours if is_warned else shop.auto_resolve_after_hours or 0) * HOUR


def forgotten_seconds(shop: ShopSettings) -> int:
    """After how much silence the end comes without a word: a shop that begins to use this must not write to everybody

    who fell silent in the last years.
    """
    return end_seconds(shop, is_warned=False) + FORGOTTEN_DAYS * 24 * HOUR


async def warn(desk: Desk, shop: ShopSettings, found: Silent) -> bool:
    """Say that the conversation will end; False when somebody was there meanwhile, or another worker has said it."""
    async with desk.db.reading() as session:
        standing = await session.get(Conversation, found.id)
    if standing is None or (standing.last_seq, standing.status) != (found.last_seq, Status.OPEN):
        return False
    return await say(desk, shop, found)


async def say(desk: Desk, shop: ShopSettings, found: Silent) -> bool:
    """Send the warning, whatever has happened since we looked; False when it was said before."""
    sent = await desk.writer.send(Draft(_shop(shop), found.id, warning_name(found.last_seq), shop.auto_resolve_warning))
    if sent.message.seq != found.last_seq + 1 and not sent.is_replay:
        # Somebody wrote between our look and the commit. It is no answer: the buyer's question still waits.
        await desk.db.write(partial(_keep_waiting, shop=shop, found=found, warning_seq=sent.message.seq))
    return not sent.is_replay


async def end(session: AsyncSession, shop: ShopSettings, found: Silent) -> bool:
    """Resolve the conversation in the platform's name; False when anything has moved since we looked."""
    unmoved = (
        col(Conversation.id) == found.id,
        col(Conversation.status) == Status.OPEN,
        col(Conversation.last_seq) == found.last_seq,
        col(Conversation.updated_at) == found.updated_at,
    )
    if (await session.exec(select(Conversation.id).where(*unmoved).with_for_update())).first() is None:
        return False
    actor = await platform.ensure(session)
    await conversations.change(session, _shop(shop), found.id, ConversationChange(status=Status.RESOLVED), actor=actor)
    return True


async def _keep_waiting(session: AsyncSession, shop: ShopSettings, found: Silent, warning_seq: int) -> None:
    """The buyer waits since the first message that only the warning followed."""
    between = select(Message.sender_role, Message.created_at).where(
        col(Message.conversation_id) == found.id, col(Message.seq) > found.last_seq, col(Message.seq) < warning_seq
    )
    since = None
    for role, created_at in (await session.exec(between.order_by(col(Message.seq)))).all():
        since = (since or created_at) if role is Role.BUYER else None
    unmoved = (col(Conversation.id) == found.id, col(Conversation.last_seq) == warning_seq)
    if since is not None:
        await session.exec(update(Conversation).where(*unmoved).values(waiting_since=since))
        public = await conversations.get(session, _shop(shop), found.id)
        await events.emit(session, ConversationChanged(conversation=public, is_status_new=False))


def _shop(shop: ShopSettings) -> Identity:
    return Identity(shop.merchant_id, Role.MERCHANT, shop.merchant_id, 0)
