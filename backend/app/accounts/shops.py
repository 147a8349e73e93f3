"""Shops as visitors see them before the first message."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import User
from app.accounts.shapes import ShopPublic
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.errors import NotFound


async def get(session: AsyncSession, settings: Settings, merchant_id: str, is_online: bool) -> ShopPublic:
    """A shop by its merchant's id; 404 for agents, buyers and blocked shops alike."""
    user = await session.get(User, merchant_id)
    if user is None or user.is_blocked or not await access.is_shop(session, merchant_id):
        raise NotFound("shop_not_found", "There is no such shop.")
    return ShopPublic(
        id=user.id, name=user.name, avatar=absolute(settings, user.avatar), online=is_online, greeting=user.greeting
    )
