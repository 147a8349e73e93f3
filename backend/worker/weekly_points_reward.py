"""`python -m worker.weekly_points_reward`: ask for the weekly reward of points, for who starts it from cron.

A job of this week (in `TIME_ZONE`, ISO 8601) is added once, however often this runs; a worker does the work. Exits with
1 and a sentence where it cannot be asked for, so that cron tells somebody.
"""

import asyncio
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

import app.worker  # noqa: F401 - so that every kind of job is known
from app.jobs import kinds, queue
from app.jobs.models import Job
from app.kernel.clock import now
from app.kernel.config import Settings, get_settings
from app.kernel.db import Database
from app.kernel.node_leases import leased_node

KIND = "wallet.weekly_points_reward"


def main() -> int:
    """Ask, and say what came of it."""
    if kinds.find(KIND) is None:
        return _refuse(f"This release has no points: it knows no task {KIND}. Nothing was done.")
    try:
        sys.stdout.write(asyncio.run(ask(get_settings())) + "\n")
    except (OperationalError, ProgrammingError) as error:
        return _refuse(f"The database does not answer as expected; was `parley migrate` run? ({error.orig})")
    return 0


async def ask(settings: Settings) -> str:
    """Add the job of this week unless it is there."""
    year, week, _ = datetime.fromtimestamp(now(), ZoneInfo(settings.time_zone)).isocalendar()
    name = f"{year}-W{week:02}"

    async def add(session: AsyncSession) -> str:
        asked = select(Job).where(Job.kind == KIND, Job.idempotency_key == f"week-{name}")
        before = (await session.exec(asked)).first()
        if before is not None:
            return f"The reward of week {name} was asked for before: task {before.id} is {before.status}."
        job = await queue.enqueue(session, KIND, idempotency_key=f"week-{name}")
        return f"The reward of week {name} is asked for: task {job.id}. A worker does the rest."

    db = Database(settings)
    try:
        async with leased_node(db, settings):
            return await db.write(add)
    finally:
        await db.dispose()


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
