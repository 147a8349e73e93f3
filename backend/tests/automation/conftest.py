"""A shop with rules, and hands that let the product look at what happened."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel import col, select

from app.automation.models import AutomationRun
from app.jobs.models import ENDED, Job
from app.kernel.db import Database
from tests.chat.talking import API, start
from tests.people import Person
from tests.working import run_enqueued

RULES = f"{API}/automation/rules/"
MakeRule = Callable[..., Awaitable[dict[str, Any]]]
CatchUp = Callable[[], Awaitable[None]]


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """The conversation of Lin and the rice shop, still empty."""
    return await start(client, lin_the_buyer)


@pytest.fixture
def make_rule(client: AsyncClient, chen_the_merchant: Person) -> MakeRule:
    """`await make_rule("message_from_buyer", [condition …], [action …])`."""

    async def make(
        event: str, conditions: list[Any], actions: list[Any], who: Person | None = None, **more: Any
    ) -> dict[str, Any]:
        body = {"event": event, "conditions": conditions, "actions": actions, **more}
        answer = await client.post(RULES, json=body, headers=(who or chen_the_merchant).headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    return make


@pytest.fixture
def catch_up(app: FastAPI) -> CatchUp:
    """Everything that follows by itself has followed: reactions to messages, and jobs."""

    async def look() -> None:
        await app.state.desk.reactions.catch_up()
        db: Database = app.state.db
        while True:
            async with db.reading() as session:
                waiting = select(Job.id).where(Job.kind == "automation.react", col(Job.status).not_in(ENDED))
                job_id = (await session.exec(waiting.limit(1))).first()
            if job_id is None:
                return
            await run_enqueued(app, job_id)

    return look


async def runs_of(db: Database, conversation_id: str | None = None) -> list[AutomationRun]:
    """The rows of what rules did, in their order."""
    query = select(AutomationRun).where(col(AutomationRun.is_match)).order_by(col(AutomationRun.id))
    if conversation_id is not None:
        query = query.where(AutomationRun.conversation_id == int(conversation_id))
    async with db.reading() as session:
        return list((await session.exec(query)).all())
