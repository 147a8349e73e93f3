"""The team as pages of the console: who answers, who is invited, and how a question finds its person."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, invitations, shop_settings, staff
from app.accounts.invitations import InvitationDraft, InvitationState, InvitationWithLink
from app.accounts.models import StaffRole
from app.accounts.names import USER_ID_PATTERN
from app.accounts.shapes import MAX_CAPACITY, StaffChange, StaffCreate
from app.accounts.shop_settings import MAX_RETURN_MINUTES, ShopSettingsChange
from app.accounts.staff_api import INVITATIONS
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import team
from app.chat.desk import desk_of
from app.kernel import forms
from app.kernel.config import settings_of
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.limits import limits_of
from app.kernel.models import PathId

BASE = "/settings/team"
router = APIRouter(prefix=BASE)
MemberId = Annotated[str, Path(pattern=USER_ID_PATTERN)]
Problems = dict[str, str]
"""Field → what is wrong with it; empty text: the page's own words."""


@router.get("")
async def team_page(request: Request, me: MerchantAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """Everybody, the invitations, and how routing is set."""
    return await _page(request, session, me, is_saved=saved)


@router.get("/people")
async def people_part(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """Only the list, for a page that follows what happens."""
    return render(request, "settings/_team_people.html", **await _people(request, session, me))


@router.post("/invitations")
async def invite(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Make a link and show it this once."""
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in ("role", "email", "locale")}
    problems: Problems = {}
    made: InvitationWithLink | None = None
    try:
        draft = InvitationDraft.model_validate({name: value for name, value in typed.items() if value})
        await limits_of(request).hit("invitations", access.shop_of(me), INVITATIONS)
        made = await db.write(lambda session: invitations.create(session, me, draft))
        typed = {}
    except ValidationError:
        problems["email"] = ""
    except AppError as error:
        problems["email"] = _said(request, error)
    async with db.reading() as session:
        return await _page(
            request, session, me, 201 if made else 422, form="invite", typed=typed, problems=problems, made=made
        )


@router.post("/invitations/{invitation_id}/revoke")
async def revoke(invitation_id: PathId, me: MerchantAtDesk, session: Tx) -> Response:
    """Take one back."""
    await invitations.revoke(session, me, invitation_id)
    return RedirectResponse(f"{BASE}#invitations", 303)


@router.post("/people")
async def add_agent(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Make an account with a password that the owner hands over."""
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in ("username", "display_name", "password")}
    try:
        await staff.add(db, settings_of(request), me, StaffCreate.model_validate(typed))
    except ValidationError as error:
        problems = {str(one["loc"][0]): "" for one in error.errors()}
    except AppError as error:
        problems = {"username": _said(request, error)}
    else:
        return RedirectResponse(f"{BASE}?saved=true", 303)
    async with db.reading() as session:
        return await _page(request, session, me, 422, form="add", typed=typed, problems=problems)


@router.post("/routing")
async def change_routing(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Save how a conversation finds somebody."""
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in ("routing", "return_after_minutes")}
    try:
        wanted = ShopSettingsChange.model_validate(
            {"routing": typed["routing"], "return_after_minutes": typed["return_after_minutes"] or None}
        )
        await db.write(lambda session: shop_settings.change(session, me, wanted))
    except ValidationError as error:
        async with db.reading() as session:
            problems = {str(one["loc"][0]): "" for one in error.errors()}
            return await _page(request, session, me, 422, form="routing", typed=typed, problems=problems)
    desk_of(request).reactions.refresh_soon()
    return RedirectResponse(f"{BASE}?saved=true", 303)


@router.get("/{user_id}")
async def member_page(request: Request, user_id: MemberId, me: MerchantAtDesk, session: ReadTx) -> Response:
    """One member: role, room, and the way out."""
    return await _member(request, session, me, user_id)


@router.post("/{user_id}")
async def change_member(request: Request, user_id: MemberId, me: MerchantAtDesk, db: Db) -> Response:
    """Save role and capacity."""
    async with forms.opened(request) as form:
        typed = {name: str(form[name]).strip() for name in ("role", "capacity") if name in form}
    try:
        wanted = StaffChange.model_validate(typed)
        await db.write(lambda session: staff.change(session, settings_of(request), me, user_id, wanted))
    except ValidationError as error:
        problems = {str(one["loc"][0]): "" for one in error.errors()}
    except AppError as error:
        if error.status != 409:
            raise
        problems = {"role": _said(request, error)}
    else:
        return RedirectResponse(f"{BASE}?saved=true", 303)
    async with db.reading() as session:
        return await _member(request, session, me, user_id, 422, typed, problems)


@router.post("/{user_id}/remove")
async def remove_member(user_id: MemberId, me: MerchantAtDesk, session: Tx) -> Response:
    """Take somebody off the team."""
    await staff.remove(session, me, user_id)
    return RedirectResponse(f"{BASE}?saved=true", 303)


async def _people(request: Request, session: AsyncSession, me: Identity) -> dict[str, Any]:
    at_work = await team.at_work(session, me, desk_of(request).presence)
    wishes = await shop_settings.of(session, access.shop_of(me))
    return {
        "people": at_work.results,
        "waiting": at_work.waiting,
        "my_id": me.user_id,
        "is_routing": wishes.routing != "off",
        "is_owner": any(one.user_id == me.user_id and one.role is StaffRole.OWNER for one in at_work.results),
    }


async def _page(
    request: Request,
    session: AsyncSession,
    me: Identity,
    status_code: int = 200,
    *,
    form: str = "",
    typed: dict[str, str] | None = None,
    problems: Problems | None = None,
    made: InvitationWithLink | None = None,
    is_saved: bool = False,
) -> Response:
    shown = await _people(request, session, me)
    wishes = await shop_settings.of(session, access.shop_of(me))
    invited = await invitations.listing(session, me) if shown["is_owner"] else []
    return render(
        request,
        "settings/team.html",
        status_code,
        me=await viewer(request, session, me),
        place="settings",
        section="team",
        form=form,
        typed=typed or {},
        problems=problems or {},
        made=made,
        is_saved=is_saved,
        wishes={"routing": wishes.routing, "return_after_minutes": wishes.return_after_minutes or ""},
        invited=[one for one in invited if one.state is InvitationState.OPEN],
        most_minutes=MAX_RETURN_MINUTES,
        good_days=invitations.GOOD_DAYS,
        **shown,
    )


async def _member(
    request: Request,
    session: AsyncSession,
    me: Identity,
    user_id: str,
    status_code: int = 200,
    typed: dict[str, str] | None = None,
    problems: Problems | None = None,
) -> Response:
    member = await staff.get(session, settings_of(request), me, user_id)
    counts = await team.open_counts(session, access.shop_of(me))
    frame = await viewer(request, session, me)
    return render(
        request,
        "settings/team_member.html",
        status_code,
        me=frame,
        place="settings",
        section="team",
        member=member,
        open_count=counts.get(user_id, 0),
        typed={"role": member.role, "capacity": member.capacity} | (typed or {}),
        problems=problems or {},
        is_owner=frame.is_owner,
        is_fixed=user_id in (me.user_id, me.merchant_id),
        most=MAX_CAPACITY,
    )


def _said(request: Request, error: AppError) -> str:
    if error.status not in (400, 409, 429):
        raise error
    return translate(error.text, locale_of(request), **error.params)
