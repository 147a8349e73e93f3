"""The JSON door of reports."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.accounts.access import named_shop
from app.accounts.names import USER_ID_PATTERN
from app.chat import reports
from app.chat.reports import DailyPublic, ReportCreate, ReportPublic, Table
from app.kernel.config import InUse
from app.kernel.db import ReadTx, Tx
from app.kernel.i18n import locale_of
from app.kernel.identity import Watcher
from app.kernel.limits import limits_of
from app.kernel.models import PathId
from app.kernel.paging import Listing, Paging
from app.kernel.refusals import refusals

STARTS = "30/hour"  # of one person
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}, "description": "The table."}}

router = APIRouter(prefix="/reports", tags=["reports"])
ReportId = PathId
ShopId = Annotated[str | None, Query(pattern=USER_ID_PATTERN, description="For admins: which shop.", examples=["m1"])]


@router.post("/", status_code=202, summary="Have a report counted", responses=refusals(401, 403, 404, 429))
async def start_report(request: Request, body: ReportCreate, me: Watcher, session: Tx, settings: InUse) -> ReportPublic:
    """Count a shop's days: conversations begun and resolved, messages, first answers, time until resolved (median and

    90 %), by day and by person, and the busiest hours. Answers at once; the task `task_id` counts. The owner of the
    shop, or an admin who names one. 422 `bad_days`.
    """
    await limits_of(request).hit("reports", me.user_id, STARTS)
    return await reports.ask(session, settings, me, body)


@router.get("/", summary="List reports", responses=refusals(400, 401, 403, 404))
async def list_reports(me: Watcher, session: ReadTx, page: Paging, merchant_id: ShopId = None) -> Listing[ReportPublic]:
    """A shop's reports, the newest first, without their figures. The owner, or an admin who names a shop."""
    return await reports.listing(session, await named_shop(session, me, merchant_id, owner=True), page)


@router.get("/daily/", summary="Read the daily figures", responses=refusals(400, 401, 403, 404))
async def read_daily(
    me: Watcher, session: ReadTx, settings: InUse, first_day: date, last_day: date, merchant_id: ShopId = None
) -> list[DailyPublic]:
    """What was counted at night, day by day, both ends inclusive. The owner, or an admin who names a shop.

    Days on which nothing was counted are left out. 422 `bad_days`.
    """
    shop = await named_shop(session, me, merchant_id, owner=True)
    reports.check_days(settings, first_day, last_day)
    return await reports.daily(session, shop, first_day, last_day)


@router.get("/{report_id}", summary="Read a report", responses=refusals(401, 403, 404))
async def read_report(report_id: ReportId, me: Watcher, session: ReadTx) -> ReportPublic:
    """One report with its figures, which are null until its task has ended. The owner of its shop, and admins."""
    return await reports.get(session, me, report_id)


@router.get(
    "/{report_id}/csv",
    summary="Download a report as CSV",
    response_class=Response,
    responses=CSV | refusals(401, 403, 404, 409),
)
async def download_report(
    request: Request, report_id: ReportId, me: Watcher, session: ReadTx, table: Table = Table.DAYS
) -> Response:
    """One table of a report for spreadsheets, with headings in the caller's language. 409 `report_not_ready`."""
    found = await reports.get(session, me, report_id)
    name = f"report-{found.first_day}-{found.last_day}-{table}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(reports.as_csv(found, table, locale_of(request)), media_type="text/csv", headers=headers)
