"""Reports of a shop: asked for by its owner or an admin, counted by a job, read and saved as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access
from app.accounts.models import User
from app.chat.exports.as_csv import cell
from app.chat.models import Conversation
from app.chat.reports_daybook import VERSION
from app.chat.reports_models import DailyReport, Report
from app.chat.reports_tally import Span
from app.jobs import queue
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import AppError, Conflict, NotFound
from app.kernel.i18n import sentence, translate
from app.kernel.identity import Identity, Role
from app.kernel.models import Id, UserId
from app.kernel.paging import Listing, Page
from app.kernel.sql import upsert

KIND = "chat.report"
MAX_DAYS = 366
RECOUNTED_DAYS = 7  # late answers and resolutions change the days before
FIRST_DAYS = 180  # of a shop that is counted for the first time


class ReportCreate(BaseModel):
    """Which days, both inclusive, in the installation's time zone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"first_day": "2026-11-01", "last_day": "2026-11-21"}]})

    first_day: date
    last_day: date
    merchant_id: str | None = Field(default=None, max_length=50)
    """For admins: which shop."""


class ReportOrder(BaseModel):
    """The report that a job counts."""

    report_id: Id


class ReportPublic(BaseModel):
    """A report. `figures` is null until its task has ended; durations are seconds, weekday 0 is Monday."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    merchant_id: UserId
    first_day: date
    last_day: date
    time_zone: str
    task_id: Id | None = Field(default=None, validation_alias="job_id")
    figures: dict[str, Any] | None
    created_at: int
    finished_at: int | None


class DailyPublic(BaseModel):
    """One day of a shop."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    figures: dict[str, Any]
    made_at: int


class Table(StrEnum):
    """What a CSV holds."""

    DAYS = "days"
    AGENTS = "agents"
    HOURS = "hours"


async def ask(session: AsyncSession, settings: Settings, me: Identity, wanted: ReportCreate) -> ReportPublic:
    """Have a report counted. 422 for days that are none, too many, or still to come."""
    merchant_id = await access.named_shop(session, me, wanted.merchant_id, owner=True)
    check_days(settings, wanted.first_day, wanted.last_day)
    row = Report(
        merchant_id=merchant_id,
        first_day=wanted.first_day.isoformat(),
        last_day=wanted.last_day.isoformat(),
        time_zone=settings.time_zone,
        requested_by=me.user_id,
    )
    session.add(row)
    await session.flush()
    job = await queue.enqueue(session, KIND, ReportOrder(report_id=row.id), owner_id=me.user_id)
    row.job_id = job.id
    await session.flush()
    return ReportPublic.model_validate(row)


def check_days(settings: Settings, first: date, last: date) -> None:
    """422 unless these are some days up to today, at most a year of them."""
    if not date(2000, 1, 1) <= first <= last or (last - first).days >= MAX_DAYS or last > today(settings):
        raise AppError(422, "bad_days", "Choose 1 to {max} days, none of them in the future.", max=MAX_DAYS)


def today(settings: Settings) -> date:
    """The present day, by the installation's clocks."""
    return datetime.fromtimestamp(now(), ZoneInfo(settings.time_zone)).date()


async def listing(session: AsyncSession, merchant_id: str, page: Page) -> Listing[ReportPublic]:
    """A shop's reports, the newest first, without their figures."""
    mine = col(Report.merchant_id) == merchant_id
    count = (await session.exec(select(func.count()).select_from(Report).where(mine))).one()
    newest = select(Report).where(mine).order_by(col(Report.id).desc()).offset(page.offset).limit(page.page_size)
    rows = (await session.exec(newest)).all()
    results = [ReportPublic.model_validate(row).model_copy(update={"figures": None}) for row in rows]
    return Listing(count=count, results=results)


async def get(session: AsyncSession, me: Identity, report_id: int) -> ReportPublic:
    """One report, for those who may read its shop's numbers; 404 for others."""
    row = await session.get(Report, report_id)
    if row is None or (me.role is not Role.ADMIN and row.merchant_id != await access.owned_shop(session, me)):
        raise NotFound("report_not_found", "There is no such report.")
    return ReportPublic.model_validate(row)


async def finish(session: AsyncSession, report_id: int, figures: dict[str, Any]) -> None:
    """Put the figures into their report."""
    row = await session.get_one(Report, report_id)
    row.figures, row.finished_at = figures, now()
    await session.flush()


def span_of(row: Report) -> Span:
    """The days of a report."""
    return Span(date.fromisoformat(row.first_day), date.fromisoformat(row.last_day), ZoneInfo(row.time_zone))


def as_csv(report: ReportPublic, table: Table, locale: str) -> str:
    """One table of a report. With a mark, because Excel in China reads GBK otherwise; no cell is a formula."""
    if report.figures is None:
        raise Conflict("report_not_ready", "This report is still being counted.")
    text = io.StringIO(newline="")
    text.write("\ufeff")
    rows = csv.writer(text)
    lines = {Table.DAYS: _days, Table.AGENTS: _agents, Table.HOURS: _hours}[table](report.figures)
    rows.writerow([translate(heading, locale) if type(heading) is str else heading for heading in next(lines)])
    rows.writerows([cell(value) if type(value) is str else value for value in line] for line in lines)
    return text.getvalue()


DAY_HEADINGS = (
    sentence("Day"), sentence("Conversations begun"), sentence("Conversations resolved"),
    sentence("of these automatically"), sentence("Messages from buyers"), sentence("Messages from the shop"),
    sentence("First answers"), sentence("First answer, median (s)"), sentence("First answer, 90 % (s)"),
    sentence("Until resolved, median (s)"), sentence("Until resolved, 90 % (s)"),
)  # fmt: skip
AGENT_HEADINGS = (
    sentence("User"), sentence("Name"), sentence("Messages"), sentence("Conversations"),
    sentence("Conversations resolved"), sentence("First answers"), sentence("First answer, median (s)"),
    sentence("First answer, 90 % (s)"),
)  # fmt: skip
WEEKDAYS = (
    sentence("Monday"), sentence("Tuesday"), sentence("Wednesday"), sentence("Thursday"), sentence("Friday"),
    sentence("Saturday"), sentence("Sunday"),
)  # fmt: skip
Lines = Iterator[Sequence[Any]]


def _days(figures: dict[str, Any]) -> Lines:
    yield DAY_HEADINGS
    for day in figures["days"]:
        first, last = day["first_response"], day["resolution"]
        yield (
            day["day"], day["started"], day["resolved"], day["resolved_automatically"], day["messages_in"],
            day["messages_out"], first["count"], first["median"], first["p90"], last["median"], last["p90"],
        )  # fmt: skip


def _agents(figures: dict[str, Any]) -> Lines:
    yield AGENT_HEADINGS
    for one in figures["agents"]:
        first = one["first_response"]
        yield (
            one["user_id"], one["name"], one["messages"], one["conversations"], one["resolved"], first["count"],
            first["median"], first["p90"],
        )  # fmt: skip


def _hours(figures: dict[str, Any]) -> Lines:
    yield (sentence("Hour"), *WEEKDAYS)
    for hour in range(24):
        yield (hour, *(row[hour] for row in figures["hours"]))


async def shops(session: AsyncSession, after: str, since: int, limit: int) -> list[str]:
    """Shops in which something happened since then (seconds), by id."""
    moved = select(Conversation.merchant_id).where(col(Conversation.last_message_time) >= since).distinct()
    query = select(User.id).where(col(User.id).in_(moved), col(User.id) > after, col(User.blocked_at).is_(None))
    return list((await session.exec(query.order_by(col(User.id)).limit(limit))).all())


async def days_to_count(session: AsyncSession, settings: Settings, merchant_id: str) -> Span:
    """The last days up to yesterday; more of them for a shop that was never counted."""
    known = select(DailyReport.day).where(DailyReport.merchant_id == merchant_id, DailyReport.version == VERSION)
    known = known.where(DailyReport.day < today(settings).isoformat()).limit(1)  # today's may be of a page
    count = FIRST_DAYS if (await session.exec(known)).first() is None else RECOUNTED_DAYS
    last = today(settings) - timedelta(days=1)
    return Span(last - timedelta(days=count - 1), last, ZoneInfo(settings.time_zone))


async def keep_days(session: AsyncSession, merchant_id: str, days: Sequence[dict[str, Any]]) -> None:
    """Write these days, over what was counted of them before."""
    blank = {"merchant_id": merchant_id, "version": VERSION, "made_at": now()}
    rows = [blank | {"day": day["day"], "figures": day} for day in days]
    await upsert(session, DailyReport, rows, key=["merchant_id", "day"], update=["figures", "version", "made_at"])


async def daily(session: AsyncSession, merchant_id: str, first: date, last: date) -> list[DailyPublic]:
    """The days that were counted at night, in their order."""
    wanted = (DailyReport.merchant_id == merchant_id, DailyReport.day >= first.isoformat())
    query = select(DailyReport).where(*wanted, DailyReport.day <= last.isoformat()).order_by(col(DailyReport.day))
    return [DailyPublic.model_validate(row) for row in (await session.exec(query)).all()]
