"""What admins do with other people's accounts: make, change, suspend, restore. Each deed is in the audit log."""

import secrets
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, passwords, sessions, users
from app.accounts.models import User
from app.accounts.shapes import UserChange, UserCreate, UserPublic
from app.audit import entries as audit
from app.audit.models import Action
from app.files import uploads, urls
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Conflict
from app.kernel.identity import Identity

PASSWORD_BYTES = 12  # 16 letters and digits: long enough to be written down once and changed soon
SECRET_FIELDS = frozenset({"password", "is_blocked"})


async def create(db: Database, settings: Settings, me: Identity, draft: UserCreate) -> UserPublic:
    """Make a user of any role, after the slow hash of the password. Raises like `users.create`."""
    password_hash = await passwords.hash_of(settings, draft.password) if draft.password else None

    async def make(session: AsyncSession) -> UserPublic:
        if draft.avatar is not None:
            draft.avatar = urls.relative(settings, draft.avatar)
            await uploads.keep(session, draft.avatar)
        user = await users.create(session, draft, password_hash)
        merchant_id = await access.merchant_of(session, user.id)
        await audit.done(session, me, Action.USER_CREATED, ("user", user.id), merchant_id, name=user.username)
        return UserPublic.of(settings, user, merchant_id)

    return await db.write(make)


async def change(db: Database, settings: Settings, me: Identity, user_id: str, wanted: UserChange) -> UserPublic:
    """Set the fields that were sent. Blocking and a new password end every session of the user."""
    if wanted.is_blocked:
        _check_another(me, user_id)
    password_hash = await passwords.hash_of(settings, wanted.password) if wanted.password else None

    async def make(session: AsyncSession) -> UserPublic:
        was_blocked = (await users.get(session, user_id)).is_blocked
        user = await users.change(session, settings, user_id, wanted, password_hash)
        fields = sorted(wanted.model_fields_set - SECRET_FIELDS)
        if fields:
            await _note(session, me, Action.USER_CHANGED, user, fields=fields)
        if password_hash is not None:
            await _note(session, me, Action.PASSWORD_RESET, user)
        if user.is_blocked != was_blocked:
            await _note_suspension(session, me, user)
        return UserPublic.of(settings, user, await access.merchant_of(session, user.id))

    return await db.write(make)


async def suspend(session: AsyncSession, me: Identity, user_id: str, reason: str) -> User:
    """Shut somebody out at once, with a shop's owner the whole shop. 409 for oneself and for the last admin."""
    _check_another(me, user_id)
    was_blocked = (await users.get(session, user_id)).is_blocked
    user = await users.block(session, user_id, reason)
    if not was_blocked:
        await _note_suspension(session, me, user)
    return user


async def restore(session: AsyncSession, me: Identity, user_id: str) -> User:
    """Let somebody in again; everybody concerned has to sign in anew."""
    was_blocked = (await users.get(session, user_id)).is_blocked
    user = await users.unblock(session, user_id)
    if was_blocked:
        await _note_suspension(session, me, user)
    return user


async def reset_password(db: Database, settings: Settings, me: Identity, user_id: str) -> str:
    """A new password that nobody chose, to be handed over and changed; every session of the user ends."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    password_hash = await passwords.hash_of(settings, password)

    async def make(session: AsyncSession) -> None:
        user = await users.get(session, user_id)
        await users.set_password(session, user_id, password_hash)
        await _note(session, me, Action.PASSWORD_RESET, user)

    await db.write(make)
    return password


async def end_session(session: AsyncSession, me: Identity, user_id: str, session_id: int | None) -> None:
    """Sign somebody out of one place, or with None of all."""
    user = await users.get(session, user_id)
    if session_id is None:
        await sessions.end_all(session, user_id)
    else:
        await sessions.end_own(session, user_id, session_id)
    await _note(session, me, Action.SESSIONS_ENDED, user, how_many="all" if session_id is None else "one")


async def remove(session: AsyncSession, me: Identity, user_id: str) -> None:
    """Delete a user who left no trace. 409 as in `users.remove`, and for oneself."""
    _check_another(me, user_id)
    user = await users.get(session, user_id)
    name, merchant_id = user.username, await access.merchant_of(session, user_id)
    await users.remove(session, user_id)
    await audit.done(session, me, Action.USER_DELETED, ("user", user_id), merchant_id, name=name)


def _check_another(me: Identity, user_id: str) -> None:
    if user_id == me.user_id:
        raise Conflict("not_yourself", "You cannot block or delete your own account.")


async def _note_suspension(session: AsyncSession, me: Identity, user: User) -> None:
    if await access.is_shop(session, user.id):
        action = Action.SHOP_SUSPENDED if user.is_blocked else Action.SHOP_RESTORED
    else:
        action = Action.USER_SUSPENDED if user.is_blocked else Action.USER_RESTORED
    await _note(session, me, action, user, reason=user.blocked_reason)


async def _note(session: AsyncSession, me: Identity, action: Action, user: User, **details: Any) -> None:
    merchant_id = await access.merchant_of(session, user.id)
    await audit.done(session, me, action, ("user", user.id), merchant_id, **details)
