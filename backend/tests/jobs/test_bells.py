"""Bells over Redis Streams: what takes a waiting job to a worker at once."""

import asyncio

from app.jobs.bells import Bells
from app.jobs.events import JobReady
from tests.redis_server import RedisServer, needs_redis_server

pytestmark = needs_redis_server
PATIENCE_SECONDS = 30


async def test_they_ring_again_when_redis_is_back() -> None:
    heard = asyncio.Event()
    async with RedisServer() as redis:
        rings, hears = Bells(redis.url), Bells(redis.url, ["default"])
        await rings.start()
        await hears.start(lambda _: heard.set())
        await redis.stop()
        rings.events([JobReady(queue="default")])
        await asyncio.sleep(0.5)
        await redis.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not heard.is_set():
                rings.events([JobReady(queue="default")])
                await asyncio.sleep(0.1)
        await rings.stop()
        await hears.stop()
