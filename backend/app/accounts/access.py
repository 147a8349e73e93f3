"""Who acts for which shop, and who may manage its people."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff, StaffRole
from app.kernel.errors import Forbidden
from app.kernel.identity import Identity


async def merchant_of(session: AsyncSession, user_id: str) -> str | None:
    """The shop for which this user acts, or None."""
    row = await session.get(Staff, user_id)
    return row.merchant_id if row else None


async def is_shop(session: AsyncSession, merchant_id: str) -> bool:
    """True for a merchant's own account, false for an agent's."""
    row = await session.get(Staff, merchant_id)
    return row is not None and row.merchant_id == merchant_id


def shop_of(me: Identity) -> str:
    """The shop for which the caller acts; 403 for a merchant's account that was taken off its staff."""
    if me.merchant_id is None:
        raise Forbidden("wrong_role", "Your role may not do this.")
    return me.merchant_id


async def owned_shop(session: AsyncSession, me: Identity) -> str:
    """The shop whose people the caller manages; 403 for agents."""
    owners = select(Staff.merchant_id).where(Staff.user_id == me.user_id, Staff.role == StaffRole.OWNER)
    merchant_id = (await session.exec(owners)).first()
    if merchant_id is None:
        raise Forbidden("owner_only", "Only the owner of the shop may do this.")
    return merchant_id
