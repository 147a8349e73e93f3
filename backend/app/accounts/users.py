"""The verbs of users: admins make, change and remove them, everybody changes the own profile."""

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, names, passwords, sessions
from app.accounts.events import Renamed
from app.accounts.models import Credential, Staff, StaffRole, User
from app.accounts.shapes import ProfileChange, UserChange, UserCreate, UserPublic
from app.files import avatars, uploads, urls
from app.kernel import events
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import AppError, Conflict, Invalid, NotFound
from app.kernel.identity import Role
from app.kernel.paging import Page

UNIQUE_COLUMNS = ("username", "email", "phone")


async def register(db: Database, settings: Settings, draft: UserCreate) -> UserPublic:
    """Make a user in a unit of its own, after the slow hash of the password. Raises like `create`."""
    password_hash = await passwords.hash_of(settings, draft.password) if draft.password else None

    async def make(session: AsyncSession) -> UserPublic:
        if draft.avatar is not None:
            draft.avatar = urls.relative(settings, draft.avatar)
            await uploads.keep(session, draft.avatar)
        user = await create(session, draft, password_hash)
        return UserPublic.of(settings, user, await access.merchant_of(session, user.id))

    return await db.write(make)


async def create(session: AsyncSession, draft: UserCreate, password_hash: str | None = None) -> User:
    """Add a user; a merchant becomes the owner of its own shop, or an agent of `draft.merchant_id`.

    409 when the id, the user name, the e-mail or the phone number is taken. `draft.password` is not looked at:
    hashing is the caller's, outside of the unit (`passwords.hash_of`).
    """
    if draft.merchant_id is not None and not await access.is_shop(session, draft.merchant_id):
        raise Invalid("no_such_shop", "There is no such shop.")
    user_id = draft.id or names.new_user_id(draft.role)
    columns = draft.model_dump(include={"username", "display_name", "phone", "locale", "greeting", "role"})
    email = draft.email.lower() if draft.email else None
    user = User(id=user_id, avatar=draft.avatar or avatars.default_of(user_id), email=email, **columns)
    session.add(user)
    await _flush(session)
    if password_hash is not None:
        session.add(Credential(user_id=user_id, password_hash=password_hash))
    if draft.role is Role.MERCHANT:
        shop = draft.merchant_id or user_id
        role = StaffRole.OWNER if shop == user_id else StaffRole.AGENT
        session.add(Staff(user_id=user_id, merchant_id=shop, role=role))
    await session.flush()
    return user


async def listing(
    session: AsyncSession,
    settings: Settings,
    page: Page,
    role: Role | None = None,
    q: str = "",
    is_blocked: bool | None = None,
) -> tuple[int, list[UserPublic]]:
    """Users, newest first, of one role or all, whose names, e-mail or phone contain `q`; blocked ones or the others."""
    wanted: list[Any] = [] if role is None else [User.role == role]
    if q:
        columns = (User.id, User.username, User.display_name, User.email, User.phone)
        wanted.append(or_(*(col(column).icontains(q, autoescape=True) for column in columns)))
    if is_blocked is not None:
        wanted.append(col(User.blocked_at).is_not(None) if is_blocked else col(User.blocked_at).is_(None))
    count = (await session.exec(select(func.count()).select_from(User).where(*wanted))).one()
    query = select(User, Staff.merchant_id).outerjoin(Staff, col(Staff.user_id) == col(User.id)).where(*wanted)
    query = query.order_by(col(User.created_at).desc(), col(User.id).desc()).offset(page.offset).limit(page.page_size)
    rows = (await session.exec(query)).all()
    return count, [UserPublic.of(settings, user, merchant_id) for user, merchant_id in rows]


async def get(session: AsyncSession, user_id: str) -> User:
    """One user; 404 when there is none."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound("user_not_found", "There is no such user.")
    return user


async def public(session: AsyncSession, settings: Settings, user: User) -> UserPublic:
    """The user as it leaves."""
    return UserPublic.of(settings, user, await access.merchant_of(session, user.id))


async def change(
    session: AsyncSession,
    settings: Settings,
    user_id: str,
    wanted: ProfileChange | UserChange,
    password_hash: str | None = None,
) -> User:
    """Set the fields that were sent. Blocking and a new password (its hash) end every session of the user."""
    user = await get(session, user_id)
    fields = wanted.model_dump(exclude_unset=True, exclude={"password", "is_blocked"})
    if fields.get("email"):
        fields["email"] = fields["email"].lower()
    if "avatar" in fields:
        fields["avatar"] = urls.relative(settings, fields["avatar"])
        await uploads.keep(session, fields["avatar"])
    before = user.display_name
    user.sqlmodel_update(fields | {"updated_at": now()})
    session.add(user)
    await _flush(session)
    if user.display_name != before:
        await events.emit(session, Renamed(user_id=user.id, before=before, after=user.display_name))
    if isinstance(wanted, UserChange) and "is_blocked" in wanted.model_fields_set:
        await _set_blocked(session, user, wanted.is_blocked)
    if password_hash is not None:
        await set_password(session, user_id, password_hash)
    return user


async def set_password(session: AsyncSession, user_id: str, password_hash: str, kept_session: int = 0) -> None:
    """Replace the password and end every session but `kept_session`: whoever knew the old one is out."""
    row = await session.get(Credential, user_id) or Credential(user_id=user_id, password_hash="")
    row.password_hash = password_hash
    row.updated_at = now()
    session.add(row)
    await session.flush()
    await sessions.end_others(session, user_id, kept_session)


async def block(session: AsyncSession, user_id: str, reason: str = "") -> User:
    """Shut a user out: no sign-in, and every session ends; with the owner of a shop everybody who acts for it.

    409 for the last admin who may come in.
    """
    user = await get(session, user_id)
    await _set_blocked(session, user, True, reason)
    return user


async def unblock(session: AsyncSession, user_id: str) -> User:
    """Let a user in again; with the owner of a shop its staff, but for those who are blocked themselves."""
    user = await get(session, user_id)
    await _set_blocked(session, user, False)
    return user


async def remove(session: AsyncSession, user_id: str) -> None:
    """Delete a user who left no trace. 409 for one who has conversations, or a shop with agents: block instead."""
    await get(session, user_id)
    agents = select(Staff.user_id).where(Staff.merchant_id == user_id, Staff.user_id != user_id).limit(1)
    if (await session.exec(agents)).first() is not None:
        raise Conflict("shop_has_staff", "This shop still has staff.")
    await sessions.end_all(session, user_id)
    try:
        await session.exec(delete(User).where(col(User.id) == user_id))
    except IntegrityError as error:
        # Rooms above ours refer to users with foreign keys that do not cascade: the database knows who has a history.
        raise Conflict("user_has_history", "This user has conversations. Block the user instead.") from error


async def suspended_shops(session: AsyncSession) -> frozenset[str]:
    """The shops whose owner is blocked."""
    owners = select(User.id).join(Staff, col(Staff.user_id) == col(User.id))
    blocked = owners.where(col(Staff.merchant_id) == col(Staff.user_id), col(User.blocked_at).is_not(None))
    return frozenset((await session.exec(blocked)).all())


async def by_username(session: AsyncSession, username: str) -> User:
    """The user of that name, however it is written; 404 when there is none."""
    way = names.account_column(username)
    found = (await session.exec(select(User).where(User.username == way[1]))).first() if way else None
    if found is None:
        raise NotFound("user_not_found", "There is no such user.")
    return found


async def _set_blocked(session: AsyncSession, user: User, is_blocked: bool, reason: str = "") -> None:
    if is_blocked == user.is_blocked:
        return
    if is_blocked and user.role is Role.ADMIN:
        await _check_not_the_last_admin(session, user.id)
    user.blocked_at = now() if is_blocked else None
    user.blocked_reason = reason if is_blocked else ""
    session.add(user)
    await session.flush()
    if is_blocked:
        await sessions.end_all(session, user.id)
        if await access.is_shop(session, user.id):
            await sessions.end_all_of_shop(session, user.id)


async def _check_not_the_last_admin(session: AsyncSession, user_id: str) -> None:
    """The rows stay locked until the end of the unit: two admins who suspend each other at once do not both succeed."""
    admins = select(User.id).where(User.role == Role.ADMIN, col(User.blocked_at).is_(None))
    standing = (await session.exec(admins.order_by(col(User.id)).with_for_update())).all()
    if not set(standing) - {user_id}:
        raise Conflict("last_admin", "This is the last admin who can sign in. Create another one first.")


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise _taken(str(error.orig)) from error


def _taken(complaint: str) -> AppError:
    """Which unique rule was broken, by its name: `uq_users_email` on servers, `users.email` on SQLite."""
    for column in UNIQUE_COLUMNS:
        if f"uq_users_{column}" in complaint or f"users.{column}" in complaint:
            return Conflict(f"{column}_taken", "Somebody else has this {field}.", field=column)
    return Conflict("id_taken", "Somebody else has this {field}.", field="id")
