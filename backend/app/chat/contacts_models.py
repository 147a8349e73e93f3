"""The shop's address book. A contact need not be a user; after a merge it may stand for several of the shop's buyers.

`sort_key` and `search_text` follow from the rest: they are set by `derived`, wherever a contact is written.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, EmailStr, StringConstraints
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.accounts.names import Line, Phone
from app.chat.drafts import Storable
from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column

MAX_NOTE = 2000  # characters
MAX_REASON = 200
SORT_KEY_LENGTH = 80
NAMELESS = "~"  # after every digit of a hexadecimal number
SEARCHED = ("name", "email", "phone", "company", "note")


class Contact(SQLModel, table=True):
    """A person that a shop knows."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "email"),
        UniqueConstraint("merchant_id", "phone"),
        Index("ix_contacts_by_name", "merchant_id", "sort_key", "id"),
        Index("ix_contacts_by_seen", "merchant_id", "last_seen_at", "id"),
        Index("ix_contacts_by_age", "merchant_id", "created_at", "id"),
    )

    id: Id = id_column()
    merchant_id: str = Field(max_length=50, foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = Field(default="", max_length=100)
    email: str | None = Field(default=None, max_length=254)
    """Lower case."""
    phone: str | None = Field(default=None, max_length=20)
    """E.164, as `+8613800138000`."""
    company: str = Field(default="", max_length=100)
    note: str = Field(default="", sa_type=Text)
    last_seen_at: int = time_column(default=0)
    """When a conversation with this person last moved; 0: never. A minute behind."""
    blocked_at: int | None = time_column(default=None)
    blocked_by: UserId | None = Field(default=None, max_length=50)
    block_reason: str = Field(default="", max_length=MAX_REASON)
    sort_key: str = Field(default=NAMELESS, max_length=SORT_KEY_LENGTH)
    search_text: str = Field(default="", sa_type=Text)
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class ContactCustomer(SQLModel, table=True):
    """Which contact of a shop stands for a buyer: one, so that a conversation has one name."""

    __tablename__ = "contact_customers"

    merchant_id: str = Field(max_length=50, primary_key=True)
    customer_id: str = Field(max_length=50, primary_key=True, foreign_key="users.id", ondelete="CASCADE", index=True)
    contact_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False, index=True)
    )


def derived(values: Mapping[str, Any], aliases: Iterable[str] = ()) -> dict[str, Any]:
    """What lists need of a contact: its place by name, and everything in which one searches, in small letters.

    `aliases`: what its buyers call themselves.
    """
    name = str(values.get("name") or "").casefold()
    # GB 18030 has the common Chinese characters in the order of their pinyin, after Latin letters.
    key = name.encode("gb18030", "replace").hex()[:SORT_KEY_LENGTH]
    words = [str(values.get(field) or "").casefold() for field in SEARCHED]
    words += [alias.casefold() for alias in aliases if alias]
    return {"sort_key": key or NAMELESS, "search_text": "\n".join(words)}


Email = Annotated[EmailStr, StringConstraints(max_length=254, to_lower=True)]


class ContactChange(BaseModel):
    """Absent fields stay; null takes an address away."""

    name: Annotated[Line, StringConstraints(max_length=100)] = ""
    email: Email | None = None
    phone: Phone | None = None
    company: Annotated[Line, StringConstraints(max_length=100)] = ""
    note: Annotated[Storable, StringConstraints(max_length=MAX_NOTE)] = ""


class ContactCreate(ContactChange):
    """A name, an e-mail address or a phone number is needed. Phone numbers without a country are Chinese ones."""


class ContactMerge(BaseModel):
    """`other_id` goes into the contact; of the fields in `take`, the other's value wins."""

    other_id: Id
    take: list[Annotated[str, StringConstraints(pattern="^(name|email|phone|company|note)$")]] = Field(
        default=[], max_length=len(SEARCHED)
    )


class ContactBlock(BaseModel):
    """Why, for the team."""

    reason: Annotated[Line, StringConstraints(max_length=MAX_REASON)] = ""


class CustomerPublic(BaseModel):
    """A buyer for whom a contact stands, as they call themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: UserId
    username: str
    display_name: str
    avatar: str


class ContactPublic(BaseModel):
    """A contact. Times are seconds since the epoch. `customer_id` is the first of `customers`, or null."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    customer_id: UserId | None = None
    customers: list[CustomerPublic] = []
    name: str
    email: str | None
    phone: str | None
    company: str
    note: str
    last_seen_at: int | None
    blocked_at: int | None
    block_reason: str
    created_at: int
    updated_at: int
