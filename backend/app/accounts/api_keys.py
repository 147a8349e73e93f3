"""API keys: a shop's own programs act for it with a secret instead of a sign-in.

Only the SHA-256 of a key is stored, which is enough because a key is 256 random bits and no word that somebody chose.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import or_
from sqlmodel import Field, SQLModel, col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import USER_ID_LENGTH, Staff, User
from app.accounts.names import plain
from app.kernel.clock import now
from app.kernel.errors import AppError, Conflict, Forbidden, NotFound
from app.kernel.identity import Identity, Role
from app.kernel.models import Id, UserId, id_column, time_column
from app.kernel.paging import Listing
from app.kernel.sealing import hashed

PREFIX = "pk_"
MAX_NAME = 80
MAX_KEYS = 20  # of one shop that work
MAX_LISTED = 200
MAX_DAYS = 3650
SECONDS_PER_DAY = 86_400
USED_EVERY_SECONDS = 600  # how coarse "last used" is; a key costs one write in this time, whatever it does


class ApiKey(SQLModel, table=True):
    """A key of a shop. It acts as the shop's owner, but for what `authentication` refuses to keys."""

    __tablename__ = "api_keys"

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", index=True, max_length=USER_ID_LENGTH)
    name: str = Field(max_length=MAX_NAME)
    key_hash: str = Field(max_length=64, unique=True, exclude=True)
    last_four: str = Field(max_length=4)
    created_at: int = time_column(default_factory=now)
    expires_at: int | None = time_column(default=None)
    last_used_at: int | None = time_column(default=None)
    revoked_at: int | None = time_column(default=None, index=True)


class ApiKeyCreate(BaseModel):
    """What the key is for, and for how many days it works; without an end when nothing is said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Warehouse", "days": 365}]})

    name: str = Field(min_length=1, max_length=MAX_NAME)
    days: int | None = Field(default=None, ge=1, le=MAX_DAYS)


class ApiKeyPublic(BaseModel):
    """A key without its secret. `last_used_at` is right to ten minutes."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    name: str
    last_four: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    revoked_at: int | None


class ApiKeyWithSecret(ApiKeyPublic):
    """The answer that makes a key: nobody can read it again."""

    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whose a key is, and whether its last use is worth writing down."""

    identity: Identity
    is_stale: bool


async def listing(session: AsyncSession, me: Identity) -> Listing[ApiKeyPublic]:
    """The keys of the caller's shop, the newest first, with those that were revoked. The owner only."""
    mine = select(ApiKey).where(ApiKey.merchant_id == await access.owned_shop(session, me))
    rows = (await session.exec(mine.order_by(col(ApiKey.id).desc()).limit(MAX_LISTED))).all()
    return Listing(count=len(rows), results=[ApiKeyPublic.model_validate(row) for row in rows])


async def create(session: AsyncSession, me: Identity, draft: ApiKeyCreate) -> ApiKeyWithSecret:
    """A new key, with the secret that is in this answer only. The owner only; 409 above twenty that work."""
    merchant_id = await access.owned_shop(session, me)
    # The owner's row is the lock: two at once must not both be the twentieth.
    await session.exec(select(Staff).where(Staff.user_id == merchant_id).with_for_update())
    if (await session.exec(select(func.count()).select_from(ApiKey).where(*_working(merchant_id)))).one() >= MAX_KEYS:
        raise Conflict("too_many_api_keys", "A shop can have at most {max} active keys.", max=MAX_KEYS)
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        merchant_id=merchant_id,
        name=_named(draft.name),
        key_hash=hashed(key),
        last_four=key[-4:],
        expires_at=now() + draft.days * SECONDS_PER_DAY if draft.days else None,
    )
    session.add(row)
    await session.flush()
    return ApiKeyWithSecret(**ApiKeyPublic.model_validate(row).model_dump(), key=key)


async def revoke(session: AsyncSession, me: Identity, key_id: int) -> None:
    """The key stops working at once; its sockets are closed within five seconds. 404 for another shop's."""
    merchant_id = await access.owned_shop(session, me)
    row = (await session.exec(select(ApiKey).where(ApiKey.id == key_id, ApiKey.merchant_id == merchant_id))).first()
    if row is None:
        raise NotFound("api_key_not_found", "There is no such key.")
    row.revoked_at = row.revoked_at or now()
    await session.flush()


async def find(session: AsyncSession, key: str) -> Found | None:
    """For whom this key acts, or None: unknown, revoked, expired, or the shop is blocked."""
    query: Any = (
        select(ApiKey.id, ApiKey.merchant_id, ApiKey.last_used_at)
        .join(User, col(User.id) == col(ApiKey.merchant_id))
        .where(col(ApiKey.key_hash) == hashed(key), *_working(), col(User.blocked_at).is_(None))
    )
    row = (await session.exec(query)).first()
    if row is None:
        return None
    identity = Identity(row[1], Role.MERCHANT, row[1], row[0], is_api_key=True)
    return Found(identity, row[2] is None or row[2] <= now() - USED_EVERY_SECONDS)


async def note_use(session: AsyncSession, key_id: int) -> None:
    """It is in use."""
    await session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=now()))


async def ended_since(session: AsyncSession, timestamp: int) -> list[int]:
    """Keys that were revoked or ran out, or whose shop was blocked, at `timestamp` (seconds) or later, up to now."""
    ended = or_(
        col(ApiKey.revoked_at) >= timestamp,
        (col(ApiKey.expires_at) >= timestamp) & (col(ApiKey.expires_at) <= now()),
        col(User.blocked_at) >= timestamp,
    )
    query = select(ApiKey.id).join(User, col(User.id) == col(ApiKey.merchant_id)).where(ended)
    return list((await session.exec(query)).all())


def not_by_key() -> AppError:
    """What a key hears where it may not go."""
    return Forbidden("not_by_api_key", "An API key may not do this. Please sign in.")


def _working(merchant_id: str | None = None) -> list[Any]:
    working: list[Any] = [
        col(ApiKey.revoked_at).is_(None),
        or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > now()),
    ]
    return working if merchant_id is None else [*working, col(ApiKey.merchant_id) == merchant_id]


def _named(name: str) -> str:
    try:
        found = plain(name)
    except ValueError:
        found = ""
    if not found:
        raise AppError(422, "invalid_name", "Give the key a name of 1 to {max} characters.", max=MAX_NAME)
    return found
