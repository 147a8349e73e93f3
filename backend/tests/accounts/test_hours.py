"""When a shop is open: ranges, nights, holidays, and the two nights of the year in which clocks are turned."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.hours import Holiday, Range, Timetable, is_open, opens_at, parsed

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
CLOSED: tuple[Range, ...] = ()
WORK = parsed([["09:00", "12:00"], ["13:30", "18:00"]])
OFFICE = (WORK, WORK, WORK, WORK, WORK, CLOSED, CLOSED)
SHOP = Timetable(SHANGHAI, OFFICE)


def at(text: str, zone: ZoneInfo = SHANGHAI, fold: int = 0) -> int:
    """Seconds of what the clocks show, as `2026-11-20 09:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp())


def shown(moment: int | None, zone: ZoneInfo = SHANGHAI) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("when", "is_it", "opens"),
    [
        ("2026-11-20 08:59", False, "2026-11-20 09:00"),  # a Friday
        ("2026-11-20 09:00", True, None),
        ("2026-11-20 11:59", True, None),
        ("2026-11-20 12:00", False, "2026-11-20 13:30"),
        ("2026-11-20 13:30", True, None),
        ("2026-11-20 18:00", False, "2026-11-23 09:00"),  # over the week-end
        ("2026-11-22 23:59", False, "2026-11-23 09:00"),
    ],
)
def test_several_ranges_a_day(when: str, is_it: bool, opens: str | None) -> None:
    assert is_open(SHOP, at(when)) is is_it
    assert shown(opens_at(SHOP, at(when))) == opens


def test_without_hours_it_is_always_open() -> None:
    for timetable in (Timetable(SHANGHAI), Timetable(SHANGHAI, (CLOSED,) * 7)):
        assert is_open(timetable, at("2026-11-22 03:00"))
        assert opens_at(timetable, at("2026-11-22 03:00")) is None


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    bar = Timetable(SHANGHAI, (CLOSED, CLOSED, CLOSED, CLOSED, parsed([["22:00", "02:00"]]), CLOSED, CLOSED))
    for when, is_it in (("20 21:59", False), ("20 22:00", True), ("21 01:59", True), ("21 02:00", False)):
        assert is_open(bar, at(f"2026-11-{when}")) is is_it
    assert shown(opens_at(bar, at("2026-11-21 02:00"))) == "2026-11-27 22:00"


def test_a_whole_day_is_midnight_to_midnight() -> None:
    for written in ([["00:00", "00:00"]], [["00:00", "24:00"]]):
        timetable = Timetable(SHANGHAI, (parsed(written), *(CLOSED,) * 6))
        assert is_open(timetable, at("2026-11-23 00:00"))
        assert is_open(timetable, at("2026-11-23 23:59"))
        assert not is_open(timetable, at("2026-11-24 00:00"))


def test_a_holiday_closes_and_its_night_before_goes_on() -> None:
    late = (parsed([["18:00", "03:00"]]),) * 7
    timetable = Timetable(SHANGHAI, late, (Holiday(date(2026, 10, 1), date(2026, 10, 3)),))
    assert is_open(timetable, at("2026-10-01 02:59"))
    assert not is_open(timetable, at("2026-10-01 19:00"))
    assert shown(opens_at(timetable, at("2026-10-01 03:00"))) == "2026-10-04 18:00"


def test_a_holiday_may_have_hours_of_its_own_and_the_shortest_knows_best() -> None:
    year_end = Holiday(date(2026, 12, 20), date(2027, 1, 3))
    eve = Holiday(date(2026, 12, 24), date(2026, 12, 24), parsed([["09:00", "13:00"]]))
    timetable = Timetable(SHANGHAI, OFFICE, (year_end, eve))
    assert is_open(timetable, at("2026-12-24 12:00"))
    assert not is_open(timetable, at("2026-12-24 14:00"))
    assert shown(opens_at(timetable, at("2026-12-20 10:00"))) == "2026-12-24 09:00"
    assert shown(opens_at(timetable, at("2026-12-24 13:00"))) == "2027-01-04 09:00"


def test_a_holiday_also_closes_a_shop_that_has_no_hours() -> None:
    timetable = Timetable(SHANGHAI, (), (Holiday(date(2026, 10, 1), date(2026, 10, 1)),))
    assert is_open(timetable, at("2026-09-30 23:59"))
    assert not is_open(timetable, at("2026-10-01 00:00"))
    assert shown(opens_at(timetable, at("2026-10-01 12:00"))) == "2026-10-02 00:00"


def test_a_shop_that_never_opens_again_promises_nothing() -> None:
    closed_for_good = Timetable(SHANGHAI, OFFICE, (Holiday(date(2026, 1, 1), date(2029, 1, 1)),))
    assert not is_open(closed_for_good, at("2026-11-20 10:00"))
    assert opens_at(closed_for_good, at("2026-11-20 10:00")) is None


def test_clocks_are_turned_forward() -> None:
    """Berlin, 29 March 2026: after 01:59 comes 03:00."""
    bakery = Timetable(BERLIN, (parsed([["02:30", "06:00"]]),) * 7)
    turn = at("2026-03-29 03:00", BERLIN)
    assert opens_at(bakery, turn - 60) == turn
    assert is_open(bakery, turn)
    club = Timetable(BERLIN, (parsed([["22:00", "02:30"]]),) * 7)
    assert is_open(club, turn - 1)
    assert not is_open(club, turn)
    assert not is_open(Timetable(BERLIN, (parsed([["02:10", "02:50"]]),) * 7), turn)
    assert shown(opens_at(bakery, at("2026-03-29 07:00", BERLIN)), BERLIN) == "2026-03-30 02:30"


def test_clocks_are_turned_back() -> None:
    """Berlin, 25 October 2026: 02:00 to 02:59 come twice."""
    bakery = Timetable(BERLIN, (parsed([["02:30", "06:00"]]),) * 7)
    first, second = at("2026-10-25 02:30", BERLIN), at("2026-10-25 02:30", BERLIN, fold=1)
    assert second - first == 3600
    assert opens_at(bakery, first - 60) == first
    assert is_open(bakery, first)
    assert is_open(bakery, at("2026-10-25 02:05", BERLIN, fold=1))  # it has been open for 35 minutes
    club = Timetable(BERLIN, (parsed([["22:00", "02:30"]]),) * 7)
    assert is_open(club, first - 1)
    assert not is_open(club, first)
    assert not is_open(club, at("2026-10-25 02:10", BERLIN, fold=1))  # closed is closed
    whole = Timetable(BERLIN, (parsed([["00:00", "00:00"]]),) * 7)
    assert all(is_open(whole, moment) for moment in range(first - 7200, second + 7200, 600))


@pytest.mark.parametrize(
    "written",
    [
        [["9:00", "12:00"]],
        [["09:00", "25:00"]],
        [["24:00", "02:00"]],
        [["09:00"]],
        [["09:00", "12:00"], ["11:00", "13:00"]],
        [["09:00", "12:00"], ["22:00", "10:00"], ["23:00", "23:30"]],
        [["00:00", "00:01"]] * 7,
    ],
)
def test_what_is_no_range_is_refused(written: list[list[str]]) -> None:
    with pytest.raises(ValueError):
        parsed(written)


def test_ranges_are_put_in_order() -> None:
    assert parsed([["13:30", "18:00"], ["09:00", "12:00"]]) == WORK


clock = st.integers(0, 23).flatmap(lambda hour: st.integers(0, 59).map(lambda minute: f"{hour:02}:{minute:02}"))


@given(clock, clock, st.integers(at("2026-03-20 00:00", BERLIN), at("2026-11-05 00:00", BERLIN)))
def test_what_is_promised_is_kept(opens: str, closes: str, moment: int) -> None:
    timetable = Timetable(BERLIN, (parsed([[opens, closes]]), CLOSED) * 3 + (CLOSED,))
    promised = opens_at(timetable, moment)
    if promised is None:
        assert is_open(timetable, moment)
    else:
        assert promised > moment
        assert is_open(timetable, promised)
        assert not is_open(timetable, promised - 1)
