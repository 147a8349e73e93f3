"""Prepared answers: a person's own and the team's. The owner of the shop keeps the team's in order."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owns_shop, shop_of
from app.chat import frames
from app.chat.drafts import MAX_ATTACHMENTS, Storable, checked_ids
from app.chat.models import QuickReply, QuickReplyPublic
from app.files import uploads, uses
from app.files.uses import FileUse
from app.kernel.clock import now
from app.kernel.db import settings_in
from app.kernel.errors import Forbidden, NotFound
from app.kernel.identity import Identity
from app.kernel.models import Id
from app.kernel.paging import Listing, Page

MAX_CONTENT = 4000  # characters
MAX_TITLE, MAX_FOLDER = 80, 60
VARIABLES = ("buyer.name", "agent.name", "shop.name", "order.number")
"""What the composer fills in."""


class Order(StrEnum):
    """How a list is sorted."""

    TITLE = "title"
    USES = "uses"
    NEWEST = "newest"


class QuickReplyCreate(SQLModel):
    """`is_shared`: for the whole team. Variables such as `{{buyer.name}}` are filled in by the composer."""

    content: Storable = Field(
        min_length=1, max_length=MAX_CONTENT, schema_extra={"examples": ["你好 {{buyer.name}}，今天下单明天现磨发货。"]}
    )
    title: Storable = Field(default="", max_length=MAX_TITLE, schema_extra={"examples": ["发货时间"]})
    is_shared: bool = False
    folder: Storable = Field(default="", max_length=MAX_FOLDER, schema_extra={"examples": ["发货"]})
    attachment_ids: list[str] = Field(default=[], max_length=MAX_ATTACHMENTS)
    """Uploads of the caller, sent with every use."""


class QuickReplyChange(SQLModel):
    """Absent fields stay."""

    content: Storable = Field(default=None, min_length=1, max_length=MAX_CONTENT)
    title: Storable = Field(default=None, max_length=MAX_TITLE)
    is_shared: bool = Field(default=None)
    folder: Storable = Field(default=None, max_length=MAX_FOLDER)
    attachment_ids: list[str] = Field(default=None, max_length=MAX_ATTACHMENTS)


class QuickReplyFolder(SQLModel):
    """A folder, and how many replies are in it."""

    name: str
    count: int


class QuickReplyUse(SQLModel):
    """How often it was used, this time included."""

    id: Id
    uses: int


async def listing(
    session: AsyncSession,
    me: Identity,
    page: Page,
    q: str | None = None,
    folder: str | None = None,
    sort: Order = Order.TITLE,
) -> Listing[QuickReplyPublic]:
    """One's own and the team's; `q` is a part of title, text or folder; an empty `folder` is those in none."""
    condition = _seen_by(me)
    if folder is not None:
        condition = and_(condition, col(QuickReply.folder) == folder.strip())
    for word in (q or "").split():
        columns = (QuickReply.title, QuickReply.content, QuickReply.folder)
        condition = and_(condition, or_(*(col(column).icontains(word, autoescape=True) for column in columns)))
    count = (await session.exec(select(func.count()).select_from(QuickReply).where(condition))).one()
    number = col(QuickReply.id)
    orders: dict[Order, tuple[Any, ...]] = {
        Order.TITLE: (col(QuickReply.title), number),
        Order.USES: (col(QuickReply.uses).desc(), col(QuickReply.title), number),
        Order.NEWEST: (number.desc(),),
    }
    query = select(QuickReply).where(condition).order_by(*orders[sort])
    rows = await session.exec(query.offset(page.offset).limit(page.page_size))
    return Listing(count=count, results=[public(session, row) for row in rows])


async def folders(session: AsyncSession, me: Identity) -> list[QuickReplyFolder]:
    """The folders of what the caller may use, by name; replies in none are under the empty name."""
    query = select(QuickReply.folder, func.count()).where(_seen_by(me)).group_by(col(QuickReply.folder))
    rows = (await session.exec(query.order_by(col(QuickReply.folder)))).all()
    return [QuickReplyFolder(name=name, count=count) for name, count in rows]


async def get(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReplyPublic:
    """One that the caller may use."""
    return public(session, await _row(session, me, quick_reply_id))


async def create(session: AsyncSession, me: Identity, draft: QuickReplyCreate) -> QuickReplyPublic:
    """A new one of the caller's."""
    values = _tidy(draft.model_dump(exclude={"attachment_ids"}))
    row = QuickReply(**values, user_id=me.user_id, merchant_id=shop_of(me))
    session.add(row)
    await session.flush()
    await _attach(session, me, row, draft.attachment_ids)
    return public(session, row)


async def change(session: AsyncSession, me: Identity, quick_reply_id: int, draft: QuickReplyChange) -> QuickReplyPublic:
    """Change one of the caller's own; the owner of the shop also the team's."""
    row = await _own(session, me, quick_reply_id)
    values = _tidy(draft.model_dump(exclude_unset=True))
    file_ids = values.pop("attachment_ids", None)
    row.sqlmodel_update(values | {"updated_at": now()})
    await session.flush()
    if file_ids is not None:
        await _attach(session, me, row, file_ids)
    return public(session, row)


async def duplicate(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReplyPublic:
    """The same once more, as the caller's own and for nobody else. It shows the same files."""
    row = await _row(session, me, quick_reply_id)
    same = row.model_dump(include={"title", "content", "folder", "attachments"})
    copy = QuickReply(**same, user_id=me.user_id, merchant_id=shop_of(me))
    session.add(copy)
    await session.flush()
    if copy.attachments:
        await uses.add(session, [int(one["id"]) for one in copy.attachments], copy.id)
    return public(session, copy)


async def used(session: AsyncSession, me: Identity, quick_reply_id: int) -> QuickReplyUse:
    """It was put into an answer once more."""
    row = await _row(session, me, quick_reply_id)
    await session.exec(update(QuickReply).where(col(QuickReply.id) == row.id).values(uses=col(QuickReply.uses) + 1))
    await session.refresh(row)
    return QuickReplyUse(id=row.id, uses=row.uses)


async def remove(session: AsyncSession, me: Identity, quick_reply_id: int) -> None:
    """Delete one of the caller's own; the owner of the shop also the team's. Sweeps take what nobody names."""
    row = await _own(session, me, quick_reply_id)
    if row.attachments:
        await uses.release(session, [row.id])
    await session.delete(row)
    await session.flush()


async def lent_files(session: AsyncSession, me: Identity, file_ids: Sequence[int]) -> set[int]:
    """Those of `file_ids` that the caller may send although another uploaded them: a quick reply shows them."""
    mine = select(QuickReply.id).where(_seen_by(me))
    lent = select(FileUse.file_id).where(col(FileUse.file_id).in_(file_ids), col(FileUse.used_by).in_(mine))
    return set((await session.exec(lent)).all())


def may_change(me: Identity, reply: QuickReplyPublic, *, owns: bool) -> bool:
    """Its author, and for the team's whoever `owns` the shop."""
    return reply.user_id == me.user_id or (reply.is_shared and owns)


async def _attach(session: AsyncSession, me: Identity, row: QuickReply, ids: list[str]) -> None:
    wanted = checked_ids(ids, "attachment_ids")
    kept = {int(one["id"]): one for one in row.attachments or ()}
    fresh = await uploads.take(session, me.user_id, [number for number in wanted if number not in kept], row.id)
    known = kept | {int(one["id"]): one for one in fresh}
    await uses.forget(session, row.id, [number for number in kept if number not in wanted])
    row.attachments = [known[number] for number in wanted] or None
    session.add(row)
    await session.flush()


def _tidy(values: dict[str, Any]) -> dict[str, Any]:
    if "folder" in values:
        values["folder"] = " ".join(values["folder"].split())
    return values


def public(session: AsyncSession, row: QuickReply) -> QuickReplyPublic:
    """As it leaves, with absolute links to its files."""
    shown = row.model_dump() | {"attachments": frames.attachments(row.attachments, settings_in(session))}
    return QuickReplyPublic.model_validate(shown)


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
    if not may_change(me, public(session, row), owns=await owns_shop(session, me)):
        raise Forbidden("not_the_author", "Only its author or the owner of the shop may change a quick reply.")
    return row
