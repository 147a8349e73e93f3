"""Rate limits and the small cache: time is what frees and what forgets."""

import time

import pytest
import time_machine
from starlette.requests import HTTPConnection

from app.kernel import clock
from app.kernel.cache import Cache
from app.kernel.config import Settings
from app.kernel.errors import TooMany
from app.kernel.limits import RateLimits, address_of


async def test_beyond_the_rate_it_says_when_to_come_again(settings: Settings) -> None:
    limits = RateLimits(settings)
    for _ in range(3):
        await limits.hit("sign-in", "lin", "3/minute")
    with pytest.raises(TooMany) as refused:
        await limits.hit("sign-in", "lin", "3/minute")
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 61
    await limits.hit("sign-in", "maria", "3/minute")
    await limits.hit("other", "lin", "3/minute")


async def test_the_window_moves_with_time(settings: Settings) -> None:
    limits = RateLimits(settings.model_copy(update={"broker_url": ""}))
    began = time.time()
    with time_machine.travel(began, tick=False) as traveller:
        for _ in range(3):
            await limits.hit("x", "lin", "3/minute")
        traveller.move_to(began + 59)
        with pytest.raises(TooMany):
            await limits.hit("x", "lin", "3/minute")
        traveller.move_to(began + 61)
        await limits.hit("x", "lin", "3/minute")


async def test_two_instances_count_together_in_redis(settings: Settings) -> None:
    if not settings.broker_url:
        pytest.skip("no Redis in this run")
    left, right = RateLimits(settings), RateLimits(settings)
    for one in (left, right, left):
        await one.hit("shared", "lin", "3/minute")
    for one in (left, right):
        with pytest.raises(TooMany):
            await one.hit("shared", "lin", "3/minute")


async def test_without_redis_nobody_is_locked_out(settings: Settings) -> None:
    limits = RateLimits(settings.model_copy(update={"broker_url": "redis://127.0.0.1:9/0"}))
    for _ in range(5):
        await limits.hit("x", "lin", "1/minute")


async def test_they_can_be_off_for_load_tests(settings: Settings) -> None:
    limits = RateLimits(settings.model_copy(update={"rate_limits": False}))
    for _ in range(5):
        await limits.hit("x", "lin", "1/minute")


def test_a_caller_without_an_address_has_a_name() -> None:
    assert address_of(HTTPConnection({"type": "http", "client": None, "headers": []})) == "unknown"
    assert address_of(HTTPConnection({"type": "http", "client": ("10.0.0.1", 5), "headers": []})) == "10.0.0.1"


async def test_a_cached_value_is_loaded_once_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    at, loads = 100.0, 0
    monkeypatch.setattr(clock, "monotonic", lambda: at)

    async def load() -> int:
        nonlocal loads
        loads += 1
        return loads

    cache = Cache()
    assert [await cache.get_or("a", 5, load) for _ in range(3)] == [1, 1, 1]
    assert await cache.get_or("b", 5, load) == 2
    at = 105.0
    assert await cache.get_or("a", 5, load) == 3
    cache.forget("a")
    cache.forget("never there")
    assert await cache.get_or("a", 5, load) == 4


async def test_the_cache_is_bounded_and_a_failure_is_not_kept() -> None:
    cache = Cache(max_entries=3)

    async def value() -> int:
        return 1

    async def failure() -> int:
        raise LookupError

    for number in range(10):
        await cache.get_or(number, 60, value)
        assert len(cache._entries) <= 3
    with pytest.raises(LookupError):
        await cache.get_or("x", 60, failure)
    assert await cache.get_or("x", 60, value) == 1
