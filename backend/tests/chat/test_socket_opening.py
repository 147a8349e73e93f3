"""How a socket opens and is closed: who is there comes from a token that still stands, and from nothing else."""

import asyncio
import time
from typing import Any

import jwt
import pytest
import time_machine
import websockets
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts.models import SessionKind
from app.chat import socket as door
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.chat.talking import API, sent
from tests.people import Person, come_back
from tests.serving import Server

A_MOMENT = 0.1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server waits for a token for a moment only."""
    monkeypatch.setattr(door, "AUTH_SECONDS", A_MOMENT)


async def test_the_first_frame_shows_the_token(server: Server, lin_the_buyer: Person) -> None:
    async with await server.connect("b1") as line:
        await line.say("auth", token=lin_the_buyer.token)
        ready = await line.next()
        assert ready.items() >= {"type": "ready", "user_id": "b1", "role": "buyer", "heartbeat": 20}.items()
        assert abs(ready["server_time"] - time.time()) < 5
        online = await line.next()
        assert (online["type"], online["users"]) == ("online_users", [])


async def test_the_token_may_come_as_a_subprotocol(server: Server, chen_the_merchant: Person) -> None:
    offered = ["parley.v1", f"bearer.{chen_the_merchant.token}"]
    async with await server.connect("m1", subprotocols=offered) as line:
        assert (await line.expect("ready"))["role"] == "merchant"
        assert line.connection.subprotocol == "parley.v1"  # and never the token


async def test_the_token_may_come_as_a_header(server: Server, an_admin: Person) -> None:
    async with await server.connect("a1", additional_headers=an_admin.headers) as line:
        assert (await line.expect("ready"))["role"] == "admin"


async def cookie_of(db: Database, settings: Settings, person: Person) -> dict[str, str]:
    signed_in = await come_back(db, settings, person.id, SessionKind.CONSOLE)
    return {"Cookie": f"parley_session={signed_in.cookie}"}


async def test_the_consoles_cookie_opens_from_our_own_pages(
    server: Server, db: Database, settings: Settings, chen_the_merchant: Person
) -> None:
    cookie = await cookie_of(db, settings, chen_the_merchant)
    for origin in (server.url, settings.base_url):
        async with await server.connect("m1", additional_headers=cookie, origin=origin) as line:
            await line.expect("ready")


async def test_the_cookie_opens_nothing_for_another_site(
    server: Server, db: Database, settings: Settings, chen_the_merchant: Person, impatient: None
) -> None:
    cookie = await cookie_of(db, settings, chen_the_merchant)
    for origin in ("https://evil.example", "null", None, "http://parley.test.evil.example"):
        async with await server.connect("m1", additional_headers=cookie, origin=origin) as line:
            assert await line.close_code() == 4408, origin
            assert line.heard == []


async def test_somebody_elses_cookie_does_not_stop_a_token(
    server: Server, db: Database, settings: Settings, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    cookie = await cookie_of(db, settings, chen_the_merchant)
    async with await server.connect("b1", additional_headers=cookie, origin=server.url) as line:
        await line.say("auth", token=lin_the_buyer.token)
        assert (await line.expect("ready"))["user_id"] == "b1"


def changed(token: str, secret: str, **claims: Any) -> str:
    """The token with other words, signed with `secret`."""
    said = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(said | claims, secret, algorithm="HS256")


async def test_forged_expired_and_foreign_tokens_are_refused(
    server: Server, settings: Settings, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    token, secret = lin_the_buyer.token, settings.secret_key
    wrong = [
        "",
        "x",
        token[:-4] + "AAAA",
        token + "x" * 5000,
        jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", algorithm="none"),
        changed(token, "another secret of at least thirty-two bytes"),
        changed(token, secret, exp=int(time.time()) - 1),
        changed(token, secret, sub="m1"),
        changed(token, secret, sid="1"),
        lin_the_buyer.cookie,
        lin_the_buyer.signed_in.refresh_token,
    ]
    for one in wrong:
        async with await server.connect("b1") as line:
            await line.say("auth", token=one)
            assert await line.close_code() == 4401, one
            assert line.heard == []
    offered = ["parley.v1", "bearer.x"]
    async with await server.connect("b1", subprotocols=offered) as line:
        assert await line.close_code() == 4401


async def test_a_first_frame_that_shows_no_token_ends_it(server: Server, lin_the_buyer: Person) -> None:
    empty = ["", "{}", "[]", "null", "\x00"]
    for frame in [*empty, '{"type":"auth"}', '{"type":"auth","token":5}', '{"type":"ping"}']:
        async with await server.connect("b1") as line:
            await line.raw(frame)
            assert await line.close_code() == 4401, frame


async def test_a_token_ends_with_its_time(server: Server, lin_the_buyer: Person) -> None:
    with time_machine.travel(time.time() + 31 * 86_400):
        async with await server.connect("b1") as line:
            await line.say("auth", token=lin_the_buyer.token)
            assert await line.close_code() == 4401


async def test_nobody_opens_anothers_socket(
    server: Server, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    tries = [
        (lin_the_buyer, "m1"),
        (lin_the_buyer, "b2"),
        (an_the_agent, "m1"),
        (an_admin, "b1"),
        (lin_the_buyer, "B1"),
    ]
    for person, user_id in tries:
        async with await server.connect(user_id) as line:
            await line.say("auth", token=person.token)
            assert await line.close_code() == 4403
            assert line.heard == []


async def test_silence_is_ended(server: Server, lin_the_buyer: Person, impatient: None) -> None:
    async with await server.connect("b1") as line:
        assert await line.close_code() == 4408


async def test_no_token_is_taken_from_the_address(server: Server, lin_the_buyer: Person, impatient: None) -> None:
    async with await server.connect(f"b1?token={lin_the_buyer.token}") as line:
        assert await line.close_code() == 4408


async def test_a_role_in_the_address_is_ignored(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    async with await server.connect("b2?role=admin") as line:
        await line.say("auth", token=maria_the_buyer.token)
        assert (await line.expect("ready"))["role"] == "buyer"
        await sent(client, lin_the_buyer, talk)
        assert [frame["type"] for frame in await line.all_so_far()] == ["online_users"]


async def test_a_session_that_ends_ends_its_sockets_within_five_seconds(
    server: Server, client: AsyncClient, db: Database, settings: Settings, lin_the_buyer: Person
) -> None:
    other = await come_back(db, settings, "b1")
    async with await server.enter(lin_the_buyer) as line, await server.enter(other) as line_of_other:
        assert (await client.post(f"{API}/auth/logout", headers=lin_the_buyer.headers)).status_code == 204
        async with asyncio.timeout(5):
            assert await line.close_code() == 4401
        await line_of_other.all_so_far()  # the other session stands
    async with await server.connect("b1") as again:
        await again.say("auth", token=lin_the_buyer.token)
        assert await again.close_code() == 4401


async def test_a_blocked_user_is_out_within_five_seconds(
    server: Server, client: AsyncClient, lin_the_buyer: Person, an_admin: Person
) -> None:
    async with await server.enter(lin_the_buyer) as line:
        answer = await client.put(f"{API}/users/b1", json={"is_blocked": True}, headers=an_admin.headers)
        assert answer.status_code == 200
        async with asyncio.timeout(5):
            assert await line.close_code() == 4401


async def test_a_server_that_stops_says_so(app: FastAPI, server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        await app.state.desk.hub.stop()
        assert await line.close_code() == 1012


async def test_whoever_leaves_before_the_greeting_disturbs_nobody(
    server: Server, app: FastAPI, lin_the_buyer: Person, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        line = await server.connect("b1")
        line.connection.transport.abort()
    half = await server.connect("b1")
    await half.say("auth", token=lin_the_buyer.token)
    half.connection.transport.abort()
    async with await server.enter(lin_the_buyer) as line:
        await line.all_so_far()
    await asyncio.sleep(A_MOMENT)
    assert app.state.desk.hub.sockets == set()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_there_is_no_other_socket(server: Server) -> None:
    with pytest.raises(websockets.InvalidStatus):
        await websockets.connect(f"ws://{server.host}:{server.port}/ws")
