"""Shops as visitors see them before the first message."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, hours, opening, shop_settings, widgets
from app.accounts.models import Staff, User
from app.accounts.shapes import ShopPublic, TeamMember
from app.files.urls import absolute
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import NotFound

MAX_FACES = 3


async def get(
    session: AsyncSession, settings: Settings, merchant_id: str, is_online: bool, *, is_own: bool = False
) -> ShopPublic:
    """A shop by its merchant's id; 404 for agents, buyers and blocked shops alike.

    Who answers is told when the shop shows its team, and to the shop itself (`is_own`), which tries how that looks.
    """
    user = await session.get(User, merchant_id)
    if user is None or user.is_blocked or not await access.is_shop(session, merchant_id):
        raise NotFound("shop_not_found", "There is no such shop.")
    wishes, at = await shop_settings.of(session, merchant_id), now()
    shows_team = is_own or (await widgets.of(session, merchant_id)).show_team
    timetable = await opening.timetable(session, settings, merchant_id, at)
    return ShopPublic(
        id=user.id,
        name=user.name,
        avatar=absolute(settings, user.avatar),
        online=is_online,
        greeting=user.greeting,
        is_open=hours.is_open(timetable, at),
        opens_at=hours.opens_at(timetable, at),
        away_text=wishes.away_text,
        team=await _faces(session, settings, merchant_id) if shows_team else [],
        typing_preview=wishes.typing_preview,
    )


async def _faces(session: AsyncSession, settings: Settings, merchant_id: str) -> list[TeamMember]:
    """Who answers, by the names that they chose: a user name is half of a sign-in and nobody's business."""
    query = (
        select(User)
        .join(Staff, col(Staff.user_id) == col(User.id))
        .where(Staff.merchant_id == merchant_id, Staff.user_id != merchant_id)
        .where(User.display_name != "", col(User.blocked_at).is_(None))
        .order_by(col(Staff.created_at), col(Staff.user_id))
        .limit(MAX_FACES)
    )
    found = (await session.exec(query)).all()
    return [TeamMember(name=one.display_name, avatar=absolute(settings, one.avatar)) for one in found]
