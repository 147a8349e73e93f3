"""When a shop is open: pure functions over a week of ranges, holidays and a time zone. Nothing here reads a clock.

A range belongs to the day on which it begins, also past midnight. It opens and closes at instants: where clocks are
turned forward over its edge, the edge is the moment of the turn; where they are turned back, it is the first of the two
moments that bear the name. A week without any range is always open.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440
MAX_RANGES = 6  # of one day
LOOK_AHEAD_DAYS = 400  # a shop that does not open within them says nothing of when it will
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Written = Sequence[Sequence[str]]
"""Ranges as they are stored and sent: `[["09:00", "12:00"], ["13:30", "18:00"]]`."""


class Range(NamedTuple):
    """Minutes after the midnight with which the day begins; `closes` may lie in the next day."""

    opens: int
    closes: int


class Holiday(NamedTuple):
    """Days, the last one included, on which other ranges hold than the week's; none: closed."""

    first: date
    last: date
    ranges: tuple[Range, ...] = ()


class Timetable(NamedTuple):
    """Everything that decides when a shop is open. `week` begins on Monday."""

    zone: ZoneInfo
    week: tuple[tuple[Range, ...], ...] = ()
    holidays: tuple[Holiday, ...] = ()


def parsed(written: Written) -> tuple[Range, ...]:
    """Ranges in their order. What closes at or before it opens closes on the next day: `22:00` to `02:00`, and `00:00`

    to `00:00` is a whole day. Raises ValueError for what is no time, and for ranges that overlap.
    """
    if len(written) > MAX_RANGES:
        raise ValueError("too many ranges")
    ranges = []
    for pair in written:
        opens, closes = (_minutes(text) for text in _two(pair))
        if opens >= DAY_MINUTES:
            raise ValueError("a range begins before midnight")
        ranges.append(Range(opens, closes if closes > opens else closes + DAY_MINUTES))
    ranges.sort()
    if any(after.opens < before.closes for before, after in pairwise(ranges)):
        raise ValueError("ranges overlap")
    return tuple(ranges)


def is_open(timetable: Timetable, at: int) -> bool:
    """Whether the shop is open at `at` (seconds)."""
    if not any(timetable.week) and not timetable.holidays:
        return True
    today = _day_of(timetable, at)
    days = (today - timedelta(days=1), today)
    return any(opens <= at < closes for day in days for opens, closes in _moments(timetable, day))


def opens_at(timetable: Timetable, at: int) -> int | None:
    """When a shop that is closed at `at` opens next (seconds); None when it is open, or does not open in a year."""
    if is_open(timetable, at):
        return None
    first = _day_of(timetable, at)
    for number in range(LOOK_AHEAD_DAYS):
        for opens, _ in _moments(timetable, first + timedelta(days=number)):
            if opens > at:
                return opens
    return None


def ranges_of(timetable: Timetable, day: date) -> tuple[Range, ...]:
    """What holds on a day. Of several holidays the shortest knows best: Christmas Eve within a long closure."""
    special = [one for one in timetable.holidays if one.first <= day <= one.last]
    if special:
        return min(special, key=lambda one: one.last - one.first).ranges
    if not any(timetable.week):
        return (Range(0, DAY_MINUTES),)
    return timetable.week[day.weekday()]


def _moments(timetable: Timetable, day: date) -> Iterator[tuple[int, int]]:
    for opens, closes in ranges_of(timetable, day):
        begin, end = _instant(timetable.zone, day, opens), _instant(timetable.zone, day, closes)
        if begin < end:
            yield begin, end


def _instant(zone: ZoneInfo, day: date, minutes: int) -> int:
    """The first moment at which the clocks of `zone` show so many minutes after `day` began, or would have."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = shown.replace(tzinfo=zone)
    at = int(moment.timestamp())
    if datetime.fromtimestamp(at, zone).replace(tzinfo=None) == shown:
        return at
    before, after = int(moment.replace(fold=1).timestamp()), at
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _day_of(timetable: Timetable, at: int) -> date:
    return datetime.fromtimestamp(at, timetable.zone).date()


def _minutes(text: str) -> int:
    if not _CLOCK.fullmatch(text):
        raise ValueError("a time is written as 09:30")
    return int(text[:2]) * 60 + int(text[3:])


def _two(pair: Sequence[str]) -> Sequence[str]:
    if len(pair) != 2:
        raise ValueError("a range has a beginning and an end")
    return pair
