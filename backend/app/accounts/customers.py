"""A shop's customers by the shop's own word: a signed token in, always the same buyer out.

Nobody is found by name or e-mail address: only (shop, sub) of a token that the shop's key signed says who it is.
"""

from typing import Any

import jwt
from jwt.types import Options
from pydantic import BaseModel, EmailStr, TypeAdapter, ValidationError
from sqlmodel import Field, SQLModel, UniqueConstraint, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, identity_keys, names
from app.accounts.events import Renamed
from app.accounts.models import USER_ID_LENGTH, User
from app.accounts.names import Line, Phone
from app.files import avatars
from app.kernel import events
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import NotFound, Unauthorized
from app.kernel.identity import Role
from app.kernel.models import UserId, time_column

MAX_TOKEN = 4096  # characters
MAX_SUBJECT = 200
LONGEST_SECONDS = 86_400  # between now and `exp`
LEEWAY_SECONDS = 60  # by which the shop's clock may differ from ours
ALGORITHM = "HS256"


class CustomerIdentity(SQLModel, table=True):
    """A buyer whom a shop vouches for. Names and addresses are the shop's word, and this shop's only."""

    __tablename__ = "customer_identities"
    __table_args__ = (UniqueConstraint("merchant_id", "subject"),)

    user_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    subject: str = Field(max_length=MAX_SUBJECT)
    name: str = Field(default="", max_length=100)
    email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=20)
    created_at: int = time_column(default_factory=now)
    seen_at: int = time_column(default_factory=now)


class Customer(BaseModel):
    """What a believed token says."""

    subject: str
    name: str = ""
    email: str | None = None
    phone: str | None = None


async def proven(session: AsyncSession, settings: Settings, merchant_id: str, token: str) -> Customer:
    """The customer that `token` names. 401 `identity_invalid` for everything that this shop did not sign just so."""
    if not await access.is_shop(session, merchant_id):
        raise NotFound("shop_not_found", "There is no such shop.")
    for secret in await identity_keys.secrets_of(session, settings, merchant_id):
        claims = _claims(secret, token)
        if claims is not None:
            return _customer(claims)
    raise _unproven()


async def buyer_of(session: AsyncSession, merchant_id: str, customer: Customer) -> str:
    """The id of this customer's buyer, made at the first time. Two at once: one of them gets an `IntegrityError`."""
    row = await _row(session, merchant_id, customer)
    if row is None:
        user_id = names.new_user_id(Role.BUYER)
        user = User(id=user_id, username=f"customer-{user_id}", role=Role.BUYER, avatar=avatars.default_of(user_id))
        session.add(user)
        await session.flush()
        row = CustomerIdentity(user_id=user_id, merchant_id=merchant_id, subject=customer.subject)
    else:
        user = await session.get_one(User, row.user_id)
    said = {name: value for name, value in customer.model_dump(exclude={"subject"}).items() if value}
    row.sqlmodel_update(said | {"seen_at": now()})
    session.add(row)
    if customer.name and user.display_name != customer.name:
        before = user.display_name
        user.sqlmodel_update({"display_name": customer.name, "updated_at": now()})
        session.add(user)
        await events.emit(session, Renamed(user_id=user.id, before=before, after=user.display_name))
    await session.flush()
    return row.user_id


async def is_known(session: AsyncSession, merchant_id: str, customer: Customer) -> bool:
    """Whether this customer has a buyer already."""
    return await _row(session, merchant_id, customer) is not None


async def identity_of(session: AsyncSession, merchant_id: str, user_id: str) -> CustomerIdentity | None:
    """How this shop vouches for a buyer; None when it does not."""
    row = await session.get(CustomerIdentity, user_id)
    return row if row is not None and row.merchant_id == merchant_id else None


async def is_vouched_for(session: AsyncSession, user_id: str) -> bool:
    """Whether a buyer is some shop's customer, and no visitor any more."""
    return await session.get(CustomerIdentity, user_id) is not None


async def _row(session: AsyncSession, merchant_id: str, customer: Customer) -> CustomerIdentity | None:
    mine = (CustomerIdentity.merchant_id == merchant_id, CustomerIdentity.subject == customer.subject)
    return (await session.exec(select(CustomerIdentity).where(*mine))).first()


def _claims(secret: str, token: str) -> dict[str, Any] | None:
    if len(token) > MAX_TOKEN:
        return None
    try:
        # Only our algorithm: believing the header's would accept `none`. PyJWT compares in constant time.
        # Times are compared with our one clock, below.
        options: Options = {
            "require": ["exp", "sub"], "verify_exp": False, "verify_iat": False, "verify_nbf": False,
            "verify_aud": False, "verify_sub": False,
        }  # fmt: skip
        claims = jwt.decode(token, secret, algorithms=[ALGORITHM], options=options)
    except (jwt.InvalidTokenError, UnicodeError):
        return None
    return claims


def _customer(claims: dict[str, Any]) -> Customer:
    at, expires, issued, begins = now(), claims["exp"], claims.get("iat", 0), claims.get("nbf", 0)
    if any(isinstance(time, bool) or not isinstance(time, int | float) for time in (expires, issued, begins)):
        raise _unproven()
    if not at - LEEWAY_SECONDS < expires <= at + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise Unauthorized(
            "identity_expired", "This proof of identity has expired, or is valid for longer than 24 hours."
        )
    if max(issued, begins) > at + LEEWAY_SECONDS:
        raise _unproven()
    subject = claims["sub"]
    subject = str(subject) if isinstance(subject, int) and not isinstance(subject, bool) else subject
    if not isinstance(subject, str) or _fits(Line, subject, MAX_SUBJECT) != subject:
        raise _unproven()
    return Customer(
        subject=subject,
        name=_fits(Line, claims.get("name"), 100) or "",
        email=(_fits(EmailStr, claims.get("email"), 254) or "").lower() or None,
        phone=_fits(Phone, claims.get("phone"), 30),
    )


def _fits(kind: Any, value: object, longest: int) -> str | None:
    """The value as it is stored; None for what cannot be: a shop's odd phone number is no reason to refuse."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        return None
    try:
        value.encode()
        return str(TypeAdapter(kind).validate_python(value))
    except (ValidationError, UnicodeError):
        return None


def _unproven() -> Unauthorized:
    return Unauthorized("identity_invalid", "This proof of identity is not valid for this shop.")
