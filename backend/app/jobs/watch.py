"""Finds jobs whose worker died, and leaves those alone whose worker lives, also when clocks jump.

A living worker counts its beats up in the row, and notes the database's time. Whoever sees the same count for a whole
lease, by its own monotonic clock, takes the job back. A watcher that has not lived for so long believes the database's
clock instead, after it has seen the same count for longer than two beats are apart: a clock that jumped just now would
show a long silence too, but then the worker beats again meanwhile. Time in which we could not look (the database was
away, this process was frozen) does not count: the worker could not beat either.
"""

from typing import NamedTuple

from app.jobs import claims
from app.jobs.claims import Sign
from app.kernel import clock
from app.kernel.db import Database

BEATS = 6  # of a worker in a lease
LOOKS = 12  # of a watcher in a lease
SURE = 0.3  # of a lease: how long a silence must be seen before the database's clock is believed


class Observed(NamedTuple):
    """What a row showed, and for how long it has not changed."""

    sign: Sign
    seconds: float


class Watch:
    """What this process has seen of all jobs that run anywhere."""

    def __init__(self, db: Database, lease_seconds: float) -> None:
        self._db = db
        self._lease_seconds = lease_seconds
        self.pause_seconds = lease_seconds / LOOKS
        self._seen: dict[int, Observed] = {}
        self._looked_at = clock.monotonic()

    async def look(self) -> None:
        """One look; takes back what is silent."""
        async with self._db.reading() as session:
            found = await claims.signs(session)
        step = min(clock.monotonic() - self._looked_at, 2 * self.pause_seconds)
        self._looked_at = clock.monotonic()
        self._seen = {sign.job_id: Observed(sign, self._silence(sign, step)) for sign in found}
        for observed in self._seen.values():
            if self._is_dead(observed):
                await self._take(observed.sign)

    async def take_over(self) -> None:
        """Take back everything: for a process that knows itself to be the only one."""
        async with self._db.reading() as session:
            found = await claims.signs(session)
        for sign in found:
            await self._take(sign)

    def _silence(self, sign: Sign, step: float) -> float:
        before = self._seen.get(sign.job_id)
        if before is None or (before.sign.token, before.sign.beats) != (sign.token, sign.beats):
            return 0.0
        return before.seconds + step

    def _is_dead(self, observed: Observed) -> bool:
        is_sure = observed.seconds >= SURE * self._lease_seconds
        return observed.seconds >= self._lease_seconds or (
            is_sure and observed.sign.silent_seconds >= self._lease_seconds
        )

    async def _take(self, sign: Sign) -> None:
        await self._db.write(lambda session: claims.give_up_lost(session, sign.job_id, sign.token, sign.beats))
