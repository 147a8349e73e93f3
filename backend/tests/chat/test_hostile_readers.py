"""Clients that take nothing of what they ask for: they cost themselves, and no one else."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chat import desk, frames, hub, messages
from tests.chat.talking import sent
from tests.people import Person
from tests.serving import Line, Server

API = "/api/v1"


async def stuffed(server: Server, app: FastAPI, person: Person) -> tuple[Line, hub.Socket]:
    """A socket whose reader stopped, and what waits for it."""
    line = await server.connect(person.id, max_queue=1)
    await line.say("auth", token=person.token)
    await line.expect("ready")
    await line.expect("online_users")
    [slow] = [socket for socket in app.state.desk.hub.sockets if socket.identity.user_id == person.id]
    line.connection.transport.pause_reading()
    frame = frames.dump({"type": "filler", "text": "x" * 1_000_000})
    async with asyncio.timeout(10):
        while slow.line is not None and slow.line.writable.is_set():
            app.state.desk.hub.push(slow, frame)
            await asyncio.sleep(0.01)
    return line, slow


async def test_who_does_not_read_keeps_no_revoked_socket_open(
    server: Server,
    app: FastAPI,
    client: AsyncClient,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "REVOCATION_SECONDS", 0.1)
    monkeypatch.setattr(hub, "CLOSE_SECONDS", 0.2)
    stuck, _ = await stuffed(server, app, lin_the_buyer)
    await asyncio.sleep(2.5)  # the running loop's own pause, before the shorter one counts
    await client.post(f"{API}/auth/logout", headers=lin_the_buyer.headers)
    async with asyncio.timeout(5):
        while app.state.desk.hub.sockets:
            await asyncio.sleep(0.02)
    async with await server.enter(maria_the_buyer) as line:
        await client.post(f"{API}/auth/logout", headers=maria_the_buyer.headers)
        async with asyncio.timeout(5):
            assert await line.close_code() == 4401
    stuck.connection.transport.abort()


async def test_closing_a_socket_whose_peer_has_just_left_is_no_fault(
    server: Server, app: FastAPI, lin_the_buyer: Person
) -> None:
    line = await server.enter(lin_the_buyer)
    [socket] = app.state.desk.hub.sockets
    line.connection.transport.abort()
    while not socket.line.disconnected:
        await asyncio.sleep(0.001)
    await socket.close(4401)


async def test_what_waits_for_one_socket_is_bounded_in_bytes(
    server: Server, app: FastAPI, lin_the_buyer: Person
) -> None:
    line, slow = await stuffed(server, app, lin_the_buyer)
    frame = frames.dump({"type": "filler", "text": "x" * 1_000_000})
    for _ in range(100):
        app.state.desk.hub.push(slow, frame)
        assert sum(map(len, slow.frames)) <= hub.MAX_QUEUED_BYTES + len(frame)
    assert slow.is_full
    line.connection.transport.abort()


async def test_long_messages_are_synced_in_pieces(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAX_SYNCED_CHARACTERS", 25)
    for content in ("x" * 10, "y" * 10, "z" * 10, "long " * 20, "end"):
        await sent(client, lin_the_buyer, talk, content)
    told, known = [], 0
    async with await server.enter(lin_the_buyer) as line:
        for _ in range(5):
            await line.say("sync", conversations={talk: known})
            last = await line.until("synced")
            known = last["conversations"][talk]
            told.append(known)
            if not last["more"]:
                break
    assert told == [2, 3, 4, 5]
    assert [frame["seq"] for frame in line.heard if frame["type"] == "message"] == [1, 2, 3, 4, 5]


async def test_a_ping_carries_no_tree(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        await line.raw('{"type":"ping","t":' + "[" * 300 + "]" * 300 + "}")
        error = await line.expect("error")
        assert (error["status"], error["code"]) == (422, "invalid_t")


async def test_an_origin_that_is_no_address_is_a_stranger(server: Server, chen_the_merchant: Person) -> None:
    cookie = {"Cookie": f"parley_session={chen_the_merchant.cookie}"}
    line = await server.connect("m1", origin="http://[", additional_headers=cookie)
    await line.say("auth", token="x")
    assert await line.close_code() == 4401
