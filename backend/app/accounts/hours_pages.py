"""The working hours as a page of the console: the week, the holidays, and what the shop says by itself."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData

from app.accounts import access, hours, opening, opening_words, shop_settings
from app.accounts.hours import MAX_RANGES, Timetable
from app.accounts.opening import DAYS, HolidayDraft, HoursChange
from app.accounts.shop_settings import MAX_TEXT, ShopSettingsChange
from app.accounts.viewers import MerchantAtDesk, viewer
from app.kernel import forms
from app.kernel.clock import now
from app.kernel.config import settings_of
from app.kernel.db import Db, ReadTx, Tx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.models import PathId

BASE = "/settings/hours"
MAX_FIELDS = 2 * DAYS * (MAX_RANGES + 2) + 10
HOLIDAY_FIELDS = ("first_day", "last_day", "name", "opens", "closes")
router = APIRouter(prefix=BASE)


@router.get("")
async def hours_page(request: Request, me: MerchantAtDesk, session: ReadTx, saved: bool = False) -> Response:
    """Everything as it was saved."""
    return await _page(request, session, me, is_saved=saved)


@router.post("")
async def change_hours(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Save the week, or show it again with the days that are wrong."""
    typed = await _typed(request)
    try:
        wanted = HoursChange.model_validate(typed)
        await db.write(lambda session: opening.change(session, me, wanted))
    except ValidationError as error:
        async with db.reading() as session:
            return await _page(request, session, me, 422, week=typed, problems=_wrong_days(error))
    return RedirectResponse(f"{BASE}?saved=true", 303)


@router.post("/preview")
async def preview(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """What a buyer would read now, if this were saved."""
    typed = await _typed(request)
    try:
        wanted = HoursChange.model_validate(typed)
    except ValidationError:
        return render(request, "settings/_hours_now.html", is_open=None, words="", zone_time="")
    async with db.reading() as session:
        saved = await opening.timetable(session, settings_of(request), access.shop_of(me), now())
    week = tuple(hours.parsed(day) for day in wanted.week)
    return render(
        request, "settings/_hours_now.html", **_now(request, saved._replace(zone=ZoneInfo(wanted.time_zone), week=week))
    )


@router.post("/holidays")
async def add_holiday(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Enter one; without times the shop is closed."""
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in HOLIDAY_FIELDS}
    ranges = [[typed["opens"], typed["closes"]]] if typed["opens"] or typed["closes"] else []
    fields = {"first_day": typed["first_day"], "last_day": typed["last_day"] or typed["first_day"]}
    try:
        draft = HolidayDraft.model_validate(fields | {"name": typed["name"], "ranges": ranges})
        await db.write(lambda session: opening.add_holiday(session, me, draft))
    except ValidationError as error:
        problem = "ranges" if error.errors()[0]["loc"][:1] == ("ranges",) else "days"
    except AppError as error:
        if error.status != 409:
            raise
        problem = translate(error.text, locale_of(request), **error.params)
    else:
        return RedirectResponse(f"{BASE}#holidays", 303)
    async with db.reading() as session:
        return await _page(request, session, me, 422, holiday=typed, holiday_problem=problem)


@router.post("/holidays/{holiday_id}/remove")
async def remove_holiday(holiday_id: PathId, me: MerchantAtDesk, session: Tx) -> Response:
    """Take one back."""
    await opening.remove_holiday(session, me, holiday_id)
    return RedirectResponse(f"{BASE}#holidays", 303)


@router.post("/words")
async def change_words(request: Request, me: MerchantAtDesk, db: Db) -> Response:
    """Save what the shop says by itself."""
    async with forms.opened(request) as form:
        typed = {name: str(form.get(name, "")).strip() for name in ("welcome_text", "away_text")}
    try:
        wanted = ShopSettingsChange.model_validate(typed)
        await db.write(lambda session: shop_settings.change(session, me, wanted))
    except ValidationError as error:
        problems = {str(one["loc"][0]) for one in error.errors()}
        async with db.reading() as session:
            return await _page(request, session, me, 422, words=typed, problems=problems)
    return RedirectResponse(f"{BASE}?saved=true", 303)


async def _typed(request: Request) -> dict[str, Any]:
    async with forms.opened(request, max_fields=MAX_FIELDS) as form:
        return {"time_zone": str(form.get("time_zone", "")), "week": [_day(form, number) for number in range(DAYS)]}


def _day(form: FormData, number: int) -> list[list[str]]:
    """The ranges of a day; a pair that was left empty is none."""
    opens, closes = ([str(one) for one in form.getlist(f"{name}-{number}")] for name in ("opens", "closes"))
    return [[begin, end] for begin, end in zip(opens, closes, strict=False) if begin or end]


def _wrong_days(error: ValidationError) -> set[str]:
    found = [one["loc"] for one in error.errors()]
    return {f"day-{place[1]}" if place[0] == "week" and len(place) > 1 else str(place[0]) for place in found}


def _now(request: Request, timetable: Timetable) -> dict[str, Any]:
    at = now()
    opens_at = hours.opens_at(timetable, at)
    locale = locale_of(request)
    return {
        "is_open": hours.is_open(timetable, at),
        "words": opening_words.opens(opens_at, at, timetable.zone, locale) if opens_at else "",
        "zone_time": opening_words.clock(at, timetable.zone, locale),
    }


async def _page(
    request: Request,
    session: AsyncSession,
    me: Identity,
    status_code: int = 200,
    *,
    week: dict[str, Any] | None = None,
    words: dict[str, str] | None = None,
    holiday: dict[str, str] | None = None,
    holiday_problem: str = "",
    problems: set[str] | None = None,
    is_saved: bool = False,
) -> Response:
    settings, merchant_id = settings_of(request), access.shop_of(me)
    found = await opening.read(session, settings, merchant_id)
    wishes = await shop_settings.of(session, merchant_id)
    timetable = await opening.timetable(session, settings, merchant_id, now())
    frame = await viewer(request, session, me)
    return render(
        request,
        "settings/hours.html",
        status_code,
        me=frame,
        place="settings",
        section="hours",
        week=week or {"time_zone": found.time_zone, "week": found.week},
        days=opening_words.days(locale_of(request)),
        zones=opening.zones(),
        holidays=[one.model_dump() | {"days": _days(request, one.first_day, one.last_day)} for one in found.holidays],
        holiday=dict.fromkeys(HOLIDAY_FIELDS, "") | (holiday or {}),
        holiday_problem=holiday_problem,
        words_typed=words or {"welcome_text": wishes.welcome_text, "away_text": wishes.away_text},
        problems=problems or set(),
        is_owner=frame.is_owner,
        is_saved=is_saved,
        most_text=MAX_TEXT,
        today=datetime.fromtimestamp(now(), timetable.zone).date().isoformat(),
        **_now(request, timetable),
    )


def _days(request: Request, first: str, last: str) -> str:
    return opening_words.span(date.fromisoformat(first), date.fromisoformat(last), locale_of(request))
