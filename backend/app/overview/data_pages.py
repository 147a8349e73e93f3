"""The page where a shop takes its data along and brings some in. Forms are answered with the part that changed."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import staff
from app.accounts.access import shop_of
from app.accounts.viewers import MerchantAtDesk, viewer
from app.chat.exports.orders import ExportOrder, Format
from app.chat.imports import api as imports_api
from app.chat.imports import previews
from app.chat.imports.api import FileId
from app.chat.imports.kinds import KINDS, ImportWord
from app.chat.models import Status
from app.jobs import queue
from app.jobs.api import STARTS
from app.jobs.models import Job
from app.kernel.config import InUse, settings_of
from app.kernel.db import Db, ReadTx
from app.kernel.errors import AppError
from app.kernel.html import render
from app.kernel.i18n import locale_of, translate
from app.kernel.identity import Identity
from app.kernel.limits import limits_of
from app.kernel.paging import Page
from app.overview.task_rows import TaskRow

HOME = "/settings/data"
SHOWN = 8  # of the latest exports and imports
UPLOADS = tuple(f"{HOME}/imports/{word}" for word in ImportWord)
JOBS = ("chat.export", *(kind.job for kind in KINDS.values()))

Typed = Annotated[str, Form(max_length=60)]

router = APIRouter(prefix=HOME)


@router.get("")
async def data_page(request: Request, me: MerchantAtDesk, session: ReadTx) -> Response:
    """Export, import, and what of both is on its way; an htmx request gets the tasks only."""
    if _is_partial(request):
        return await _tasks(request, session, me)
    return await _page(request, session, me)


@router.post("/export")
async def start_export(
    request: Request,
    me: MerchantAtDesk,
    db: Db,
    format: Annotated[Format, Form()] = Format.CSV,
    since: Typed = "",
    until: Typed = "",
    status: Typed = "",
    label: Typed = "",
    assignee: Typed = "",
    include_notes: Annotated[bool, Form()] = False,
) -> Response:
    """Start one. 422 shows the form again with what is wrong."""
    typed: dict[str, Any] = {
        "since": since,
        "until": until,
        "status": status,
        "label": label.strip(),
        "assignee": assignee,
    }
    typed |= {"format": format, "include_notes": include_notes}
    order, problem = _order(typed, settings_of(request).time_zone, locale_of(request))
    if order is None:
        async with db.reading() as session:
            return await _refused(request, session, me, typed, problem)
    await limits_of(request).hit("tasks", me.user_id, STARTS)
    await db.write(lambda session: queue.start(session, "chat.export", order, me.user_id))
    if not _is_partial(request):
        return RedirectResponse(HOME, 303)
    async with db.reading() as session:
        return await _tasks(request, session, me)


@router.post("/imports/{kind}")
async def upload_table(request: Request, kind: ImportWord, me: MerchantAtDesk, db: Db, settings: InUse) -> Response:
    """Look at a table: what it would do, or why it cannot be read."""
    try:
        await limits_of(request).hit("imports", me.user_id, imports_api.PER_USER)
        preview = await imports_api.received(request, kind, me, db, settings)
    except AppError as error:
        said = translate(error.text, locale_of(request), **error.params)
        return await _card(request, db, me, kind, problem=said, status=error.status)
    return await _card(request, db, me, kind, preview=preview)


@router.post("/imports/{kind}/{file_id}/confirm")
async def confirm_table(request: Request, kind: ImportWord, file_id: FileId, me: MerchantAtDesk, db: Db) -> Response:
    """Start the import of a table that was looked at."""
    try:
        await limits_of(request).hit("import-looks", me.user_id, imports_api.LOOKS)
        await previews.confirm(db, me, KINDS[kind], file_id)
    except AppError as error:
        said = translate(error.text, locale_of(request), **error.params)
        return await _card(request, db, me, kind, problem=said, status=error.status)
    if not _is_partial(request):
        return RedirectResponse(HOME, 303)
    response = await _card(request, db, me, kind, is_started=True)
    response.headers["HX-Trigger"] = "tasks-changed"
    return response


@router.post("/imports/{kind}/{file_id}/discard")
async def discard_table(
    request: Request, kind: ImportWord, file_id: FileId, me: MerchantAtDesk, db: Db, settings: InUse
) -> Response:
    """Choose another file."""
    await previews.discard(db, settings, me, file_id)
    if not _is_partial(request):
        return RedirectResponse(HOME, 303)
    return await _card(request, db, me, kind)


@router.get("/imports/{kind}/template.{ending}")
async def template(request: Request, kind: ImportWord, ending: imports_api.Ending, me: MerchantAtDesk) -> Response:
    """A table to fill in."""
    return await imports_api.read_template(request, kind, ending, me)


async def _refused(
    request: Request, session: AsyncSession, me: Identity, typed: dict[str, Any], problem: str
) -> Response:
    if not _is_partial(request):
        return await _page(request, session, me, 422, typed=typed, problem=problem)
    team = await staff.listing(session, settings_of(request), shop_of(me))
    shown: dict[str, Any] = {"typed": typed, "problem": problem, "team": team, "statuses": list(Status)}
    response = render(request, "settings/_export_form.html", 422, **shown)
    response.headers.update({"HX-Retarget": "#export-form", "HX-Reswap": "outerHTML"})
    return response


async def _page(request: Request, session: AsyncSession, me: Identity, status: int = 200, **more: Any) -> Response:
    settings = settings_of(request)
    shown: dict[str, Any] = {"typed": {}, "problem": "", "cards": {}} | more
    return render(
        request,
        "settings/data.html",
        status,
        me=await viewer(request, session, me),
        place="settings",
        section="data",
        team=await staff.listing(session, settings, shop_of(me)),
        statuses=list(Status),
        kinds=[KINDS[word] for word in ImportWord],
        **await _recent(request, session, me),
        **shown,
    )


async def _card(request: Request, db: Any, me: Identity, kind: ImportWord, status: int = 200, **card: Any) -> Response:
    if _is_partial(request):
        return render(request, "settings/_import.html", status, kind=KINDS[kind], card=card)
    async with db.reading() as session:
        return await _page(request, session, me, status, cards={kind: card})


async def _tasks(request: Request, session: AsyncSession, me: Identity) -> Response:
    return render(request, "tasks/_list.html", **await _recent(request, session, me))


async def _recent(request: Request, session: AsyncSession, me: Identity) -> dict[str, Any]:
    mine = select(Job).where(Job.owner_id == me.user_id, col(Job.kind).in_(JOBS))
    rows = (await session.exec(mine.order_by(col(Job.id).desc()).limit(SHOWN))).all()
    tasks = [TaskRow.of(row, me, locale_of(request)) for row in rows]
    return {"tasks": tasks, "count": len(tasks), "paging": Page(page_size=SHOWN), "base": "/tasks", "query": ""}


def _order(typed: dict[str, Any], zone: str, locale: str) -> tuple[ExportOrder | None, str]:
    """What the form says; or the field that is wrong."""
    try:
        since = _midnight(typed["since"], zone)
        until = _midnight(typed["until"], zone, days=1)
    except (ValueError, OverflowError):  # the last day of all has none after it
        return None, "dates"
    if since is not None and until is not None and since >= until:
        return None, "order"
    wanted = {name: typed[name] or None for name in ("status", "label", "assignee")}
    wanted |= {"since": since, "until": until, "locale": locale}
    try:
        return ExportOrder.model_validate(wanted | {name: typed[name] for name in ("format", "include_notes")}), ""
    except ValidationError as error:
        return None, str(error.errors()[0]["loc"][0])


def _midnight(day: str, zone: str, days: int = 0) -> int | None:
    """When this day began by the installation's clocks, or so many days later."""
    if not day:
        return None
    begun = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=ZoneInfo(zone)) + timedelta(days=days)
    return max(0, int(begun.timestamp()))


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers
