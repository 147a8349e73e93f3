"""Who acts for which shop, and who may manage its people."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff, StaffRole, User
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.identity import Identity, Role


async def merchant_of(session: AsyncSession, user_id: str) -> str | None:
    """The shop for which this user acts, or None."""
    row = await session.get(Staff, user_id)
    return row.merchant_id if row else None


async def identity_of(session: AsyncSession, user_id: str) -> Identity | None:
    """For whom a job acts, with the rights that this person has now; None for one who is blocked or gone."""
    user = await session.get(User, user_id)
    merchant_id = await merchant_of(session, user_id)
    if user is None or user.is_blocked or await is_suspended(session, merchant_id):
        return None
    return Identity(user.id, user.role, merchant_id, 0)


async def is_suspended(session: AsyncSession, merchant_id: str | None) -> bool:
    """True for a shop whose owner is blocked: with the owner all who act for the shop are shut out."""
    owner = await session.get(User, merchant_id) if merchant_id else None
    return owner is not None and owner.is_blocked


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


async def named_shop(session: AsyncSession, me: Identity, merchant_id: str | None, *, owner: bool = False) -> str:
    """The shop about which is asked: the caller's own, for admins the one they name. 404 for any other.

    With `owner` only its owner and admins may ask.
    """
    if me.role is Role.ADMIN:
        if merchant_id is None:
            raise Invalid("shop_missing", "Say which shop: merchant_id is missing.")
        if not await is_shop(session, merchant_id):
            raise NotFound("shop_not_found", "There is no such shop.")
        return merchant_id
    mine = await owned_shop(session, me) if owner else shop_of(me)
    if merchant_id not in (None, mine):
        raise NotFound("shop_not_found", "There is no such shop.")
    return mine


async def owns_shop(session: AsyncSession, me: Identity) -> bool:
    """Whether the caller manages the shop for which they act."""
    row = await session.get(Staff, me.user_id)
    return row is not None and row.role is StaffRole.OWNER
