"""Counting by itself: percentiles, days that are not 24 hours long, durations in little memory."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.chat.reports_tally import Durations, Span, rounded
from app.kernel.clock import midnight


@given(some.lists(some.integers(0, 999), min_size=1), some.sampled_from([50, 90]))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    durations = Durations()
    for value in values:
        durations.add(value)
    found = durations.percentile(percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_nothing_has_no_percentile() -> None:
    assert Durations().figures() == {"count": 0, "median": None, "p90": None}


@given(some.integers(0, 10**9))
def test_durations_are_off_by_half_a_percent_at_most(seconds: int) -> None:
    assert abs(rounded(seconds) - seconds) <= 0.005 * seconds


def test_memory_does_not_grow_with_what_is_counted() -> None:
    durations = Durations()
    for seconds in range(0, 40_000_000, 97):
        durations.add(seconds)
    assert len(durations.counts) < 6000


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 2), 24)])
def test_a_day_is_as_long_as_its_clocks_say(day: tuple[int, int, int], hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    span = Span(date(*day), date(*day), zone)
    assert span.end - span.start == hours * 3600
    assert span.day_of(span.start) == span.day_of(span.end - 1) == 0
    assert span.day_of(span.start - 1) is span.day_of(span.end) is None


def test_days_are_told_apart_at_midnight() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    span = Span(date(2026, 11, 2), date(2026, 11, 4), zone)
    second = midnight(date(2026, 11, 3), zone)
    assert [span.day_of(second - 1), span.day_of(second)] == [0, 1]
    assert midnight(date(2026, 11, 3), zone) == 1793635200
