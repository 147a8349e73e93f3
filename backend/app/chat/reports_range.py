"""Figures of a range of days, added up from the days that were counted; what is missing is counted by a task.

Today is counted when somebody looks, at most once a minute.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import case
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import reports, reports_reading
from app.chat.models import Conversation, Status
from app.chat.reports_daybook import VERSION
from app.chat.reports_models import DailyReport
from app.chat.reports_tally import Durations, Span
from app.jobs import queue
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database

COUNT_DAYS = "chat.count_days"
FRESH_SECONDS = 60
NUMBERS = ("started", "resolved", "resolved_automatically", "messages_in", "messages_out")
TIMES = ("first_response", "waiting", "resolution")


class DaysOrder(BaseModel):
    """Which days of a shop are counted."""

    merchant_id: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Days:
    """A range, both ends inclusive."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Days":
        """The range of the same length that ends where this one begins."""
        return Days(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    def each(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.length)]


class Live(BaseModel):
    """How it stands now. `oldest` is when the longest wait began, in seconds."""

    open: int
    waiting: int
    oldest: int | None


async def read(
    db: Database, settings: Settings, merchant_id: str, days: Days
) -> tuple[list[Any], dict[str, Any], bool]:
    """Each day of the range (None: not counted yet), the totals of the range before, and whether days are missing."""
    if days.last >= reports.today(settings):
        await _renew_today(db, settings, merchant_id)
    wanted = Days(days.before.first, days.last)
    async with db.reading() as session:
        known = await _known(session, merchant_id, wanted)
        began = await _began(session, settings, merchant_id)
    missing = [day for day in wanted.each() if day.isoformat() not in known and began is not None and day >= began]
    if missing:
        order = DaysOrder(merchant_id=merchant_id, first_day=missing[0], last_day=missing[-1])
        key = f"{merchant_id}:{order.first_day}:{order.last_day}:{VERSION}"
        await db.write(partial(queue.enqueue, kind_name=COUNT_DAYS, payload=order, idempotency_key=key))
    blank = [known.get(day.isoformat()) for day in days.before.each()]
    return [known.get(day.isoformat()) for day in days.each()], totals(blank), bool(missing)


async def _renew_today(db: Database, settings: Settings, merchant_id: str) -> None:
    day = reports.today(settings)
    async with db.reading() as session:
        row = await session.get(DailyReport, (merchant_id, day.isoformat()))
    if row is not None and row.version == VERSION and row.made_at > now() - FRESH_SECONDS:
        return

    async def silent(done: int, total: int) -> None:
        """Nobody follows."""

    counted = await reports_reading.days(db, merchant_id, Span(day, day, ZoneInfo(settings.time_zone)), silent)
    await db.write(partial(reports.keep_days, merchant_id=merchant_id, days=counted))


async def _known(session: AsyncSession, merchant_id: str, days: Days) -> dict[str, Any]:
    mine = (DailyReport.merchant_id == merchant_id, DailyReport.version == VERSION)
    between = (DailyReport.day >= days.first.isoformat(), DailyReport.day <= days.last.isoformat())
    rows = await session.exec(select(DailyReport.day, DailyReport.figures).where(*mine, *between))
    return dict(rows.all())


async def _began(session: AsyncSession, settings: Settings, merchant_id: str) -> date | None:
    """The day of the shop's first conversation: nothing was before it."""
    query = select(func.min(Conversation.created_at)).where(Conversation.merchant_id == merchant_id)
    first = (await session.exec(query)).one()
    return None if first is None else datetime.fromtimestamp(first, ZoneInfo(settings.time_zone)).date()


def totals(days: list[Any]) -> dict[str, Any]:
    """Days added up: numbers, percentiles over all durations, people, labels, ratings, hours by weekday."""
    known = [day for day in days if day is not None]
    found: dict[str, Any] = {name: sum(day[name] for day in known) for name in NUMBERS}
    for name in TIMES:
        found[name] = _joined(day["spread"][name] for day in known).figures()
    scores = {score: sum(day["ratings"].get(str(score), 0) for day in known) for score in range(1, 6)}
    count = sum(scores.values())
    average = sum(score * times for score, times in scores.items()) / count if count else None
    hours = [[0] * 24 for _ in range(7)]
    for day in known:
        row = hours[date.fromisoformat(day["day"]).weekday()]
        for hour, times in enumerate(day["hours"]):
            row[hour] += times
    return found | {
        "ratings": {"count": count, "average": average, "scores": scores},
        "agents": _people(known),
        "labels": _labels(known),
        "hours": hours,
    }


def _people(days: list[Any]) -> list[dict[str, Any]]:
    found = []
    for user_id in sorted({name for day in days for name in day["agents"]}):
        mine = [day["agents"][user_id] for day in days if user_id in day["agents"]]
        numbers = {name: sum(one[name] for one in mine) for name in ("messages", "conversations", "resolved")}
        count, total = (sum(one["rated"][place] for one in mine) for place in (0, 1))
        times = _joined(one["spread"] for one in mine).figures()
        rated = {"count": count, "average": total / count if count else None}
        found.append({"user_id": user_id} | numbers | {"first_response": times, "rated": rated})
    return sorted(found, key=lambda one: (-one["messages"], one["user_id"]))


def _labels(days: list[Any]) -> list[dict[str, Any]]:
    found = []
    for name in sorted({label for day in days for label in day["labels"]}):
        mine = [day["labels"][name] for day in days if name in day["labels"]]
        numbers = {field: sum(one[field] for one in mine) for field in ("started", "resolved")}
        found.append({"name": name} | numbers | {"first_response": _joined(one["spread"] for one in mine).figures()})
    return sorted(found, key=lambda one: (-one["started"], one["name"]))


def _joined(spreads: Any) -> Durations:
    joined = Durations()
    for spread in spreads:
        for seconds, count in spread.items():
            joined.counts[int(seconds)] += count
    return joined


async def live(session: AsyncSession, merchant_id: str) -> Live:
    """What waits at this moment."""
    since, unresolved = col(Conversation.waiting_since), col(Conversation.status) != Status.RESOLVED
    is_open = func.count(case((col(Conversation.status) == Status.OPEN, 1)))
    query = select(is_open, func.count(since), func.min(since)).where(
        Conversation.merchant_id == merchant_id, unresolved
    )
    opened, waiting, oldest = (await session.exec(query)).one()
    return Live(open=opened, waiting=waiting, oldest=oldest)
