"""Adds jobs that do nothing, so many a second, in a process of its own: `python -m loadtest.jobs.adding RATE NODE`."""

import asyncio
import sys

import uvloop

import loadtest.jobs.kinds  # noqa: F401
from app.jobs import queue
from app.jobs.bells import Bells
from app.kernel import ids
from app.kernel.config import get_settings
from app.kernel.db import Database

AT_ONCE = 5


async def add(per_second: int) -> None:
    """Until somebody ends us."""
    settings = get_settings()
    db, bells = Database(settings), Bells(settings.broker_url)
    db.publish = bells.events
    await bells.start()
    while True:
        async with db.writing() as session:
            for _ in range(AT_ONCE):
                await queue.enqueue(session, "load.nothing")
        await asyncio.sleep(AT_ONCE / per_second)


if __name__ == "__main__":
    ids.use_node(int(sys.argv[2]))
    uvloop.run(add(int(sys.argv[1])))
