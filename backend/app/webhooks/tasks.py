"""Background work of webhooks."""

from typing import Any

from app.jobs.kinds import Nothing, job
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.i18n import sentence
from app.webhooks import cleaning, deliveries, listeners, relay, turns
from app.webhooks.listening import KEPT_SECONDS
from app.webhooks.shapes import EndpointTurn, ReplayPayload

HARD_SECONDS = 90  # a turn (20 s) and the last request in it (15 s), on a machine that is busy
BATCH = 500
listeners.listen()


@job("webhooks.deliver", EndpointTurn, title=sentence("Webhooks"), queue="webhooks", hard_seconds=HARD_SECONDS)
async def deliver(run: Run, turn: EndpointTurn) -> None:
    """A turn of an endpoint that answers."""
    await turns.take(run, turn.endpoint_id)


@job(
    "webhooks.deliver_slowly",
    EndpointTurn,
    title=sentence("Webhooks to slow receivers"),
    queue="webhooks_slow",
    hard_seconds=HARD_SECONDS,
)
async def deliver_slowly(run: Run, turn: EndpointTurn) -> None:
    """A turn of an endpoint that failed last time, or took long."""
    await turns.take(run, turn.endpoint_id)


@job("webhooks.replay", ReplayPayload, title=sentence("Replay of webhooks"))
async def replay(run: Run, order: ReplayPayload) -> dict[str, Any]:
    """Send again what an endpoint missed. A second run finds nothing left to do: what it made pending is not chosen."""
    done, after = 0, 0
    while True:
        here, after = await run.db.write(
            lambda session, position=after: deliveries.send_some_again(session, order, position, BATCH)  # type: ignore[misc]
        )
        done += here
        if not here:
            return {"replayed": done}
        await run.progress(50, "{n} deliveries so far", n=done)


@job("webhooks.sweep", Nothing, title=sentence("Look for webhooks that were left behind"), hard_seconds=300)
async def sweep(run: Run, _: Nothing) -> dict[str, Any]:
    """What a process that died left: messages that nobody told, endpoints that nobody visits, old secrets."""
    told = await relay.catch_up(run.db)
    woken = await run.db.write(cleaning.wake_forgotten)
    await run.db.write(cleaning.drop_old_secrets)
    return {"conversations": told, "endpoints": woken}


@job("webhooks.forget", Nothing, title=sentence("Clean-up of old webhooks"))
async def forget(run: Run, _: Nothing) -> dict[str, Any]:
    """Delete events of more than 30 days ago and of deleted conversations, with their deliveries and attempts."""
    before = now() - KEPT_SECONDS
    total = 0
    for some in (
        lambda session: cleaning.forget(session, before, BATCH),
        lambda session: cleaning.forget_deleted(session, BATCH),
        lambda session: cleaning.forget_marks(session, BATCH),
    ):
        gone = BATCH
        while gone == BATCH:
            run.check()
            gone = await run.db.write(some)
            total += gone
    return {"forgotten": total}
