"""Jobs about jobs."""

from typing import Any

from app.jobs import queue
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence

KEPT_DAYS = 30
BATCH = 500


@job("jobs.forget", Nothing, title=sentence("Clean-up of old tasks"))
async def forget(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete jobs that ended more than 30 days ago, with their keys and results."""
    before = now() - KEPT_DAYS * 86_400
    total = 0
    while True:
        run.check()
        gone = await run.db.write(lambda session: queue.forget(session, before, BATCH))
        total += gone
        if gone < BATCH:
            return {"forgotten": total}
