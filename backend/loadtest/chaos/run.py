"""One run: everything of our own is started, broken, repaired, judged and removed."""

import asyncio
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from loadtest import databases, processes
from loadtest.chaos import people
from loadtest.chaos.faults import Faults
from loadtest.chaos.ledger import Ledger
from loadtest.chaos.people import Cast, Person
from loadtest.chaos.readers import Reader
from loadtest.chaos.talkers import Talker
from loadtest.chaos.verdict import Truth, judge
from loadtest.processes import Process

R = TypeVar("R", bound=Reader)
SETTLE_SECONDS = 60.0  # how long everybody may take to have everything, once nothing breaks any more
BREAKING = 2  # things break for at most this many times the time that was asked for
STRETCH = 8  # a run may take this many times the time that was asked for before it counts as stuck


@dataclass(frozen=True)
class Options:
    """What to do. `seconds`: over how long the messages are spread, before what the faults add."""

    shape: str = "sqlite"
    instances: int = 1
    messages: int = 5000
    pairs: int = 20
    seconds: float = 60.0
    seed: int = 0


@dataclass
class Result:
    """What came of it."""

    options: Options
    ledger: Ledger = field(default_factory=Ledger)
    seconds: float = 0.0
    messages: int = 0
    evidence: Path | None = None

    def summary(self) -> str:
        """The one line of figures."""
        o, counts = self.options, self.ledger.counts
        figures = ", ".join(f"{name} {counts[name]}" for name in sorted(counts) if name != "violations")
        return (
            f"{o.shape}, {o.instances} instance(s), {o.pairs} pairs, seed {o.seed}: {self.messages} messages stored, "
            f"{len(self.ledger.acknowledged)} of {len(self.ledger.drafts)} acknowledged in {self.seconds:.0f} s; "
            f"{figures}; VIOLATIONS {counts['violations']}"
        )


async def run(options: Options) -> Result:
    """Do everything; whatever is broken stands in the result."""
    result = Result(options)
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    start = time.monotonic()
    try:
        with ExitStack() as stack:
            database_url = databases.sqlite_url(folder)
            if options.shape == "postgres":
                database_url = stack.enter_context(databases.own_postgresql("chaos"))
            await _play(options, result, folder, database_url)
    finally:
        result.seconds = time.monotonic() - start
        for log in sorted(folder.glob("server*.log")):
            _look_for_exceptions(log, result.ledger)
        if result.ledger.violations:
            result.evidence = folder
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return result


async def _play(options: Options, result: Result, folder: Path, database_url: str) -> None:
    async with AsyncExitStack() as stack:
        servers, redis = await stack.enter_async_context(_running(options, folder, database_url))
        cast = await people.make(servers[0].port, options.pairs, options.seed)
        stage = Stage(options, cast, servers, redis, database_url, result.ledger)
        is_done = True
        try:
            async with asyncio.timeout(options.seconds * STRETCH + SETTLE_SECONDS):
                await stage.play()
                await stage.settle()
        except TimeoutError:
            is_done = False
            result.ledger.violate(f"not done in time: {stage.state()}")
        finally:
            await stage.leave()
        truth = await asyncio.to_thread(Truth, database_url)
        result.messages = sum(map(len, truth.rows.values()))
        judge(truth, result.ledger, stage.readers, is_done)


class Stage:
    """Everybody of a run: talkers on both sides, an agent of each shop and an admin who only read."""

    def __init__(
        self,
        options: Options,
        cast: Cast,
        servers: list[Process],
        redis: Process | None,
        database_url: str,
        ledger: Ledger,
    ) -> None:
        self._database_url = database_url
        self._options, self._cast, self._servers, self._ledger = options, cast, servers, ledger
        self.buyers = [self._make(Talker, f"b{n}", t.buyer, [t.conversation_id]) for n, t in enumerate(cast.talks)]
        shops = {m.user_id: [t.conversation_id for t in cast.talks if t.merchant == m] for m in cast.merchants}
        self.merchants = {m.user_id: self._make(Talker, m.user_id, m, shops[m.user_id]) for m in cast.merchants}
        self.readers: list[Reader] = [*self.buyers, *self.merchants.values()]
        for owner, conversations in shops.items():
            self.readers.append(self._make(Reader, f"agent of {owner}", cast.agents[owner], conversations))
        self.readers.append(self._admin("admin"))
        self._faults = Faults(
            servers, redis, database_url, self.readers, ledger, random.Random(f"{options.seed} faults")
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        """Talk while things break; ends when everything is acknowledged and repaired."""
        self._tasks = [asyncio.create_task(reader.run()) for reader in self.readers]
        talks, pairs = self._cast.talks, self._options.pairs
        speaking = []
        for number, (talk, buyer) in enumerate(zip(talks, self.buyers, strict=True)):
            count = self._options.messages // pairs + (number < self._options.messages % pairs)
            sides = ((buyer, count - count // 2), (self.merchants[talk.merchant.user_id], count // 2))
            for talker, share in sides:
                pause = self._options.seconds / max(share, 1)
                speaking.append(asyncio.create_task(talker.talk(talk.conversation_id, share, pause)))
        until = time.monotonic() + self._options.seconds * BREAKING
        try:
            await self._faults.run(lambda: time.monotonic() < until and not all(task.done() for task in speaking))
            await asyncio.gather(*speaking)
        finally:
            for task in speaking:
                task.cancel()
            await asyncio.gather(*speaking, return_exceptions=True)

    async def settle(self) -> None:
        """Everybody syncs once more; a second admin comes who has nothing yet."""
        latecomer = self._admin("late admin")
        self.readers.append(latecomer)
        self._tasks.append(asyncio.create_task(latecomer.run()))
        last_seqs = (await asyncio.to_thread(Truth, self._database_url)).last_seqs
        async with asyncio.timeout(SETTLE_SECONDS):
            await asyncio.gather(*(reader.complete(last_seqs) for reader in self.readers))

    def state(self) -> str:
        """Who still waits for what."""
        waiting = {talker.name: len(talker.outstanding) for talker in [*self.buyers, *self.merchants.values()]}
        unsynced = [reader.name for reader in self.readers if not reader.is_synced.is_set()]
        unanswered = {name: count for name, count in waiting.items() if count}
        return f"unanswered {unanswered}, not synced {unsynced}"

    async def leave(self) -> None:
        """Everybody goes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _admin(self, name: str) -> Reader:
        return self._make(Reader, name, self._cast.admin, [talk.conversation_id for talk in self._cast.talks], False)

    def _make(self, kind: type[R], name: str, person: Person, conversations: list[int], may_mark: bool = True) -> R:
        chance = random.Random(f"{self._options.seed} {name}")
        return kind(name, person, conversations, self._servers, self._ledger, chance, may_mark=may_mark)


@asynccontextmanager
async def _running(
    options: Options, folder: Path, database_url: str
) -> AsyncIterator[tuple[list[Process], Process | None]]:
    """A migrated database with an admin, Redis where the shape has it, and the servers."""
    redis = processes.redis(folder) if options.shape == "postgres" else None
    if options.instances > 1 and redis is None:
        raise RuntimeError("several instances need PostgreSQL and a redis-server that can be started")
    broker_url = f"redis://127.0.0.1:{redis.port}/0" if redis else ""
    environment = processes.product_environment(folder, database_url, broker_url)
    await asyncio.to_thread(databases.run_parley, environment, "migrate")
    await asyncio.to_thread(databases.run_parley, environment, "create-admin", "a1", "admin", people.PASSWORD)
    names = [f"server{number}" for number in range(1, options.instances + 1)]
    servers = [processes.product(name, folder, database_url, broker_url) for name in names]
    try:
        await asyncio.gather(*(process.start() for process in (*servers, *filter(None, [redis]))))
        yield servers, redis
    finally:
        for process in (*servers, *filter(None, [redis])):
            await asyncio.to_thread(process.kill)


def _look_for_exceptions(log: Path, ledger: Ledger) -> None:
    """Whatever breaks around it, a server knows what to do: a traceback in its log is a broken promise."""
    text = log.read_text(errors="replace")
    count = text.count("Traceback (most recent call last)")
    if count:
        raised = Counter(
            re.findall(r"^(?=\S)[\w.]*(?:Error|Exception|Disconnect\w*|Interrupt)\b.{0,200}", text, re.MULTILINE)
        )
        ledger.violate(f"{log.stem} logged {count} tracebacks: {raised.most_common(3)}")
