"""Fan-out between processes. It may lose messages, and says so: then the hub asks its sockets to sync.

A process hands frames to its own sockets directly; the broker carries them to the other processes only.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from loguru import logger
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.kernel.config import Settings

CHANNEL = "parley:fanout"
MAX_WAITING = 10_000  # payloads kept while Redis is away; beyond it a resync is cheaper than a replay
RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0)
_RESYNC = b"\x00"
ORIGIN_BYTES = 8

OnPayload = Callable[[bytes], None]
OnGap = Callable[[], None]


class Broker(Protocol):
    """Carries payloads to every other process of this installation, in the order in which they were published."""

    has_peers: bool
    """False: there are no other processes, so nothing need be encoded for them."""

    async def start(self, on_payload: OnPayload, on_gap: OnGap) -> None:
        """Begin to receive. `on_gap()` is called whenever payloads of others may have been missed."""

    def publish(self, payload: bytes) -> None:
        """Send without waiting; never raises."""

    @property
    def is_healthy(self) -> bool:
        """False while the connection is down."""

    async def stop(self) -> None:
        """Deliver what waits, as far as that is quick, and close."""


class InProcessBroker:
    """The only process: there is nobody else to tell."""

    has_peers = False
    is_healthy = True

    async def start(self, on_payload: OnPayload, on_gap: OnGap) -> None:
        """Nothing to receive."""

    def publish(self, payload: bytes) -> None:
        """Nobody to tell."""

    async def stop(self) -> None:
        """Nothing to close."""


class RedisBroker:
    """Redis pub/sub on one channel. Publishing is queued and joined: awaiting Redis per message costs half the rate."""

    has_peers = True

    def __init__(self, url: str) -> None:
        # Pub/sub reads block for longer than redis-py 8's default socket_timeout of 5 s.
        self._redis = Redis.from_url(url, socket_timeout=None, socket_connect_timeout=2, health_check_interval=15)
        # Redis' channels are the same in all of its databases; installations that share a server must not mix.
        self._channel = f"{CHANNEL}:{self._redis.connection_pool.connection_kwargs.get('db') or 0}"
        self._origin = os.urandom(ORIGIN_BYTES)
        self._waiting: list[bytes] = []
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._lost = False
        self._flushing = asyncio.Lock()
        self._is_subscribed = False

    @property
    def is_healthy(self) -> bool:
        """Subscribed, and nothing published has been lost."""
        return self._is_subscribed and not self._lost

    async def start(self, on_payload: OnPayload, on_gap: OnGap) -> None:
        """Subscribe in the background; an unreachable Redis delays nothing."""
        self._tasks = [
            asyncio.create_task(self._receive(on_payload, on_gap)),
            asyncio.create_task(self._send()),
        ]

    def publish(self, payload: bytes) -> None:
        """Queue for the sender; a queue that is full is dropped for a resync."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            self._lost = True
        self._waiting.append(self._origin + payload)
        self._wake.set()

    async def stop(self) -> None:
        """Give the queue a second, then close."""
        with suppress(RedisError, OSError, TimeoutError):
            await asyncio.wait_for(self._flush(), 1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _send(self) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._flush()
                failures = 0
            except (RedisError, OSError) as error:
                self._lost = True
                self._wake.set()
                logger.warning("broker: publish failed: {}", error)
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    async def _flush(self) -> None:
        async with self._flushing:  # so that `stop` waits for what the sender has in hand
            while self._waiting or self._lost:
                batch, self._waiting = self._waiting, []
                try:
                    await self._publish_all(batch)
                except (RedisError, OSError):
                    # How many arrived is unknown. Twice does no harm: readers know a message by its seq.
                    self._waiting = [*batch, *self._waiting]
                    raise
                self._lost = False

    async def _publish_all(self, batch: list[bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            if self._lost:
                pipe.publish(self._channel, self._origin + _RESYNC)
            for payload in batch:
                pipe.publish(self._channel, payload)
            await pipe.execute()

    async def _receive(self, on_payload: OnPayload, on_gap: OnGap) -> None:
        failures = 0
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=False) as channel:
                    await channel.subscribe(self._channel)
                    async for message in channel.listen():
                        if message["type"] == "subscribe":
                            self._is_subscribed, failures = True, 0
                            on_gap()  # whatever was published before this moment is not ours
                        elif message["type"] == "message":
                            self._hand_over(message["data"], on_payload, on_gap)
            except (RedisError, OSError) as error:
                self._is_subscribed = False
                logger.warning("broker: subscription lost: {}", error)
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    def _hand_over(self, data: bytes, on_payload: OnPayload, on_gap: OnGap) -> None:
        origin, payload = data[:ORIGIN_BYTES], data[ORIGIN_BYTES:]
        if origin == self._origin:
            return
        if payload == _RESYNC:
            on_gap()
        else:
            on_payload(payload)


def broker_for(settings: Settings) -> Broker:
    """The adapter that `BROKER_URL` names."""
    return RedisBroker(settings.broker_url) if settings.broker_url else InProcessBroker()
