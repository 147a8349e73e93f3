"""The servers of a run: each with a database of its own, all on one core, and we on another."""

import asyncio
import gc
import os
import resource
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.kernel.config import Settings
from app.kernel.db import Database
from loadtest import databases, processes
from loadtest.bench.people import Pair, Person, make_pairs
from loadtest.bench.talking import Ends
from loadtest.processes import Process
from loadtest.wires import frame

QUIET_SHARE = 0.03  # a server that uses less of its core than this has nothing left to do
QUIET_LOOK_SECONDS = 0.5
QUIET_WAIT_SECONDS = 60.0
IDLE_SHARE = 0.7  # of all cores: with less than this left, others share what we measure
IDLE_LOOK_SECONDS = 0.7


@dataclass(frozen=True)
class Plan:
    """How long and how often. `quick` is for trying the tool, not for figures to quote."""

    is_quick: bool

    @property
    def rounds(self) -> int:
        """Figures are medians of so many runs."""
        return 1 if self.is_quick else 3

    @property
    def seconds(self) -> float:
        """Of one measured run, after `warm_seconds`."""
        return 2.0 if self.is_quick else 6.0

    @property
    def patience_seconds(self) -> float:
        """How long a run may wait for others to be done with the machine."""
        return 3.0 if self.is_quick else 30.0

    @property
    def warm_seconds(self) -> float:
        """Before a run counts."""
        return 0.5 if self.is_quick else 1.5


class Scene:
    """Where everything of this bench lives; used as `async with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server_core, self.client_core = _cores()
        self._stack = AsyncExitStack()
        self._databases = 0

    async def __aenter__(self) -> "Scene":
        """Take the client's core and as many files as we may open."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        if self.client_core is not None:
            os.sched_setaffinity(0, {self.client_core})
        gc.freeze()  # our own pauses are not the server's
        gc.disable()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the servers, drop the databases."""
        await self._stack.aclose()

    def database(self, kind: str = "postgres") -> str:
        """A fresh migrated database of our own."""
        self._databases += 1
        name = f"bench{self._databases}"
        if kind == "sqlite":
            url = databases.sqlite_url(self.folder, name)
        else:
            url = self._stack.enter_context(databases.own_postgresql(name))
        databases.run_parley(processes.product_environment(self.folder, url), "migrate")
        return url

    async def pairs(self, database_url: str, count: int, shops: int = 0) -> list[Pair]:
        """People with tokens, in that database."""
        settings = self.settings(database_url)
        db = Database(settings)
        try:
            return await make_pairs(db, settings, count, shops)
        finally:
            await db.dispose()

    def settings(self, database_url: str) -> Settings:
        """The product's settings for it, to sign tokens and to write rows."""
        return Settings(
            _env_file=None, database_url=database_url, secret_key=processes.SECRET, var_dir=self.folder, broker_url=""
        )

    async def serve(self, name: str, database_url: str, broker_url: str = "") -> Process:
        """The product, on the server's core."""
        return await self.keep(processes.product(name, self.folder, database_url, broker_url, self.server_core))

    async def floor(self, name: str, database_url: str = "") -> Process:
        """A floor, on the same core."""
        return await self.keep(processes.floor(name, self.folder, database_url, self.server_core))

    async def redis(self) -> str:
        """The address of a Redis of our own, or nothing where there is none."""
        redis = processes.redis(self.folder)
        return f"redis://127.0.0.1:{(await self.keep(redis)).port}/0" if redis else ""

    def keep_running(self, process: Process) -> Process:
        """Start a process that answers no port and is stopped at the end."""
        self._stack.callback(process.stop)
        process.spawn()
        return process

    async def keep(self, process: Process) -> Process:
        """Start a process that is stopped at the end."""
        self._stack.callback(process.stop)
        await process.start()
        return process


async def quiet(servers: Sequence[Process]) -> float:
    """Wait until they have nothing left to do (indexing, for example); the CPU seconds which that took."""
    start = sum(server.cpu_seconds() for server in servers)
    deadline = time.monotonic() + QUIET_WAIT_SECONDS
    while time.monotonic() < deadline:
        before = sum(server.cpu_seconds() for server in servers)
        await asyncio.sleep(QUIET_LOOK_SECONDS)
        if sum(server.cpu_seconds() for server in servers) - before < QUIET_SHARE * QUIET_LOOK_SECONDS * len(servers):
            break
    return sum(server.cpu_seconds() for server in servers) - start


async def undisturbed(patience_seconds: float) -> bool:
    """Wait until nobody else uses the machine; False when that did not happen in time."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        idle, total = _cpu_ticks()
        await asyncio.sleep(IDLE_LOOK_SECONDS)
        idle_later, total_later = _cpu_ticks()
        if idle_later - idle >= IDLE_SHARE * (total_later - total):
            return True
    return False


def real_ends(pairs: Sequence[Pair]) -> list[Ends]:
    """How pairs open their sockets at the product."""
    return [Ends(_door(pair.buyer), _door(pair.merchant), pair.conversation_id) for pair in pairs]


def floor_ends(count: int) -> list[Ends]:
    """How they open them at a floor."""
    return [
        Ends(
            (f"/ws/b{number}", frame(orjson.dumps({"partner": f"m{number}"}))),
            (f"/ws/m{number}", frame(orjson.dumps({"partner": f"b{number}"}))),
            number,
        )
        for number in range(1, count + 1)
    ]


def auth_frame(person: Person) -> bytes:
    """The first frame at the product."""
    return frame(orjson.dumps({"type": "auth", "token": person.token}))


def load_average() -> float:
    """Of the last minute; figures taken above 1 say little about the product."""
    with suppress(OSError):
        return os.getloadavg()[0]
    return float("nan")


def _door(person: Person) -> tuple[str, bytes]:
    return f"/ws/{person.user_id}", auth_frame(person)


def _cpu_ticks() -> tuple[int, int]:
    """Idle, and all, of all cores since the machine started."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _cores() -> tuple[int | None, int | None]:
    ours = sorted(os.sched_getaffinity(0))
    return (ours[0], ours[1]) if len(ours) > 1 else (None, None)
