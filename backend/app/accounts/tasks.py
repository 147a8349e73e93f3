"""Background work on accounts."""

from functools import partial
from typing import Any

from app.accounts import invitations, sessions
from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence

KEPT_SECONDS = 30 * 86_400  # an ended session is kept for the list of what happened
BATCH = 1000


@job(
    "accounts.sweep_sessions", Nothing, title=sentence("Clean-up of old sessions"), soft_seconds=3000, hard_seconds=3600
)
async def sweep_sessions(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete sessions that ended a month ago with their tokens, the expired tokens of sessions that go on, and old

    invitations.
    """
    before, gone = now() - KEPT_SECONDS, {"sessions": 0, "tokens": 0, "invitations": 0}
    sweeps = (
        ("sessions", sessions.sweep, before),
        ("tokens", sessions.sweep_tokens, now()),
        ("invitations", invitations.sweep, before),
    )
    for name, sweep, until in sweeps:
        while True:
            run.check()
            here = await run.db.write(partial(sweep, before=until, limit=BATCH))
            gone[name] += here
            if here < BATCH:
                break
    return gone
