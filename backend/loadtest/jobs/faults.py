"""What breaks while jobs run: workers die or freeze, Redis forgets, the database goes away, clocks jump."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url

from loadtest.processes import Process

BETWEEN = (0.5, 2.5)  # seconds
DOWN = (0.0, 2.0)
REDIS_AWAY = (0.5, 4.0)
DATABASE_AWAY = (0.5, 5.0)
JUMPS = (-7200, -60, 60, 7200)

Fault = Callable[[], Awaitable[None]]


class Faults:
    """Does one harm after the other; `deaths` and `frozen` say when whom, so that overlaps can be judged."""

    def __init__(
        self, workers: Sequence[Process], clocks: Sequence[Path], redis: Process | None, database_url: str,
        chance: random.Random, lease_seconds: float,
    ) -> None:  # fmt: skip
        self._workers = workers
        self._clocks = clocks
        self._redis = redis
        self._url = make_url(database_url)
        self._chance = chance
        self._lease_seconds = lease_seconds
        self.counts: Counter[str] = Counter()
        self.deaths: dict[int, float] = {}
        self.frozen: list[tuple[int, float, float]] = []

    async def run(self, still: Callable[[], bool]) -> None:
        """Break things while `still()`, then leave everything whole."""
        kinds: list[tuple[Fault, int]] = [(self._kill, 6), (self._restart, 1), (self._jump, 2), (self._freeze, 2)]
        if self._redis is not None:
            kinds += [(self._stop_redis, 2), (self._wipe_redis, 2)]
        if self._url.get_backend_name() == "postgresql":
            kinds += [(self._lose_database, 2)]
        faults, weights = zip(*kinds, strict=True)
        zombie = asyncio.create_task(self._make_zombie()) if len(self._workers) > 1 else None
        await self._kill()
        while still():
            await asyncio.sleep(self._chance.uniform(*BETWEEN))
            await self._chance.choices(faults, weights)[0]()
        for clock in self._clocks:
            clock.write_text("0")
        if zombie is not None:
            await zombie
        for process in (*self._workers, *filter(None, [self._redis])):
            process.resume()
            if not process.is_running:
                process.spawn()

    def _victim(self) -> Process:
        """Any but the first of several, which is to become a zombie in its own time."""
        return self._chance.choice(self._workers[1:] or self._workers)

    async def _kill(self) -> None:
        victim = self._victim()
        if victim.is_running:
            self.counts["kills"] += 1
            pid = victim.pid
            await asyncio.to_thread(victim.kill)
            self.deaths[pid] = time.monotonic()
        await asyncio.sleep(self._chance.uniform(*DOWN))
        victim.spawn()

    async def _restart(self) -> None:
        victim = self._victim()
        if victim.is_running:
            self.counts["restarts"] += 1
            pid = victim.pid
            await asyncio.to_thread(victim.stop)
            self.deaths[pid] = time.monotonic()
        victim.spawn()

    async def _freeze(self) -> None:
        self.counts["freezes"] += 1
        await self._hold(self._victim(), self._chance.uniform(0.1, 0.3) * self._lease_seconds)

    async def _make_zombie(self) -> None:
        """One worker stands still for longer than its lease, then goes on with jobs that are not its own any more."""
        await asyncio.sleep(self._chance.uniform(3, 8))
        self.counts["zombies"] += 1
        await self._hold(self._workers[0], 1.4 * self._lease_seconds)  # a lease, and the look that ends it

    async def _hold(self, victim: Process, seconds: float) -> None:
        if not victim.is_running:
            return
        since, pid = time.monotonic(), victim.pid
        victim.pause()
        try:
            await asyncio.sleep(seconds)
        finally:
            victim.resume()
            self.frozen.append((pid, since, time.monotonic()))

    async def _jump(self) -> None:
        self.counts["clock jumps"] += 1
        self._chance.choice(self._clocks).write_text(str(self._chance.choice(JUMPS)))
        await asyncio.sleep(self._chance.uniform(1, 3))
        self._chance.choice(self._clocks).write_text("0")

    async def _stop_redis(self) -> None:
        if self._redis is not None:
            self.counts["Redis stops"] += 1
            await asyncio.to_thread(self._redis.kill)
            await asyncio.sleep(self._chance.uniform(*REDIS_AWAY))
            await self._redis.start()

    async def _wipe_redis(self) -> None:
        if self._redis is not None:
            self.counts["Redis wipes"] += 1
            with suppress(RedisError):
                async with Redis(port=self._redis.port) as redis:
                    await redis.flushall()

    async def _lose_database(self) -> None:
        """As a restart: every connection ends, and for a while none is made."""
        self.counts["database losses"] += 1
        name = sql.Identifier(self._url.database or "")
        address = self._url.set(database="postgres").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
            await connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
            try:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._url.database]
                )
                await asyncio.sleep(self._chance.uniform(*DATABASE_AWAY))
            finally:
                await connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
