"""Sessions: how they begin (password or device), go on (refresh tokens that rotate) and end.

`sign_in`, `sign_in_device` and `refresh` take the database, not a unit of work: Argon2 must not run inside a write
unit, and ending a family must be committed although the caller gets an error.
"""

import secrets
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, names, passwords
from app.accounts.models import AuthSession, Credential, Device, RefreshToken, SessionKind, Staff, User
from app.files import avatars
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Forbidden, NotFound, Unauthorized
from app.kernel.identity import Role
from app.kernel.sealing import hashed

SECONDS_PER_DAY = 86_400
GRACE_SECONDS = 10  # a refresh whose answer was lost may be asked again
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Client:
    """Where a sign-in comes from, for the list of sessions."""

    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that stands. `refresh_token` is empty for the console, whose cookie lasts as long as the session."""

    user: User
    merchant_id: str | None
    session: AuthSession
    refresh_token: str


async def sign_in(
    db: Database,
    settings: Settings,
    account: str,
    password: str,
    client: Client,
    kind: SessionKind = SessionKind.BEARER,
) -> SignedIn:
    """Begin a session by user name, e-mail or phone number. 401 for a wrong pair, whichever half; 403 when blocked."""
    async with db.reading() as session:
        found = await _by_account(session, account)
    stored = found[1] if found else None
    if not await passwords.is_right(settings, stored, password) or found is None or stored is None:
        raise Unauthorized("wrong_credentials", "The account or the password is wrong.")
    user_id = found[0]
    newer = await passwords.hash_of(settings, password) if passwords.is_outdated(settings, stored) else None

    async def begin(session: AsyncSession) -> SignedIn:
        if newer is not None:
            # Only over the hash that was checked: a password changed meanwhile stays changed.
            same = (col(Credential.user_id) == user_id) & (col(Credential.password_hash) == stored)
            await session.exec(update(Credential).where(same).values(password_hash=newer))
        return await begin_for(session, settings, user_id, client, kind)

    return await db.write(begin)


async def sign_in_device(db: Database, settings: Settings, device_id: str, client: Client) -> SignedIn:
    """Begin a session for the buyer of this device, who is made on the first use."""
    device_hash = hashed(device_id)

    async def begin(session: AsyncSession) -> SignedIn:
        device = await session.get(Device, device_hash)
        user_id = device.user_id if device else await _new_visitor(session, device_hash)
        return await begin_for(session, settings, user_id, client, SessionKind.DEVICE)

    try:
        return await db.write(begin)
    except IntegrityError:
        # The same device was faster in another request: its buyer is there now.
        return await db.write(begin)


async def begin_for(
    session: AsyncSession, settings: Settings, user_id: str, client: Client, kind: SessionKind
) -> SignedIn:
    """Begin a session for a user whose identity is proven. 403 when the user is blocked."""
    user = await session.get(User, user_id)
    if user is None:
        raise Unauthorized("wrong_credentials", "The account or the password is wrong.")
    if user.is_blocked:
        raise Forbidden("blocked", "This account is blocked.")
    merchant_id = await access.merchant_of(session, user_id)
    if await access.is_suspended(session, merchant_id):
        raise Forbidden("shop_suspended", "This shop is suspended.")
    row = AuthSession(
        user_id=user_id,
        kind=kind,
        expires_at=_expiry(settings),
        user_agent=client.user_agent[:300],
        ip=client.ip[:45],
    )
    session.add(row)
    await session.flush()
    token = "" if kind is SessionKind.CONSOLE else await _add_refresh_token(session, row)
    return SignedIn(user, merchant_id, row, token)


async def refresh(db: Database, settings: Settings, refresh_token: str) -> SignedIn:
    """Go on with a session. A token works once: using it again ends the session and everything that came of it.

    Within ten seconds a second use is taken for a lost answer or a second tab, if the successor has not been used:
    the caller gets a fresh successor and the first one dies. So there is never more than one token that works, and
    a thief who was quick is found out when the owner comes with the dead one.
    """

    async def rotate(session: AsyncSession) -> SignedIn | None:
        row = await session.get(RefreshToken, hashed(refresh_token))
        signed_in = await _standing(session, row.session_id) if row else None
        if row is None or signed_in is None or row.expires_at <= now():
            raise Unauthorized("refresh_token_invalid", "This session has ended. Please sign in again.")
        following = secrets.token_urlsafe(32)
        if not await _use(session, row, hashed(following)):
            await end(session, row.session_id)
            return None
        signed_in.session.last_used_at = now()
        signed_in.session.expires_at = _expiry(settings)
        session.add(signed_in.session)
        await _add_refresh_token(session, signed_in.session, following)
        return SignedIn(signed_in.user, signed_in.merchant_id, signed_in.session, following)

    signed_in = await db.write(rotate)
    if signed_in is None:
        raise Unauthorized("refresh_token_reused", "This session has ended. Please sign in again.")
    return signed_in


async def end(session: AsyncSession, session_id: int) -> None:
    """End one session; its tokens and sockets end with it."""
    await _revoke(session, col(AuthSession.id) == session_id)


async def end_all(session: AsyncSession, user_id: str) -> None:
    """End every session of a user."""
    await _revoke(session, col(AuthSession.user_id) == user_id)


async def end_all_of_shop(session: AsyncSession, merchant_id: str) -> None:
    """End every session of everybody who acts for a shop."""
    team = select(Staff.user_id).where(col(Staff.merchant_id) == merchant_id)
    await _revoke(session, col(AuthSession.user_id).in_(team))


async def end_others(session: AsyncSession, user_id: str, session_id: int) -> None:
    """End every session of a user but one."""
    await _revoke(session, (col(AuthSession.user_id) == user_id) & (col(AuthSession.id) != session_id))


async def end_own(session: AsyncSession, user_id: str, session_id: int) -> None:
    """End one of the user's own sessions; 404 when it is another's or has ended."""
    mine = (col(AuthSession.id) == session_id) & (col(AuthSession.user_id) == user_id)
    if not await _revoke(session, mine):
        raise NotFound()


async def end_by_token(session: AsyncSession, refresh_token: str) -> None:
    """End the session of a refresh token; nothing happens when there is none."""
    row = await session.get(RefreshToken, hashed(refresh_token))
    if row is not None:
        await end(session, row.session_id)


async def listing(session: AsyncSession, user_id: str) -> list[AuthSession]:
    """The user's sessions that stand, the last used first; at most 100."""
    mine = select(AuthSession).where(
        col(AuthSession.user_id) == user_id, col(AuthSession.revoked_at).is_(None), col(AuthSession.expires_at) > now()
    )
    newest = mine.order_by(col(AuthSession.last_used_at).desc(), col(AuthSession.id).desc())
    return list((await session.exec(newest.limit(MAX_LISTED))).all())


async def revoked_since(session: AsyncSession, timestamp: int) -> list[int]:
    """Sessions that ended at `timestamp` (seconds) or later; subtract a margin for clocks that differ."""
    return list((await session.exec(select(AuthSession.id).where(col(AuthSession.revoked_at) >= timestamp))).all())


async def sweep(session: AsyncSession, before: int, limit: int) -> int:
    """Delete up to `limit` sessions that expired or ended before `before` (seconds), with their refresh tokens."""
    over = or_(col(AuthSession.expires_at) < before, col(AuthSession.revoked_at) < before)
    ids = (await session.exec(select(AuthSession.id).where(over).limit(limit))).all()
    return _count(await session.exec(delete(AuthSession).where(col(AuthSession.id).in_(ids))))


async def sweep_tokens(session: AsyncSession, before: int, limit: int) -> int:
    """Delete up to `limit` refresh tokens that expired before `before` (seconds). To its bearer such a token is as

    good as unknown, used or not; a session that goes on for years would keep each of them.
    """
    over = select(RefreshToken.token_hash).where(col(RefreshToken.expires_at) < before).limit(limit)
    hashes = (await session.exec(over)).all()
    return _count(await session.exec(delete(RefreshToken).where(col(RefreshToken.token_hash).in_(hashes))))


async def _by_account(session: AsyncSession, account: str) -> tuple[str, str | None] | None:
    way = names.account_column(account)
    if way is None:
        return None
    column, value = way
    query = select(User.id, Credential.password_hash).outerjoin(Credential, col(Credential.user_id) == col(User.id))
    row = (await session.exec(query.where(getattr(User, column) == value))).first()
    return (row[0], row[1]) if row else None


async def _new_visitor(session: AsyncSession, device_hash: str) -> str:
    user_id = names.new_user_id(Role.BUYER)
    avatar = avatars.default_of(user_id)
    session.add(User(id=user_id, username=f"visitor-{user_id}", role=Role.BUYER, avatar=avatar))
    await session.flush()
    session.add(Device(device_hash=device_hash, user_id=user_id))
    await session.flush()
    return user_id


async def _standing(session: AsyncSession, session_id: int) -> SignedIn | None:
    row = await session.get(AuthSession, session_id)
    user = await session.get(User, row.user_id) if row else None
    if row is None or user is None or row.revoked_at is not None or row.expires_at <= now() or user.is_blocked:
        return None
    merchant_id = await access.merchant_of(session, user.id)
    return None if await access.is_suspended(session, merchant_id) else SignedIn(user, merchant_id, row, "")


async def _use(session: AsyncSession, row: RefreshToken, following_hash: str) -> bool:
    """Spend the token, or within the grace its unused successor. The row count decides between two at once."""
    at = now()
    if await _spend(session, row.token_hash, following_hash, at):
        return True
    await session.refresh(row)
    if row.used_at is None or row.used_at < at - GRACE_SECONDS or row.replaced_by is None:
        return False
    if not await _spend(session, row.replaced_by, following_hash, at):
        return False
    row.replaced_by = following_hash
    session.add(row)
    await session.flush()
    return True


async def _spend(session: AsyncSession, token_hash: str, following_hash: str, at: int) -> bool:
    unused = (col(RefreshToken.token_hash) == token_hash) & col(RefreshToken.used_at).is_(None)
    spent = update(RefreshToken).where(unused).values(used_at=at, replaced_by=following_hash)
    return _count(await session.exec(spent)) == 1


async def _add_refresh_token(session: AsyncSession, row: AuthSession, token: str = "") -> str:
    token = token or secrets.token_urlsafe(32)
    session.add(RefreshToken(token_hash=hashed(token), session_id=row.id, expires_at=row.expires_at))
    await session.flush()
    return token


async def _revoke(session: AsyncSession, which: Any) -> int:
    standing = update(AuthSession).where(which, col(AuthSession.revoked_at).is_(None))
    return _count(await session.exec(standing.values(revoked_at=now())))


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount


def _expiry(settings: Settings) -> int:
    return now() + int(settings.refresh_token_days * SECONDS_PER_DAY)
