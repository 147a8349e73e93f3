"""The page of reports: how it stands now, a range of days beside the one before, charts with their tables, CSV.

Everybody of a shop sees the shop's numbers; of the numbers of people an agent sees the own ones only.
"""

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, staff
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat import reports, reports_csv, reports_range, reports_reading, reports_tables
from app.chat.reports_csv import Sheet
from app.chat.reports_range import Days
from app.kernel.clock import now
from app.kernel.config import InUse, Settings, settings_of
from app.kernel.db import Db, ReadTx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity

RANGES = {"today": 1, "7": 7, "30": 30, "90": 90}

router = APIRouter(prefix="/reports")
Range = Annotated[str, Query(alias="range", pattern="^(today|7|30|90|own)$")]
Day = Annotated[str, Query(max_length=10)]


@router.get("")
async def reports_page(
    request: Request, me: MerchantAtDesk, db: Db, settings: InUse, name: Range = "7", first: Day = "", last: Day = ""
) -> Response:
    """The figures of a range; an htmx request gets them without the frame."""
    problem = ""
    try:
        days = _days(settings, name, first, last)
    except AppError as error:
        days, problem = Days(*[reports.today(settings)] * 2), translate(error.text, locale_of(request), **error.params)
    found, before, is_missing = await reports_range.read(db, settings, access.shop_of(me), days)
    total = reports_range.totals(found)
    async with db.reading() as session:
        shown = await _shown(session, me, total)
        frame = {"me": await viewer(request, session, me), "place": "reports"}
        now_there = await _live(request, session, me)
    asked = {"range": name} | ({"first": first, "last": last} if name == "own" else {})
    shown |= {
        "asked": {"range": name, "first": first or days.first.isoformat(), "last": last or days.last.isoformat()},
        "query": urlencode(asked), "days": days, "problem": problem, "total": total, "before": before,
        "is_missing": is_missing, "time_zone": settings.time_zone, "today": reports.today(settings).isoformat(),
        "figures": reports_tables.figures(found, days, total, before, locale_of(request)),
    }  # fmt: skip
    if "hx-request" in request.headers:
        return render(request, "reports/_figures.html", **shown)
    return render(request, "reports/reports.html", 422 if problem else 200, **frame, **shown, **now_there)


@router.get("/live")
async def live_numbers(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """How it stands now, for a page that stays open."""
    return render(request, "reports/_live.html", **await _live(request, session, me))


@router.get("/csv")
async def download(
    request: Request, me: MerchantAtDesk, db: Db, settings: InUse, sheet: Sheet = Sheet.DAYS, name: Range = "7",
    first: Day = "", last: Day = "",
) -> Response:  # fmt: skip
    """One table of a range for spreadsheets, with headings in the reader's language. 422 for days that are none."""
    days = _days(settings, name, first, last)
    found, _, _ = await reports_range.read(db, settings, access.shop_of(me), days)
    total = reports_range.totals(found)
    async with db.reading() as session:
        shown = await _shown(session, me, total)
    text = reports_csv.text(sheet, [day for day in found if day is not None], total | shown, locale_of(request))
    file = f"{sheet}-{days.first}-{days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/csv", headers=headers)


def _days(settings: Settings, name: str, first: str, last: str) -> Days:
    today = reports.today(settings)
    if name != "own":
        return Days(today - timedelta(days=RANGES[name] - 1), today)
    try:
        days = Days(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise AppError(422, "bad_days", "Choose a first and a last day.") from error
    reports.check_days(settings, days.first, days.last)
    return days


async def _shown(session: AsyncSession, me: Identity, total: dict[str, Any]) -> dict[str, Any]:
    """People with their names: all of them for owners, oneself for agents."""
    is_owner = await access.owns_shop(session, me)
    agents = [one for one in total["agents"] if is_owner or one["user_id"] == me.user_id]
    names = await reports_reading.names_of(session, [one["user_id"] for one in agents])
    named = [one | {"name": names.get(one["user_id"], one["user_id"])} for one in agents]
    return {"agents": named, "is_owner": is_owner}


async def _live(request: Request, session: AsyncSession, me: Identity) -> dict[str, Any]:
    shop, is_online = access.shop_of(me), request.app.state.is_online
    team = await staff.listing(session, settings_of(request), shop)
    there = sum(1 for one in team if is_online(one.id))
    standing = await reports_range.live(session, shop)
    oldest = None if standing.oldest is None else max(0, now() - standing.oldest)
    return {"live": standing, "oldest": oldest, "online": there, "team_size": len(team)}
