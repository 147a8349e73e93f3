"""The processes of this installation, as rows that each of them renews: what an admin sees of how they are.

A name is drawn at the start and says nothing of the machine. Times are the database's: one clock for all.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from loguru import logger
from sqlalchemy import JSON, Column, delete, insert, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app import VERSION
from app.kernel import clock
from app.kernel.db import Database
from app.kernel.models import time_column
from app.kernel.sql import server_now

BEAT_SECONDS = 10.0
SILENT_SECONDS = 45  # after which a process is no longer believed to live
FORGOTTEN_SECONDS = 3600
HOUR = 3600
TICK_SECONDS = 0.5  # how often the event loop is asked for its lag
MOST_ERRORS = 10_000

Facts = dict[str, Any]


class Instance(SQLModel, table=True):
    """One process that serves, or that works on jobs."""

    __tablename__ = "instances"

    name: str = Field(primary_key=True, max_length=30)
    kind: str = Field(max_length=20)
    version: str = Field(max_length=30)
    started_at: int = time_column()
    seen_at: int = time_column(index=True)
    facts: Facts = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """`loop_lag_ms` and `errors` of the last hour, and what the process itself adds."""


class _Pulse:
    """What one process measures of itself between two beats."""

    def __init__(self) -> None:
        self.errors: deque[float] = deque(maxlen=MOST_ERRORS)
        self._lags: deque[float] = deque(maxlen=int(BEAT_SECONDS / TICK_SECONDS))

    def note_error(self, _: object) -> None:
        self.errors.append(clock.monotonic())

    async def measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            await asyncio.sleep(TICK_SECONDS)
            self._lags.append(max(0.0, loop.time() - asked - TICK_SECONDS))

    def facts(self) -> Facts:
        since = clock.monotonic() - HOUR
        while self.errors and self.errors[0] < since:
            self.errors.popleft()
        return {"loop_lag_ms": round(max(self._lags, default=0.0) * 1000), "errors": len(self.errors)}


@asynccontextmanager
async def alive(db: Database, kind: str, facts: Callable[[], Facts]) -> AsyncIterator[str]:
    """Show this process to the admins while the block runs. `facts()` is what it adds to each beat."""
    name, pulse = f"{kind}-{secrets.token_hex(2)}", _Pulse()
    sink = logger.add(pulse.note_error, level="ERROR", format="{message}")
    beat = asyncio.create_task(_beat(db, name, kind, pulse, facts), name="instance")
    tasks = [asyncio.create_task(pulse.measure()), beat]
    try:
        yield name
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(ValueError):  # somebody has set the logs up anew
            logger.remove(sink)
        with suppress(DBAPIError, OSError):
            await db.write(lambda session: _forget(session, name))


async def listing(session: AsyncSession) -> list[tuple[Instance, int]]:
    """Every process with the seconds since its last beat, the oldest first."""
    query = select(Instance, server_now() - col(Instance.seen_at)).order_by(
        col(Instance.started_at), col(Instance.name)
    )
    return [(row, max(0, int(age))) for row, age in (await session.exec(query)).all()]


async def _beat(db: Database, name: str, kind: str, pulse: _Pulse, facts: Callable[[], Facts]) -> None:
    while True:
        told = pulse.facts() | facts()
        try:
            await db.write(lambda session, told=told: _tell(session, name, kind, told))  # type: ignore[misc]
        except (DBAPIError, OSError) as error:
            logger.warning("instance {}: no beat: {}", name, error)
        await asyncio.sleep(BEAT_SECONDS)


async def _tell(session: AsyncSession, name: str, kind: str, facts: Facts) -> None:
    mine = update(Instance).where(col(Instance.name) == name).values(seen_at=server_now(), facts=facts)
    if (await session.exec(mine)).rowcount:
        return
    first = {"name": name, "kind": kind, "version": VERSION, "facts": facts}
    await session.exec(insert(Instance).values(started_at=server_now(), seen_at=server_now(), **first))
    await session.exec(delete(Instance).where(col(Instance.seen_at) < server_now() - FORGOTTEN_SECONDS))


async def _forget(session: AsyncSession, name: str) -> None:
    await session.exec(delete(Instance).where(col(Instance.name) == name))
