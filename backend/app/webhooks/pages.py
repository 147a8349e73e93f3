"""Webhooks as pages of the console: the endpoints of the shop and their forms. The log is in `deliveries_pages.py`."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import owns_shop
from app.accounts.viewers import MerchantAtDesk, viewer
from app.kernel import forms
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.limits import limits_of
from app.kernel.models import PathId
from app.kernel.paging import Page
from app.webhooks import deliveries_pages, endpoints, event_types
from app.webhooks.api import TESTS
from app.webhooks.shapes import WebhookChange, WebhookCreate, WebhookWithSecret

BASE = "/settings/webhooks"
router = APIRouter(prefix=BASE)
WebhookId = PathId


@router.get("")
async def webhooks_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """All endpoints of the shop and how they are."""
    found = await endpoints.listing(session, me, Page(page_size=endpoints.MAX_ENDPOINTS))
    return await _render(
        request, session, me, "index", webhooks=found.results, most=endpoints.MAX_ENDPOINTS, count=found.count
    )


@router.get("/new")
async def new_webhook_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The form of a new one."""
    typed = {"url": "", "description": "", "event_types": list(event_types.CHOSEN)}
    return await _render(request, session, me, "form", webhook=None, typed=typed, problem=None)


@router.post("")
async def create_webhook(request: Request, me: MerchantAtDesk) -> Response:
    """Make one and show its secret, or the form again with what is wrong."""
    return await _submitted(request, me, None)


@router.get("/{webhook_id}/edit")
async def edit_webhook_page(request: Request, webhook_id: WebhookId, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The form of one that is there."""
    webhook = await endpoints.get(session, me, webhook_id)
    return await _render(request, session, me, "form", webhook=webhook, typed=webhook.model_dump(), problem=None)


@router.post("/{webhook_id}/edit")
async def change_webhook(request: Request, webhook_id: WebhookId, me: MerchantAtDesk) -> Response:
    """Save the form, or show it again with what is wrong."""
    return await _submitted(request, me, webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate_secret(request: Request, webhook_id: WebhookId, me: MerchantAtDesk, session: Tx) -> Response:
    """A new secret, shown once."""
    return await _secret(request, session, me, await endpoints.rotate_secret(session, me, webhook_id), is_new=False)


@router.post("/{webhook_id}/on")
async def switch_on(webhook_id: WebhookId, me: MerchantAtDesk, session: Tx) -> Response:
    """Send again from now on."""
    await endpoints.change(session, me, webhook_id, WebhookChange(is_enabled=True))
    return RedirectResponse(f"{BASE}/{webhook_id}", 303)


@router.post("/{webhook_id}/off")
async def switch_off(webhook_id: WebhookId, me: MerchantAtDesk, session: Tx) -> Response:
    """Send nothing any more."""
    await endpoints.change(session, me, webhook_id, WebhookChange(is_enabled=False))
    return RedirectResponse(f"{BASE}/{webhook_id}", 303)


@router.post("/{webhook_id}/delete")
async def delete_webhook(webhook_id: WebhookId, me: MerchantAtDesk, session: Tx) -> Response:
    """Delete one with its log."""
    await endpoints.remove(session, me, webhook_id)
    return RedirectResponse(BASE, 303)


@router.post("/{webhook_id}/test")
async def send_test(request: Request, webhook_id: WebhookId, me: MerchantAtDesk, session: Tx) -> Response:
    """Send a test, and on to how it goes."""
    await limits_of(request).hit("webhook-tests", me.merchant_id or me.user_id, TESTS)
    delivery_id = await endpoints.test(session, me, webhook_id)
    return RedirectResponse(f"{BASE}/{webhook_id}/deliveries/{delivery_id}", 303)


async def _submitted(request: Request, me: Identity, webhook_id: int | None) -> Response:
    db: Database = database_of(request)
    async with forms.opened(request) as form:
        typed: dict[str, Any] = {
            "url": str(form.get("url", "")).strip(),
            "description": str(form.get("description", "")).strip(),
            "event_types": [str(one) for one in form.getlist("event_types")],
        }
    problem: tuple[str, str]
    try:
        if webhook_id is not None:
            change = WebhookChange.model_validate(typed)
            await db.write(lambda session: endpoints.change(session, me, webhook_id, change))
            return RedirectResponse(f"{BASE}/{webhook_id}", 303)
        draft = WebhookCreate.model_validate(typed)
        made = await db.write(lambda session: endpoints.create(session, me, draft))
    except ValidationError as error:
        problem = (str(error.errors()[0]["loc"][0]), "")
    except AppError as error:
        if error.status not in (400, 409):
            raise
        problem = ("url", translate(error.text, locale_of(request), **error.params))
    else:
        async with db.reading() as session:
            return await _secret(request, session, me, made, is_new=True)
    async with db.reading() as session:
        webhook = None if webhook_id is None else await endpoints.get(session, me, webhook_id)
        return await _render(request, session, me, "form", 422, webhook=webhook, typed=typed, problem=problem)


async def _secret(
    request: Request, session: AsyncSession, me: Identity, made: WebhookWithSecret, *, is_new: bool
) -> Response:
    return await _render(request, session, me, "secret", 201 if is_new else 200, webhook=made, is_new=is_new)


async def _render(
    request: Request, session: AsyncSession, me: Identity, name: str, status_code: int = 200, **shown: Any
) -> Response:
    return render(
        request,
        f"webhooks/{name}.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="webhooks",
        base=BASE,
        is_owner=await owns_shop(session, me),
        event_types=[one for one in event_types.ALL.values() if one.is_chosen],
        **shown,
    )


router.include_router(deliveries_pages.router)
