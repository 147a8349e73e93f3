"""Who gets which conversation: who is there, available and has room; the last to answer first, then in turn."""

import asyncio
from functools import partial

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from app.accounts.models import Staff
from app.chat import routing
from app.chat.models import Activity, Conversation
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat.talking import change, sent
from tests.people import Person
from tests.team.conftest import STAFF, AtDesk, Buyers, ask, drain, in_charge, place, wish


@pytest.fixture(autouse=True)
async def the_shop_routes(client: AsyncClient, app: FastAPI, chen_the_merchant: Person) -> None:
    """And nothing happens before the test says so."""
    await app.state.desk.dispatcher.stop()
    await app.state.desk.reactions.stop()
    await wish(client, chen_the_merchant, routing="round_robin")


async def test_conversations_are_given_in_turn(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, buyers: Buyers,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent, bo_the_agent)
    talks = [await ask(client, buyer) for buyer in await buyers(6)]
    assert await drain(app) == talks
    given = [await in_charge(client, chen_the_merchant, talk) for talk in talks]
    assert given == ["m2", "m3"] * 3


async def test_who_comes_later_takes_a_turn_and_not_everything(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, buyers: Buyers,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent)
    people = await buyers(5)
    for buyer in people[:2]:
        await ask(client, buyer)
    await drain(app)
    await at_desk(an_the_agent, bo_the_agent)
    talks = [await ask(client, buyer) for buyer in people[2:]]
    await drain(app)
    assert [await in_charge(client, chen_the_merchant, talk) for talk in talks] == ["m3", "m2", "m3"]


async def test_nobody_gets_more_than_there_is_room_for_and_the_rest_waits_in_order(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, buyers: Buyers, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await at_desk(an_the_agent, capacity=2)
    people = await buyers(4)
    talks = [await ask(client, buyer) for buyer in people]
    assert await drain(app) == talks[:2]
    assert [await place(client, buyer, talk) for buyer, talk in zip(people, talks, strict=True)] == [None, None, 1, 2]
    await change(client, an_the_agent, talks[0], status="resolved")
    assert await drain(app) == [talks[2]]
    assert await place(client, people[3], talks[3]) == 1
    await client.put(f"{STAFF}m2", json={"capacity": 3}, headers=chen_the_merchant.headers)
    assert await drain(app) == [talks[3]]
    assert await drain(app) == []


@pytest.mark.parametrize("availability", ["busy", "away"])
async def test_who_is_not_available_gets_nothing(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, lin_the_buyer: Person, an_the_agent: Person, availability: str
) -> None:
    await at_desk(an_the_agent)
    chosen = {"availability": availability}
    assert (await client.put(f"{STAFF}me/availability", json=chosen, headers=an_the_agent.headers)).status_code == 200
    talk = await ask(client, lin_the_buyer)
    assert await drain(app) == []
    await client.put(f"{STAFF}me/availability", json={"availability": "online"}, headers=an_the_agent.headers)
    assert await drain(app) == [talk]


async def test_who_has_no_page_open_gets_nothing(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, an_the_agent: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    assert await drain(app) == []
    assert await place(client, lin_the_buyer, talk) == 1


async def test_who_answered_this_buyer_last_is_asked_first(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent, bo_the_agent)
    talk = await ask(client, lin_the_buyer)
    await sent(client, bo_the_agent, talk, "您好")
    await change(client, bo_the_agent, talk, status="resolved")
    other = await ask(client, maria_the_buyer)
    await drain(app)
    assert await in_charge(client, chen_the_merchant, other) == "m2"
    await at_desk(an_the_agent, bo_the_agent, last_turn=9)
    later = await ask(client, lin_the_buyer, "还有一个问题")
    assert later != talk
    await drain(app)
    assert await in_charge(client, chen_the_merchant, later) == "m3"


async def test_who_answered_last_and_is_full_does_not_hold_up_the_buyer(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, db: Database, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent, bo_the_agent)
    talk = await ask(client, lin_the_buyer)
    await sent(client, bo_the_agent, talk, "您好")
    await change(client, bo_the_agent, talk, status="resolved")
    async with db.writing() as session:
        await session.exec(update(Staff).where(col(Staff.user_id) == "m3").values(capacity=0))
    later = await ask(client, lin_the_buyer)
    await drain(app)
    assert await in_charge(client, chen_the_merchant, later) == "m2"


async def test_a_reopened_conversation_stays_with_who_was_in_charge(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(bo_the_agent)
    talk = await ask(client, lin_the_buyer)
    await change(client, an_the_agent, talk, assignee_id="m2", status="resolved")
    await sent(client, lin_the_buyer, talk, "还有")
    assert await drain(app) == []
    assert await in_charge(client, chen_the_merchant, talk) == "m2"


async def test_what_a_person_puts_back_does_not_come_back_to_them(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent)
    talk = await ask(client, lin_the_buyer)
    assert await drain(app) == [talk]
    await change(client, an_the_agent, talk, assignee_id=None)
    assert await drain(app) == []
    assert await place(client, lin_the_buyer, talk) == 1
    await at_desk(an_the_agent, bo_the_agent)
    assert await drain(app) == [talk]
    assert await in_charge(client, chen_the_merchant, talk) == "m3"


async def test_pending_answered_and_resolved_ones_do_not_wait(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, buyers: Buyers, an_the_agent: Person
) -> None:
    people = await buyers(3)
    talks = [await ask(client, buyer) for buyer in people]
    await change(client, an_the_agent, talks[0], status="pending")
    await sent(client, an_the_agent, talks[1], "您好")
    await change(client, an_the_agent, talks[2], status="resolved")
    await at_desk(an_the_agent)
    assert await drain(app) == []
    assert [await place(client, buyer, talk) for buyer, talk in zip(people, talks, strict=True)] == [None] * 3


async def test_a_shop_that_does_not_route_has_no_queue(
    client: AsyncClient, app: FastAPI, at_desk: AtDesk, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:  # fmt: skip
    await wish(client, chen_the_merchant, routing="off")
    await at_desk(an_the_agent)
    talk = await ask(client, lin_the_buyer)
    assert await drain(app) == []
    assert await place(client, lin_the_buyer, talk) is None


async def test_the_platform_stands_as_who_gave_it(
    client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person, an_the_agent: Person
) -> None:
    await at_desk(an_the_agent)
    await ask(client, lin_the_buyer)
    await drain(app)
    async with db.reading() as session:
        row = (await session.exec(select(Activity))).one()
    assert (row.kind, row.value, row.actor_id) == ("assigned", "m2", "p1")


async def test_two_at_once_give_nothing_twice_and_nobody_too_much(
    client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, buyers: Buyers,
    an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await at_desk(an_the_agent, bo_the_agent, capacity=3)
    talks = [await ask(client, buyer) for buyer in await buyers(8)]
    work = partial(routing.drain, merchant_id="m1", limit=2)
    # Two pools of connections, as two processes have.
    given = await asyncio.gather(*(one.write(work) for one in (app.state.db, db) * 4))
    taken = [number for part in given for number in part]
    assert len(taken) == len(set(taken)) == 6
    assert sorted(map(str, taken)) == sorted(talks[:6])
    async with db.reading() as session:
        found = (await session.exec(select(Conversation.assignee_id))).all()
    assert sorted(map(str, found)) == ["None"] * 2 + ["m2"] * 3 + ["m3"] * 3


async def _absent(db: Database, seconds: int) -> None:
    """Everything that has happened so far lies that many seconds further back, and nobody has been here since."""
    async with db.writing() as session:
        await session.exec(update(Staff).values(here_until=now() - seconds))
        await session.exec(update(Conversation).values(waiting_since=now() - seconds))
        await session.exec(update(Activity).values(created_at=now() - seconds))


async def _given_back(app: FastAPI) -> list[str]:
    return [str(one) for one in await app.state.db.write(partial(routing.give_back, merchant_id="m1"))]


async def test_what_an_absent_person_left_unanswered_goes_back(
    client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person, bo_the_agent: Person,
) -> None:  # fmt: skip
    await wish(client, chen_the_merchant, return_after_minutes=10)
    await at_desk(an_the_agent)
    talk = await ask(client, lin_the_buyer)
    await drain(app)
    await _absent(db, 9 * 60)
    assert await _given_back(app) == []
    await _absent(db, 11 * 60)
    assert await _given_back(app) == [talk]
    await at_desk(bo_the_agent)
    assert await drain(app) == [talk]
    assert await in_charge(client, chen_the_merchant, talk) == "m3"


async def test_answered_ones_and_those_just_handed_over_stay(
    client: AsyncClient, app: FastAPI, db: Database, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    await wish(client, chen_the_merchant, return_after_minutes=10)
    answered, handed = await ask(client, lin_the_buyer), await ask(client, maria_the_buyer)
    await change(client, chen_the_merchant, answered, assignee_id="m2")
    await _absent(db, 3600)
    await sent(client, an_the_agent, answered, "您好")
    await change(client, chen_the_merchant, handed, assignee_id="m2")
    assert await _given_back(app) == []


async def test_away_by_hand_counts_like_gone(
    client: AsyncClient, app: FastAPI, db: Database, at_desk: AtDesk, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person,
) -> None:  # fmt: skip
    await wish(client, chen_the_merchant, return_after_minutes=10)
    await at_desk(an_the_agent)
    talk = await ask(client, lin_the_buyer)
    await drain(app)
    await _absent(db, 11 * 60)
    await at_desk(an_the_agent, availability="busy", availability_at=now() - 3600)
    assert await _given_back(app) == []
    await at_desk(an_the_agent, availability="away", availability_at=now() - 3600)
    assert await _given_back(app) == [talk]
