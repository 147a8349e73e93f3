"""Lanes: the deliveries of one conversation to one endpoint, one after the other. Everything here holds the endpoint's

row locked, so that "the first of a lane, and only it, has a time" is true after every unit of work.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import queue
from app.jobs.models import WAITING, Job, JobStatus
from app.kernel.clock import now
from app.webhooks.event_types import TEST
from app.webhooks.models import (
    DeliveryStatus,
    DisabledReason,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from app.webhooks.sender import Outcome, Trouble
from app.webhooks.shapes import EndpointTurn

RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"""After the first attempt: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; eight attempts in about 28 hours."""
JITTER = 0.1  # part of a delay, so that what failed together does not come back together
MAX_REST_SECONDS = 6 * 3600  # the longest pause that a receiver may ask for
PATIENCE_SECONDS = 5 * 86_400  # an endpoint that only fails for so long is switched off
SLOW_MILLISECONDS = 3000
KINDS = {False: "webhooks.deliver", True: "webhooks.deliver_slowly"}
QUEUES = ("webhooks", "webhooks_slow")
BUSY = frozenset({429, 503})  # "not now" is meant for the whole endpoint
PENDING = col(WebhookDelivery.status) == DeliveryStatus.PENDING


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent now."""

    delivery_id: int
    event_id: int
    lane: int
    tries: int
    body: str


async def add(
    session: AsyncSession, endpoint: WebhookEndpoint, by_lane: Mapping[int, Sequence[WebhookEvent]], at: int
) -> None:
    """Deliver events (by lane, in their order) to a locked endpoint; to one that is off they are noted as skipped."""
    if not by_lane:
        return
    is_on = endpoint.is_enabled
    busy: set[int] = set()
    if is_on:
        waiting = select(WebhookDelivery.lane).where(*_pending_in(endpoint.id, by_lane)).distinct()
        busy = set((await session.exec(waiting)).all())
    for lane, events in by_lane.items():
        for number, event in enumerate(events):
            is_first = is_on and number == 0 and lane not in busy
            session.add(
                WebhookDelivery(
                    event_id=event.id, endpoint_id=endpoint.id, lane=lane, sequence=event.sequence,
                    status=DeliveryStatus.PENDING if is_on else DeliveryStatus.SKIPPED,
                    next_at=at if is_first else None, ended_at=None if is_on else at, created_at=at,
                )
            )  # fmt: skip
    await session.flush()
    if is_on and set(by_lane) - busy:
        await wake(session, endpoint, at)


async def due(session: AsyncSession, endpoint_id: int, limit: int) -> tuple[WebhookEndpoint | None, list[Parcel]]:
    """The endpoint as it stands and what may be sent to it now, the longest-waiting first."""
    endpoint = await session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or not endpoint.is_enabled or (endpoint.rest_until or 0) > now():
        return endpoint, []
    query = (
        select(WebhookDelivery, WebhookEvent.body)
        .join(WebhookEvent, col(WebhookEvent.id) == col(WebhookDelivery.event_id))
        .where(WebhookDelivery.endpoint_id == endpoint_id, col(WebhookDelivery.next_at) <= now())
        .order_by(col(WebhookDelivery.next_at), col(WebhookDelivery.id))
        .limit(limit)
    )
    rows = (await session.exec(query)).all()
    return endpoint, [Parcel(one.id, one.event_id, one.lane, one.tries, body) for one, body in rows]


async def settle(session: AsyncSession, endpoint_id: int, parcel: Parcel, outcome: Outcome) -> None:
    """Note an attempt and decide what comes next. What has changed since (a replay, a switch) is left alone."""
    endpoint = await locked(session, endpoint_id)
    delivery = await session.get(WebhookDelivery, parcel.delivery_id, with_for_update=True)
    if endpoint is None or delivery is None:
        return
    at = now()
    session.add(
        WebhookAttempt(
            delivery_id=delivery.id, at=at, status_code=outcome.status_code, milliseconds=outcome.milliseconds,
            error=outcome.error, address=outcome.address, answer=outcome.answer,
        )
    )  # fmt: skip
    endpoint.last_milliseconds = outcome.milliseconds
    if outcome.error is None:
        endpoint.failing_since, endpoint.last_delivered_at = None, at
    else:
        endpoint.failing_since = endpoint.failing_since or at
    if outcome.retry_after is not None and outcome.status_code in BUSY:
        endpoint.rest_until = at + min(outcome.retry_after, MAX_REST_SECONDS)
    open_states = {DeliveryStatus.PENDING} if outcome.error else {DeliveryStatus.PENDING, DeliveryStatus.SKIPPED}
    if delivery.status in open_states and delivery.tries == parcel.tries:
        await _decide(session, delivery, outcome, at)
    await session.flush()
    reason = _reason_to_stop(endpoint, outcome, at)
    if reason is not None and endpoint.is_enabled:
        await switch_off(session, endpoint, reason)


async def switch_off(session: AsyncSession, endpoint: WebhookEndpoint, reason: DisabledReason) -> None:
    """Send nothing more to a locked endpoint; what waits for it is skipped."""
    at = now()
    endpoint.sqlmodel_update({"is_enabled": False, "disabled_reason": reason, "disabled_at": at, "updated_at": at})
    await session.flush()
    waiting = update(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint.id, PENDING)
    skipped = waiting.values(status=DeliveryStatus.SKIPPED, next_at=None, ended_at=at)
    await session.exec(skipped.execution_options(synchronize_session=False))


async def send_again(session: AsyncSession, endpoint: WebhookEndpoint, delivery_ids: Collection[int]) -> None:
    """Make deliveries to a locked endpoint pending as if they were new. They take their place in their lanes."""
    if not delivery_ids:
        return
    chosen = col(WebhookDelivery.id).in_(delivery_ids)
    lanes = set((await session.exec(select(WebhookDelivery.lane).where(chosen))).all())
    afresh = {"status": DeliveryStatus.PENDING, "tries": 0, "next_at": None, "ended_at": None}
    await session.exec(update(WebhookDelivery).where(chosen).values(**afresh))
    mine = _pending_in(endpoint.id, lanes)
    await session.exec(update(WebhookDelivery).where(*mine).values(next_at=None))
    lane, sequence = col(WebhookDelivery.lane), col(WebhookDelivery.sequence)
    first = select(lane, func.min(sequence).label("sequence")).where(*mine).group_by(lane).subquery()
    is_first = and_(lane == first.c.lane, sequence == first.c.sequence)
    heads = (await session.exec(select(WebhookDelivery.id).join(first, is_first).where(*mine))).all()
    await session.exec(update(WebhookDelivery).where(col(WebhookDelivery.id).in_(heads)).values(next_at=now()))
    await wake(session, endpoint, now())


async def pass_on(session: AsyncSession, endpoint_id: int) -> None:
    """See to it that somebody comes when the next delivery is due."""
    endpoint = await locked(session, endpoint_id)
    if endpoint is None or not endpoint.is_enabled:
        return
    times = select(func.min(WebhookDelivery.next_at)).where(WebhookDelivery.endpoint_id == endpoint_id)
    at = (await session.exec(times)).one()
    if at is not None:
        await wake(session, endpoint, at)


async def wake(session: AsyncSession, endpoint: WebhookEndpoint, at: int) -> None:
    """A turn of a locked endpoint at `at` (seconds), unless one comes anyway.

    One that runs counts: at its end it takes the lock and passes on. Endpoints that fail or are slow have a queue of
    their own, so that the others never wait for them.
    """
    at = max(at, endpoint.rest_until or 0, now())
    key = f"webhook-{endpoint.id}"
    comes = or_(col(Job.status) == JobStatus.PROCESSING, and_(col(Job.status).in_(WAITING), col(Job.run_after) <= at))
    query = select(Job.id).where(col(Job.queue).in_(QUEUES), Job.concurrency_key == key, comes)
    if (await session.exec(query.limit(1))).first() is not None:
        return
    is_slow = endpoint.failing_since is not None or endpoint.last_milliseconds > SLOW_MILLISECONDS
    turn = EndpointTurn(endpoint_id=endpoint.id)
    await queue.enqueue(session, KINDS[is_slow], turn, concurrency_key=key, run_after=at)


async def locked(session: AsyncSession, endpoint_id: int) -> WebhookEndpoint | None:
    """The endpoint's row until the end of the unit of work."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).first()


async def _decide(session: AsyncSession, delivery: WebhookDelivery, outcome: Outcome, at: int) -> None:
    event = await session.get_one(WebhookEvent, delivery.event_id)
    delivery.tries += 1
    is_last = delivery.tries > len(RETRY_SECONDS) or event.event_type == TEST
    if outcome.error is None:
        delivery.sqlmodel_update({"status": DeliveryStatus.DELIVERED, "next_at": None, "ended_at": at})
    elif is_last:
        delivery.sqlmodel_update({"status": DeliveryStatus.DEAD, "next_at": None, "ended_at": at})
    else:
        delay = RETRY_SECONDS[delivery.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)
        rest = min(outcome.retry_after or 0, MAX_REST_SECONDS)
        delivery.next_at = at + max(round(delay), rest)
        return
    await session.flush()
    waiting = select(WebhookDelivery).where(*_pending_in(delivery.endpoint_id, [delivery.lane]))
    first = waiting.order_by(col(WebhookDelivery.sequence), col(WebhookDelivery.id)).limit(1)
    following = (await session.exec(first)).first()
    if following is not None:
        following.next_at = at


def _reason_to_stop(endpoint: WebhookEndpoint, outcome: Outcome, at: int) -> DisabledReason | None:
    if outcome.status_code == 410:
        return DisabledReason.GONE
    if outcome.error is Trouble.SECRET:
        return DisabledReason.SECRET
    if endpoint.failing_since is not None and endpoint.failing_since <= at - PATIENCE_SECONDS:
        return DisabledReason.FAILING
    return None


def _pending_in(endpoint_id: int, lanes: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return col(WebhookDelivery.endpoint_id) == endpoint_id, PENDING, col(WebhookDelivery.lane).in_(lanes)
