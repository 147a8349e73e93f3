"""Two instances on one database and one Redis: each delivers to the other's sockets, and an outage loses nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
from fastapi import FastAPI

from app.kernel.config import Settings
from tests.chat.talking import API
from tests.conftest import running
from tests.people import Person
from tests.redis_server import RedisServer, needs_redis_server
from tests.serving import Line, Server, served

pytestmark = [
    needs_redis_server,
    pytest.mark.skipif(
        not os.environ.get("PARLEY_TEST_DATABASE_URL"), reason="SQLite serves one process: two need a server database"
    ),
]


class Instance(NamedTuple):
    """One of the two."""

    app: FastAPI
    server: Server


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    """A Redis that we may stop."""
    async with RedisServer() as own:
        yield own


@pytest.fixture
async def instances(app: FastAPI, settings: Settings, redis: RedisServer) -> AsyncIterator[tuple[Instance, Instance]]:
    """Both are subscribed."""
    own = settings.model_copy(update={"broker_url": redis.url})
    async with AsyncExitStack() as stack:
        two = []
        for _ in range(2):
            started = await stack.enter_async_context(running(own))
            two.append(Instance(started, await stack.enter_async_context(served(started))))
        await until(lambda: all(one.app.state.desk.broker.is_healthy for one in two))
        yield two[0], two[1]


async def until(is_so: object, seconds: float = 10) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(seconds):
        while not is_so():  # type: ignore[operator]
            await asyncio.sleep(0.01)


Instances = tuple[Instance, Instance]


async def test_what_happens_on_one_is_told_on_the_other(
    instances: Instances, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person
) -> None:
    left, right = instances
    async with (
        await left.server.enter(lin_the_buyer) as lin,
        await right.server.enter(chen_the_merchant) as chen,
        await right.server.enter(an_admin) as admin,
    ):
        await lin.say("send", conversation_id=talk, client_id="c1", content="大米")
        assert (await lin.until("sent"))["seq"] == 1
        assert (await chen.until("message"))["content"] == "大米"
        assert (await admin.until("message"))["seq"] == 1
        await chen.say("send", conversation_id=talk, client_id="c2", content="有的")
        assert (await lin.until("message"))["seq"] == 2
        await chen.say("read", conversation_id=talk, seq=1)
        assert (await lin.until("read"))["side"] == "merchant"
        await lin.say("typing", conversation_id=talk, on=True)
        assert (await chen.until("typing"))["user_id"] == "b1"


async def test_presence_crosses_too_and_a_clean_end_leaves_no_ghost(
    instances: Instances, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    left, right = instances
    lin = await left.server.enter(lin_the_buyer)
    async with await right.server.enter(chen_the_merchant) as chen:
        frame = await lin.until("status")
        assert (frame["user_id"], frame["status"]) == ("m1", "online")
        await until(lambda: right.app.state.desk.presence.is_online("b1"))
        await left.app.state.desk.presence.stop()
        while (frame := await chen.until("status"))["status"] != "offline" or frame["user_id"] != "b1":
            pass
        assert not right.app.state.desk.presence.is_online("b1")
    await lin.connection.close()


async def test_writers_of_both_share_one_order(
    instances: Instances, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    left, right = instances

    async def talk_on(line: Line, letter: str) -> list[int]:
        for number in range(100):
            await line.say("send", conversation_id=talk, client_id=f"{letter}{number}", content="x")
        return [(await line.until("sent"))["seq"] for _ in range(100)]

    async with (
        await left.server.enter(lin_the_buyer) as lin,
        await right.server.enter(chen_the_merchant) as chen,
        await left.server.enter(lin_the_buyer) as reader,
    ):
        mine, theirs = await asyncio.gather(talk_on(lin, "l"), talk_on(chen, "c"))
        assert sorted(mine + theirs) == list(range(1, 201))
        assert mine == sorted(mine)
        seen = {(await reader.until("message"))["seq"] for _ in range(200)}
        assert seen == set(range(1, 201))


async def test_an_outage_of_redis_is_followed_by_resync_and_sync_has_everything(
    instances: Instances, redis: RedisServer, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    left, right = instances
    async with (
        await left.server.enter(lin_the_buyer) as lin,
        await right.server.enter(chen_the_merchant) as chen,
    ):
        await chen.all_so_far()
        await redis.stop()
        await until(lambda: not right.app.state.desk.broker.is_healthy)
        for number in range(20):
            await lin.say("send", conversation_id=talk, client_id=f"c{number}", content=f"{number}")
            assert (await lin.until("sent"))["seq"] == number + 1
        await redis.start()
        await chen.until("resync")
        await chen.say("sync", conversations={talk: 0})
        last = await chen.until("synced")
        assert last["conversations"] == {talk: 20}
        seqs = [frame["seq"] for frame in chen.heard if frame["type"] == "message"]
        assert set(seqs) == set(range(1, 21))
        await lin.say("send", conversation_id=talk, client_id="after", content="wieder da")
        while (await chen.until("message"))["client_id"] != "after":
            pass


async def test_a_session_ended_on_one_is_closed_on_the_other(instances: Instances, lin_the_buyer: Person) -> None:
    from httpx2 import AsyncClient

    left, right = instances
    async with await right.server.enter(lin_the_buyer) as line, AsyncClient(base_url=left.server.url) as http:
        answer = await http.post(f"{API}/auth/logout", headers=lin_the_buyer.headers)
        assert answer.status_code == 204
        async with asyncio.timeout(5):
            assert await line.close_code() == 4401
