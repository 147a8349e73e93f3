"""Blocking a contact, and making one of two.

A block is a fact of the contact; its conversations bear a mark of it, because the writer looks at them anyway.
"""

from pydantic import BaseModel
from sqlalchemy import ColumnElement, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.chat import contacts
from app.chat.contacts_models import Contact, ContactBlock, ContactCustomer, ContactMerge, ContactPublic
from app.kernel.clock import now
from app.kernel.errors import Conflict, Invalid
from app.kernel.identity import Identity

MAX_DOUBLES = 10


class Double(BaseModel):
    """A contact that may be the same person, and why: `email`, `phone` or `name`."""

    contact: ContactPublic
    because: str


async def block(session: AsyncSession, me: Identity, contact_id: int, wanted: ContactBlock) -> ContactPublic:
    """Its buyers can neither start nor write any more; again with another reason changes the reason."""
    row = await contacts.row(session, me, contact_id, lock=True)
    customers = await contacts.customer_ids(session, contact_id)
    if not customers:
        raise Conflict("contact_without_buyer", "This contact has never written to you, so there is nobody to block.")
    row.sqlmodel_update(
        {"blocked_at": row.blocked_at or now(), "blocked_by": me.user_id, "block_reason": wanted.reason,
         "updated_at": now()}
    )  # fmt: skip
    shown = await contacts.kept(session, row)
    await _mark(session, row, customers)
    return shown


async def unblock(session: AsyncSession, me: Identity, contact_id: int) -> ContactPublic:
    """Its buyers may write again. One who is not blocked stays so."""
    row = await contacts.row(session, me, contact_id, lock=True)
    row.sqlmodel_update({"blocked_at": None, "blocked_by": None, "block_reason": "", "updated_at": now()})
    shown = await contacts.kept(session, row)
    await _mark(session, row, await contacts.customer_ids(session, contact_id))
    return shown


async def doubles(session: AsyncSession, me: Identity, contact_id: int) -> list[Double]:
    """Who may be the same person: the same e-mail address or phone number (also their buyers' own), or name."""
    row = await contacts.row(session, me, contact_id)
    own = await _own(session, await contacts.customer_ids(session, contact_id))
    emails, phones = _said(row.email, own, "email"), _said(row.phone, own, "phone")
    linked = select(ContactCustomer.contact_id).join(User, col(User.id) == col(ContactCustomer.customer_id))
    linked = linked.where(ContactCustomer.merchant_id == row.merchant_id)
    alike: list[ColumnElement[bool]] = [
        col(Contact.email).in_(emails), col(Contact.phone).in_(phones),
        col(Contact.id).in_(linked.where(or_(col(User.email).in_(emails), col(User.phone).in_(phones)))),
    ]  # fmt: skip
    if row.name:
        alike.append(col(Contact.sort_key) == row.sort_key)
    query = select(Contact).where(Contact.merchant_id == row.merchant_id, col(Contact.id) != row.id, or_(*alike))
    rows = (await session.exec(query.order_by(col(Contact.id)).limit(MAX_DOUBLES))).all()
    shown = await contacts.public(session, rows)
    return [Double(contact=one, because=_because(row, one, emails, phones)) for one in shown]


async def merge(session: AsyncSession, me: Identity, contact_id: int, wanted: ContactMerge) -> ContactPublic:
    """Put another contact into this one. Conversations keep their buyers, who are this contact from now on.

    Fields that this one lacks come from the other, notes are joined; what `take` names comes from the other in any
    case. When one of them was blocked, all of their buyers are.
    """
    first, last = sorted((contact_id, wanted.other_id))  # two who merge the same two must not wait for each other
    locked = {number: await contacts.row(session, me, number, lock=True) for number in (first, last)}
    row, other = locked[contact_id], locked[wanted.other_id]
    if row is other:
        raise Invalid("same_contact", "A contact cannot be merged with itself.")
    values = {
        name: _merged(name, row, other, name in wanted.take) for name in ("name", "email", "phone", "company", "note")
    }
    seen = max(row.last_seen_at, other.last_seen_at)
    blocked = row if row.blocked_at is not None or other.blocked_at is None else other
    block_of = {name: getattr(blocked, name) for name in ("blocked_at", "blocked_by", "block_reason")}
    created_at = min(row.created_at, other.created_at)
    links = update(ContactCustomer).where(col(ContactCustomer.contact_id) == other.id)
    await session.exec(links.values(contact_id=row.id))
    await session.delete(other)
    await session.flush()  # its addresses are free now
    row.sqlmodel_update(values | block_of | {"last_seen_at": seen, "created_at": created_at, "updated_at": now()})
    shown = await contacts.kept(session, row)
    if row.blocked_at is not None:
        await _mark(session, row, await contacts.customer_ids(session, row.id))
    return shown


def _merged(name: str, row: Contact, other: Contact, is_taken: bool) -> str | None:
    mine, theirs = getattr(row, name), getattr(other, name)
    if is_taken:
        return theirs or mine  # type: ignore[no-any-return]
    if name == "note" and mine and theirs and mine != theirs:
        return f"{mine}\n{theirs}"[:2000]
    return mine or theirs  # type: ignore[no-any-return]


async def _mark(session: AsyncSession, row: Contact, customers: list[str]) -> None:
    await contacts.mark(session, row.merchant_id, customers, is_blocked=row.blocked_at is not None)


async def _own(session: AsyncSession, customers: list[str]) -> list[User]:
    if not customers:
        return []
    return list((await session.exec(select(User).where(col(User.id).in_(customers)))).all())


def _said(mine: str | None, own: list[User], name: str) -> set[str]:
    return {value for value in (mine, *(getattr(user, name) for user in own)) if value}


def _because(row: Contact, one: ContactPublic, emails: set[str], phones: set[str]) -> str:
    if one.email in emails:
        return "email"
    if one.phone in phones:
        return "phone"
    return "name" if row.name and row.name.casefold() == one.name.casefold() else "email"
