"""A shop that listens, a receiver that hears, and a postman who delivers when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.jobs import claims, kinds
from app.jobs.claims import Claimed
from app.jobs.models import JobStatus
from app.jobs.runs import Run
from app.kernel.config import Settings
from app.kernel.db import Database
from app.webhooks import relay
from app.webhooks.event_types import CHOSEN
from app.webhooks.sender import Sender
from tests.chat.talking import start
from tests.people import Person
from tests.webhooks.receivers import Receiver, receiving

WEBHOOKS = "/api/v1/webhooks/"


class Postman:
    """A worker that walks when it is told to: it tells what was not told, delivers what is due, and then it rests.

    It claims jobs and runs their handlers as the worker does; only the loops and the waiting are left out.
    """

    def __init__(self, db: Database, settings: Settings, sender: Sender) -> None:
        self.db = db
        self._settings = settings
        self._services = {Sender: sender}
        self.under_way: set[asyncio.Task[None]] = set()

    async def walk(self) -> None:
        """Until nothing is due any more."""
        await relay.catch_up(self.db)
        while True:
            await self.db.write(claims.promote)
            for queue in ("webhooks", "webhooks_slow", "default"):
                for claimed in await self.db.write(lambda session, name=queue: claims.claim(session, name, 100)):
                    self.under_way.add(asyncio.create_task(self._run(claimed)))
            if not self.under_way:
                return
            done, self.under_way = await asyncio.wait(self.under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def go_home(self) -> None:
        """Leave what is under way, as a killed worker does."""
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)

    async def _run(self, claimed: Claimed) -> None:
        kind = kinds.find(claimed.job.kind)
        assert kind is not None
        run = Run(claimed, kind, self.db, self._settings, self._services)
        result = await kind.handler(run, kind.payload.model_validate(claimed.job.payload))
        if not run.is_complete:
            await self.db.write(lambda session: claims.finish(session, claimed, JobStatus.COMPLETED, result=result))


@pytest.fixture
async def receiver(settings: Settings) -> AsyncIterator[Receiver]:
    """A receiver to which webhooks may go."""
    async with receiving() as started:
        settings.webhook_allowed_hosts.append(started.name)
        yield started


@pytest.fixture
async def another_receiver(settings: Settings) -> AsyncIterator[Receiver]:
    """Somebody else's."""
    async with receiving() as started:
        settings.webhook_allowed_hosts.append(started.name)
        yield started


@pytest.fixture
async def postman(app: FastAPI, settings: Settings) -> AsyncIterator[Postman]:
    """Delivers what this application has to deliver."""
    postman = Postman(app.state.db, settings, Sender(settings))
    yield postman
    await postman.go_home()


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """The conversation of Lin and the rice shop, begun before anybody listened."""
    return await start(client, lin_the_buyer)


Listen = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def listen(client: AsyncClient, chen_the_merchant: Person) -> Listen:
    """Make an endpoint of the rice shop; answers it with its secret."""

    async def create(receiver: Receiver | str, *event_types: str, who: Person | None = None) -> dict[str, Any]:
        url = receiver if isinstance(receiver, str) else receiver.url
        draft = {"url": url, "event_types": list(event_types or CHOSEN)}
        answer = await client.post(WEBHOOKS, json=draft, headers=(who or chen_the_merchant).headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    return create


@pytest.fixture
def log_of(client: AsyncClient, chen_the_merchant: Person) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    """The deliveries of an endpoint in the order in which they were made."""

    async def read(webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        path = f"{WEBHOOKS}{webhook['id']}/deliveries/"
        answer = await client.get(path, params={"page_size": 100} | query, headers=chen_the_merchant.headers)
        assert answer.status_code == 200, answer.text
        return list(reversed(answer.json()["results"]))

    return read
