"""Kinds of jobs that only load tests have. What they do is counted by a ledger outside of the product."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text

from app.jobs import queue
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run

LEDGER_PORT = "LOAD_LEDGER_PORT"
EFFECTS = "CREATE TABLE load_effects (job_id BIGINT NOT NULL, kind VARCHAR(20) NOT NULL)"


class Effort(BaseModel):
    """How long the work takes (seconds), and how likely it breaks after its effect (0 to 1)."""

    seconds: float = 0.1
    breaks: float = 0.0


async def _note(event: str, run: Run) -> None:
    """One line to the ledger, which answers when it has counted. It listens on loopback as long as the test runs."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ[LEDGER_PORT]))
    line = {"event": event, "key": run.key, "pid": os.getpid(), "attempt": run.attempt, "at": time.monotonic()}
    try:
        writer.write(json.dumps(line).encode() + b"\n")
        await reader.readline()
    finally:
        writer.close()


@asynccontextmanager
async def _noted(run: Run) -> AsyncIterator[None]:
    """Tell the ledger when the run begins, and when it is over, however it ends; a killed worker cannot."""
    await _note("begin", run)
    try:
        yield
    finally:
        await _note("end", run)


@job("load.effect", Effort, title="Load", max_attempts=20, backoff_seconds=0.2, max_backoff_seconds=2)
async def effect(run: Run, effort: Effort) -> dict[str, Any]:
    """An effect at an outside service that knows keys: begun, done, sometimes broken afterwards."""
    async with _noted(run):
        await asyncio.sleep(effort.seconds)
        await run.progress(50, "Half")
        await _note("effect", run)
        if random.random() < effort.breaks:
            raise RuntimeError("broken on purpose")
    return {"key": run.key}


@job("load.row", Effort, title="Load", max_attempts=20, backoff_seconds=0.2, max_backoff_seconds=2)
async def row(run: Run, effort: Effort) -> None:
    """An effect in our own database: in one transaction with the job's end, and with a child of its own."""

    async def work(session: Any) -> None:
        statement = text("INSERT INTO load_effects (job_id, kind) VALUES (:id, 'row')")
        await (await session.connection()).execute(statement, {"id": run.job_id})
        await queue.enqueue(session, "load.child", idempotency_key=run.key, parent_id=run.job_id)

    async with _noted(run):
        await asyncio.sleep(effort.seconds)
        await run.complete(work, {"key": run.key})


@job("load.child", Nothing, title="Load", max_attempts=20, backoff_seconds=0.2, max_backoff_seconds=2)
async def child(run: Run, _: Nothing) -> None:
    """What `load.row` asks for."""
    async with _noted(run):
        await _note("effect", run)


@job("load.long", Effort, title="Load", max_attempts=20, soft_seconds=600, hard_seconds=900)
async def long(run: Run, effort: Effort) -> None:
    """Longer than a lease, with progress all the way."""
    async with _noted(run):
        began = time.monotonic()
        while time.monotonic() - began < effort.seconds:
            await run.progress(100 * (time.monotonic() - began) / effort.seconds, "Long")
            await asyncio.sleep(0.25)
        await _note("effect", run)


@job("load.nothing", Nothing, title="Load")
async def nothing(run: Run, _: Nothing) -> None:
    """The least that a job can be."""


@job("load.start", Nothing, title="Load")
async def start(run: Run, _: Nothing) -> dict[str, Any]:
    """Says when it began, on the clock that all processes of a machine share."""
    return {"at": time.clock_gettime(time.CLOCK_MONOTONIC)}
