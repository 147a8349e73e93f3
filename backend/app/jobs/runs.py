"""What a handler gets: its job, its key, the installation's adapters, and a way to say how far it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import claims
from app.jobs.claims import Claimed
from app.jobs.kinds import Kind, SoftTimeout
from app.jobs.models import JobStatus
from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.db import Database

T = TypeVar("T")
REPORT_SECONDS = 0.1  # between two reports; what comes faster is left out, nobody can read it
Services = Mapping[type[Any], Any]


class Cancelled(Exception):
    """Raised by `Run.check`: whoever asked for the job takes it back, or another worker has it."""


class Run:
    """One attempt at one job."""

    def __init__(self, claimed: Claimed, kind: Kind, db: Database, settings: Settings, services: Services) -> None:
        self.claimed = claimed
        self.db = db
        self.settings = settings
        self.is_complete = False
        self._services = services
        self._started_at = clock.monotonic()
        self._reported_at = 0.0
        self._soft_seconds = kind.soft_seconds

    @property
    def job_id(self) -> int:
        return self.claimed.job.id

    @property
    def owner_id(self) -> str | None:
        return self.claimed.job.owner_id

    @property
    def attempt(self) -> int:
        """From 1."""
        return self.claimed.job.attempts

    @property
    def key(self) -> str:
        """The same in every attempt: what makes the work idempotent, here and at outside services."""
        return f"job-{self.claimed.job.id}"

    def service(self, kind: type[T]) -> T:
        """The installation's adapter of this type."""
        return cast(T, self._services[kind])

    def check(self) -> None:
        """For loops, also in threads: raise when this run is to end."""
        if self.claimed.is_cancelled or self.claimed.is_lost:
            raise Cancelled()
        if clock.monotonic() - self._started_at > self._soft_seconds:
            raise SoftTimeout()

    async def progress(self, percent: float, text: str = "", **params: Any) -> None:
        """Say how far this is: 0 to 100 and an English sentence with `{placeholders}`. Cheap enough for every turn of

        a loop: it writes at most ten times a second. Raises as `check` does.
        """
        self.check()
        if clock.monotonic() - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = clock.monotonic()
        note = {"text": text, "params": params} if text else None
        percent = max(0, min(100, int(percent)))
        if not await self.db.write(lambda session: claims.report(session, self.claimed, percent, note)):
            self.claimed.is_lost = True
            raise Cancelled()

    async def complete(
        self, work: Callable[[AsyncSession], Awaitable[Any]], result: dict[str, Any] | None = None
    ) -> None:
        """Do `work` and complete the job in one transaction: both happen once, or neither, whatever dies when."""

        async def both(session: AsyncSession) -> bool:
            if not await claims.finish(session, self.claimed, JobStatus.COMPLETED, result=result):
                return False
            await work(session)
            return True

        if not await self.db.write(both):
            self.claimed.is_lost = True
            raise Cancelled()
        self.is_complete = True
