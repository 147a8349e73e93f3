"""The list of conversations: filters, pages, counts. Its cost does not grow with depth."""

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, case, false, func, or_
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.chat import access, shapes
from app.chat.models import Conversation, ConversationLabel, ConversationPublic, Status
from app.kernel.identity import Identity, Role
from app.kernel.paging import CursorListing, Page, decode_cursor, encode_cursor


class ConversationFilters(BaseModel):
    """What a list is narrowed to; everything is optional."""

    status: Status | None = None
    assignee: str | None = None
    """A user id, `me`, or `none`."""
    merchant_id: str | None = None
    label: str | None = None
    unread: bool | None = None
    q: str | None = None
    """A part of the buyer's name, or the buyer's id."""


class InboxCounts(SQLModel):
    """How many conversations each tab of the inbox has."""

    mine: int
    unassigned: int
    all: int


async def listing(
    session: AsyncSession, me: Identity, filters: ConversationFilters, page: Page, cursor: str | None = None
) -> CursorListing[ConversationPublic]:
    """Newest first. With `cursor` the cost does not grow with depth; `page` is for short lists."""
    condition = _filtered(me, filters)
    query = shapes.with_people(condition)
    if cursor is not None:
        at, last_id = decode_cursor(cursor, 2)
        time, number = col(Conversation.last_message_time), col(Conversation.id)
        query = query.where(time <= at, or_(time < at, number < last_id))
    else:
        query = query.offset(page.offset)
    order = (col(Conversation.last_message_time).desc(), col(Conversation.id).desc())
    rows = await shapes.rows_of(session, query.order_by(*order).limit(page.page_size))
    count = (await session.exec(select(func.count()).select_from(Conversation).where(condition))).one()
    last = rows[-1] if len(rows) == page.page_size else None
    next_cursor = encode_cursor(last.last_message_time, last.id) if last else None
    return CursorListing(count=count, results=await shapes.public(session, me, rows), next_cursor=next_cursor)


async def counts(session: AsyncSession, me: Identity, status: Status | None = None) -> InboxCounts:
    """What stands beside the inbox's tabs: of one status, or of all but the resolved."""
    shown = col(Conversation.status) == status if status else col(Conversation.status) != Status.RESOLVED
    assignee = col(Conversation.assignee_id)
    query = select(
        func.count(case((assignee == me.user_id, 1))), func.count(case((assignee.is_(None), 1))), func.count()
    ).where(access.seen_by(me), shown)
    mine, unassigned, everything = (await session.exec(query)).one()
    if me.role is Role.BUYER:
        return InboxCounts(mine=0, unassigned=0, all=everything)
    return InboxCounts(mine=mine, unassigned=unassigned, all=everything)


def _filtered(me: Identity, filters: ConversationFilters) -> ColumnElement[bool]:
    conditions = [access.seen_by(me)]
    if me.role is Role.BUYER and (filters.assignee is not None or filters.label is not None):
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
    if filters.unread is not None:
        unread = col(Conversation.customer_unread if me.role is Role.BUYER else Conversation.merchant_unread)
        conditions.append(unread > 0 if filters.unread else unread == 0)
    if filters.label is not None:
        labelled = select(ConversationLabel.conversation_id).where(col(ConversationLabel.name) == filters.label)
        conditions.append(col(Conversation.id).in_(labelled))
    if filters.q:
        named = select(User.id).where(
            or_(
                col(User.username).icontains(filters.q, autoescape=True),
                col(User.display_name).icontains(filters.q, autoescape=True),
                col(User.id) == filters.q,
            )
        )
        conditions.append(col(Conversation.customer_id).in_(named))
    return and_(*conditions)
