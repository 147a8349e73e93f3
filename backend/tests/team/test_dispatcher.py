"""Routing as it happens: who comes, resolves or says online is given what waits, and buyers hear where they stand."""

from collections.abc import Collection

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from app.accounts.models import Staff
from app.chat.attendance import GRACE_SECONDS
from app.kernel import clock
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat.talking import change, get, sent
from tests.housekeeping.conftest import Run
from tests.housekeeping.conftest import run as run
from tests.people import Person
from tests.serving import Line, Server
from tests.team.conftest import STAFF, Buyers, ask, in_charge, place, wish


@pytest.fixture(autouse=True)
async def the_shop_routes(client: AsyncClient, app: FastAPI, chen_the_merchant: Person) -> None:
    """And nothing happens before the test says so."""
    await app.state.desk.dispatcher.stop()
    await app.state.desk.reactions.stop()
    await wish(client, chen_the_merchant, routing="round_robin")
    await catch_up(app)


async def catch_up(app: FastAPI) -> None:
    """What the loops of the process would do now."""
    await app.state.desk.reactions.catch_up()
    await app.state.desk.dispatcher.catch_up()


async def places(line: Line) -> list[int | None]:
    """What a buyer was told so far."""
    return [frame["position"] for frame in await line.all_so_far() if frame["type"] == "queue"]


async def in_the_book(db: Database) -> Collection[str]:
    """Who is there, as far as the database knows."""
    async with db.reading() as session:
        return set((await session.exec(select(Staff.user_id).where(col(Staff.here_until) > now()))).all())


async def test_who_comes_is_given_what_waits_and_the_buyer_hears_of_it(
    client: AsyncClient, app: FastAPI, server: Server, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    async with await server.enter(lin_the_buyer) as lin:
        await catch_up(app)
        assert (await places(lin))[-1:] == [1]
        async with await server.enter(chen_the_merchant) as chen:
            await catch_up(app)
            assert (await chen.until("conversation"))["conversation"]["assignee_id"] == "m1"
            assert (await places(lin))[-1:] == [None]
            assert await place(client, lin_the_buyer, talk) is None


async def test_the_queue_moves_up_and_everybody_in_it_is_told(
    client: AsyncClient, app: FastAPI, server: Server, buyers: Buyers, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await client.put(f"{STAFF}m2", json={"capacity": 1}, headers=chen_the_merchant.headers)
    people = await buyers(3)
    async with await server.enter(an_the_agent):
        talks = [await ask(client, buyer) for buyer in people]
        await catch_up(app)
        async with await server.enter(people[2]) as last:
            assert await place(client, people[2], talks[2]) == 2
            await change(client, an_the_agent, talks[0], status="resolved")
            await catch_up(app)
            assert (await places(last))[-1:] == [1]
            assert await in_charge(client, chen_the_merchant, talks[1]) == "m2"


async def test_an_answer_takes_out_of_the_queue_too(
    client: AsyncClient, app: FastAPI, server: Server, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    await catch_up(app)
    async with await server.enter(lin_the_buyer) as lin:
        await sent(client, chen_the_merchant, talk, "您好")
        await catch_up(app)
        assert (await places(lin))[-1:] == [None]


async def test_back_online_by_hand_drains_and_the_team_sees_it(
    client: AsyncClient, app: FastAPI, server: Server, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:  # fmt: skip
    choice = f"{STAFF}me/availability"
    await client.put(choice, json={"availability": "busy"}, headers=an_the_agent.headers)
    async with await server.enter(an_the_agent) as an, await server.enter(lin_the_buyer) as lin:
        talk = await ask(client, lin_the_buyer)
        await catch_up(app)
        assert await in_charge(client, chen_the_merchant, talk) is None
        await client.put(choice, json={"availability": "online"}, headers=an_the_agent.headers)
        assert (await an.until("availability")) == {"type": "availability", "user_id": "m2", "availability": "online"}
        await catch_up(app)
        assert await in_charge(client, chen_the_merchant, talk) == "m2"
        assert all(frame["type"] != "availability" for frame in await lin.all_so_far())


async def test_who_leaves_is_not_there_and_a_reload_is_no_leaving(
    app: FastAPI, db: Database, server: Server, an_the_agent: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await server.enter(an_the_agent):
        await catch_up(app)
        assert await in_the_book(db) == {"m2"}
    await app.state.desk.dispatcher.catch_up()
    assert await in_the_book(db) == {"m2"}
    later = clock.monotonic() + GRACE_SECONDS + 1
    monkeypatch.setattr(app.state.desk.presence, "is_here", lambda user_id: False)
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    await app.state.desk.dispatcher.catch_up()
    assert await in_the_book(db) == set()


async def test_shops_that_do_not_route_are_not_written_down(
    app: FastAPI, db: Database, server: Server, honey_the_merchant: Person
) -> None:
    async with await server.enter(honey_the_merchant):
        await catch_up(app)
        assert await in_the_book(db) == set()


async def test_what_a_removed_agent_had_goes_back_and_on_to_the_others(
    client: AsyncClient, app: FastAPI, server: Server, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    talk, done = await ask(client, lin_the_buyer), await ask(client, maria_the_buyer)
    await change(client, chen_the_merchant, talk, assignee_id="m2")
    await change(client, chen_the_merchant, done, assignee_id="m2", status="resolved")
    async with await server.enter(bo_the_agent):
        answer = await client.delete(f"{STAFF}m2", headers=chen_the_merchant.headers)
        assert answer.status_code == 204
        assert await in_charge(client, chen_the_merchant, talk) is None
        assert await in_charge(client, chen_the_merchant, done) is None
        await catch_up(app)
        assert await in_charge(client, chen_the_merchant, talk) == "m3"
    lines = (await get(client, chen_the_merchant, f"{talk}/activities/"))["results"]
    assert [(one["kind"], one["actor_id"]) for one in lines][-2:] == [("unassigned", "p1"), ("assigned", "p1")]


async def test_the_minutes_job_finds_what_was_left_behind(
    client: AsyncClient, app: FastAPI, db: Database, run: Run, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:  # fmt: skip
    talk = await ask(client, lin_the_buyer)
    async with db.writing() as session:
        await session.exec(update(Staff).where(col(Staff.user_id) == "m2").values(here_until=now() + 60))
    assert await run("chat.route") == {"returned": 0, "given": 1}
    assert await in_charge(client, chen_the_merchant, talk) == "m2"
    assert await run("chat.route") == {"returned": 0, "given": 0}


async def test_a_foreign_place_is_not_found(
    client: AsyncClient, lin_the_buyer: Person, maria_the_buyer: Person, honey_the_merchant: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    for person in (maria_the_buyer, honey_the_merchant):
        address = f"/api/v1/conversations/{talk}/queue"
        assert (await client.get(address, headers=person.headers)).status_code == 404
