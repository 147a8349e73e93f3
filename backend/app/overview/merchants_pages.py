"""Shops as admins see them: who owns them, how many work there, what waits; and the door that closes one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.accounts.viewers import AdminAtDesk, viewer
from app.kernel.config import settings_of
from app.kernel.db import ReadTx
from app.kernel.html import render
from app.kernel.paging import MAX_PAGE, Page
from app.overview import people

PAGE_SIZE = 20
STATES = {"active": False, "suspended": True}

router = APIRouter(prefix="/admin/merchants")


class ShopFilters(BaseModel):
    """What the list is narrowed to."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    q: str = Field(default="", max_length=100)
    state: str = Field(default="", max_length=20)


@router.get("")
async def merchants_page(
    request: Request, me: AdminAtDesk, session: ReadTx, wanted: Annotated[ShopFilters, Query()]
) -> Response:
    """Every shop by name. Suspending and restoring stand on the owner's page."""
    page = Page(page=wanted.page, page_size=PAGE_SIZE)
    settings = settings_of(request)
    count, found = await people.shops(session, settings, page, wanted.q, STATES.get(wanted.state))
    shown: dict[str, Any] = {"shops": found, "count": count, "paging": page, "wanted": wanted}
    frame = await viewer(request, session, me)
    return render(request, "admin/merchants.html", me=frame, place="users", **shown)
