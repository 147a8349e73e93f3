"""Two instances that no broker connects, on one database: each gives away what waits, and together never too much."""

import asyncio
import os
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel import col, select

from app.chat.models import Activity, Conversation
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.conftest import running
from tests.people import Person
from tests.serving import served
from tests.team.conftest import STAFF, Buyers, ask, place, wish

pytestmark = pytest.mark.skipif(
    not os.environ.get("PARLEY_TEST_DATABASE_URL"), reason="SQLite serves one process: two need a server database"
)
ROOM, QUESTIONS = 3, 10


async def test_two_instances_keep_to_everybodys_room_and_assign_once(
    client: AsyncClient, app: FastAPI, db: Database, settings: Settings, buyers: Buyers,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    for member in ("m2", "m3"):
        await client.put(STAFF + member, json={"capacity": ROOM}, headers=chen_the_merchant.headers)
    people = await buyers(QUESTIONS)
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(running(settings))
        left, right = [await stack.enter_async_context(served(one)) for one in (app, other)]
        await stack.enter_async_context(await left.enter(an_the_agent))
        await stack.enter_async_context(await right.enter(bo_the_agent))
        talks = [await ask(client, buyer) for buyer in people]
        await wish(client, chen_the_merchant, routing="round_robin")
        desks = [one.state.desk for one in (app, other)]
        for _ in range(3):
            await asyncio.gather(
                *(desk.dispatcher.catch_up() for desk in desks), *(d.reactions.catch_up() for d in desks)
            )
    async with db.reading() as session:
        held = Counter((await session.exec(select(Conversation.assignee_id))).all())
        given = Counter(
            (await session.exec(select(Activity.conversation_id).where(col(Activity.kind) == "assigned"))).all()
        )
    assert held == {"m2": ROOM, "m3": ROOM, None: QUESTIONS - 2 * ROOM}
    assert set(given.values()) == {1}
    assert [await place(client, buyer, talk) for buyer, talk in zip(people[-4:], talks[-4:], strict=True)] == [
        1,
        2,
        3,
        4,
    ]
