"""The log of an endpoint as pages, and the buttons that send again."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.kernel.clock import now
from app.kernel.db import ReadTx, Tx
from app.kernel.html import render
from app.kernel.limits import limits_of
from app.kernel.models import PathId
from app.kernel.paging import Page
from app.webhooks import deliveries, endpoints, event_types
from app.webhooks.deliveries_api import REPLAYS
from app.webhooks.models import DeliveryStatus
from app.webhooks.sender import USER_AGENT
from app.webhooks.shapes import ReplayOrder

BASE = "/settings/webhooks"
PAGE_SIZE = 25
HOURS = (1, 6, 24, 72, 168, 720)

router = APIRouter()
WebhookId = PathId
DeliveryId = PathId


@router.get("/{webhook_id}")
async def webhook_page(
    request: Request,
    webhook_id: WebhookId,
    me: MerchantAtDesk,
    session: ReadTx,
    status: str = "",
    event_type: Annotated[str, Query(max_length=60)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """One endpoint: how it is, what was sent; an htmx request gets the rows only."""
    page = Page(page=number, page_size=PAGE_SIZE)
    wanted = {"status": status if status in set(DeliveryStatus) else "", "event_type": event_type}
    found = await deliveries.listing(
        session,
        me,
        webhook_id,
        page,
        status=DeliveryStatus(wanted["status"]) if wanted["status"] else None,
        event_type=event_type or None,
    )
    shown: dict[str, Any] = {
        "webhook": await endpoints.get(session, me, webhook_id),
        "base": BASE,
        "deliveries": found.results,
        "count": found.count,
        "paging": page,
        "wanted": wanted,
    }
    if "hx-request" in request.headers:
        return render(request, "webhooks/_deliveries.html", **shown)
    return render(
        request,
        "webhooks/webhook.html",
        me=await viewer(request, session, me),
        place="settings",
        section="webhooks",
        is_owner=await owns_shop(session, me),
        event_types=list(event_types.ALL),
        statuses=list(DeliveryStatus),
        hours=HOURS,
        **shown,
    )


@router.get("/{webhook_id}/deliveries/{delivery_id}")
async def delivery_page(
    request: Request, webhook_id: WebhookId, delivery_id: DeliveryId, me: MerchantAtDesk, session: ReadTx
) -> Response:
    """What was sent and what came back; an htmx request gets the changing part only."""
    delivery = await deliveries.get(session, me, webhook_id, delivery_id)
    shown: dict[str, Any] = {
        "webhook": await endpoints.get(session, me, webhook_id),
        "base": BASE,
        "delivery": delivery,
        "is_owner": await owns_shop(session, me),
    }
    if "hx-request" in request.headers:
        return render(request, "webhooks/_attempts.html", **shown)
    body = orjson.dumps(delivery.body, option=orjson.OPT_INDENT_2).decode()
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("webhook-id", delivery.event_id),
        ("webhook-timestamp", str(delivery.log[0].at) if delivery.log else "…"),
        ("webhook-signature", "v1,…"),
    ]
    return render(
        request,
        "webhooks/delivery.html",
        me=await viewer(request, session, me),
        place="settings",
        section="webhooks",
        body=body,
        headers=headers,
        **shown,
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_delivery(
    request: Request, webhook_id: WebhookId, delivery_id: DeliveryId, me: MerchantAtDesk, session: Tx
) -> Response:
    """Send one again, and on to how it goes."""
    await limits_of(request).hit("webhook-replays", me.merchant_id or me.user_id, REPLAYS)
    await deliveries.replay(session, me, webhook_id, delivery_id)
    return RedirectResponse(f"{BASE}/{webhook_id}/deliveries/{delivery_id}", 303)


@router.post("/{webhook_id}/replay")
async def replay_since(
    request: Request,
    webhook_id: WebhookId,
    me: MerchantAtDesk,
    session: Tx,
    hours: Annotated[int, Form(ge=1, le=720)],
    include_delivered: Annotated[bool, Form()] = False,
) -> Response:
    """Send again what was missed in the last hours, and on to the task that does it."""
    await limits_of(request).hit("webhook-replays", me.merchant_id or me.user_id, REPLAYS)
    order = ReplayOrder(since=max(0, now() - hours * 3600), include_delivered=include_delivered)
    job = await deliveries.replay_since(session, me, webhook_id, order)
    return RedirectResponse(f"/tasks/{job.id}", 303)
