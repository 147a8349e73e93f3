"""The log of an endpoint: what was sent, what the receiver said, and sending it again."""

from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access as conversation_access
from app.jobs import queue
from app.jobs.models import Job
from app.kernel.clock import now
from app.kernel.errors import Conflict, NotFound
from app.kernel.identity import Identity
from app.kernel.paging import Listing, Page
from app.webhooks import access, envelopes, lanes
from app.webhooks.models import DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from app.webhooks.shapes import AttemptPublic, DeliveryPublic, DeliveryWithAttempts, ReplayOrder, ReplayPayload

MISSED = (DeliveryStatus.DEAD, DeliveryStatus.SKIPPED)
MAX_LOG = 100  # attempts that are shown of one delivery


async def listing(
    session: AsyncSession, me: Identity, webhook_id: int, page: Page, *,
    status: DeliveryStatus | None = None, event_type: str | None = None,
) -> Listing[DeliveryPublic]:  # fmt: skip
    """An endpoint's deliveries, the newest first."""
    await access.endpoint(session, me, webhook_id)
    wanted: list[Any] = [col(WebhookDelivery.endpoint_id) == webhook_id]
    if status is not None:
        wanted.append(col(WebhookDelivery.status) == status)
    if event_type is not None:
        wanted.append(col(WebhookEvent.event_type) == event_type)
    is_its = col(WebhookEvent.id) == col(WebhookDelivery.event_id)
    count = (
        await session.exec(select(func.count(col(WebhookDelivery.id))).join(WebhookEvent, is_its).where(*wanted))
    ).one()
    query = (
        select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent, is_its)
        .where(*wanted)
        .order_by(col(WebhookDelivery.id).desc())
    )
    rows = (await session.exec(query.offset(page.offset).limit(page.page_size))).all()
    log = await _attempts(session, [row.id for row, _ in rows])
    return Listing(count=count, results=[_shown(row, event, log.get(row.id, [])) for row, event in rows])


async def get(session: AsyncSession, me: Identity, webhook_id: int, delivery_id: int) -> DeliveryWithAttempts:
    """One delivery with what was sent and every attempt. An admin who reads it has read in the conversation."""
    endpoint = await access.endpoint(session, me, webhook_id)
    row = await _row(session, webhook_id, delivery_id)
    event = await session.get_one(WebhookEvent, row.event_id)
    if event.conversation_id is not None:
        await conversation_access.opened(session, me, event.conversation_id, endpoint.merchant_id)
    log = (await _attempts(session, [row.id])).get(row.id, [])
    return DeliveryWithAttempts(
        **_shown(row, event, log).model_dump(),
        body=orjson.loads(event.body),
        log=[AttemptPublic.model_validate(attempt) for attempt in log[:MAX_LOG]],
    )


async def replay(session: AsyncSession, me: Identity, webhook_id: int, delivery_id: int) -> DeliveryPublic:
    """Send one again, now, whatever became of it. It bears the same `webhook-id`."""
    endpoint = await _ready(session, me, webhook_id)
    row = await _row(session, webhook_id, delivery_id)
    await lanes.send_again(session, endpoint, [row.id])
    await session.refresh(row)
    event = await session.get_one(WebhookEvent, row.event_id)
    log = (await _attempts(session, [row.id])).get(row.id, [])
    return _shown(row, event, log)


async def replay_since(session: AsyncSession, me: Identity, webhook_id: int, order: ReplayOrder) -> Job:
    """Begin to send again what never arrived; a task, because there may be very many."""
    endpoint = await _ready(session, me, webhook_id)
    payload = ReplayPayload(
        endpoint_id=endpoint.id, since=order.since, until=now(), include_delivered=order.include_delivered
    )
    return await queue.enqueue(
        session, "webhooks.replay", payload, owner_id=me.user_id, concurrency_key=f"webhook-replay-{endpoint.id}"
    )


async def send_some_again(session: AsyncSession, order: ReplayPayload, after: int, limit: int) -> tuple[int, int]:
    """The next of a replay, after delivery `after`: how many they were, and the last of them."""
    endpoint = await lanes.locked(session, order.endpoint_id)
    if endpoint is None or not endpoint.is_enabled:
        return 0, after
    statuses = (*MISSED, DeliveryStatus.DELIVERED) if order.include_delivered else MISSED
    created = col(WebhookDelivery.created_at)
    query = (
        select(WebhookDelivery.id)
        .where(
            col(WebhookDelivery.endpoint_id) == endpoint.id,
            col(WebhookDelivery.id) > after,
            col(WebhookDelivery.status).in_(statuses),
            created >= order.since,
            created <= order.until,
        )
        .order_by(col(WebhookDelivery.id))
        .limit(limit)
    )
    chosen = list((await session.exec(query)).all())
    await lanes.send_again(session, endpoint, chosen)
    return len(chosen), chosen[-1] if chosen else after


async def _ready(session: AsyncSession, me: Identity, webhook_id: int) -> WebhookEndpoint:
    endpoint = await access.own_endpoint(session, me, webhook_id)
    if not endpoint.is_enabled:
        raise Conflict("webhook_disabled", "This webhook is off. Switch it on first.")
    return endpoint


async def _row(session: AsyncSession, webhook_id: int, delivery_id: int) -> WebhookDelivery:
    mine = (col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.endpoint_id) == webhook_id)
    row = (await session.exec(select(WebhookDelivery).where(*mine))).first()
    if row is None:
        raise NotFound("delivery_not_found", "There is no such delivery.")
    return row


async def _attempts(session: AsyncSession, delivery_ids: list[int]) -> dict[int, list[WebhookAttempt]]:
    """The attempts at each delivery, the newest first."""
    query = select(WebhookAttempt).where(col(WebhookAttempt.delivery_id).in_(delivery_ids))
    found: dict[int, list[WebhookAttempt]] = {}
    for attempt in await session.exec(query.order_by(col(WebhookAttempt.id).desc())):
        found.setdefault(attempt.delivery_id, []).append(attempt)
    return found


def _shown(row: WebhookDelivery, event: WebhookEvent, log: list[WebhookAttempt]) -> DeliveryPublic:
    return DeliveryPublic(
        event_id=envelopes.id_of(row.event_id),
        event_type=event.event_type,
        conversation_id=event.conversation_id,
        attempts=len(log),
        status_code=log[0].status_code if log else None,
        error=log[0].error if log else None,
        **row.model_dump(include={"id", "sequence", "status", "next_at", "created_at", "ended_at"}),
    )
