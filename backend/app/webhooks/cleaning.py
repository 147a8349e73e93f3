"""What is done by the clock: wake what was forgotten, drop old secrets, delete old events."""

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.models import Conversation
from app.kernel.clock import now
from app.webhooks import lanes
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookMark

LATE_SECONDS = 30  # a turn that is due for so long and has not begun may have been lost


async def wake_forgotten(session: AsyncSession) -> int:
    """A turn for every endpoint whose deliveries are late and whose job is gone; says how many were late."""
    at = now()
    query = (
        select(WebhookDelivery.endpoint_id)
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(col(WebhookDelivery.next_at) <= at - LATE_SECONDS, col(WebhookEndpoint.is_enabled))
        .distinct()
    )
    late = sorted((await session.exec(query)).all())
    for endpoint_id in late:
        endpoint = await lanes.locked(session, endpoint_id)
        if endpoint is not None and endpoint.is_enabled:
            await lanes.wake(session, endpoint, at)
    return len(late)


async def drop_old_secrets(session: AsyncSession) -> None:
    """Secrets that sign no more are not kept."""
    over = update(WebhookEndpoint).where(col(WebhookEndpoint.old_secret_until) <= now())
    await session.exec(over.values(sealed_old_secret=None, old_secret_until=None))


async def forget(session: AsyncSession, before: int, limit: int) -> int:
    """Delete up to `limit` events from before `before` (seconds); deliveries and attempts go with them."""
    return await _delete(session, col(WebhookEvent.created_at) < before, limit)


async def forget_deleted(session: AsyncSession, limit: int) -> int:
    """Delete up to `limit` events of conversations that are gone: what was deleted must not live on in a log."""
    is_there = select(Conversation.id).where(col(Conversation.id) == col(WebhookEvent.conversation_id)).exists()
    return await _delete(session, and_(col(WebhookEvent.conversation_id).is_not(None), ~is_there), limit)


async def forget_marks(session: AsyncSession, limit: int) -> int:
    """Delete up to `limit` marks of conversations that are gone."""
    number = col(WebhookMark.conversation_id)
    is_there = select(Conversation.id).where(col(Conversation.id) == number).exists()
    ids = list((await session.exec(select(WebhookMark.conversation_id).where(~is_there).limit(limit))).all())
    if ids:
        await session.exec(delete(WebhookMark).where(number.in_(ids)))
    return len(ids)


async def _delete(session: AsyncSession, which: ColumnElement[bool], limit: int) -> int:
    ids = list((await session.exec(select(WebhookEvent.id).where(which).limit(limit))).all())
    if not ids:
        return 0
    gone = await session.exec(delete(WebhookEvent).where(col(WebhookEvent.id).in_(ids)))
    return cast("CursorResult[Any]", gone).rowcount
