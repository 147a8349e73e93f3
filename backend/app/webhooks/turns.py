"""A turn: one endpoint's deliveries are sent for a while, several lanes at once, then the next endpoint has its turn.

A turn is one job, so however slow a receiver is, it holds one place of its queue and no more.
"""

import asyncio
from collections.abc import Sequence

from app.jobs.runs import Run
from app.kernel import clock
from app.kernel.clock import now
from app.kernel.config import Settings
from app.webhooks import envelopes, lanes, signing
from app.webhooks.lanes import Parcel
from app.webhooks.models import WebhookEndpoint
from app.webhooks.sender import Line, Outcome, Sender, Trouble

AT_ONCE = 4  # requests to one endpoint
TURN_SECONDS = 20.0  # after which nothing new is begun
LOOK_SECONDS = 1.0  # between two looks for new lanes while some are under way


async def take(run: Run, endpoint_id: int) -> int:
    """Send what is due; answers how many requests were made."""
    async with run.db.reading() as session:
        endpoint, _ = await lanes.due(session, endpoint_id, 0)
    sent = 0
    if endpoint is not None:
        async with run.service(Sender).line(endpoint.url) as line:
            sent = await _take(run, endpoint, line)
    await run.complete(lambda session: lanes.pass_on(session, endpoint_id), {"sent": sent})
    return sent


async def _take(run: Run, endpoint: WebhookEndpoint, line: Line) -> int:
    began = clock.monotonic()
    under_way: dict[asyncio.Task[None], int] = {}
    sent = 0
    try:
        while True:
            if len(under_way) < AT_ONCE and clock.monotonic() - began < TURN_SECONDS:
                busy = set(under_way.values())
                now_due, parcels = await _look(run, endpoint.id, AT_ONCE + len(busy))
                if now_due is None or now_due.url != endpoint.url:
                    parcels = []
                for parcel in [one for one in parcels if one.lane not in busy][: AT_ONCE - len(busy)]:
                    task = asyncio.create_task(_send(run, now_due or endpoint, line, parcel))
                    under_way[task] = parcel.lane
                    sent += 1
            if not under_way:
                return sent
            done, _ = await asyncio.wait(under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del under_way[task]
                task.result()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _look(run: Run, endpoint_id: int, limit: int) -> tuple[WebhookEndpoint | None, Sequence[Parcel]]:
    async with run.db.reading() as session:
        return await lanes.due(session, endpoint_id, limit)


async def _send(run: Run, endpoint: WebhookEndpoint, line: Line, parcel: Parcel) -> None:
    body = parcel.body.encode()
    try:
        headers = signed(run.settings, endpoint, parcel.event_id, body)
    except signing.Unreadable:
        outcome = Outcome(0, error=Trouble.SECRET)
    else:
        outcome = await line.post(body, headers)
    await run.db.write(lambda session: lanes.settle(session, endpoint.id, parcel, outcome))


def signed(settings: Settings, endpoint: WebhookEndpoint, event_id: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt: for a day after a rotation with two signatures. Raises `signing.Unreadable`."""
    secrets = [signing.unseal(settings, endpoint.sealed_secret)]
    if endpoint.sealed_old_secret and (endpoint.old_secret_until or 0) > now():
        secrets.append(signing.unseal(settings, endpoint.sealed_old_secret))
    named = signing.headers(secrets, envelopes.id_of(event_id), now(), body)
    return {"Content-Type": "application/json"} | named
