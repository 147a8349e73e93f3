"""Prepared answers: a person's own and the team's."""

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.chat.drafts import Storable
from app.chat.models import QuickReply, QuickReplyPublic
from app.kernel.clock import now
from app.kernel.errors import Forbidden, NotFound
from app.kernel.identity import Identity
from app.kernel.paging import Listing, Page

MAX_CONTENT = 4000  # characters


class QuickReplyCreate(SQLModel):
    """`is_shared`: for the whole team. Variables such as `{{buyer.name}}` are filled in by the composer."""

    content: Storable = Field(
        min_length=1, max_length=MAX_CONTENT, schema_extra={"examples": ["你好 {{buyer.name}}，今天下单明天现磨发货。"]}
    )
    title: Storable = Field(default="", max_length=80, schema_extra={"examples": ["发货时间"]})
    is_shared: bool = False


class QuickReplyChange(SQLModel):
    """Absent fields stay."""

    content: Storable = Field(default=None, min_length=1, max_length=MAX_CONTENT)
    title: Storable = Field(default=None, max_length=80)
    is_shared: bool = Field(default=None)


async def listing(session: AsyncSession, me: Identity, page: Page, q: str | None = None) -> Listing[QuickReplyPublic]:
    """One's own and the team's, by title; `q` is a part of title or text."""
    condition = _seen_by(me)
    if q:
        matching = (col(column).icontains(q, autoescape=True) for column in (QuickReply.title, QuickReply.content))
        condition = and_(condition, or_(*matching))
    count = (await session.exec(select(func.count()).select_from(QuickReply).where(condition))).one()
    query = select(QuickReply).where(condition).order_by(col(QuickReply.title), col(QuickReply.id))
    rows = await session.exec(query.offset(page.offset).limit(page.page_size))
    return Listing(count=count, results=[QuickReplyPublic.model_validate(row) for row in rows])


async def get(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReplyPublic:
    """One that the caller may use."""
    return QuickReplyPublic.model_validate(await _row(session, me, quick_reply_id))


async def create(session: AsyncSession, me: Identity, draft: QuickReplyCreate) -> QuickReplyPublic:
    """A new one of the caller's."""
    row = QuickReply.model_validate(draft, update={"user_id": me.user_id, "merchant_id": shop_of(me)})
    session.add(row)
    await session.flush()
    return QuickReplyPublic.model_validate(row)


async def change(session: AsyncSession, me: Identity, quick_reply_id: int, draft: QuickReplyChange) -> QuickReplyPublic:
    """Change one of the caller's own."""
    row = await _own(session, me, quick_reply_id)
    row.sqlmodel_update(draft.model_dump(exclude_unset=True) | {"updated_at": now()})
    await session.flush()
    return QuickReplyPublic.model_validate(row)


async def remove(session: AsyncSession, me: Identity, quick_reply_id: int) -> None:
    """Delete one of the caller's own."""
    await session.delete(await _own(session, me, quick_reply_id))
    await session.flush()


def _seen_by(me: Identity) -> ColumnElement[bool]:
    own = col(QuickReply.user_id) == me.user_id
    return or_(own, and_(col(QuickReply.merchant_id) == me.merchant_id, col(QuickReply.is_shared)))


async def _row(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReply:
    row = (await session.exec(select(QuickReply).where(col(QuickReply.id) == quick_reply_id, _seen_by(me)))).first()
    if row is None:
        raise NotFound("quick_reply_not_found", "There is no such quick reply.")
    return row


async def _own(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReply:
    row = await _row(session, me, quick_reply_id)
    if row.user_id != me.user_id:
        raise Forbidden("not_the_author", "Only its author may change a quick reply.")
    return row
