"""The verbs of endpoints: create, change, remove, rotate the secret, test."""

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff
from app.kernel import events
from app.kernel.clock import now
from app.kernel.db import settings_in
from app.kernel.errors import Conflict
from app.kernel.identity import Identity
from app.kernel.ids import new_id
from app.kernel.paging import Listing, Page
from app.webhooks import access, envelopes, guard, lanes, listening, signing
from app.webhooks.event_types import MESSAGE_CREATED, TEST
from app.webhooks.events import WebhooksChanged
from app.webhooks.models import DisabledReason, WebhookDelivery, WebhookEndpoint, WebhookEvent
from app.webhooks.shapes import WebhookChange, WebhookCreate, WebhookPublic, WebhookWithSecret

MAX_ENDPOINTS = 20  # of one shop
OVERLAP_SECONDS = 86_400  # for which the secret before a rotation signs too
MAX_LISTED = 1000


async def listing(
    session: AsyncSession, me: Identity, page: Page, merchant_id: str | None = None
) -> Listing[WebhookPublic]:
    """The shop's endpoints, the oldest first; for admins everybody's, or those of `merchant_id`."""
    wanted = [access.seen_by(me)]
    if merchant_id is not None:
        wanted.append(col(WebhookEndpoint.merchant_id) == merchant_id)
    count = (await session.exec(select(func.count()).select_from(WebhookEndpoint).where(*wanted))).one()
    query = select(WebhookEndpoint).where(*wanted).order_by(col(WebhookEndpoint.id))
    rows = await session.exec(query.offset(page.offset).limit(page.page_size))
    return Listing(count=count, results=[WebhookPublic.model_validate(row) for row in rows])


async def get(session: AsyncSession, me: Identity, webhook_id: int) -> WebhookPublic:
    """One that the caller may see."""
    return WebhookPublic.model_validate(await access.endpoint(session, me, webhook_id))


async def create(session: AsyncSession, me: Identity, draft: WebhookCreate) -> WebhookWithSecret:
    """A new endpoint with a secret of its own. Only what happens from now on is sent to it."""
    merchant_id = await access.own_shop(session, me)
    settings = settings_in(session)
    guard.parse(settings, draft.url)
    # The owner's row is the lock: two at once must not both be the twentieth.
    await session.exec(select(Staff).where(Staff.user_id == merchant_id).with_for_update())
    mine = col(WebhookEndpoint.merchant_id) == merchant_id
    if (await session.exec(select(func.count()).select_from(WebhookEndpoint).where(mine))).one() >= MAX_ENDPOINTS:
        raise Conflict("too_many_webhooks", "A shop can have at most {max} webhooks.", max=MAX_ENDPOINTS)
    secret = signing.new_secret()
    before = await listening.what(session, merchant_id)
    row = WebhookEndpoint(
        **draft.model_dump(), merchant_id=merchant_id, sealed_secret=signing.seal(settings, secret)
    )  # fmt: skip
    session.add(row)
    await _changed(session, row, before)
    return _with_secret(row, secret)


async def change(session: AsyncSession, me: Identity, webhook_id: int, change: WebhookChange) -> WebhookPublic:
    """Change what is named. What waits for an endpoint that is switched off is skipped."""
    row = await access.own_endpoint(session, me, webhook_id)
    values = change.model_dump(exclude_unset=True)
    if "url" in values:
        guard.parse(settings_in(session), values["url"])
    before = await listening.what(session, row.merchant_id)
    is_enabled = values.pop("is_enabled", row.is_enabled)
    if is_enabled and not row.is_enabled:
        afresh = {"disabled_reason": None, "disabled_at": None, "failing_since": None, "rest_until": None}
        values |= afresh | {"is_enabled": True}
    row.sqlmodel_update(values | {"updated_at": now()})
    if row.is_enabled and not is_enabled:
        await lanes.switch_off(session, row, DisabledReason.OWNER)
    await _changed(session, row, before)
    return WebhookPublic.model_validate(row)


async def remove(session: AsyncSession, me: Identity, webhook_id: int) -> None:
    """Delete an endpoint with its log."""
    row = await access.own_endpoint(session, me, webhook_id)
    await session.delete(row)
    await session.flush()
    await events.emit(session, WebhooksChanged(merchant_id=row.merchant_id))


async def rotate_secret(session: AsyncSession, me: Identity, webhook_id: int) -> WebhookWithSecret:
    """A new secret. For 24 hours the old one signs too, so that receivers lose nothing while they change over."""
    row = await access.own_endpoint(session, me, webhook_id)
    secret = signing.new_secret()
    row.sqlmodel_update(
        {
            "sealed_old_secret": row.sealed_secret,
            "old_secret_until": now() + OVERLAP_SECONDS,
            "sealed_secret": signing.seal(settings_in(session), secret),
            "updated_at": now(),
        }
    )
    await session.flush()
    return _with_secret(row, secret)


async def test(session: AsyncSession, me: Identity, webhook_id: int) -> int:
    """Send a test event, once; answers the id of its delivery. 409 for an endpoint that is off."""
    row = await access.own_endpoint(session, me, webhook_id)
    if not row.is_enabled:
        raise Conflict("webhook_disabled", "This webhook is off. Switch it on first.")
    event_id, at = new_id(), now()
    body = envelopes.envelope(
        settings_in(session), event_id, TEST, row.merchant_id, f"webhooks/{row.id}", at,
        {"sequence": 1, "webhook_id": str(row.id), "tested_by": me.user_id},
    )  # fmt: skip
    event = WebhookEvent(
        id=event_id, merchant_id=row.merchant_id, event_type=TEST, sequence=1, body=body.decode(), created_at=at
    )
    session.add(event)
    await session.flush()
    await lanes.add(session, row, {event_id: [event]}, at)
    mine = select(WebhookDelivery.id).where(col(WebhookDelivery.event_id) == event_id)
    return (await session.exec(mine)).one()


async def _changed(session: AsyncSession, row: WebhookEndpoint, before: set[str]) -> None:
    """When nobody listened to the shop, or to its messages, and now somebody does: what was before is no news."""
    await session.flush()
    after = await listening.what(session, row.merchant_id)
    if (after and not before) or (MESSAGE_CREATED in after and MESSAGE_CREATED not in before):
        await listening.begin(session, row.merchant_id)
    await events.emit(session, WebhooksChanged(merchant_id=row.merchant_id))


def _with_secret(row: WebhookEndpoint, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret(**WebhookPublic.model_validate(row).model_dump(), secret=secret)
