"""What routing does when somebody is faster than it, and when something breaks: two sessions, interleaved by hand."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff
from app.chat import conversations, routing
from app.chat.attendance import GRACE_SECONDS, Attendance
from app.chat.conversations import ConversationChange
from app.chat.models import Activity, Conversation
from app.kernel import clock
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat.talking import change, start
from tests.people import Person
from tests.serving import Server
from tests.team.conftest import STAFF, AtDesk, ask, drain, in_charge, wish
from tests.team.test_dispatcher import in_the_book

interleaved = pytest.mark.skipif(
    not os.environ.get("PARLEY_TEST_DATABASE_URL", "").startswith("postgres"),
    reason="SQLite lets one write at a time; PostgreSQL says who waits for a lock",
)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
async def the_shop_routes(client: AsyncClient, app: FastAPI, chen_the_merchant: Person) -> None:
    """And nothing happens before the test says so."""
    await app.state.desk.dispatcher.stop()
    await app.state.desk.reactions.stop()
    await wish(client, chen_the_merchant, routing="round_robin", return_after_minutes=10)


async def stuck(db: Database, many: int, task: asyncio.Task[Any]) -> None:
    """Until so many sessions wait for locks, or this one got through."""
    async with asyncio.timeout(10):
        while not task.done():
            async with db.reading() as session:
                if (await (await session.connection()).execute(WAITING)).scalar_one() >= many:
                    return


async def lock(session: AsyncSession, conversation_id: str) -> None:
    """Nobody else gets at this conversation before the unit ends."""
    mine = select(Conversation.id).where(Conversation.id == int(conversation_id))
    await session.exec(mine.with_for_update())


@interleaved
async def test_who_is_being_removed_is_given_nothing_more(
    the_shop_routes: None, client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person,
    maria_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    had, waits = await ask(client, lin_the_buyer), await ask(client, maria_the_buyer)
    await change(client, chen_the_merchant, had, assignee_id="m2")
    await at_desk(an_the_agent)
    async with db.writing() as unit:
        await lock(unit, had)
        leaving = asyncio.create_task(client.delete(f"{STAFF}m2", headers=chen_the_merchant.headers))
        await stuck(db, 1, leaving)
        draining = asyncio.create_task(drain(app))
        await stuck(db, 2, draining)
    assert (await leaving).status_code == 204
    assert await draining == []
    assert [await in_charge(client, chen_the_merchant, talk) for talk in (had, waits)] == [None, None]


@interleaved
async def test_who_is_about_to_be_given_something_is_removed_after_it(
    the_shop_routes: None, client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    talk = await ask(client, lin_the_buyer)
    await at_desk(an_the_agent)
    async with db.writing() as unit:
        await lock(unit, talk)
        draining = asyncio.create_task(drain(app))
        await stuck(db, 1, draining)
        leaving = asyncio.create_task(client.delete(f"{STAFF}m2", headers=chen_the_merchant.headers))
        await stuck(db, 2, leaving)
    assert await draining == [talk]
    assert (await leaving).status_code == 204
    assert await in_charge(client, chen_the_merchant, talk) is None


async def test_one_shops_trouble_does_not_end_the_routing_of_the_others(
    client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person, honey_the_merchant: Person,
) -> None:  # fmt: skip
    desk = app.state.desk
    await desk.reactions.stop()
    for owner in (chen_the_merchant, honey_the_merchant):
        await wish(client, owner, routing="round_robin")
    await desk.reactions.catch_up()
    broken = await ask(client, lin_the_buyer)
    async with db.writing() as session:
        unknown = text("UPDATE conversations SET channel = 'pigeon' WHERE id = :id").bindparams(id=int(broken))
        await (await session.connection()).execute(unknown)
    await at_desk(chen_the_merchant, honey_the_merchant)
    desk.dispatcher.note("m1")
    talk = await start(client, maria_the_buyer, "m7")
    async with db.writing() as session:
        mine = update(Conversation).where(col(Conversation.id) == int(talk))
        await session.exec(mine.values(waiting_since=now()))
    desk.dispatcher.note("m7")
    async with asyncio.timeout(10):
        while await in_charge(client, honey_the_merchant, talk) != "m7":
            pass


@interleaved
async def test_what_was_answered_or_handed_over_meanwhile_is_not_taken_back(
    the_shop_routes: None, client: AsyncClient, app: FastAPI, db: Database, lin_the_buyer: Person,
    maria_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    answered, handed = await ask(client, lin_the_buyer), await ask(client, maria_the_buyer)
    for talk in (answered, handed):
        await change(client, chen_the_merchant, talk, assignee_id="m2")
    before = now() - 3600
    async with db.writing() as session:
        await session.exec(update(Staff).values(here_until=before))
        await session.exec(update(Conversation).values(waiting_since=before))
        await session.exec(update(Activity).values(created_at=before))
    async with db.writing() as unit:
        mine = update(Conversation).where(col(Conversation.id) == int(answered))
        await unit.exec(mine.values(waiting_since=None))
        to_bo = ConversationChange(assignee_id="m3")
        await conversations.change(unit, chen_the_merchant.identity, int(handed), to_bo)
        returning = asyncio.create_task(app.state.db.write(partial(routing.give_back, merchant_id="m1")))
        await stuck(db, 1, returning)
    assert await returning == []
    assert [await in_charge(client, chen_the_merchant, talk) for talk in (answered, handed)] == ["m2", "m3"]


@asynccontextmanager
async def nowhere_to_write(db: Database) -> AsyncIterator[None]:
    """The table of the staff is away."""
    await _rename(db, "staff", "staff_away")
    try:
        with pytest.raises(DBAPIError):
            yield
    finally:
        await _rename(db, "staff_away", "staff")


async def _rename(db: Database, before: str, after: str) -> None:
    async with db.writing() as session:
        await (await session.connection()).execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_who_came_or_went_while_nothing_could_be_written_is_noted_later(
    the_shop_routes: None, app: FastAPI, db: Database, server: Server, an_the_agent: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    desk = app.state.desk
    attendance = Attendance(app.state.db, desk.hub, desk.presence)
    async with await server.enter(an_the_agent):
        async with nowhere_to_write(db):
            await attendance.look({"m1"})
        assert await attendance.look({"m1"}) == {"m1"}
        assert await in_the_book(db) == {"m2"}
    later = clock.monotonic() + GRACE_SECONDS + 1
    monkeypatch.setattr(desk.presence, "is_here", lambda user_id: False)
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    async with nowhere_to_write(db):
        await attendance.look({"m1"})
    await attendance.look({"m1"})
    assert await in_the_book(db) == set()
