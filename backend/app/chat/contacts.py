"""The verbs of contacts: list, add, change, delete. An address belongs to one contact of a shop.

A page costs a bounded number of rows by an index; a search looks through one column of the shop's contacts.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.accounts.models import User
from app.chat.contacts_models import (
    Contact,
    ContactChange,
    ContactCreate,
    ContactCustomer,
    ContactPublic,
    CustomerPublic,
    derived,
)
from app.chat.events import BuyerBlocked, ContactChanged
from app.chat.models import Conversation
from app.files.urls import absolute
from app.kernel import events
from app.kernel.clock import now
from app.kernel.db import settings_in
from app.kernel.errors import AppError, Conflict, Invalid, NotFound
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT
from app.kernel.paging import CursorListing, Page

FEW = 20_000  # matches
_PUNCTUATION = re.compile(r"[\s()./-]")  # in which people write phone numbers


class Sort(StrEnum):
    """By name (Chinese by pinyin), by the last sign of life, by age."""

    NAME = "name"
    SEEN = "seen"
    NEW = "new"


class ContactFilters(BaseModel):
    """What a list is narrowed to; everything is optional."""

    q: str | None = None
    """A part of name, e-mail, phone, company or note, or a buyer's id."""
    is_blocked: bool | None = None
    has_email: bool | None = None
    customer_id: str | None = None


_KEYS = {Sort.NAME: Contact.sort_key, Sort.SEEN: Contact.last_seen_at, Sort.NEW: Contact.created_at}


async def listing(
    session: AsyncSession,
    me: Identity,
    filters: ContactFilters,
    page: Page,
    sort: Sort = Sort.NAME,
    cursor: str | None = None,
) -> CursorListing[ContactPublic]:
    """With `cursor` the cost does not grow with depth; `page` is for short lists."""
    condition = _filtered(me, filters)
    count = (await session.exec(select(func.count()).select_from(Contact).where(condition))).one()
    key, number = col(_KEYS[sort]), col(Contact.id)
    order: list[Any] = [key, number] if sort is Sort.NAME else [key.desc(), number.desc()]
    places = [condition]
    if cursor is not None:
        place, last_id = _decoded(cursor, sort)
        later = (key >= place, or_(key > place, number > last_id))
        places += later if sort is Sort.NAME else (key <= place, or_(key < place, number < last_id))
    offset = page.offset if cursor is None else 0
    if filters.q and count < FEW:
        # What is rare is not looked for along the order's index, which visits every row of the shop out of its place on
        # the disk: a window over the whole makes each database read it in one go.
        windowed = select(Contact, func.count().over()).where(*places).order_by(*order)
        rows = [found for found, _ in await session.exec(windowed.offset(offset).limit(page.page_size))]
    else:
        walked = select(Contact).where(*places).order_by(*order)
        rows = list(await session.exec(walked.offset(offset).limit(page.page_size)))
    last = rows[-1] if len(rows) == page.page_size else None
    next_cursor = _encoded(sort, last) if last else None
    return CursorListing(count=count, results=await public(session, rows), next_cursor=next_cursor)


async def get(session: AsyncSession, me: Identity, contact_id: int) -> ContactPublic:
    """One of the shop's."""
    return (await public(session, [await row(session, me, contact_id)]))[0]


async def create(session: AsyncSession, me: Identity, draft: ContactCreate) -> ContactPublic:
    """Add one. 409 when the shop has the e-mail address or the phone number already."""
    values = draft.model_dump()
    made = Contact(merchant_id=shop_of(me), **values, **derived(values))
    _check(made)
    return await kept(session, made)


async def change(session: AsyncSession, me: Identity, contact_id: int, draft: ContactChange) -> ContactPublic:
    """Change what was sent."""
    found = await row(session, me, contact_id, lock=True)
    is_buyer = bool(await customer_ids(session, contact_id))
    found.sqlmodel_update(draft.model_dump(exclude_unset=True) | {"updated_at": now()})
    if not is_buyer:
        _check(found)
    return await kept(session, found)


async def remove(session: AsyncSession, me: Identity, contact_id: int) -> None:
    """Delete one; conversations stay, and bear their buyers' own names again. A block ends with it."""
    found = await row(session, me, contact_id, lock=True)
    if found.blocked_at is not None:
        await mark(session, found.merchant_id, await customer_ids(session, contact_id), is_blocked=False)
    await session.delete(found)
    await session.flush()


async def mark(session: AsyncSession, merchant_id: str, customers: Sequence[str], *, is_blocked: bool) -> None:
    """Bring the conversations of these buyers in line with their contact, and tell both sides."""
    theirs = (Conversation.merchant_id == merchant_id, col(Conversation.customer_id).in_(customers))
    # In the order of their ids, as everybody locks them.
    ids = (
        await session.exec(select(Conversation.id).where(*theirs).order_by(col(Conversation.id)).with_for_update())
    ).all()
    if ids:
        marked = update(Conversation).where(col(Conversation.id).in_(ids)).values(is_blocked=is_blocked)
        await session.exec(marked.execution_options(synchronize_session=False))
    for customer_id in customers:
        news = BuyerBlocked(merchant_id=merchant_id, customer_id=customer_id, is_blocked=is_blocked)
        await events.emit(session, news)


async def row(session: AsyncSession, me: Identity, contact_id: int, *, lock: bool = False) -> Contact:
    """The row, when it is the shop's; with `lock` until the end of the write unit."""
    query = select(Contact).where(col(Contact.id) == contact_id, col(Contact.merchant_id) == shop_of(me))
    found = (await session.exec(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("contact_not_found", "There is no such contact.")
    return found


async def kept(session: AsyncSession, changed: Contact) -> ContactPublic:
    """Write a row with what follows from it, and tell the team. 409 when another contact has an address of it."""
    with session.no_autoflush:
        people = (await _people(session, [changed.id])).get(changed.id, [])
    aliases = [name for user in people for name in (user.display_name, user.username)]
    changed.sqlmodel_update(derived(changed.model_dump(), aliases))
    session.add(changed)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("contact_exists", "Another contact has this e-mail address or phone number.") from error
    shown = (await public(session, [changed]))[0]
    names = {user.id: changed.name or user.name for user in people}
    await events.emit(session, ContactChanged(merchant_id=changed.merchant_id, contact=shown, names=names))
    return shown


async def public(session: AsyncSession, rows: Sequence[Contact]) -> list[ContactPublic]:
    """The shapes that leave, with the buyers for whom they stand: one statement for all."""
    people, settings = await _people(session, [one.id for one in rows]), settings_in(session)
    shown = []
    for one in rows:
        customers = [
            CustomerPublic(
                id=user.id, username=user.username, display_name=user.name, avatar=absolute(settings, user.avatar)
            )
            for user in people.get(one.id, [])
        ]
        first = customers[0].id if customers else None
        fields = one.model_dump() | {"last_seen_at": one.last_seen_at or None}
        shown.append(ContactPublic.model_validate(fields | {"customers": customers, "customer_id": first}))
    return shown


async def customer_ids(session: AsyncSession, contact_id: int) -> list[str]:
    """The buyers for whom a contact stands."""
    query = select(ContactCustomer.customer_id).where(col(ContactCustomer.contact_id) == contact_id)
    return list((await session.exec(query.order_by(col(ContactCustomer.customer_id)))).all())


async def _people(session: AsyncSession, ids: Sequence[int]) -> dict[int, list[User]]:
    link = col(ContactCustomer.contact_id)
    query = select(link, User).join(ContactCustomer, col(ContactCustomer.customer_id) == col(User.id))
    found: dict[int, list[User]] = {}
    if ids:
        for contact_id, user in (await session.exec(query.where(link.in_(ids)).order_by(col(User.id)))).all():
            found.setdefault(contact_id, []).append(user)
    return found


def _filtered(me: Identity, filters: ContactFilters) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [col(Contact.merchant_id) == shop_of(me)]
    if filters.is_blocked is not None:
        blocked = col(Contact.blocked_at)
        conditions.append(blocked.is_not(None) if filters.is_blocked else blocked.is_(None))
    if filters.has_email is not None:
        email = col(Contact.email)
        conditions.append(email.is_not(None) if filters.has_email else email.is_(None))
    if filters.customer_id is not None:
        conditions.append(_stands_for(me, filters.customer_id))
    if filters.q and filters.q.strip():
        said = filters.q.strip().casefold()
        words = {said, digits} if (digits := _PUNCTUATION.sub("", said)).lstrip("+").isdigit() else {said}
        parts = [col(Contact.search_text).contains(word, autoescape=True) for word in words]
        conditions.append(or_(*parts, _stands_for(me, said)))
    return and_(*conditions)


def _stands_for(me: Identity, customer_id: str) -> ColumnElement[bool]:
    linked = select(ContactCustomer.contact_id).where(
        ContactCustomer.merchant_id == shop_of(me), ContactCustomer.customer_id == customer_id
    )
    return col(Contact.id).in_(linked)


def _check(found: Contact) -> None:
    if not (found.name or found.email or found.phone):
        raise AppError(422, "empty_contact", "A contact needs a name, an e-mail address or a phone number.")


def _encoded(sort: Sort, last: Contact) -> str:
    key = {Sort.NAME: last.sort_key, Sort.SEEN: last.last_seen_at, Sort.NEW: last.created_at}[sort]
    return base64.urlsafe_b64encode(orjson.dumps([sort, key, last.id])).decode().rstrip("=")


def _decoded(cursor: str, sort: Sort) -> tuple[Any, int]:
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        place = None
    if not isinstance(place, list) or len(place) != 3 or place[0] != sort or not _is_id(place[2]):
        raise Invalid("bad_cursor", "This cursor is not one of ours.")
    is_name = isinstance(place[1], str) and re.fullmatch(r"[0-9a-f~]*", place[1]) is not None
    if not (is_name if sort is Sort.NAME else _is_id(place[1])):
        raise Invalid("bad_cursor", "This cursor is not one of ours.")
    return place[1], place[2]


def _is_id(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_BIGINT
