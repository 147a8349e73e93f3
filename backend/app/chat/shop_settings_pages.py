"""The page of a shop's settings: its owner changes them, its agents look at them."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import shop_settings
from app.accounts.access import owns_shop, shop_of
from app.accounts.shop_settings import ShopSettingsChange
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import retention
from app.chat.retention import RetentionPreview
from app.kernel import forms
from app.kernel.db import Database, ReadTx, database_of
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.identity import Identity

router = APIRouter(prefix="/settings/shop")
FIELDS = ("auto_resolve_after_hours", "warn_before_hours", "auto_resolve_warning", "retention_days", "typing_preview")


@router.get("")
async def settings_page(request: Request, me: MerchantAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """The form as it was saved."""
    found = await shop_settings.read(session, me)
    return await _page(request, session, me, found.model_dump(include=set(FIELDS)), is_saved=saved)


@router.post("")
async def change_settings(request: Request, me: MerchantAtDesk) -> Response:
    """Save the form, or show it again with what is wrong (422). 403 for agents."""
    db: Database = database_of(request)
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
    try:
        wanted = ShopSettingsChange.model_validate({name: typed[name] or _nothing(name) for name in FIELDS})
        await db.write(lambda session: shop_settings.change(session, me, wanted))
    except ValidationError as error:
        problems = {str(problem["loc"][0]) for problem in error.errors()}
    except AppError as error:
        if error.status != 422:
            raise
        problems = {"warn_before_hours"}
    else:
        return RedirectResponse("/settings/shop?saved=true", 303)
    async with db.reading() as session:
        return await _page(request, session, me, typed, problems, 422)


@router.get("/retention")
async def retention_preview(
    request: Request, me: MerchantAtDesk, session: ReadTx, retention_days: str = ""
) -> Response:
    """The line below the field: what this limit would delete."""
    return render(request, "settings/_retention.html", preview=await _preview(session, me, retention_days))


async def _preview(session: AsyncSession, me: Identity, typed: object) -> RetentionPreview | None:
    try:
        days = ShopSettingsChange.model_validate({"retention_days": typed or None}).retention_days
    except ValidationError:
        return None
    return await retention.preview(session, shop_of(me), days) if days else None


def _nothing(name: str) -> Any:
    """What an empty field stands for."""
    defaults = ShopSettingsChange()
    return getattr(defaults, name)


async def _page(
    request: Request,
    session: AsyncSession,
    me: Identity,
    typed: dict[str, Any],
    problems: set[str] | None = None,
    status_code: int = 200,
    *,
    is_saved: bool = False,
) -> Response:
    return render(
        request,
        "settings/shop.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="shop",
        typed={name: "" if value is None else value for name, value in typed.items()},
        problems=problems or set(),
        is_owner=await owns_shop(session, me),
        is_saved=is_saved,
        preview=await _preview(session, me, typed["retention_days"]),
    )
