"""The broker: what one process publishes the others receive, in order; an outage is told, never hidden."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.kernel import broker as brokers
from app.kernel.broker import InProcessBroker, RedisBroker, broker_for
from app.kernel.config import Settings
from tests.redis_server import RedisServer, needs_redis_server

pytestmark = needs_redis_server


class Ear:
    """A process that listens."""

    def __init__(self, url: str) -> None:
        self.broker = RedisBroker(url)
        self.heard: list[bytes] = []
        self.gaps = 0

    def note_gap(self) -> None:
        self.gaps += 1


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Ear]:
    ear = Ear(url)
    await ear.broker.start(ear.heard.append, ear.note_gap)
    try:
        yield ear
    finally:
        await ear.broker.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.005)


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with RedisServer() as own:
        yield own


async def test_others_hear_everything_in_order_and_the_speaker_nothing(redis: RedisServer) -> None:
    async with listening(redis.url) as left, listening(redis.url) as right, listening(redis.url) as third:
        await until(lambda: all(ear.broker.is_healthy for ear in (left, right, third)))
        said = [f"{number}".encode() for number in range(500)]
        for payload in said:
            left.broker.publish(payload)
        await until(lambda: len(right.heard) == len(third.heard) == 500)
        assert right.heard == third.heard == said
        assert left.heard == []


async def test_installations_on_one_redis_do_not_hear_each_other(redis: RedisServer) -> None:
    other = redis.url.removesuffix("/0") + "/1"
    async with listening(redis.url) as left, listening(redis.url) as right, listening(other) as stranger:
        await until(lambda: all(ear.broker.is_healthy for ear in (left, right, stranger)))
        left.broker.publish(b"ours")
        await until(lambda: right.heard == [b"ours"])
        assert stranger.heard == []


async def test_a_new_listener_is_told_that_it_missed_what_was_before(redis: RedisServer) -> None:
    async with listening(redis.url) as ear:
        await until(lambda: ear.gaps == 1)


async def test_an_outage_is_a_gap_for_everybody_and_then_it_goes_on(redis: RedisServer) -> None:
    async with listening(redis.url) as left, listening(redis.url) as right:
        await until(lambda: left.broker.is_healthy and right.broker.is_healthy)
        before = (left.gaps, right.gaps)
        await redis.stop()
        await until(lambda: not left.broker.is_healthy and not right.broker.is_healthy)
        left.broker.publish(b"lost or late")
        await redis.start()
        await until(lambda: left.broker.is_healthy and right.broker.is_healthy)
        await until(lambda: left.gaps > before[0] and right.gaps > before[1])
        left.broker.publish(b"after")
        await until(lambda: b"after" in right.heard)


async def test_a_queue_that_is_full_becomes_one_gap(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "MAX_WAITING", 10)
    async with listening(redis.url) as left, listening(redis.url) as right:
        await until(lambda: left.broker.is_healthy and right.broker.is_healthy)
        before = right.gaps
        for number in range(100):
            left.broker.publish(f"{number}".encode())
        assert len(left.broker._waiting) <= 10
        await until(lambda: right.gaps > before)
        await until(lambda: right.heard[-1:] == [b"99"])
        await until(lambda: left.broker.is_healthy)


async def test_a_redis_that_is_not_there_delays_nothing() -> None:
    async with asyncio.timeout(3):
        async with listening("redis://127.0.0.1:9/0") as ear:
            ear.broker.publish(b"x")
            assert not ear.broker.is_healthy
            await asyncio.sleep(0.05)


async def test_what_waits_is_sent_before_the_end(redis: RedisServer) -> None:
    async with listening(redis.url) as right:
        async with listening(redis.url) as left:
            await until(lambda: left.broker.is_healthy and right.broker.is_healthy)
            left.broker.publish(b"last words")
        await until(lambda: right.heard == [b"last words"])


async def test_one_process_needs_no_broker(settings: Settings) -> None:
    alone = broker_for(settings.model_copy(update={"broker_url": ""}))
    assert isinstance(alone, InProcessBroker)
    assert alone.is_healthy
    assert not alone.has_peers
    await alone.start(lambda payload: None, lambda: None)
    alone.publish(b"x")
    await alone.stop()
    assert isinstance(broker_for(settings.model_copy(update={"broker_url": "redis://127.0.0.1:9/0"})), RedisBroker)
