"""Snowflakes: unique and rising, whatever the clock does; node ids belong to one process at a time."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select, update

from app.kernel import clock, ids, node_leases
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.ids import ClockMovedBack, LeaseExpired, Snowflakes
from app.kernel.node_leases import LEASE_SECONDS, NodeLease, acquire, leased_node

NOW_MS = 1_800_000_000_000


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A clock whose hand the test moves."""

    def set_to(milliseconds: int) -> None:
        monkeypatch.setattr(clock, "now_ms", lambda: milliseconds)

    set_to(NOW_MS)
    return set_to


def test_an_id_says_when_and_where_it_was_drawn(hand: Callable[[int], None]) -> None:
    number = Snowflakes(777).new()
    assert (number >> 22) + ids.EPOCH_MS == NOW_MS
    assert (number >> 12) & ids.MAX_NODE == 777
    assert number & ids.MAX_SEQUENCE == 0
    assert 0 < number < 2**63


def test_ids_rise_and_never_repeat_at_full_speed() -> None:
    draw = Snowflakes(1)
    drawn = [draw.new() for _ in range(20_000)]
    assert drawn == sorted(set(drawn))


def test_ids_do_not_repeat_between_threads() -> None:
    draw, drawn = Snowflakes(1), list[int]()

    def work() -> None:
        drawn.extend([draw.new() for _ in range(2_000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 8_000


def test_a_millisecond_that_is_full_is_waited_out() -> None:
    draw = Snowflakes(1)
    draw._last_ms, draw._sequence = clock.now_ms() + 3, ids.MAX_SEQUENCE
    before = draw._last_ms
    number = draw.new()
    assert (number >> 22) + ids.EPOCH_MS > before


@given(st.lists(st.integers(min_value=-10, max_value=30), min_size=1, max_size=60))
def test_small_steps_of_the_clock_never_repeat_an_id(steps: list[int]) -> None:
    draw, at, drawn = Snowflakes(1), NOW_MS, list[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids.time, "sleep", lambda seconds: None)
        for step in steps:
            at = max(at + step, draw._last_ms - ids.MAX_ROLLBACK_MS)
            patch.setattr(clock, "now_ms", lambda now=at: now)
            drawn.append(draw.new())
    assert drawn == sorted(set(drawn))


def test_a_clock_that_went_back_a_little_is_waited_for(
    hand: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = list[float]()
    monkeypatch.setattr(ids.time, "sleep", waited.append)
    draw = Snowflakes(1)
    first = draw.new()
    hand(NOW_MS - 10)
    assert draw.new() > first
    assert waited == [0.01]


def test_a_clock_that_went_back_further_is_refused_counted_and_unhealthy(hand: Callable[[int], None]) -> None:
    draw = Snowflakes(1)
    draw.new()
    assert draw.is_healthy
    hand(NOW_MS - 11)
    for _ in range(2):
        with pytest.raises(ClockMovedBack) as refused:
            draw.new()
        assert (refused.value.status, refused.value.code) == (503, "clock_moved_back")
    assert draw.refusals == 2
    assert not draw.is_healthy
    hand(NOW_MS + 1)
    assert draw.is_healthy
    draw.new()


def test_a_lease_that_is_over_draws_nothing(hand: Callable[[int], None]) -> None:
    draw = Snowflakes(1, valid_until=clock.monotonic() + 60)
    hand(NOW_MS + 3_600_000)  # a clock that jumps ends no lease
    draw.new()
    draw.valid_until = clock.monotonic()
    with pytest.raises(LeaseExpired):
        draw.new()
    assert not draw.is_healthy


@pytest.mark.parametrize("node", [-1, 1024])
def test_a_node_has_ten_bits(node: int) -> None:
    with pytest.raises(ValueError):
        Snowflakes(node)


async def test_many_processes_get_different_nodes(db: Database) -> None:
    nodes = await asyncio.gather(*(acquire(db, f"process {number}") for number in range(12)))
    assert len(set(nodes)) == 12


async def fill(db: Database, free_from: int) -> None:
    """Every node is leased; node 7 until `free_from`, the others for long."""
    later = clock.now() + 10_000
    async with db.writing() as session:
        session.add_all(
            NodeLease(node=node, holder="other", expires_at=free_from if node == 7 else later) for node in range(1024)
        )


async def test_an_expired_lease_is_taken_over_by_one(db: Database) -> None:
    await fill(db, free_from=clock.now() - 1)
    outcomes = await asyncio.gather(*(acquire(db, f"process {n}") for n in range(4)), return_exceptions=True)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Exception)] == [7]
    assert all(isinstance(outcome, RuntimeError) for outcome in outcomes if outcome != 7)


async def test_a_lease_that_stands_is_nobody_elses_whatever_their_clock_says(db: Database) -> None:
    await fill(db, free_from=clock.now() + 60)
    with pytest.raises(RuntimeError):
        await acquire(db, "late")
    with time_machine.travel(time.time() + 7200), pytest.raises(RuntimeError):
        await acquire(db, "with a clock that is two hours ahead")


async def test_a_clock_that_went_back_costs_the_node_and_not_hours(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_leases, "RENEW_SECONDS", 0.02)
    leasing = settings.model_copy(update={"snowflake_node_id": None})
    async with leased_node(db, leasing) as node:
        with time_machine.travel(time.time() + 7200, tick=True):
            ahead = ids.new_id()
        async with asyncio.timeout(5):
            while ids.generator().node == node:
                await asyncio.sleep(0.01)
        assert ids.new_id() < ahead
        async with db.reading() as session:
            left = (await session.exec(select(NodeLease.expires_at).where(NodeLease.node == node))).one()
        assert left > clock.now() + 7200 - 5  # nobody gets it before the time of its ids is over
    async with db.reading() as session:
        assert (await session.exec(select(NodeLease.node))).all() == [node]


async def test_a_running_process_renews_its_lease_and_gives_it_back(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_leases, "RENEW_SECONDS", 0.02)
    leasing = settings.model_copy(update={"snowflake_node_id": None})
    async with leased_node(db, leasing) as node:
        assert ids.generator().node == node
        async with db.writing() as session:
            await session.exec(update(NodeLease).values(expires_at=1))
        ids.generator().valid_until = 0.0
        async with asyncio.timeout(5):
            while not ids.generator().is_healthy:
                await asyncio.sleep(0.01)
        async with db.reading() as session:
            lease = (await session.exec(select(NodeLease))).one()
        assert lease.expires_at > clock.now() + LEASE_SECONDS - 10
    async with db.reading() as session:
        assert (await session.exec(select(NodeLease))).all() == []


async def test_a_process_that_lost_its_lease_takes_another_node(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_leases, "RENEW_SECONDS", 0.02)
    leasing = settings.model_copy(update={"snowflake_node_id": None})
    async with leased_node(db, leasing) as node:
        async with db.writing() as session:
            await session.exec(update(NodeLease).where(col(NodeLease.node) == node).values(holder="a thief"))
        async with asyncio.timeout(5):
            while ids.generator().node == node:
                await asyncio.sleep(0.01)
        assert ids.new_id() > 0
