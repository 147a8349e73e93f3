"""Workers for tests, and kinds of jobs that only tests have."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from app.jobs import kinds, queue
from app.jobs.bells import Bells
from app.jobs.kinds import GiveUp, Nothing, Retry, job
from app.jobs.models import ENDED, Job
from app.jobs.runs import Run
from app.jobs.worker import Worker
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

PATIENCE_SECONDS = 20


class Ledger:
    """What handlers did, by run key."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.started = asyncio.Event()
        self.notes: list[str] = []


class Word(BaseModel):
    text: str = ""


@job("tests.write", Word, title="Export of conversations", starters=frozenset({Role.MERCHANT}))
async def write(run: Run, word: Word) -> dict[str, Any]:
    ledger = run.service(Ledger)
    ledger.done[run.key] += 1
    ledger.notes.append(word.text)
    return {"text": word.text}


@job("tests.wait", Nothing, title="Waiting", max_attempts=3, soft_seconds=60, hard_seconds=120)
async def wait(run: Run, _: Nothing) -> None:
    ledger = run.service(Ledger)
    ledger.started.set()
    try:
        while not ledger.gate.is_set():
            await run.progress(40, "Working on {n} of {total}", n=2, total=5)
            await asyncio.sleep(0.02)
    finally:
        ledger.notes.append("tidied up")
    ledger.done[run.key] += 1


@job("tests.nap", Nothing, title="A nap")
async def nap(run: Run, _: Nothing) -> None:
    await asyncio.sleep(0.02)
    run.service(Ledger).done[run.key] += 1


@job("tests.break", Nothing, title="Breaking", max_attempts=2, backoff_seconds=0, max_backoff_seconds=0)
async def break_down(run: Run, _: Nothing) -> None:
    run.service(Ledger).done[run.key] += 1
    raise RuntimeError("a fault in a handler")


@job("tests.give_up", Nothing, title="Giving up")
async def give_up(run: Run, _: Nothing) -> None:
    run.service(Ledger).done[run.key] += 1
    raise GiveUp("nothing_there", "There is nothing here.")


@job("tests.retry", Nothing, title="Once more")
async def once_more(run: Run, _: Nothing) -> None:
    run.service(Ledger).done[run.key] += 1
    if run.attempt == 1:
        raise Retry("the other side is busy", after_seconds=0)


@job("tests.hang", Nothing, title="Hanging", hard_seconds=0.1, max_attempts=1)
async def hang(run: Run, _: Nothing) -> None:
    await asyncio.sleep(3600)


@job("tests.unstorable", Nothing, title="Unstorable", max_attempts=1)
async def unstorable(run: Run, _: Nothing) -> dict[str, Any]:
    return {"value": object()}


@job("tests.must_end", Nothing, title="Not to be stopped halfway", is_cancellable=False)
async def must_end(run: Run, _: Nothing) -> None:
    """Nobody runs it: only its row is looked at."""


@job("tests.together", Nothing, title="Together")
async def together(run: Run, _: Nothing) -> None:
    async def effect(session: Any) -> None:
        await queue.enqueue(session, "tests.write", Word(text="from inside"), idempotency_key=run.key)

    await run.complete(effect, {"is_done": True})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


Work = Callable[..., Any]


@pytest.fixture
def at_work(db: Database, settings: Settings, ledger: Ledger) -> Work:
    """`async with at_work() as worker:` a worker on this test's database."""

    @asynccontextmanager
    async def start(*names: str, of: Database | None = None, **options: Any) -> AsyncIterator[Worker]:
        base = of or db
        bells = Bells(settings.broker_url, names or list(kinds.QUEUES))
        base.publish = bells.events
        worker = Worker(base, settings, bells, {Ledger: ledger}, names, **options)
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    return start


@pytest.fixture
def add(db: Database) -> Callable[..., Awaitable[Job]]:
    """Enqueue in a unit of work of its own."""

    async def enqueue(kind: str, payload: BaseModel | None = None, **options: Any) -> Job:
        return await db.write(lambda session: queue.enqueue(session, kind, payload, **options))

    return enqueue


@pytest.fixture
def row_of(db: Database) -> Callable[[Job], Awaitable[Job]]:
    """A job as it stands now."""

    async def read(of: Job) -> Job:
        async with db.reading() as session:
            return await session.get_one(Job, of.id)

    return read


@pytest.fixture
def ended(row_of: Callable[[Job], Awaitable[Job]]) -> Callable[[Job], Awaitable[Job]]:
    """The job when it has ended."""

    async def wait_for(of: Job) -> Job:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (row := await row_of(of)).status not in ENDED:
                await asyncio.sleep(0.01)
        return row

    return wait_for
