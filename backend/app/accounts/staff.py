"""The people of a shop: its owner adds and removes agents, who act for the shop in every conversation."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, passwords, users
from app.accounts.models import Staff, StaffRole, User
from app.accounts.shapes import StaffCreate, StaffPublic, UserCreate
from app.files.urls import absolute
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Conflict, NotFound
from app.kernel.identity import Identity, Role


async def listing(session: AsyncSession, settings: Settings, merchant_id: str) -> list[StaffPublic]:
    """Everybody who acts for the shop, the owner first."""
    query = select(Staff, User).join(User, col(User.id) == col(Staff.user_id)).where(Staff.merchant_id == merchant_id)
    rows = (await session.exec(query.order_by(col(Staff.role).desc(), col(Staff.created_at), col(Staff.user_id)))).all()
    return [_public(settings, row, user) for row, user in rows]


async def add(db: Database, settings: Settings, me: Identity, draft: StaffCreate) -> StaffPublic:
    """Give the caller's shop a new agent. 403 unless the caller owns it, 409 when the user name is taken."""
    async with db.reading() as session:
        await access.owned_shop(session, me)  # before the slow hash; asked again in the unit that writes
    password_hash = await passwords.hash_of(settings, draft.password)

    async def make(session: AsyncSession) -> StaffPublic:
        merchant_id = await access.owned_shop(session, me)
        user = await users.create(
            session,
            UserCreate(
                username=draft.username,
                display_name=draft.display_name,
                role=Role.MERCHANT,
                merchant_id=merchant_id,
            ),
            password_hash,
        )
        row = await session.get_one(Staff, user.id)
        return _public(settings, row, user)

    return await db.write(make)


async def remove(session: AsyncSession, me: Identity, user_id: str) -> None:
    """Take an agent off the staff: blocked, signed out everywhere; what the agent wrote stays. 404 for strangers."""
    merchant_id = await access.owned_shop(session, me)
    row = await session.get(Staff, user_id)
    if row is None or row.merchant_id != merchant_id:
        raise NotFound("user_not_found", "There is no such user.")
    if row.role is StaffRole.OWNER:
        raise Conflict("owner_stays", "The owner cannot be removed.")
    await users.block(session, user_id)
    await session.delete(row)
    await session.flush()


def _public(settings: Settings, row: Staff, user: User) -> StaffPublic:
    return StaffPublic(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        avatar=absolute(settings, user.avatar),
        role=row.role,
        is_blocked=user.is_blocked,
        created_at=row.created_at,
    )
