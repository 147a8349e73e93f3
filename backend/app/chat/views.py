"""The verbs of saved views. Shared ones are seen by the whole team and changed by who made them or owns the shop."""

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.accounts.models import Staff, StaffRole
from app.chat.drafts import Storable
from app.chat.views_models import MAX_NAME, Order, Sort, View, ViewFilters, ViewPublic
from app.kernel.clock import now
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.identity import Identity
from app.kernel.paging import Listing

MAX_VIEWS = 50  # of one person


class ViewCreate(BaseModel):
    """`is_shared`: for the whole team."""

    name: Storable = Field(min_length=1, max_length=MAX_NAME, pattern=r"\S", examples=["VIPs who wait"])
    is_shared: bool = False
    filters: ViewFilters = ViewFilters()
    sort: Sort = "activity"
    order: Order = "desc"


class ViewChange(BaseModel):
    """Absent fields stay."""

    name: Storable = Field(default="", min_length=1, max_length=MAX_NAME, pattern=r"\S")
    is_shared: bool = False
    filters: ViewFilters = ViewFilters()
    sort: Sort = "activity"
    order: Order = "desc"


async def listing(session: AsyncSession, me: Identity) -> Listing[ViewPublic]:
    """One's own and the team's, by name."""
    query = select(View).where(_seen_by(me)).order_by(func.lower(View.name), col(View.id))
    rows = (await session.exec(query)).all()
    owns = await _owns_the_shop(session, me)
    return Listing(count=len(rows), results=[_public(row, me, owns) for row in rows])


async def create(session: AsyncSession, me: Identity, draft: ViewCreate) -> ViewPublic:
    """A new one of the caller's."""
    count = (await session.exec(select(func.count()).select_from(View).where(View.user_id == me.user_id))).one()
    if count >= MAX_VIEWS:
        raise Conflict("too_many_views", "You have {max} views already. Delete one that you do not use.", max=MAX_VIEWS)
    row = View(merchant_id=shop_of(me), user_id=me.user_id, **_values(draft))
    session.add(row)
    await session.flush()
    return _public(row, me, True)


async def change(session: AsyncSession, me: Identity, view_id: int, draft: ViewChange) -> ViewPublic:
    """Change what is named."""
    row = await _changeable(session, me, view_id)
    row.sqlmodel_update(_values(draft) | {"updated_at": now()})
    await session.flush()
    return _public(row, me, True)


async def remove(session: AsyncSession, me: Identity, view_id: int) -> None:
    """Delete one."""
    await session.delete(await _changeable(session, me, view_id))
    await session.flush()


def _values(draft: ViewCreate | ViewChange) -> dict[str, Any]:
    values = draft.model_dump(mode="json", exclude_unset=True)
    if "name" in values:
        values["name"] = values["name"].strip()
    if "filters" in values:
        values["filters"] = draft.filters.model_dump(mode="json", exclude_defaults=True)
    return values


def _public(row: View, me: Identity, owns_the_shop: bool) -> ViewPublic:
    return ViewPublic.model_validate(row.model_dump() | {"can_change": owns_the_shop or row.user_id == me.user_id})


def _seen_by(me: Identity) -> ColumnElement[bool]:
    of_the_team = and_(col(View.merchant_id) == me.merchant_id, col(View.is_shared))
    return or_(and_(col(View.user_id) == me.user_id, col(View.merchant_id) == me.merchant_id), of_the_team)


async def _owns_the_shop(session: AsyncSession, me: Identity) -> bool:
    role = (await session.exec(select(Staff.role).where(Staff.user_id == me.user_id))).first()
    return role is StaffRole.OWNER


async def _changeable(session: AsyncSession, me: Identity, view_id: int) -> View:
    row = (await session.exec(select(View).where(col(View.id) == view_id, _seen_by(me)))).first()
    if row is None:
        raise NotFound("view_not_found", "There is no such view.")
    if row.user_id != me.user_id and not await _owns_the_shop(session, me):
        raise Forbidden("not_your_view", "Only the person who created a view, or the shop’s owner, may change it.")
    return row
