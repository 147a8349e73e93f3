"""The worker: takes jobs, runs them, keeps them alive, and finds those whose worker died.

Every process that runs jobs has one. It looks at the rows each second whatever the bells say; it stays through every
restart of the database and of Redis.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import orjson
from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from app.jobs import claims, kinds, metrics, queues, schedule
from app.jobs.bells import Bells
from app.jobs.claims import INTERNAL, Claimed
from app.jobs.ends import Ends, is_away
from app.jobs.kinds import QUEUES, GiveUp, Kind, Retry, SoftTimeout
from app.jobs.models import ENDED, JobStatus, Queue
from app.jobs.runs import Cancelled, Run, Services
from app.jobs.watch import BEATS, Watch
from app.kernel import clock, ids
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.i18n import sentence

LOOK_SECONDS = 1.0  # between two looks at the rows: a lost bell, a wish to cancel
FIRE_SECONDS = 5.0  # between two looks at the schedule
GRACE_SECONDS = 15.0  # what runs when the worker stops may end by itself for so long
SETTLE_SECONDS = 5.0  # to write how it ended
MAX_RESULT_BYTES = 1_000_000
UNKNOWN_SECONDS = 30.0  # a kind that this release does not know may be known to a newer worker
TROUBLE = (SQLAlchemyError, OSError)
TIMEOUT: dict[str, object] = {"code": "timeout", "text": sentence("This task took too long."), "params": {}}


class Worker:
    """Runs the jobs of some queues in this process."""

    def __init__(
        self, db: Database, settings: Settings, bells: Bells, services: Services, names: Sequence[str] = (),
        concurrency: int | None = None,
    ) -> None:  # fmt: skip
        """`names`: the queues, none for all. `concurrency`: jobs at once over all of them, beside each queue's own."""
        self._db = db
        self._settings = settings
        self._bells = bells
        self._services = services
        self._queues = list(names or QUEUES)
        self._concurrency = concurrency or sum(QUEUES[name] for name in self._queues)
        self._watch = Watch(db, settings.job_lease_seconds)
        self._ends = Ends(db)
        self._held: dict[asyncio.Task[None], Claimed] = {}
        self._rung: set[str] = set(self._queues)
        self._full: set[str] = set()
        """Queues in which more may wait than there was room for."""
        self._decided: dict[str, Queue] = {}
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._taking = asyncio.Lock()
        self._loops: list[asyncio.Task[None]] = []
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        """Begin. On SQLite nobody else can be at work, so what still counts as running was left by a crash."""
        if self._db.dialect == "sqlite":
            await self._watch.take_over()
        self._ends.start()
        await self._bells.start(self._hear)
        self._loops = [
            asyncio.create_task(self._forever(self._take, 0), name="take jobs"),
            asyncio.create_task(self._forever(self._look, LOOK_SECONDS), name="look at jobs"),
            asyncio.create_task(self._forever(self._beat, self._settings.job_lease_seconds / BEATS), name="keep jobs"),
            asyncio.create_task(self._forever(self._watch.look, self._watch.pause_seconds), name="watch workers"),
            asyncio.create_task(self._forever(self._fire, FIRE_SECONDS), name="schedule"),
        ]

    async def stop(self) -> None:
        """Take nothing new, give what runs a while to end, hand the rest back."""
        self._is_stopping = True
        self._wake.set()
        with suppress(TimeoutError):  # what is being taken at this moment is then in hand, and ends with the rest
            await asyncio.wait_for(self._taking.acquire(), SETTLE_SECONDS)
        if self._held:
            await asyncio.wait(self._held, timeout=GRACE_SECONDS)
        for claimed in self._held.values():
            claimed.interrupt()
        if self._held:
            await asyncio.wait(self._held, timeout=SETTLE_SECONDS)
        self._stopped.set()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._ends.stop()
        await self._bells.stop()

    @property
    def running(self) -> int:
        """Jobs in hand."""
        return len(self._held)

    def _hear(self, queue: str) -> None:
        if queue in self._queues:
            self._rung.add(queue)
            self._wake.set()

    async def _forever(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        """Turn until the stop; the one place that survives whatever `work` raises."""
        while not self._stopped.is_set():
            try:
                await work()
            except TROUBLE as error:
                logger.warning("jobs: the database is away: {}", error)
                await self._sleep(LOOK_SECONDS)
            except Exception as error:
                logger.opt(exception=error).error("jobs: {} broke", work.__name__)
                await self._sleep(LOOK_SECONDS)
            if seconds:
                await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _take(self) -> None:
        await self._wake.wait()
        self._wake.clear()
        if self._is_stopping:
            await self._stopped.wait()
            return
        rung, self._rung = self._rung, set()
        try:
            async with self._taking:
                for queue in sorted(rung):
                    await self._take_from(queue)
        except TROUBLE:
            self._rung |= rung
            raise

    async def _take_from(self, queue: str) -> None:
        decided = self._decided.get(queue, Queue(name=queue))
        free = QUEUES[queue] - sum(1 for claimed in self._held.values() if claimed.job.queue == queue)
        free = min(free, self._concurrency - len(self._held))
        if self._is_stopping or decided.is_paused or free <= 0 or not ids.generator().is_healthy:
            self._full.add(queue)
            return
        taken = await self._db.write(lambda session: claims.claim(session, queue, free, decided.max_running))
        (self._full.add if len(taken) >= free else self._full.discard)(queue)
        for claimed in taken:
            task = asyncio.create_task(self._run(claimed), name=f"job {claimed.job.id} {claimed.job.kind}")
            self._held[task] = claimed
            task.add_done_callback(self._let_go)

    def _let_go(self, task: asyncio.Task[None]) -> None:
        """A place is free. Only where somebody may wait for it is it worth a look."""
        job = self._held.pop(task).job
        for queue in self._full | ({job.queue} if job.concurrency_key else set()):
            self._hear(queue)

    async def _look(self) -> None:
        """What no bell may have told: work that waits, times that have come, wishes to cancel."""
        # What is taken after this moment may be newer than what the session sees, and is not lost for that.
        held = list(self._held.values())
        async with self._db.reading() as session:
            waiting, is_due = await claims.due_queues(session, self._queues)
            self._decided = await queues.decisions(session)
            if held:
                await claims.look(session, held)
        if is_due:
            await self._db.write(claims.promote)
        for queue in waiting:
            self._hear(queue)
        for claimed in self._held.values():
            if claimed.is_cancelled or claimed.is_lost:
                claimed.interrupt()

    async def _beat(self) -> None:
        if self._held:
            held = list(self._held.values())
            await self._db.write(lambda session: claims.show_life(session, held))

    async def _fire(self) -> None:
        await schedule.fire(self._db, self._settings)

    async def _run(self, claimed: Claimed) -> None:
        """One run from its claim to its end. Whatever the handler does, the row learns it."""
        kind = kinds.find(claimed.job.kind)
        if kind is None:
            logger.warning("jobs: {} is unknown here; put back", claimed.job.kind)
            tries = claimed.job.attempts - 1
            await self._ends.settle(
                claimed, lambda session: claims.put_back(session, claimed, UNKNOWN_SECONDS, attempts=tries)
            )
            return
        run = Run(claimed, kind, self._db, self._settings, self._services)
        started_at = clock.monotonic()
        metrics.began(kind.name)
        status = await self._attempt(run, kind)
        seconds = clock.monotonic() - started_at
        metrics.ended(kind.name, status, seconds, is_over=claimed.job.status in ENDED)
        logger.bind(job=claimed.job.id, kind=kind.name, attempt=run.attempt).debug(
            "jobs: {} {} after {:.3f} s", kind.name, status, seconds
        )

    async def _attempt(self, run: Run, kind: Kind) -> str:
        claimed = run.claimed
        try:
            payload = kind.payload.model_validate(claimed.job.payload)
            # A task of its own, so that an interruption reaches the handler and never the writing of its end.
            claimed.handler = asyncio.ensure_future(kind.handler(run, payload))
            async with asyncio.timeout(kind.hard_seconds):
                result = await claimed.handler
            if len(orjson.dumps(result)) > MAX_RESULT_BYTES:  # what is no JSON is the handler's fault, too
                raise ValueError(f"{kind.name}: a result is not for files; store them and return where they are")
        except (asyncio.CancelledError, Cancelled):
            return await self._stopped_early(claimed)
        except GiveUp as error:
            return await self._ended(claimed, JobStatus.FAILED, error=_said(error))
        except Retry as error:
            return await self._failed(claimed, kind, INTERNAL, error.after_seconds, error)
        except (TimeoutError, SoftTimeout) as error:
            return await self._failed(claimed, kind, TIMEOUT, None, error)
        except AppError as error:
            return await self._failed(claimed, kind, _said(error), None, error)
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and is_away(error):
                logger.warning("jobs: {} {}: the database went away: {}", kind.name, claimed.job.id, error)
            else:
                logger.opt(exception=error).error("jobs: {} {} broke", kind.name, claimed.job.id)
            return await self._failed(claimed, kind, INTERNAL, None, error)
        if run.is_complete:
            return JobStatus.COMPLETED
        return await self._ended(claimed, JobStatus.COMPLETED, result=result, error=None, trace=None)

    async def _stopped_early(self, claimed: Claimed) -> str:
        if claimed.is_lost:
            return "lost"
        if claimed.is_cancelled:
            return await self._ended(claimed, JobStatus.CANCELLED)
        await self._ends.settle(claimed, lambda session: claims.hand_back(session, claimed))
        return "handed back"

    async def _ended(self, claimed: Claimed, status: JobStatus, **values: object) -> str:
        await self._ends.settle(claimed, lambda session: claims.finish(session, claimed, status, **values))
        return status

    async def _failed(
        self, claimed: Claimed, kind: Kind, said: dict[str, object], after: float | None, error: Exception
    ) -> str:
        trace = "".join(traceback.format_exception(error))
        await self._ends.settle(claimed, lambda session: claims.fail(session, claimed, kind, said, trace, after))
        return "failed"


def _said(error: AppError) -> dict[str, object]:
    return {"code": error.code, "text": error.text, "params": {name: str(said) for name, said in error.params.items()}}
