"""What breaks, drawn from a seed: servers die, freeze and restart, Redis goes away, sockets are torn apart."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import psycopg

from loadtest.chaos.ledger import Ledger
from loadtest.chaos.readers import Reader
from loadtest.processes import Process

PAUSE_BETWEEN = (0.3, 1.6)  # seconds
DOWN = (0.0, 1.5)
FROZEN = (0.2, 3.0)
REDIS_AWAY = (0.3, 3.0)
OPENING_SECONDS = 60.0  # until somebody is connected whose socket can be torn
GRACE = (0.5, 1.5)  # as often the time that it took to start is a server left alone afterwards
CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""

Fault = Callable[[], Awaitable[None]]


class Faults:
    """Does one harm after the other until it is told to stop, then repairs everything."""

    def __init__(
        self,
        servers: Sequence[Process],
        redis: Process | None,
        database_url: str,
        readers: Sequence[Reader],
        ledger: Ledger,
        chance: random.Random,
    ) -> None:
        self._servers = servers
        self._redis = redis
        self._database_url = database_url
        self._readers = readers
        self._ledger = ledger
        self._chance = chance
        self._last: asyncio.Task[None] | None = None

    async def run(self, still: Callable[[], bool]) -> None:
        """Break things while `still()`, and leave everything running."""
        kinds: list[tuple[Fault, int]] = [(self._kill, 4), (self._drop, 5), (self._freeze, 2), (self._restart, 1)]
        if self._redis is not None:
            kinds += [(self._stop_redis, 2), (self._freeze_redis, 1)]
        if self._database_url.startswith("postgres"):
            kinds.append((self._cut_database, 1))
        if len(self._servers) > 1:
            kinds.append((self._kill_all, 1))
        faults, weights = zip(*kinds, strict=True)
        await self._open()
        while still():
            await asyncio.sleep(self._chance.uniform(*PAUSE_BETWEEN))
            if still():
                await self._chance.choices(faults, weights)[0]()
        for process in (*self._servers, *filter(None, [self._redis])):
            process.resume()
            if not process.is_running:
                await process.start()

    async def _open(self) -> None:
        """Torn sockets and a kill are in every run, however slow the machine and short the run."""
        dropped = self._ledger.counts["dropped sockets"]
        async with asyncio.timeout(OPENING_SECONDS):
            while self._ledger.counts["dropped sockets"] == dropped:
                await asyncio.sleep(self._chance.uniform(*PAUSE_BETWEEN))
                await self._drop()
        await self._kill()

    async def _kill(self) -> None:
        await self._bring_down([self._chance.choice(self._servers)], "kills", Process.kill)

    async def _kill_all(self) -> None:
        await self._bring_down(self._servers, "kills of all", Process.kill)

    async def _restart(self) -> None:
        await self._bring_down([self._chance.choice(self._servers)], "restarts", Process.stop)

    async def _bring_down(self, servers: Sequence[Process], name: str, how: Callable[[Process], None]) -> None:
        self._ledger.counts[name] += 1
        for server in servers:
            await asyncio.to_thread(how, server)
        await asyncio.sleep(self._chance.uniform(*DOWN))
        began = time.monotonic()
        await asyncio.gather(*(server.start() for server in servers))
        await asyncio.sleep(self._chance.uniform(*GRACE) * (time.monotonic() - began))

    async def _freeze(self) -> None:
        self._ledger.counts["freezes"] += 1
        await self._hold(self._chance.choice(self._servers), FROZEN)

    async def _freeze_redis(self) -> None:
        if self._redis is not None:
            self._ledger.counts["Redis freezes"] += 1
            await self._hold(self._redis, REDIS_AWAY)

    async def _hold(self, process: Process, seconds: tuple[float, float]) -> None:
        process.pause()
        try:
            await asyncio.sleep(self._chance.uniform(*seconds))
        finally:
            process.resume()

    async def _stop_redis(self) -> None:
        if self._redis is not None:
            self._ledger.counts["Redis stops"] += 1
            await asyncio.to_thread(self._redis.kill)
            await asyncio.sleep(self._chance.uniform(*REDIS_AWAY))
            await self._redis.start()

    async def _cut_database(self) -> None:
        """As a failover does: every connection of the servers is gone at once."""
        self._ledger.counts["database cuts"] += 1
        async with await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as connection:
            await connection.execute(CUT)

    async def _drop(self) -> None:
        victims = self._chance.sample(list(self._readers), self._chance.randint(1, len(self._readers)))
        await asyncio.gather(*(reader.drop() for reader in victims))
