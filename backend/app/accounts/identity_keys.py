"""The keys with which a shop proves who its customers are. A secret is shown once; at a rotation two overlap."""

import secrets

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Field, SQLModel, col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import USER_ID_LENGTH, Staff
from app.kernel import sealing
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import settings_in
from app.kernel.errors import NotFound
from app.kernel.identity import Identity
from app.kernel.models import Id, UserId, id_column, time_column

PREFIX = "pik_"
SECRET_BYTES = 32
OVERLAP_SECONDS = 86_400  # for which the key before a rotation is believed too
_PURPOSE = b"parley: identity keys of shops"


class IdentityKey(SQLModel, table=True):
    """One key of a shop. The newest has no end; those before it end a day after their rotation."""

    __tablename__ = "identity_keys"

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", index=True, max_length=USER_ID_LENGTH)
    sealed_secret: str = Field(max_length=500, exclude=True)
    hint: str = Field(max_length=10)
    """The last letters, so that two keys can be told apart."""
    created_at: int = time_column(default_factory=now)
    expires_at: int | None = time_column(default=None)


class IdentityKeyPublic(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    hint: str
    created_at: int
    expires_at: int | None
    """Until when a key that was replaced is believed; null for the one in use."""


class IdentityKeyWithSecret(IdentityKeyPublic):
    """The only answer that carries the secret."""

    secret: str


async def listing(session: AsyncSession, merchant_id: str) -> list[IdentityKeyPublic]:
    """The keys that are believed now, the newest first."""
    return [IdentityKeyPublic.model_validate(row) for row in await _standing(session, merchant_id)]


async def create(session: AsyncSession, me: Identity) -> IdentityKeyWithSecret:
    """A new key; the one before it is believed for 24 hours more. The owner only (403)."""
    merchant_id = await access.owned_shop(session, me)
    # The owner's row is the lock: two rotations at once must not leave two keys without an end.
    await session.exec(select(Staff).where(Staff.user_id == merchant_id).with_for_update())
    for row in await _standing(session, merchant_id):
        row.expires_at = row.expires_at or now() + OVERLAP_SECONDS
        session.add(row)
    gone = (col(IdentityKey.merchant_id) == merchant_id, col(IdentityKey.expires_at) <= now())
    await session.exec(delete(IdentityKey).where(*gone))
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    row = IdentityKey(
        merchant_id=merchant_id, sealed_secret=sealing.seal(settings_in(session), _PURPOSE, secret), hint=secret[-4:]
    )
    session.add(row)
    await session.flush()
    return IdentityKeyWithSecret(**IdentityKeyPublic.model_validate(row).model_dump(), secret=secret)


async def revoke(session: AsyncSession, me: Identity, key_id: int) -> None:
    """From now on nothing signed with it is believed. The owner only (403); 404 for another shop's."""
    merchant_id = await access.owned_shop(session, me)
    row = await session.get(IdentityKey, key_id)
    if row is None or row.merchant_id != merchant_id:
        raise NotFound("identity_key_not_found", "There is no such key.")
    await session.delete(row)
    await session.flush()


async def secrets_of(session: AsyncSession, settings: Settings, merchant_id: str) -> list[str]:
    """What the shop's server may have signed with. A key sealed under another SECRET_KEY is none."""
    found = []
    for row in await _standing(session, merchant_id):
        try:
            found.append(sealing.unseal(settings, _PURPOSE, row.sealed_secret))
        except sealing.Unreadable:
            continue
    return found


def sealed(settings: Settings, secret: str) -> str:
    """A secret that is known already, as a row keeps it."""
    return sealing.seal(settings, _PURPOSE, secret)


async def _standing(session: AsyncSession, merchant_id: str) -> list[IdentityKey]:
    alive = or_(col(IdentityKey.expires_at).is_(None), col(IdentityKey.expires_at) > now())
    query = select(IdentityKey).where(col(IdentityKey.merchant_id) == merchant_id, alive)
    return list((await session.exec(query.order_by(sa.desc(col(IdentityKey.id))))).all())
