"""The jobs that count: a report that somebody asked for, and every shop's last days at night."""

from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from app.chat import reports, reports_range, reports_reading
from app.chat.reports import ReportOrder
from app.chat.reports_models import Report
from app.chat.reports_range import DaysOrder
from app.chat.reports_tally import Span
from app.jobs.kinds import GiveUp, Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence

SHOPS = 50
MONTH_DAYS = 31
DAY_SECONDS = 86_400
LIMITS: dict[str, Any] = {"queue": "exports", "max_attempts": 3, "soft_seconds": 3000, "hard_seconds": 3600}


@job(reports.KIND, ReportOrder, title=sentence("Report of a shop"), **LIMITS)
async def report(run: Run, order: ReportOrder) -> dict[str, Any]:
    """Count a shop's days and put the figures into their report."""
    async with run.db.reading() as session:
        row = await session.get(Report, order.report_id)
    if row is None:
        raise GiveUp("report_not_found", "There is no such report.")

    async def tell(done: int, total: int) -> None:
        await run.progress(100 * done / max(total, 1), "{n} of {total} conversations", n=done, total=total)

    figures = await reports_reading.figures(run.db, row.merchant_id, reports.span_of(row), tell)
    result = {"report_id": str(row.id)}
    await run.complete(partial(reports.finish, report_id=row.id, figures=figures), result)
    return result


@job("chat.daily_reports", Nothing, title=sentence("Daily figures of every shop"), **LIMITS)
async def daily_reports(run: Run, _: Nothing) -> dict[str, Any]:
    """Count the last days of every shop in which something happened; late answers change the days before."""
    after, counted = "", 0
    since = now() - (reports.FIRST_DAYS + 1) * DAY_SECONDS

    async def tell(done: int, total: int) -> None:
        run.check()

    while True:
        async with run.db.reading() as session:
            shops = await reports.shops(session, after, since, SHOPS)
        for merchant_id in shops:
            async with run.db.reading() as session:
                span = await reports.days_to_count(session, run.settings, merchant_id)
            days = await reports_reading.days(run.db, merchant_id, span, tell)
            await run.db.write(partial(reports.keep_days, merchant_id=merchant_id, days=days))
            after, counted = merchant_id, counted + 1
        if len(shops) < SHOPS:
            return {"shops": counted}


@job(reports_range.COUNT_DAYS, DaysOrder, title=sentence("Figures of earlier days"), **LIMITS)
async def count_days(run: Run, order: DaysOrder) -> dict[str, Any]:
    """Count days of a shop that were never counted, or by an older counting; a month at a time, the newest first."""
    zone, last = ZoneInfo(run.settings.time_zone), order.last_day

    async def tell(done: int, total: int) -> None:
        run.check()

    while last >= order.first_day:
        first = max(order.first_day, last - timedelta(days=MONTH_DAYS - 1))
        days = await reports_reading.days(run.db, order.merchant_id, Span(first, last, zone), tell)
        await run.db.write(partial(reports.keep_days, merchant_id=order.merchant_id, days=days))
        last = first - timedelta(days=1)
    return {"days": (order.last_day - order.first_day).days + 1}
