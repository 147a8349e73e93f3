"""The widget's pages: the buyer's chat, its colours, the loader that shops embed, and the builder in the settings."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, identity_keys, shops, widgets
from app.accounts.identity_keys import IdentityKeyWithSecret
from app.accounts.viewers import MerchantAtDesk, viewer
from app.accounts.widgets import Asked, Colour, WidgetChange, WidgetLook
from app.kernel import forms, static_files
from app.kernel.config import InUse, settings_of
from app.kernel.db import Database, ReadTx, Tx, database_of
from app.kernel.html import render
from app.kernel.i18n import locale_of
from app.kernel.identity import Identity, MaybeMe
from app.kernel.models import PathId
from app.kernel.page_security import FRAME_ANCESTORS

LOADER_SECONDS = 300  # shops get a new loader within five minutes
COLOUR_SECONDS = 60
BASE = "/settings/widget"
TEXTS = ("color", "position", "launcher_text", "title", "tagline", "theme", "consent")
ASKED = ("ask_name", "ask_email", "ask_phone", "ask_question")
TICKS = ("ask_rating", "show_team")

router = APIRouter()
Shop = Annotated[str, Path(max_length=50)]


@router.get("/chat/{merchant_id}")
async def buyer_page(
    request: Request, merchant_id: Shop, session: ReadTx, settings: InUse, me: MaybeMe, frame: bool = False,
    preview: bool = False,
) -> Response:  # fmt: skip
    """The shop's chat for anybody: full page or in a frame. Nothing is stored before the first message."""
    if await access.is_suspended(session, merchant_id) and await access.is_shop(session, merchant_id):
        request.scope["state"][FRAME_ANCESTORS] = widgets.frame_ancestors(await widgets.of(session, merchant_id))
        return render(request, "chat/closed.html", 403)
    is_own = preview and me is not None and me.merchant_id == merchant_id
    is_online = bool(request.app.state.is_online(merchant_id))
    shop = await shops.get(session, settings, merchant_id, is_online, is_own=is_own)
    chosen = await widgets.of(session, merchant_id)
    look = widgets.shown(merchant_id, chosen)
    asked = locale_of(request)
    locale = asked if asked in look.languages else look.languages[0]
    page = {
        "shop": shop.model_dump(mode="json"),
        "widget": look.model_dump(mode="json"),
        "isFrame": frame,
        "isPreview": preview,
        "maxFileSize": settings.max_file_size,
        "mediaOrigin": settings.base_url,
    }
    request.scope["state"][FRAME_ANCESTORS] = widgets.frame_ancestors(chosen) if frame and not preview else "'self'"
    theme: dict[str, Any] = {}
    if look.theme != "auto" and not request.query_params.get("theme"):
        theme["theme"] = look.theme
    return render(request, "chat/buyer.html", shop=shop, look=look, page=page, frame=frame, locale=locale, **theme)


@router.get("/chat/{merchant_id}/colours.css")
async def colours(
    merchant_id: Shop, session: ReadTx, _: MaybeMe, color: Annotated[Colour | None, Query()] = None
) -> Response:
    """The shop's colour as a style sheet; with `color` one that is only being tried."""
    look = (await widgets.public(session, merchant_id)) if color is None else WidgetLook(color=color)
    headers = {"Cache-Control": f"public, max-age={COLOUR_SECONDS}"}
    return Response(widgets.stylesheet(look), media_type="text/css", headers=headers)


@router.get("/embed.js")
async def loader(request: Request, _: MaybeMe, settings: InUse) -> Response:
    """What a shop puts on its page. Its address never changes, so it may not be kept for long."""
    headers = {"Cache-Control": f"public, max-age={LOADER_SECONDS}", "Cross-Origin-Resource-Policy": "cross-origin"}
    return static_files.answer(settings.frontend_dir / "static" / "embed.js", request.scope, headers)


@router.get(BASE)
async def builder(request: Request, me: MerchantAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """Look, words and rules of the shop's widget beside the widget itself, and the lines that embed it."""
    typed = (await widgets.read(session, me)).model_dump(mode="json")
    return await _builder(request, session, me, typed, is_saved=saved)


@router.post(BASE)
async def change_widget(request: Request, me: MerchantAtDesk) -> Response:
    """Save the form, or show it again with what is wrong (422). 403 for agents."""
    db: Database = database_of(request)
    async with forms.opened(request) as form:
        typed: dict[str, Any] = {name: str(form.get(name, "")).strip() for name in (*TEXTS, *ASKED)}
        typed |= {name: name in form for name in TICKS}
        typed["languages"] = [str(one) for one in form.getlist("languages")]
        typed["allowed_domains"] = str(form.get("allowed_domains", "")).split()
    try:
        wanted = WidgetChange.model_validate(typed)
    except ValidationError as error:
        problems = {str(problem["loc"][0]) for problem in error.errors()}
        async with db.reading() as session:
            return await _builder(request, session, me, typed, 422, problems=problems)
    await db.write(lambda session: widgets.change(session, me, wanted))
    return RedirectResponse(f"{BASE}?saved=true", 303)


@router.post(f"{BASE}/keys")
async def create_key(request: Request, me: MerchantAtDesk, session: Tx) -> Response:
    """A new identity key, whose secret is on this page only."""
    key = await identity_keys.create(session, me)
    typed = (await widgets.read(session, me)).model_dump(mode="json")
    return await _builder(request, session, me, typed, 201, new_key=key)


@router.post(f"{BASE}/keys/{{key_id}}/revoke")
async def revoke_key(key_id: PathId, me: MerchantAtDesk, session: Tx) -> Response:
    """Nothing signed with it is believed any more."""
    await identity_keys.revoke(session, me, key_id)
    return RedirectResponse(f"{BASE}?saved=true#identity", 303)


async def _builder(
    request: Request,
    session: AsyncSession,
    me: Identity,
    typed: dict[str, Any],
    status_code: int = 200,
    *,
    problems: set[str] | None = None,
    is_saved: bool = False,
    new_key: IdentityKeyWithSecret | None = None,
) -> Response:
    settings = settings_of(request)
    shop_id = me.merchant_id or me.user_id
    shown = await viewer(request, session, me)
    return render(
        request,
        "settings/widget.html",
        status_code,
        me=shown,
        place="settings",
        section="widget",
        typed=typed,
        problems=problems or set(),
        is_saved=is_saved,
        is_owner=shown.is_owner,
        shop_id=shop_id,
        origin=settings.base_url.rstrip("/"),
        asked=[one.value for one in Asked],
        keys=await identity_keys.listing(session, shop_id),
        new_key=new_key,
    )
