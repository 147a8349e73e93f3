"""What somebody wants exported: the form of it, and which conversations that are, by the rights of who asked."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import identity_of
from app.chat import inbox
from app.chat.contacts_models import ContactCustomer
from app.chat.drafts import Storable
from app.chat.inbox import ConversationFilters
from app.chat.models import Conversation, Status
from app.jobs.kinds import GiveUp
from app.kernel.identity import Identity, Role
from app.kernel.models import MAX_BIGINT, Id


class Format(StrEnum):
    """What the file is. `html` is an archive to read offline, with its pictures."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    HTML = "html"


class ExportOrder(BaseModel):
    """Everything but the format narrows the export. Times are seconds since the epoch: `since` <= time < `until`."""

    format: Format = Format.CSV
    since: int | None = Field(default=None, ge=0, le=MAX_BIGINT)
    until: int | None = Field(default=None, ge=0, le=MAX_BIGINT)
    status: Status | None = None
    label: Storable | None = Field(default=None, max_length=40)
    assignee: Storable | None = Field(default=None, max_length=50)
    """A user id, `me`, or `none`."""
    conversation_id: Id | None = Field(default=None, ge=1, le=MAX_BIGINT)
    contact_id: Id | None = Field(default=None, ge=1, le=MAX_BIGINT)
    """A contact of the shop: what was said with the buyers for whom it stands."""
    merchant_id: Storable | None = Field(default=None, max_length=50)
    """For admins, who may export every shop's."""
    include_notes: bool = False
    """The merchant's side only."""
    locale: Literal["", "en", "zh-CN"] = ""
    """In which language headings are; empty: the owner's."""

    @property
    def is_timed(self) -> bool:
        return self.since is not None or self.until is not None


async def asker(session: AsyncSession, owner_id: str | None, order: ExportOrder) -> Identity:
    """Who ordered, with today's rights: an agent who has left the shop since gets nothing."""
    me = await identity_of(session, owner_id) if owner_id else None
    if me is None or me.role not in (Role.MERCHANT, Role.ADMIN) or (me.role is Role.MERCHANT and not me.merchant_id):
        raise GiveUp("not_allowed", "You may not export conversations any more.")
    if order.include_notes and me.role is not Role.MERCHANT:
        raise GiveUp("notes_are_private", "Private notes are exported for the shop's own people only.")
    return me


def wanted(me: Identity, order: ExportOrder) -> ColumnElement[bool]:
    """The conversations in which there may be something; their messages are judged one by one, by time."""
    filters = ConversationFilters(
        status=order.status,
        assignee=order.assignee,
        merchant_id=order.merchant_id,
        label=[order.label] if order.label else [],
    )
    conditions: list[Any] = [inbox.filtered(me, filters)]
    if order.conversation_id is not None:
        conditions.append(col(Conversation.id) == order.conversation_id)
    if order.contact_id is not None:
        theirs = (ContactCustomer.contact_id == order.contact_id, ContactCustomer.merchant_id == me.merchant_id)
        customers = select(ContactCustomer.customer_id).where(*theirs)
        conditions.append(col(Conversation.customer_id).in_(customers))
    if order.since is not None:
        conditions.append(col(Conversation.last_message_time) >= order.since)
    if order.until is not None:
        conditions.append(col(Conversation.created_at) < order.until)
    return and_(*conditions)
