"""The audit log as it is read: by admins whole, by a shop's owner what concerns the shop."""

from datetime import date, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owned_shop
from app.accounts.models import User
from app.audit.models import LOOKS, Action, AuditEntry
from app.kernel.clock import midnight
from app.kernel.db import settings_in
from app.kernel.identity import Identity
from app.kernel.models import Id
from app.kernel.paging import decode_cursor, encode_cursor

FOR_EVERY_SHOP = (Action.WALL_WATCHED, Action.MESSAGES_SEARCHED)


class AuditFilters(BaseModel):
    """What the log is narrowed to; empty is everything. Days are the installation's."""

    actor: str = Field(default="", max_length=50)
    action: Action | None = None
    merchant_id: str = Field(default="", max_length=50)
    subject: str = Field(default="", max_length=50)
    """The id of a conversation, a user, a file or a task, or the name of a queue."""
    since: date | None = None
    until: date | None = None
    """The last day that is wanted."""


class AuditEntryPublic(BaseModel):
    """One act of one admin."""

    id: Id
    actor_id: str
    actor_name: str
    action: Action
    subject_kind: str
    subject_id: str
    merchant_id: str | None
    shop_name: str
    ip: str
    at: int
    details: dict[str, Any]

    @classmethod
    def of(cls, row: AuditEntry, names: dict[str, str]) -> Self:
        shop = names.get(row.merchant_id, row.merchant_id) if row.merchant_id else ""
        name = names.get(row.actor_id, row.actor_id)
        return cls(**row.model_dump(exclude={"once_key"}), actor_name=name, shop_name=shop)


class AuditPage(BaseModel):
    """Entries, the newest first, and where the older ones begin."""

    results: list[AuditEntryPublic]
    next_cursor: str | None


class LookPublic(BaseModel):
    """That somebody of the platform looked, as the owner of a shop is told. An empty `conversation_id`: at all."""

    id: Id
    name: str
    action: Action
    conversation_id: str
    at: int


class LookPage(BaseModel):
    results: list[LookPublic]
    next_cursor: str | None


async def listing(session: AsyncSession, filters: AuditFilters, limit: int, cursor: str | None = None) -> AuditPage:
    """A page of the whole log; its cost does not grow with depth."""
    zone = ZoneInfo(settings_in(session).time_zone)
    wanted = [col(AuditEntry.at) >= midnight(filters.since, zone)] if filters.since else []
    if filters.until:
        wanted.append(col(AuditEntry.at) < midnight(filters.until + timedelta(days=1), zone))
    for column, value in (
        (AuditEntry.actor_id, filters.actor),
        (AuditEntry.action, filters.action),
        (AuditEntry.merchant_id, filters.merchant_id),
        (AuditEntry.subject_id, filters.subject),
    ):
        if value:
            wanted.append(col(column) == str(value))
    rows, next_cursor = await _page(session, wanted, limit, cursor)
    names = await _names(session, rows)
    return AuditPage(results=[AuditEntryPublic.of(row, names) for row in rows], next_cursor=next_cursor)


async def mine(session: AsyncSession, me: Identity, limit: int, cursor: str | None = None) -> LookPage:
    """Who of the platform saw the shop's conversations. The owner only.

    What an admin did over all shops at once counts too; the words of a search may be about others and are not told.
    """
    shop = await owned_shop(session, me)
    action, merchant = col(AuditEntry.action), col(AuditEntry.merchant_id)
    wanted = or_(
        and_(merchant == shop, action.in_([str(one) for one in LOOKS])),
        and_(merchant.is_(None), action.in_([str(one) for one in FOR_EVERY_SHOP])),
    )
    rows, next_cursor = await _page(session, [wanted], limit, cursor)
    names = await _names(session, rows)
    looks = [
        LookPublic(
            id=row.id,
            name=names.get(row.actor_id, row.actor_id),
            action=Action(row.action),
            conversation_id=row.subject_id if row.merchant_id else "",
            at=row.at,
        )
        for row in rows
    ]
    return LookPage(results=looks, next_cursor=next_cursor)


async def _page(
    session: AsyncSession, wanted: list[Any], limit: int, cursor: str | None
) -> tuple[list[AuditEntry], str | None]:
    if cursor:
        wanted = [*wanted, col(AuditEntry.id) < decode_cursor(cursor, 1)[0]]
    query = select(AuditEntry).where(*wanted).order_by(col(AuditEntry.id).desc()).limit(limit + 1)
    rows = list((await session.exec(query)).all())
    has_more = len(rows) > limit
    rows = rows[:limit]
    return rows, encode_cursor(rows[-1].id) if has_more else None


async def _names(session: AsyncSession, rows: list[AuditEntry]) -> dict[str, str]:
    ids = {row.actor_id for row in rows} | {row.merchant_id for row in rows if row.merchant_id}
    found = select(User.id, User.display_name, User.username).where(col(User.id).in_(ids))
    return {number: name or username for number, name, username in (await session.exec(found)).all()}
