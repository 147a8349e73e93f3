"""The wall: every shop as a card whose figures move while people write. It only shows; nothing on it can be written."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.viewers import AdminAtDesk, viewer
from app.chat import inbox
from app.chat.api import TheDesk
from app.chat.inbox import ConversationFilters
from app.kernel.config import InUse
from app.kernel.db import ReadTx
from app.kernel.html import render
from app.kernel.identity import Admin
from app.kernel.paging import MAX_PAGE_SIZE, Listing, Page
from app.kernel.refusals import refusals
from app.overview import wall
from app.overview.wall import ShopNow

router = APIRouter()
api = APIRouter(tags=["audit"])


@router.get("/admin/wall")
async def wall_page(request: Request, me: AdminAtDesk, session: ReadTx, settings: InUse, desk: TheDesk) -> Response:
    """All shops, with the conversations of each that moved last."""
    frame = await viewer(request, session, me)
    latest = await inbox.listing(session, me, ConversationFilters(), Page(page_size=MAX_PAGE_SIZE))
    found = await wall.shops(session, settings, desk.presence.is_here)
    page = {
        "me": frame.model_dump(mode="json"),
        "shops": [one.model_dump(mode="json") for one in found],
        "conversations": latest.model_dump(mode="json"),
    }
    return render(request, "admin/wall.html", me=frame, place="conversations", page=page)


@api.get("/wall/", summary="How the shops stand now", responses=refusals(401, 403))
async def read_shops_now(_: Admin, session: ReadTx, settings: InUse, desk: TheDesk) -> Listing[ShopNow]:
    """Open and waiting conversations, messages of the last minute and people online, by shop. Admins only."""
    found = await wall.shops(session, settings, desk.presence.is_here)
    return Listing(count=len(found), results=found)
