"""The HTML door of the chat: the merchant's desk. The buyer's page and the loader are in `widget_pages.py`."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import preferences, staff
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import (
    admin_pages,
    conversations,
    inbox,
    labels,
    labels_pages,
    quick_reply_pages,
    shop_settings_pages,
    team_pages,
    views,
    widget_pages,
)
from app.chat.inbox import ConversationFilters
from app.chat.models import ConversationPublic, Status
from app.kernel.config import Settings, settings_of
from app.kernel.db import ReadTx
from app.kernel.html import render
from app.kernel.identity import Identity
from app.kernel.models import PathId
from app.kernel.paging import Page

FIRST_PAGE = 30

router = APIRouter()
router.include_router(quick_reply_pages.router)
router.include_router(labels_pages.router)
router.include_router(admin_pages.router)
router.include_router(shop_settings_pages.router)
router.include_router(team_pages.router)
router.include_router(widget_pages.router)
ConversationId = PathId


@router.get("/inbox")
async def inbox_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """The desk with nothing open."""
    return await _desk(request, session, me, None)


@router.get("/inbox/{conversation_id}")
async def conversation_page(
    request: Request, conversation_id: ConversationId, me: MerchantAtDesk, session: ReadTx
) -> Response:
    """The desk with one conversation open; 404 for a foreign one."""
    return await _desk(request, session, me, await conversations.get(session, me, conversation_id))


async def _desk(request: Request, session: AsyncSession, me: Identity, opened: ConversationPublic | None) -> Response:
    settings = settings_of(request)
    filters = ConversationFilters(status=Status.OPEN)
    first = await inbox.listing(session, me, filters, Page(page_size=FIRST_PAGE))
    page = {
        "me": (await viewer(request, session, me)).model_dump(mode="json"),
        "preferences": (await preferences.of(session, me.user_id)).model_dump(),
        "team": await team_of(session, settings, me.merchant_id or ""),
        "labels": await labels.colors(session, me),
        "views": [one.model_dump(mode="json") for one in (await views.listing(session, me)).results],
        "filter": {"assignee": "", "status": filters.status},
        "conversations": first.model_dump(mode="json"),
        "counts": (await inbox.counts(session, me, filters)).model_dump(),
        "open": opened.model_dump(mode="json") if opened else None,
        **limits_of_uploads(settings),
    }
    return render(request, "chat/inbox.html", me=page["me"], place="inbox", page=page)


async def team_of(session: AsyncSession, settings: Settings, merchant_id: str) -> list[dict[str, Any]]:
    """Who may speak for a shop, so that a thread can name them."""
    return [person.model_dump(mode="json") for person in await staff.listing(session, settings, merchant_id)]


def limits_of_uploads(settings: Settings) -> dict[str, Any]:
    """What a composer must know before it sends a file, and where files come from."""
    return {"maxFileSize": settings.max_file_size, "mediaOrigin": settings.base_url}
