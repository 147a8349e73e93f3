"""Which endpoints of which shops want to hear what."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, insert, literal, or_, update
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.models import Conversation
from app.kernel.clock import now
from app.kernel.sql import table_of
from app.webhooks.models import WebhookEndpoint, WebhookMark

KEPT_SECONDS = 30 * 86_400
"""Events are kept for so long. An endpoint that is off goes on to listen for as long, so that it can be replayed what

it missed.
"""


def is_listening() -> ColumnElement[bool]:
    """Endpoints that are on, or have not been off for long."""
    return or_(col(WebhookEndpoint.is_enabled), col(WebhookEndpoint.disabled_at) > now() - KEPT_SECONDS)


async def of(session: AsyncSession, merchant_ids: Collection[str]) -> list[WebhookEndpoint]:
    """The listening endpoints of these shops."""
    return list((await session.exec(_query(merchant_ids))).all())


async def lock(session: AsyncSession, merchant_ids: Collection[str]) -> list[WebhookEndpoint]:
    """The same, locked, so that nobody decides about their deliveries meanwhile. Always in the order of their ids."""
    query = _query(merchant_ids).with_for_update().execution_options(populate_existing=True)
    return list((await session.exec(query)).all())


async def shops(session: AsyncSession) -> set[str]:
    """The shops that have a listening endpoint."""
    return set((await session.exec(select(WebhookEndpoint.merchant_id).where(is_listening()).distinct())).all())


async def what(session: AsyncSession, merchant_id: str) -> set[str]:
    """The types of events to which somebody of the shop listens."""
    return {name for endpoint in await of(session, {merchant_id}) for name in endpoint.event_types}


async def begin(session: AsyncSession, merchant_id: str) -> None:
    """From here on: what the shop's conversations hold already is not news. Two statements, however many they are."""
    talk, mark = table_of(Conversation).c, table_of(WebhookMark).c
    mine: Any = columns(talk.id).where(talk.merchant_id == merchant_id)
    same = talk.id == mark.conversation_id
    known = (
        update(table_of(WebhookMark))
        .where(mark.conversation_id.in_(mine))
        .values(
            message_seq=columns(talk.last_seq).where(same).scalar_subquery(),
            status=columns(talk.status).where(same).scalar_subquery(),
        )
    )
    is_known = columns(mark.conversation_id).where(same).exists()
    unknown = columns(talk.id, talk.last_seq, literal(0), talk.status).where(talk.merchant_id == merchant_id, ~is_known)
    names = ["conversation_id", "message_seq", "sequence", "status"]
    connection = await session.connection()
    await connection.execute(known)
    await connection.execute(insert(table_of(WebhookMark)).from_select(names, unknown))


def _query(merchant_ids: Collection[str]) -> Any:
    mine = col(WebhookEndpoint.merchant_id).in_(merchant_ids)
    return select(WebhookEndpoint).where(mine, is_listening()).order_by(col(WebhookEndpoint.id))
