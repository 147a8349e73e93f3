"""Who is online: told to those who share a conversation, after a moment of grace, and to nobody else."""

import asyncio
import time

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chat import presence
from tests.chat.talking import API, start
from tests.people import Person
from tests.serving import Line, Server

GRACE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes is gone soon."""
    monkeypatch.setattr(presence, "GRACE_SECONDS", GRACE_SECONDS)


async def statuses(line: Line) -> list[tuple[str, str]]:
    """What a socket was told of others so far."""
    return [(frame["user_id"], frame["status"]) for frame in await line.all_so_far() if frame["type"] == "status"]


async def online_at_entry(server: Server, person: Person) -> tuple[Line, list[str]]:
    line = await server.enter(person)
    return line, line.heard[-1]["users"]


async def test_both_sides_see_each_other_come_and_go(
    server: Server, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    lin, seen_by_lin = await online_at_entry(server, lin_the_buyer)
    assert seen_by_lin == []
    chen, seen_by_chen = await online_at_entry(server, chen_the_merchant)
    assert seen_by_chen == ["b1"] or seen_by_chen == ["b1", "m1"]
    frame = await lin.until("status")
    assert (frame["user_id"], frame["status"]) == ("m1", "online")
    assert abs(frame["timestamp"] - time.time()) < 5
    await lin.connection.close()
    gone = await chen.until("status")
    while gone["user_id"] != "b1":
        gone = await chen.until("status")
    assert gone["status"] == "offline"
    await chen.connection.close()


async def test_a_page_that_reloads_is_not_gone(
    server: Server, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    async with await server.enter(chen_the_merchant) as chen:
        lin = await server.enter(lin_the_buyer)
        await statuses(chen)
        await lin.connection.close()
        again = await server.enter(lin_the_buyer)
        await asyncio.sleep(GRACE_SECONDS * 1.5)
        assert await statuses(chen) == []
        await again.connection.close()


async def test_one_of_two_tabs_may_close(
    server: Server, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    async with await server.enter(chen_the_merchant) as chen, await server.enter(lin_the_buyer):
        second = await server.enter(lin_the_buyer)
        await statuses(chen)
        await second.connection.close()
        await asyncio.sleep(GRACE_SECONDS * 1.5)
        assert await statuses(chen) == []


async def test_a_shop_is_there_while_anybody_of_it_is(
    server: Server,
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:
    async with await server.enter(lin_the_buyer) as lin:
        chen, an = await server.enter(chen_the_merchant), await server.enter(an_the_agent)
        assert await statuses(lin) == [("m1", "online")]  # the shop, and not who of it
        await chen.connection.close()
        await asyncio.sleep(GRACE_SECONDS * 1.5)
        assert await statuses(lin) == []
        assert (await client.get(f"{API}/shops/m1")).json()["online"] is True
        await an.connection.close()
        assert (await lin.until("status"))["status"] == "offline"
    assert (await client.get(f"{API}/shops/m1")).json()["online"] is False


async def test_others_learn_nothing(
    server: Server, talk: str, lin_the_buyer: Person, maria_the_buyer: Person, honey_the_merchant: Person
) -> None:
    async with await server.enter(maria_the_buyer) as maria, await server.enter(honey_the_merchant) as honey:
        await statuses(maria)
        await statuses(honey)
        lin = await server.enter(lin_the_buyer)
        await lin.connection.close()
        await asyncio.sleep(GRACE_SECONDS * 1.5)
        assert await statuses(maria) == []
        assert await statuses(honey) == []
    late, seen = await online_at_entry(server, maria_the_buyer)
    assert "b1" not in seen
    await late.connection.close()


async def test_an_admin_sees_everybody(
    server: Server, talk: str, lin_the_buyer: Person, honey_the_merchant: Person, an_admin: Person
) -> None:
    async with await server.enter(lin_the_buyer), await server.enter(honey_the_merchant):
        admin, seen = await online_at_entry(server, an_admin)
        assert {"b1", "m7"} <= set(seen)
        await admin.connection.close()


async def test_two_who_begin_to_talk_see_each_other_at_once(
    server: Server, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    async with await server.enter(lin_the_buyer) as lin, await server.enter(chen_the_merchant) as chen:
        await statuses(lin)
        await statuses(chen)
        await start(client, lin_the_buyer)
        assert await statuses(lin) == [("m1", "online")]
        assert ("b1", "online") in await statuses(chen)


async def test_nobody_is_left_when_all_have_gone(
    server: Server, app: FastAPI, talk: str, lin_the_buyer: Person
) -> None:
    lines = [await server.enter(lin_the_buyer) for _ in range(3)]
    assert app.state.desk.presence.is_online("b1")
    for line in lines:
        line.connection.transport.abort()
    async with asyncio.timeout(5):
        while app.state.desk.presence.is_online("b1"):
            await asyncio.sleep(0.02)
    assert app.state.desk.presence._here == {}
