"""The working hours that a shop's owner wrote: a week, a time zone, and holidays. When it is open says `hours.py`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic.config import JsonDict
from sqlalchemy import JSON, Column, Index, delete
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import access, hours
from app.accounts.hours import Timetable
from app.accounts.models import USER_ID_LENGTH
from app.accounts.names import Line
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import Conflict, NotFound
from app.kernel.identity import Identity
from app.kernel.models import Id, UserId, id_column, time_column
from app.kernel.sql import upsert

MAX_HOLIDAYS = 100
MAX_HOLIDAY_DAYS = 366
DAYS = 7
EXAMPLE: JsonDict = {"time_zone": "Asia/Shanghai", "week": [[["09:00", "12:00"], ["13:30", "18:00"]], *[[]] * 6]}
CLOSED_WEEK: list[list[list[str]]] = [[] for _ in range(DAYS)]


class ShopHours(SQLModel, table=True):
    """A shop without a row is always open."""

    __tablename__ = "shop_hours"

    merchant_id: UserId = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    time_zone: str = Field(max_length=60)
    week: list[list[list[str]]] = Field(sa_column=Column(JSON, nullable=False))
    """From Monday on, the ranges of each day."""
    updated_at: int = time_column(default_factory=now)


class ShopHoliday(SQLModel, table=True):
    """Days on which other ranges hold than the week's; none: closed. Days as `2026-10-01`."""

    __tablename__ = "shop_holidays"
    __table_args__ = (Index("ix_shop_holidays_days", "merchant_id", "last_day"),)

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", max_length=USER_ID_LENGTH)
    first_day: str = Field(max_length=10)
    last_day: str = Field(max_length=10)
    name: str = Field(max_length=100)
    ranges: list[list[str]] = Field(sa_column=Column(JSON, nullable=False))


def _zone(name: str) -> str:
    if name not in zones():
        raise ValueError("unknown time zone")
    return name


def _ranges(written: list[list[str]]) -> list[list[str]]:
    hours.parsed(written)
    return sorted(written)


Ranges = Annotated[list[list[str]], AfterValidator(_ranges)]


class HoursChange(BaseModel):
    """A week and its time zone. Ranges that end at or before they begin end on the next day; no range at all: always

    open.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    time_zone: Annotated[str, AfterValidator(_zone)] = Field(max_length=60)
    week: list[Ranges] = Field(min_length=DAYS, max_length=DAYS)


class HolidayDraft(BaseModel):
    """A holiday: one day or several, closed or with ranges of its own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"first_day": "2026-10-01", "last_day": "2026-10-07", "name": "国庆节"}]}
    )

    first_day: date
    last_day: date
    name: Line = Field(default="", max_length=100)
    ranges: Ranges = []

    @model_validator(mode="after")
    def agree(self) -> "HolidayDraft":
        if not timedelta(0) <= self.last_day - self.first_day < timedelta(days=MAX_HOLIDAY_DAYS):
            raise ValueError("the last day comes after the first, within a year")
        return self


class HolidayPublic(BaseModel):
    """A holiday that was entered."""

    model_config = ConfigDict(from_attributes=True)

    id: Id
    first_day: str
    last_day: str
    name: str
    ranges: list[list[str]]


class HoursPublic(BaseModel):
    """The hours of a shop, and what follows from them now."""

    time_zone: str
    week: list[list[list[str]]]
    holidays: list[HolidayPublic]
    """Those that are not over, the next one first."""
    is_open: bool
    opens_at: int | None
    """Seconds; null while the shop is open, or when it does not open again."""


@lru_cache
def zones() -> tuple[str, ...]:
    """The time zones that can be chosen: places, and UTC."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


async def timetable(session: AsyncSession, settings: Settings, merchant_id: str, at: int) -> Timetable:
    """What decides when a shop is open, from `at` (seconds) on."""
    row = await session.get(ShopHours, merchant_id)
    return _timetable(row, settings, await _holidays(session, merchant_id, at))


async def read(session: AsyncSession, settings: Settings, merchant_id: str) -> HoursPublic:
    """A shop's hours as they were entered, and whether it is open now."""
    at = now()
    row, holidays = await session.get(ShopHours, merchant_id), await _holidays(session, merchant_id, at)
    found = _timetable(row, settings, holidays)
    return HoursPublic(
        time_zone=found.zone.key,
        week=row.week if row else CLOSED_WEEK,
        holidays=[HolidayPublic.model_validate(one) for one in holidays],
        is_open=hours.is_open(found, at),
        opens_at=hours.opens_at(found, at),
    )


async def change(session: AsyncSession, me: Identity, wanted: HoursChange) -> None:
    """Set the week and the time zone. The owner only."""
    merchant_id = await access.owned_shop(session, me)
    values: dict[str, Any] = wanted.model_dump() | {"merchant_id": merchant_id, "updated_at": now()}
    await upsert(session, ShopHours, [values], key=["merchant_id"], update=["time_zone", "week", "updated_at"])


async def add_holiday(session: AsyncSession, me: Identity, draft: HolidayDraft) -> HolidayPublic:
    """Enter a holiday. The owner only; 409 when there are a hundred."""
    merchant_id = await access.owned_shop(session, me)
    if len(await _holidays(session, merchant_id, now())) >= MAX_HOLIDAYS:
        raise Conflict("too_many_holidays", "There can be at most {most} holidays ahead.", most=MAX_HOLIDAYS)
    row = ShopHoliday(
        merchant_id=merchant_id,
        first_day=draft.first_day.isoformat(),
        last_day=draft.last_day.isoformat(),
        name=draft.name,
        ranges=draft.ranges,
    )
    session.add(row)
    await session.flush()
    return HolidayPublic.model_validate(row)


async def remove_holiday(session: AsyncSession, me: Identity, holiday_id: int) -> None:
    """Take a holiday back. The owner only; 404 for another shop's."""
    mine = (col(ShopHoliday.merchant_id) == await access.owned_shop(session, me), col(ShopHoliday.id) == holiday_id)
    if (await session.exec(select(ShopHoliday.id).where(*mine))).first() is None:
        raise NotFound("holiday_not_found", "There is no such holiday.")
    await session.exec(delete(ShopHoliday).where(*mine))


async def _holidays(session: AsyncSession, merchant_id: str, at: int) -> Sequence[ShopHoliday]:
    # A day of margin: no clock of the world is further from UTC.
    since = (datetime.fromtimestamp(at, UTC).date() - timedelta(days=2)).isoformat()
    query = select(ShopHoliday).where(ShopHoliday.merchant_id == merchant_id, col(ShopHoliday.last_day) >= since)
    return (await session.exec(query.order_by(col(ShopHoliday.first_day), col(ShopHoliday.id)))).all()


def _timetable(row: ShopHours | None, settings: Settings, holidays: Sequence[ShopHoliday]) -> Timetable:
    return Timetable(
        ZoneInfo(row.time_zone if row else settings.time_zone),
        tuple(hours.parsed(day) for day in row.week) if row else (),
        tuple(
            hours.Holiday(date.fromisoformat(one.first_day), date.fromisoformat(one.last_day), hours.parsed(one.ranges))
            for one in holidays
        ),
    )
