"""Who may come in: users, the secrets that prove it, their sessions and devices, and who works for which shop.

Secrets are in tables of their own, so that no answer made from a `User` can carry one: the source document's
`users.password_hash` is `credentials.password_hash` here.
"""

from enum import StrEnum
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.identity import Role
from app.kernel.models import Id, UserId, id_column, words

USER_ID_LENGTH = 50
DEFAULT_AVATAR = "/media/avatars/default.png"


class SessionKind(StrEnum):
    """How the session began: an API client's sign-in, the console's cookie, a device without a password, or a shop's

    word for its customer.
    """

    BEARER = "bearer"
    CONSOLE = "console"
    DEVICE = "device"
    IDENTITY = "identity"


class StaffRole(StrEnum):
    """An owner manages the shop and its staff; both act for the shop in every conversation."""

    OWNER = "owner"
    AGENT = "agent"


class Availability(StrEnum):
    """What a person says of oneself. Only `online` ones are given new conversations."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"


DEFAULT_CAPACITY = 10  # open conversations of one person at a time


def _user_key(**options: Any) -> Any:
    """A column that names a user and goes when the user goes."""
    return Field(foreign_key="users.id", max_length=USER_ID_LENGTH, ondelete="CASCADE", **options)


def _time(**options: Any) -> Any:
    """Seconds since the epoch; BIGINT, because INTEGER ends in January 2038 on two of our databases."""
    return Field(sa_type=cast(Any, sa.BigInteger), **options)


class User(SQLModel, table=True):
    """A buyer, a merchant or one of its staff, an admin, or the platform itself."""

    __tablename__ = "users"
    __table_args__ = (sa.Index(None, "role", "created_at"),)

    id: UserId = Field(primary_key=True, max_length=USER_ID_LENGTH)
    username: str = Field(max_length=100, unique=True)
    role: Role = Field(sa_type=cast(Any, words(Role)))
    avatar: str = Field(default=DEFAULT_AVATAR, max_length=500)
    """Relative URL; it leaves absolute."""
    display_name: str = Field(default="", max_length=100)
    email: str | None = Field(default=None, max_length=254, unique=True)
    phone: str | None = Field(default=None, max_length=20, unique=True)
    """E.164, as `+8613800138000`."""
    locale: str = Field(default="", max_length=10)
    """`en` or `zh-CN`; empty: as the browser asks."""
    greeting: str = Field(default="", max_length=300)
    """A shop's first sentence to a visitor; empty for everybody else."""
    blocked_at: int | None = _time(default=None)
    blocked_reason: str = Field(default="", max_length=300, sa_column_kwargs={"server_default": ""})
    """For admins only: why."""
    created_at: int = _time(default_factory=now)
    updated_at: int = _time(default_factory=now)

    @property
    def is_blocked(self) -> bool:
        return self.blocked_at is not None

    @property
    def name(self) -> str:
        """What others see."""
        return self.display_name or self.username


class Credential(SQLModel, table=True):
    """A user's password, as an Argon2id hash."""

    __tablename__ = "credentials"

    user_id: UserId = _user_key(primary_key=True)
    password_hash: str = Field(max_length=255, exclude=True)
    updated_at: int = _time(default_factory=now)


class AuthSession(SQLModel, table=True):
    """One sign-in on one client. Ending it ends its access tokens, its refresh tokens and its sockets."""

    __tablename__ = "auth_sessions"

    id: Id = id_column()
    user_id: UserId = Field(max_length=USER_ID_LENGTH, index=True)
    """No foreign key: the row outlives a deleted user, so that `sessions.revoked_since` still tells the sockets."""
    kind: SessionKind = Field(sa_type=cast(Any, words(SessionKind)))
    created_at: int = _time(default_factory=now)
    last_used_at: int = _time(default_factory=now)
    expires_at: int = _time(index=True)
    revoked_at: int | None = _time(default=None, index=True)
    user_agent: str = Field(default="", max_length=300)
    ip: str = Field(default="", max_length=45)


class RefreshToken(SQLModel, table=True):
    """One link of a session's chain. Only the token's SHA-256 is stored: a stolen table opens nothing."""

    __tablename__ = "refresh_tokens"

    token_hash: str = Field(primary_key=True, max_length=64, exclude=True)
    session_id: Id = Field(
        foreign_key="auth_sessions.id", ondelete="CASCADE", index=True, sa_type=cast(Any, sa.BigInteger)
    )
    created_at: int = _time(default_factory=now)
    expires_at: int = _time(index=True)
    used_at: int | None = _time(default=None)
    replaced_by: str | None = Field(default=None, max_length=64, exclude=True)


class Device(SQLModel, table=True):
    """A device that is a buyer without a password. Its id is a secret, so only the SHA-256 is stored."""

    __tablename__ = "devices"

    device_hash: str = Field(primary_key=True, max_length=64, exclude=True)
    user_id: UserId = _user_key(index=True)
    created_at: int = _time(default_factory=now)


class Staff(SQLModel, table=True):
    """A user who acts for a shop. The merchant's own account is its owner; one user works for one shop."""

    __tablename__ = "staff"

    user_id: UserId = _user_key(primary_key=True)
    merchant_id: UserId = _user_key(index=True)
    role: StaffRole = Field(sa_type=cast(Any, words(StaffRole)))
    availability: Availability = Field(default=Availability.ONLINE, sa_type=cast(Any, words(Availability)))
    availability_at: int = _time(default=0)
    """Since when."""
    here_until: int = _time(default=0)
    """A page of theirs is open, as far as is known; kept for shops that route. In the past: since when it is not."""
    capacity: int = DEFAULT_CAPACITY
    """How many open conversations routing may give to this person."""
    last_turn: int = _time(default=0)
    """The number of the conversation that routing gave them last: who has the lowest is next."""
    created_at: int = _time(default_factory=now)
