"""The admin's wall: every conversation of every shop, live and read only. No composer stands in these pages."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import users
from app.accounts.viewers import AdminAtDesk, viewer
from app.chat import conversations, inbox
from app.chat.inbox import ConversationFilters
from app.chat.models import ConversationPublic, Status
from app.kernel.config import settings_of
from app.kernel.db import ReadTx
from app.kernel.html import render
from app.kernel.identity import Identity, Role
from app.kernel.models import PathId
from app.kernel.paging import MAX_PAGE_SIZE, Page

FIRST_PAGE = 30

router = APIRouter()


@router.get("/admin/conversations")
async def wall(request: Request, me: AdminAtDesk, session: ReadTx) -> Response:
    """All conversations, moving as it happens."""
    return await _wall(request, session, me, None)


@router.get("/admin/conversations/{conversation_id}")
async def watched_conversation(request: Request, conversation_id: PathId, me: AdminAtDesk, session: ReadTx) -> Response:
    """One conversation, read only."""
    return await _wall(request, session, me, await conversations.get(session, me, conversation_id))


async def _wall(request: Request, session: AsyncSession, me: Identity, opened: ConversationPublic | None) -> Response:
    settings = settings_of(request)
    _, merchants = await users.listing(session, settings, Page(page_size=MAX_PAGE_SIZE), Role.MERCHANT)
    asked = {name: request.query_params.get(name, "")[:100] for name in ("merchant", "status", "name")}
    found = await inbox.listing(session, me, _filters(asked), Page(page_size=FIRST_PAGE))
    page = {
        "me": (await viewer(request, session, me)).model_dump(mode="json"),
        "team": [person.model_dump(mode="json") for person in merchants],
        "conversations": found.model_dump(mode="json"),
        "open": opened.model_dump(mode="json") if opened else None,
        "mediaOrigin": settings.base_url,
    }
    shops = [person for person in merchants if person.merchant_id == person.id]
    shown: dict[str, Any] = {"page": page, "shops": shops, "asked": asked}
    return render(request, "admin/conversations.html", me=page["me"], place="conversations", **shown)


def _filters(asked: dict[str, str]) -> ConversationFilters:
    """What an address asks for; a status that does not exist is none."""
    status = Status(asked["status"]) if asked["status"] in set(Status) else None
    return ConversationFilters(merchant_id=asked["merchant"] or None, status=status, q=asked["name"] or None)
