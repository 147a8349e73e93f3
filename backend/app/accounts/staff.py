"""The people of a shop: its owners add and remove them, who act for the shop in every conversation."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, passwords, users
from app.accounts.events import AvailabilityChanged, StaffChanged, StaffRemoved
from app.accounts.models import Availability, Staff, StaffRole, User
from app.accounts.shapes import StaffChange, StaffCreate, StaffPublic, UserCreate
from app.files.urls import absolute
from app.kernel import events
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.identity import Identity, Role


async def listing(session: AsyncSession, settings: Settings, merchant_id: str) -> list[StaffPublic]:
    """Everybody who acts for the shop, the owners first."""
    query = select(Staff, User).join(User, col(User.id) == col(Staff.user_id)).where(Staff.merchant_id == merchant_id)
    rows = (await session.exec(query.order_by(col(Staff.role).desc(), col(Staff.created_at), col(Staff.user_id)))).all()
    return [_public(settings, row, user) for row, user in rows]


async def get(session: AsyncSession, settings: Settings, me: Identity, user_id: str) -> StaffPublic:
    """One member of the caller's team; 404 for strangers."""
    row = await _member(session, access.shop_of(me), user_id)
    return _public(settings, row, await users.get(session, user_id))


async def add(db: Database, settings: Settings, me: Identity, draft: StaffCreate) -> StaffPublic:
    """Give the caller's shop a new agent. 403 unless the caller owns it, 409 when the user name is taken."""
    async with db.reading() as session:
        await access.owned_shop(session, me)  # before the slow hash; asked again in the unit that writes
    password_hash = await passwords.hash_of(settings, draft.password)

    async def make(session: AsyncSession) -> StaffPublic:
        merchant_id = await access.owned_shop(session, me)
        row, user = await join(session, merchant_id, draft, password_hash, StaffRole.AGENT)
        return _public(settings, row, user)

    return await db.write(make)


async def join(
    session: AsyncSession, merchant_id: str, draft: StaffCreate, password_hash: str, role: StaffRole
) -> tuple[Staff, User]:
    """A new account that acts for a shop. 409 when the user name is taken."""
    wanted = UserCreate(
        username=draft.username, display_name=draft.display_name, role=Role.MERCHANT, merchant_id=merchant_id
    )
    user = await users.create(session, wanted, password_hash)
    row = await session.get_one(Staff, user.id)
    row.role, row.capacity = role, draft.capacity
    session.add(row)
    await session.flush()
    await events.emit(session, StaffChanged(merchant_id=merchant_id, user_id=user.id))
    return row, user


async def change(
    session: AsyncSession, settings: Settings, me: Identity, user_id: str, wanted: StaffChange
) -> StaffPublic:
    """Give a member another role or capacity. Owners only.

    404 for strangers; 409 when somebody's own role, or that of the shop's own account, would change.
    """
    row = await _member(session, await access.owned_shop(session, me), user_id)
    fields = wanted.model_dump(exclude_unset=True)
    if fields.get("role", row.role) is not row.role:
        _check_may_lose_role(me, row)
    row.sqlmodel_update(fields)
    session.add(row)
    await session.flush()
    await events.emit(session, StaffChanged(merchant_id=row.merchant_id, user_id=user_id))
    return _public(settings, row, await users.get(session, user_id))


async def choose(session: AsyncSession, me: Identity, availability: Availability) -> None:
    """Say of oneself: online, busy or away. The team is told when it is new."""
    if me.is_api_key:
        raise Forbidden("not_by_api_key", "An API key may not do this. Please sign in.")
    row = await _member(session, access.shop_of(me), me.user_id)
    if row.availability is availability:
        return
    row.availability, row.availability_at = availability, now()
    session.add(row)
    await session.flush()
    said = AvailabilityChanged(merchant_id=row.merchant_id, user_id=me.user_id, availability=availability)
    await events.emit(session, said)


async def remove(session: AsyncSession, me: Identity, user_id: str) -> None:
    """Take somebody off the staff: blocked, signed out everywhere; what they wrote stays. 404 for strangers."""
    # Locked before their conversations are taken from them: routing, which locks in the same order, gives them no more.
    row = await _member(session, await access.owned_shop(session, me), user_id, lock=True)
    _check_may_lose_role(me, row)
    await events.emit(session, StaffRemoved(merchant_id=row.merchant_id, user_id=user_id, removed_by=me.user_id))
    await users.block(session, user_id)
    await session.delete(row)
    await session.flush()


def _check_may_lose_role(me: Identity, row: Staff) -> None:
    if row.user_id == row.merchant_id:
        raise Conflict("owner_stays", "The shop’s own account stays its owner.")
    if row.user_id == me.user_id:
        raise Conflict("not_yourself", "You cannot do this to your own account.")


async def _member(session: AsyncSession, merchant_id: str, user_id: str, *, lock: bool = False) -> Staff:
    row = await session.get(Staff, user_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or row.merchant_id != merchant_id:
        raise NotFound("user_not_found", "There is no such user.")
    return row


def _public(settings: Settings, row: Staff, user: User) -> StaffPublic:
    return StaffPublic(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        avatar=absolute(settings, user.avatar),
        role=row.role,
        availability=row.availability,
        capacity=row.capacity,
        is_blocked=user.is_blocked,
        created_at=row.created_at,
    )
