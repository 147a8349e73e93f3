"""Working hours in words: when a shop opens, which days a holiday takes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kernel import i18n

MONDAY = date(2024, 1, 1)  # any Monday


def opens(opens_at: int, at: int, zone: ZoneInfo, locale: str) -> str:
    """`Opens on Monday at 09:00`, as the shop's own clocks show it to who looks at `at`."""
    moment, today = datetime.fromtimestamp(opens_at, zone), datetime.fromtimestamp(at, zone).date()
    time = f"{moment:%H:%M}"
    if moment.date() == today:
        return i18n.translate("Opens today at {time}", locale, time=time)
    if moment.date() == today + timedelta(days=1):
        return i18n.translate("Opens tomorrow at {time}", locale, time=time)
    is_near = moment.date() < today + timedelta(days=7)
    day = (i18n.format_weekday if is_near else i18n.format_day)(opens_at, locale, zone.key)
    return i18n.translate("Opens on {day} at {time}", locale, day=day, time=time)


def clock(at: int, zone: ZoneInfo, locale: str) -> str:
    """`Sunday, 15:04`: what the shop's clocks show."""
    day = i18n.format_weekday(at, locale, zone.key)
    return i18n.translate("{day}, {time}", locale, day=day, time=f"{datetime.fromtimestamp(at, zone):%H:%M}")


def days(locale: str) -> list[str]:
    """The weekdays from Monday on."""
    return [i18n.format_weekday(_noon(MONDAY + timedelta(days=number)), locale, "UTC") for number in range(7)]


def span(first: date, last: date, locale: str) -> str:
    """`1 Oct 2026`, or both ends."""
    begin, end = (i18n.format_day(_noon(day), locale, "UTC", "yMMMd") for day in (first, last))
    return begin if first == last else f"{begin} – {end}"


def _noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
