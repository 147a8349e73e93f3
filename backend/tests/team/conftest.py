"""A shop with a team, a clock that can be turned, and hands that route."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col

from app.accounts.models import Staff
from app.chat import routing
from app.kernel.clock import now
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat.talking import API, get, sent, start
from tests.people import Enter, Person

SETTINGS = f"{API}/shop/settings"
STAFF = f"{API}/staff/"
AtDesk = Callable[..., Awaitable[None]]
Buyers = Callable[[int], Awaitable[list[Person]]]


@pytest.fixture
async def bo_the_agent(enter: Enter, chen_the_merchant: Person) -> Person:
    """Works for the rice shop, too."""
    return await enter("m3", "bo", Role.MERCHANT, merchant_id=chen_the_merchant.id)


@pytest.fixture
def at_desk(db: Database) -> AtDesk:
    """`await at_desk(an, bo)`: these are there and nobody else, as far as the database knows."""

    async def come(*people: Person, **columns: Any) -> None:
        async with db.writing() as session:
            await session.exec(update(Staff).values(here_until=0))
            theirs = col(Staff.user_id).in_([person.id for person in people])
            await session.exec(update(Staff).where(theirs).values(here_until=now() + 3600, **columns))

    return come


@pytest.fixture
def buyers(enter: Enter) -> Buyers:
    """As many buyers as a test needs."""

    async def make(count: int) -> list[Person]:
        return [await enter(f"b{50 + number}", f"buyer{number}", Role.BUYER) for number in range(count)]

    return make


async def wish(client: AsyncClient, owner: Person, **settings: Any) -> None:
    """The owner's settings of the shop."""
    answer = await client.put(SETTINGS, json=settings, headers=owner.headers)
    assert answer.status_code == 200, answer.text


async def ask(client: AsyncClient, buyer: Person, text: str = "在吗") -> str:
    """A buyer's message to the rice shop; the conversation."""
    conversation_id = await start(client, buyer)
    await sent(client, buyer, conversation_id, text)
    return conversation_id


async def drain(app: FastAPI) -> list[str]:
    """Which conversations found somebody in the rice shop."""
    given = await app.state.db.write(partial(routing.drain, merchant_id="m1"))
    return [str(number) for number in given]


async def in_charge(client: AsyncClient, person: Person, conversation_id: str) -> str | None:
    """Who is in charge, as the shop sees it."""
    found: str | None = (await get(client, person, conversation_id))["assignee_id"]
    return found


async def place(client: AsyncClient, person: Person, conversation_id: str) -> int | None:
    """A conversation's place in the queue."""
    found: int | None = (await get(client, person, f"{conversation_id}/queue"))["position"]
    return found
