"""What the page of reports shows of the figures: tiles beside the range before, charts, the shades of hours."""

from dataclasses import dataclass
from typing import Any

from babel.dates import format_date

from app.chat import reports_charts
from app.chat.reports import WEEKDAYS
from app.chat.reports_charts import Chart
from app.chat.reports_range import Days
from app.kernel.i18n import babel_name, sentence, translate

NOISE = 5  # percent: below it, more is neither good nor bad


@dataclass(frozen=True)
class Tile:
    """One number. `change` is in percent; `is_better` None where more is neither good nor bad."""

    name: str
    value: Any
    is_time: bool
    change: int | None
    is_better: bool | None


@dataclass(frozen=True)
class Picture:
    """A chart with its table: `names` are its series, `rows` a day's label and numbers."""

    id: str
    title: str
    hint: str
    names: list[str]
    is_time: bool
    chart: Chart
    rows: list[tuple[str, list[Any]]]
    marks: list[str]


def figures(found: list[Any], days: Days, total: Any, before: Any, locale: str) -> dict[str, Any]:
    """For the template."""
    labels = [_short(day, locale) for day in days.each()]
    pictures = [
        _picture("messages", labels, found, (("messages_in",), ("messages_out",)), locale),
        _picture("conversations", labels, found, (("started",), ("resolved",)), locale),
        *(_picture(name, labels, found, ((name, "median"), (name, "p90")), locale)
          for name in ("first_response", "waiting", "resolution")),
    ]  # fmt: skip
    most = max(max(row) for row in total["hours"])
    hours = [
        (translate(name, locale), [(count, reports_charts.level(count, most)) for count in row])
        for name, row in zip(WEEKDAYS, total["hours"], strict=True)
    ]
    return {"tiles": _tiles(total, before), "pictures": pictures, "hours": hours, "has_hours": most > 0}


_TITLES = {
    "messages": (
        sentence("Messages"),
        sentence("All messages from buyers and your team; automatic ones are not counted."),
    ),
    "conversations": (
        sentence("Conversations"),
        sentence("Started and resolved. Resolving twice with no message in between counts once."),
    ),
    "first_response": (
        sentence("First reply"),
        sentence("From a buyer’s first message to the first reply by a person, on the day it began."),
    ),
    "waiting": (
        sentence("Waiting"),
        sentence("From every first unanswered message to its reply, on the day of that message."),
    ),
    "resolution": (
        sentence("Until resolved"),
        sentence("From the first message after the previous resolution to this one, on the day it was resolved."),
    ),
}
_SERIES = {
    "messages_in": sentence("From buyers"), "messages_out": sentence("From the shop"),
    "started": sentence("New conversations"),
    "resolved": sentence("Resolved"), "median": sentence("Median"), "p90": sentence("90% within"),
}  # fmt: skip


def _picture(name: str, labels: list[str], found: list[Any], keys: Any, locale: str) -> Picture:
    title, hint = _TITLES[name]
    is_time = len(keys[0]) == 2
    series = [[_value(day, key) for day in found] for key in keys]
    chart = (reports_charts.lines if is_time else reports_charts.bars)(series)
    rows = [(label, [values[place] for values in series]) for place, label in enumerate(labels)]
    names = [translate(_SERIES[key[-1]], locale) for key in keys]
    marks = [labels[place] for place in sorted({0, len(labels) // 2, len(labels) - 1})]
    return Picture(name, translate(title, locale), translate(hint, locale), names, is_time, chart, rows, marks)


def _value(day: Any, key: tuple[str, ...]) -> Any:
    for name in key:
        day = None if day is None else day[name]
    return day


def _short(day: Any, locale: str) -> str:
    return format_date(day, "M月d日" if locale == "zh-CN" else "d MMM", locale=babel_name(locale))


_MEDIANS = (
    (sentence("First reply, median"), "first_response"), (sentence("Waiting, median"), "waiting"),
    (sentence("Until resolved, median"), "resolution"),
)  # fmt: skip


def _tiles(total: Any, before: Any) -> list[Tile]:
    rated, rated_before = total["ratings"]["average"], before["ratings"]["average"]
    return [
        _tile(sentence("New conversations"), total["started"], before["started"]),
        _tile(sentence("Resolved"), total["resolved"], before["resolved"], more_is_better=True),
        _tile(sentence("Messages from buyers"), total["messages_in"], before["messages_in"]),
        _tile(sentence("Messages from the shop"), total["messages_out"], before["messages_out"]),
        *(_tile(name, total[key]["median"], before[key]["median"], is_time=True, more_is_better=False)
          for name, key in _MEDIANS),
        _tile(sentence("Rating"), None if rated is None else round(rated, 1), rated_before, more_is_better=True),
    ]  # fmt: skip


def _tile(name: str, value: Any, before: Any, *, is_time: bool = False, more_is_better: bool | None = None) -> Tile:
    change = round(100 * (value - before) / before) if value is not None and before else None
    is_better = None if not change or abs(change) < NOISE or more_is_better is None else (change > 0) is more_is_better
    return Tile(name, value, is_time, change, is_better)
