"""The JSON door of deliveries: the log of an endpoint, and sending again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.jobs import shapes
from app.jobs.models import JobPublic
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of
from app.kernel.identity import Insider, Watcher
from app.kernel.limits import limits_of
from app.kernel.models import PathId
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals
from app.webhooks import deliveries
from app.webhooks.models import DeliveryStatus
from app.webhooks.shapes import DeliveryPublic, DeliveryWithAttempts, ReplayOrder

REPLAYS = "60/minute"  # of one shop

router = APIRouter()
WebhookId = PathId
DeliveryId = PathId


@router.get("/{webhook_id}/deliveries/", summary="Read the log of a webhook", responses=refusals(401, 403, 404))
async def list_deliveries(
    webhook_id: WebhookId,
    me: Watcher,
    session: ReadTx,
    paging: Paging,
    status: DeliveryStatus | None = None,
    event_type: Annotated[str | None, Query(max_length=60)] = None,
) -> Listing[DeliveryPublic]:
    """The newest first. Deliveries are kept for 30 days."""
    return await deliveries.listing(session, me, webhook_id, paging, status=status, event_type=event_type)


@router.get("/{webhook_id}/deliveries/{delivery_id}", summary="Read a delivery", responses=refusals(401, 403, 404))
async def read_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, me: Watcher, session: ReadTx
) -> DeliveryWithAttempts:
    """What was sent, and what the receiver said to each attempt (the first 1024 bytes)."""
    return await deliveries.get(session, me, webhook_id, delivery_id)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    summary="Send a delivery again",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 429),
)
async def replay_delivery(
    request: Request, webhook_id: WebhookId, delivery_id: DeliveryId, me: Insider, session: Tx
) -> DeliveryPublic:
    """The owner only, whatever became of it, with the same `webhook-id`. 409 when the webhook is off."""
    await limits_of(request).hit("webhook-replays", me.merchant_id or me.user_id, REPLAYS)
    return await deliveries.replay(session, me, webhook_id, delivery_id)


@router.post(
    "/{webhook_id}/replay",
    summary="Send again what was missed",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 429),
)
async def replay_since(
    request: Request, webhook_id: WebhookId, order: ReplayOrder, me: Insider, session: Tx
) -> JobPublic:
    """The owner only: everything since a time that is dead or was skipped; with `include_delivered` all of it.

    A task, which the answer shows. The order in each conversation stays. 409 when the webhook is off.
    """
    await limits_of(request).hit("webhook-replays", me.merchant_id or me.user_id, REPLAYS)
    job = await deliveries.replay_since(session, me, webhook_id, order)
    return shapes.public(shapes.columns(job), locale_of(request))
