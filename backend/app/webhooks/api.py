"""The JSON door of webhooks: endpoints. Their log is in `deliveries_api.py`."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from app.accounts.names import USER_ID_PATTERN
from app.kernel.config import settings_of
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Insider, Watcher
from app.kernel.limits import limits_of
from app.kernel.models import Id, PathId
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals
from app.webhooks import deliveries_api, endpoints, event_types
from app.webhooks.shapes import EventTypePublic, WebhookChange, WebhookCreate, WebhookPublic, WebhookWithSecret

TESTS = "20/minute"  # of one shop: every test is a request to somebody else's server

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
WebhookId = PathId


class TestSent(BaseModel):
    """Where to look how a test went."""

    delivery_id: Id


@router.get("/", summary="List webhooks", responses=refusals(401, 403))
async def list_webhooks(
    me: Watcher,
    session: ReadTx,
    paging: Paging,
    merchant_id: Annotated[str | None, Query(pattern=USER_ID_PATTERN, description="For admins: one shop.")] = None,
) -> Listing[WebhookPublic]:
    """The shop's endpoints, the oldest first; for admins everybody's. Secrets are in no answer."""
    return await endpoints.listing(session, me, paging, merchant_id)


@router.post("/", summary="Create a webhook", status_code=201, responses=refusals(401, 403, 409))
async def create_webhook(draft: WebhookCreate, me: Insider, session: Tx) -> WebhookWithSecret:
    """The owner of a shop only (403 `owner_only`). The secret is in this answer and in no other.

    Only what happens from now on is sent. 400 for an address to which nothing is sent (inner networks, in production
    also `http://`); 409 `too_many_webhooks` above twenty.
    """
    return await endpoints.create(session, me, draft)


@router.get("/event-types/", summary="What can be heard", responses=refusals(401, 403))
async def list_event_types(request: Request, _: Watcher) -> list[EventTypePublic]:
    """Every type of event with the address of its JSON Schema."""
    locale, settings = locale_of(request), settings_of(request)
    return [
        EventTypePublic(
            name=one.name,
            description=translate(one.text, locale),
            schema_url=event_types.schema_url(settings, one.name),
            is_chosen=one.is_chosen,
        )
        for one in event_types.ALL.values()
    ]


@router.get("/{webhook_id}", summary="Read a webhook", responses=refusals(401, 403, 404))
async def read_webhook(webhook_id: WebhookId, me: Watcher, session: ReadTx) -> WebhookPublic:
    """The shop's people and admins; 404 for another shop's."""
    return await endpoints.get(session, me, webhook_id)


@router.put("/{webhook_id}", summary="Change a webhook", responses=refusals(401, 403, 404))
async def change_webhook(webhook_id: WebhookId, change: WebhookChange, me: Insider, session: Tx) -> WebhookPublic:
    """The owner only; absent fields stay. Switching off skips what waits; a replay sends it later."""
    return await endpoints.change(session, me, webhook_id, change)


@router.delete("/{webhook_id}", summary="Delete a webhook", status_code=204, responses=refusals(401, 403, 404))
async def remove_webhook(webhook_id: WebhookId, me: Insider, session: Tx) -> None:
    """The owner only. Its log goes with it."""
    await endpoints.remove(session, me, webhook_id)


@router.post("/{webhook_id}/rotate-secret", summary="Make a new secret", responses=refusals(401, 403, 404))
async def rotate_secret(webhook_id: WebhookId, me: Insider, session: Tx) -> WebhookWithSecret:
    """The owner only. For 24 hours deliveries bear two signatures, one with each secret. Also for a lost secret."""
    return await endpoints.rotate_secret(session, me, webhook_id)


@router.post("/{webhook_id}/test", summary="Send a test", status_code=202, responses=refusals(401, 403, 404, 409, 429))
async def send_test(request: Request, webhook_id: WebhookId, me: Insider, session: Tx) -> TestSent:
    """The owner only. One attempt with `webhook.tested.v1`; how it went is in the log. 409 when the webhook is off."""
    await limits_of(request).hit("webhook-tests", me.merchant_id or me.user_id, TESTS)
    return TestSent(delivery_id=await endpoints.test(session, me, webhook_id))


router.include_router(deliveries_api.router)
