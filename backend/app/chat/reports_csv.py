"""Tables of a range as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from app.chat.exports.as_csv import cell
from app.chat.reports import AGENT_HEADINGS, DAY_HEADINGS, WEEKDAYS
from app.kernel.i18n import sentence, translate

Lines = Iterator[Sequence[Any]]


class Sheet(StrEnum):
    """What a CSV holds."""

    DAYS = "days"
    AGENTS = "agents"
    LABELS = "labels"
    RATINGS = "ratings"
    HOURS = "hours"


def text(sheet: Sheet, days: Sequence[Any], total: dict[str, Any], locale: str) -> str:
    """With a mark, because Excel in China reads GBK otherwise; no cell is a formula."""
    made = io.StringIO(newline="")
    made.write("\ufeff")
    rows = csv.writer(made)
    lines = _days(days) if sheet is Sheet.DAYS else _TABLES[sheet](total)
    rows.writerow([translate(heading, locale) if type(heading) is str else heading for heading in next(lines)])
    rows.writerows([cell(value) if type(value) is str else value for value in line] for line in lines)
    return made.getvalue()


WAITING_HEADINGS = (sentence("Answers"), sentence("Waiting, median (s)"), sentence("Waiting, 90 % (s)"))
RATING_HEADINGS = (sentence("Ratings"), sentence("Rating, average"))
LABEL_HEADINGS = (
    sentence("Label"), sentence("Conversations begun"), sentence("Conversations resolved"), sentence("First answers"),
    sentence("First answer, median (s)"), sentence("First answer, 90 % (s)"),
)  # fmt: skip


def _days(days: Sequence[Any]) -> Lines:
    yield (*DAY_HEADINGS, *WAITING_HEADINGS, *RATING_HEADINGS)
    for day in days:
        first, last, waiting = day["first_response"], day["resolution"], day["waiting"]
        count, average = _mean({int(score): times for score, times in day["ratings"].items()})
        yield (
            day["day"], day["started"], day["resolved"], day["resolved_automatically"], day["messages_in"],
            day["messages_out"], first["count"], first["median"], first["p90"], last["median"], last["p90"],
            waiting["count"], waiting["median"], waiting["p90"], count, average,
        )  # fmt: skip


def _agents(total: dict[str, Any]) -> Lines:
    yield (*AGENT_HEADINGS, *RATING_HEADINGS)
    for one in total["agents"]:
        first, rated = one["first_response"], one["rated"]
        average = None if rated["average"] is None else round(rated["average"], 2)
        yield (
            one["user_id"], one["name"], one["messages"], one["conversations"], one["resolved"], first["count"],
            first["median"], first["p90"], rated["count"], average,
        )  # fmt: skip


def _labels(total: dict[str, Any]) -> Lines:
    yield LABEL_HEADINGS
    for one in total["labels"]:
        first = one["first_response"]
        yield one["name"], one["started"], one["resolved"], first["count"], first["median"], first["p90"]


def _ratings(total: dict[str, Any]) -> Lines:
    yield sentence("Rating"), sentence("Times")
    yield from total["ratings"]["scores"].items()


def _hours(total: dict[str, Any]) -> Lines:
    yield sentence("Hour"), *WEEKDAYS
    for hour in range(24):
        yield hour, *(row[hour] for row in total["hours"])


def _mean(scores: dict[int, int]) -> tuple[int, float | None]:
    count = sum(scores.values())
    return count, round(sum(score * times for score, times in scores.items()) / count, 2) if count else None


_TABLES = {Sheet.AGENTS: _agents, Sheet.LABELS: _labels, Sheet.RATINGS: _ratings, Sheet.HOURS: _hours}
