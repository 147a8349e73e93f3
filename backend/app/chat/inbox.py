"""The list of conversations: filters, orders, pages, counts. Its cost does not grow with depth."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.audit import entries as audit
from app.audit.models import Action
from app.chat import access, shapes
from app.chat.contacts_models import Contact, ContactCustomer
from app.chat.models import Conversation, ConversationLabel, ConversationPublic, Status
from app.chat.views_models import Order, Sort, ViewFilters
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.identity import Identity, Role
from app.kernel.paging import CursorListing, Page, decode_cursor, encode_cursor
from app.kernel.sql import table_of

_TABLE = table_of(Conversation)
_KEYS: dict[Sort, ColumnElement[int]] = {
    "activity": _TABLE.c.last_message_time,
    "waiting": _TABLE.c.waiting_order,
    "created": _TABLE.c.created_at,
    "priority": _TABLE.c.priority_order,
}
_NUMBERS = {sort: number for number, sort in enumerate(_KEYS)}
"""A cursor says of which order it is: continued in another one, it would skip rows in silence."""


class ConversationFilters(ViewFilters):
    """What a list is narrowed to, with what no view keeps."""

    merchant_id: str | None = None
    q: str | None = None
    """A part of the buyer's name, or the buyer's id."""


class InboxCounts(SQLModel):
    """How many conversations each tab of the inbox has."""

    mine: int
    unassigned: int
    all: int


async def listing(
    session: AsyncSession,
    me: Identity,
    filters: ConversationFilters,
    page: Page,
    cursor: str | None = None,
    sort: Sort = "activity",
    order: Order = "desc",
) -> CursorListing[ConversationPublic]:
    """In the order of `sort`: `desc` begins with the newest, the longest waiting, the most urgent.

    With `cursor` the cost does not grow with depth; `page` is for short lists. Who does not wait has waited for
    nothing, so stands after all who do.
    """
    await audit.looked(session, me, Action.WALL_WATCHED)
    condition = filtered(me, filters)
    if me.role is Role.BUYER and sort == "priority":
        sort = "activity"  # neither a place nor a cursor tells a buyer what the shop keeps to itself
    key, number = _KEYS[sort], col(Conversation.id)
    is_falling = (order == "desc") is not (sort == "waiting")  # a long wait began at a small number
    query = shapes.with_people(condition).add_columns(key.label("sort_key"))
    query = query.offset(page.offset) if cursor is None else query.where(_after(cursor, sort, is_falling))
    by = (key.desc(), number.desc()) if is_falling else (key.asc(), number.asc())
    rows = await shapes.rows_of(session, query.order_by(*by).limit(page.page_size))
    count = (await session.exec(select(func.count()).select_from(Conversation).where(condition))).one()
    last = rows[-1] if len(rows) == page.page_size else None
    next_cursor = encode_cursor(_NUMBERS[sort], last.sort_key, last.id) if last else None
    return CursorListing(count=count, results=await shapes.public(session, me, rows), next_cursor=next_cursor)


def _after(cursor: str, sort: Sort, is_falling: bool) -> ColumnElement[bool]:
    """The rows after the one of which `cursor` tells. Not as `(key, id) < (…)`: MariaDB finds no range in that."""
    kind, at, last_id = decode_cursor(cursor, 3)
    if kind != _NUMBERS[sort]:
        raise Invalid("bad_cursor", "This cursor belongs to another order of the list.")
    key, number = _KEYS[sort], col(Conversation.id)
    if is_falling:
        return and_(key <= at, or_(key < at, number < last_id))
    return and_(key >= at, or_(key > at, number > last_id))


async def counts(
    session: AsyncSession, me: Identity, filters: ConversationFilters, *, include_resolved: bool = False
) -> InboxCounts:
    """What stands beside the inbox's tabs, under `filters` whatever their assignee.

    Without a status: of all but the resolved, or of all.
    """
    conditions = [filtered(me, filters.model_copy(update={"assignee": None}))]
    if filters.status is None and not include_resolved:
        conditions.append(col(Conversation.status) != Status.RESOLVED)
    assignee = col(Conversation.assignee_id)
    query = select(
        func.count(case((assignee == me.user_id, 1))), func.count(case((assignee.is_(None), 1))), func.count()
    ).where(*conditions)
    mine, unassigned, everything = (await session.exec(query)).one()
    if me.role is Role.BUYER:
        return InboxCounts(mine=0, unassigned=0, all=everything)
    return InboxCounts(mine=mine, unassigned=unassigned, all=everything)


def filtered(me: Identity, filters: ConversationFilters) -> ColumnElement[bool]:
    """What `me` may see of what is asked for."""
    conditions = [access.seen_by(me)]
    if me.role is Role.BUYER and (filters.assignee is not None or filters.label or filters.priority):
        return false()  # a buyer is not shown these, and does not find them out by asking
    if filters.status is not None:
        conditions.append(col(Conversation.status) == filters.status)
    if filters.assignee == "none":
        conditions.append(col(Conversation.assignee_id).is_(None))
    elif filters.assignee is not None:
        conditions.append(
            col(Conversation.assignee_id) == (me.user_id if filters.assignee == "me" else filters.assignee)
        )
    if filters.merchant_id is not None:
        conditions.append(col(Conversation.merchant_id) == filters.merchant_id)
    if filters.channel is not None:
        conditions.append(col(Conversation.channel) == filters.channel)
    if filters.priority:
        conditions.append(col(Conversation.priority).in_(filters.priority))
    if filters.waiting_minutes is not None:
        conditions.append(col(Conversation.waiting_since) <= now() - filters.waiting_minutes * 60)
    if filters.unread is not None:
        unread = col(Conversation.customer_unread if me.role is Role.BUYER else Conversation.merchant_unread)
        conditions.append(unread > 0 if filters.unread else unread == 0)
    for name in dict.fromkeys(filters.label):
        labelled = select(ConversationLabel.conversation_id).where(col(ConversationLabel.name) == name)
        conditions.append(col(Conversation.id).in_(labelled))
    if filters.q:
        customer = col(Conversation.customer_id)
        named = customer.in_(_named(filters.q))
        conditions.append(or_(named, customer.in_(_known_as(me, filters.q))) if me.role is Role.MERCHANT else named)
    return and_(*conditions)


def _known_as(me: Identity, q: str) -> Select[Any]:
    """Buyers by what the shop calls them, which is what its people see. Nobody else finds that out by asking."""
    linked = select(ContactCustomer.customer_id).join(Contact, col(Contact.id) == col(ContactCustomer.contact_id))
    return linked.where(Contact.merchant_id == me.merchant_id, col(Contact.name).icontains(q, autoescape=True))


def _named(q: str) -> Select[Any]:
    return select(User.id).where(
        or_(
            col(User.username).icontains(q, autoescape=True),
            col(User.display_name).icontains(q, autoescape=True),
            col(User.id) == q,
        )
    )
