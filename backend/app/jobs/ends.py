"""Writes how runs ended: what has gathered in one transaction, as often as it takes.

While an end is not written its worker's beats go on, so nobody else takes the job. Writing one twice does no harm: the
first time took the claim token away.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from loguru import logger
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs.claims import INTERNAL, Claimed, finish
from app.jobs.models import JobStatus
from app.kernel.db import Database

AGAIN_SECONDS = 1.0
MAX_BATCH = 100
Ending = Callable[[AsyncSession], Awaitable[bool]]


def is_away(error: Exception) -> bool:
    """Whether the database, and not what we said to it, is the trouble."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OSError | OperationalError | InterfaceError | PoolTimeout)


class Ends:
    """One process' queue of endings."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[tuple[Claimed, Ending, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write(), name="job ends")

    async def stop(self) -> None:
        """Stop; what could not be written is found by another worker's watch."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def settle(self, claimed: Claimed, ending: Ending) -> None:
        """Write `ending`, together with others; comes back when it is committed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((claimed, ending, done))
        self._wake.set()
        await done

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            if not self._waiting:
                self._wake.clear()
            try:
                await self._write_all([ending for _, ending, _ in batch])
            except (SQLAlchemyError, OSError) as error:
                if not is_away(error):
                    await self._one_by_one(batch)
                else:
                    logger.warning("jobs: {} ends were not written, trying again: {}", len(batch), error)
                    self._waiting = batch + self._waiting
                    await asyncio.sleep(AGAIN_SECONDS)
                    self._wake.set()
                    continue
            for _, _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _write_all(self, endings: list[Ending]) -> None:
        async def work(session: AsyncSession) -> None:
            for ending in endings:
                await ending(session)

        await self._db.write(work)

    async def _one_by_one(self, batch: list[tuple[Claimed, Ending, asyncio.Future[None]]]) -> None:
        """After a refused batch: the one that cannot be stored (a result that is no JSON, say) fails alone."""
        for claimed, ending, _ in batch:
            try:
                await self._write_all([ending])
            except (SQLAlchemyError, OSError) as error:
                logger.error("jobs: the end of {} {} was refused: {}", claimed.job.kind, claimed.job.id, error)
                await self._refuse(claimed)

    async def _refuse(self, claimed: Claimed) -> None:
        async def work(session: AsyncSession) -> bool:
            return await finish(session, claimed, JobStatus.FAILED, error=INTERNAL, result=None)

        with suppress(SQLAlchemyError, OSError):  # the watch of another worker finds it
            await self._db.write(work)
