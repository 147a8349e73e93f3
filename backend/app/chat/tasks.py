"""Background work on conversations."""

from typing import Any

from app.chat import conversations
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence

BATCH = 100


@job("chat.wake_snoozed", Nothing, title=sentence("Wake-up of snoozed conversations"), soft_seconds=50, hard_seconds=60)
async def wake_snoozed(run: Run, _: Nothing) -> dict[str, Any]:
    """Open the conversations whose snooze is over."""
    woken = 0
    while True:
        run.check()
        here = await run.db.write(lambda session: conversations.wake_snoozed(session, now(), BATCH))
        woken += here
        if here < BATCH:
            return {"woken": woken}
