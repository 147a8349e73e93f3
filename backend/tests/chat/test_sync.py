"""After an outage: what was missed comes in order, then `synced`; nothing of others comes; slow readers are told."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chat import frames, hub, messages
from app.chat.models import Conversation, Message
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat.talking import sent, start
from tests.people import Person
from tests.serving import Line, Server


async def synced(line: Line, known: dict[str, int]) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """What a sync answers: (conversation, seq) of each message, and the last frame."""
    begin = len(line.heard)
    await line.say("sync", conversations=known)
    last = await line.until("synced")
    told = line.heard[begin:-1]
    return [(frame["conversation_id"], frame["seq"]) for frame in told if frame["type"] == "message"], last


async def test_what_was_missed_comes_in_order(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, honey_the_merchant: Person
) -> None:
    elsewhere = await start(client, lin_the_buyer, "m7")
    for place in (talk, elsewhere, talk, talk):
        await sent(client, lin_the_buyer, place)
    async with await server.enter(lin_the_buyer) as line:
        told, last = await synced(line, {talk: 1, elsewhere: 0})
        assert sorted(told) == sorted([(talk, 2), (talk, 3), (elsewhere, 1)])
        assert [seq for place, seq in told if place == talk] == [2, 3]
        assert last["conversations"] == {talk: 3, elsewhere: 1}
        assert (last["more"], last["unknown"]) == ([], [])
        assert await synced(line, last["conversations"]) == ([], last)


async def test_foreign_and_unknown_conversations_look_the_same(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    async with await server.enter(maria_the_buyer) as line:
        told, last = await synced(line, {talk: 0, "99": 0})
        assert told == []
        assert (last["conversations"], last["more"]) == ({}, [])
        assert set(last["unknown"]) == {talk, "99"}


async def test_an_admin_syncs_everything(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, an_admin: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    async with await server.enter(an_admin) as line:
        assert (await synced(line, {talk: 0}))[0] == [(talk, 1)]


async def test_what_does_not_fit_is_named_and_comes_with_the_next_sync(
    server: Server,
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    honey_the_merchant: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "MAX_SYNCED", 5)
    elsewhere = await start(client, lin_the_buyer, "m7")
    for place in [talk] * 7 + [elsewhere] * 6:
        await sent(client, lin_the_buyer, place)
    async with await server.enter(lin_the_buyer) as line:
        known, rounds, told = {talk: 0, elsewhere: 0}, 0, []
        while True:
            some, last = await synced(line, known)
            assert len(some) <= 5
            told += some
            rounds += 1
            known = last["conversations"]
            if not last["more"]:
                break
        assert rounds == 3
        assert sorted(told) == sorted([(talk, seq) for seq in range(1, 8)] + [(elsewhere, seq) for seq in range(1, 7)])


async def test_a_client_that_knows_more_than_there_is_gets_the_truth(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    async with await server.enter(lin_the_buyer) as line:
        told, last = await synced(line, {talk: 50})
        assert (told, last["conversations"]) == ([], {talk: 1})


async def test_a_sync_that_makes_no_sense_is_refused(server: Server, lin_the_buyer: Person) -> None:
    wrong: list[Any] = [None, [], "x", {"x": 0}, {"0": 0}, {str(2**63): 0}, dict.fromkeys(map(str, range(1, 502)), 0)]
    wrong += [{"1": seq} for seq in (-1, "0", None, True, 2**31, 1.5)]
    async with await server.enter(lin_the_buyer) as line:
        for known in wrong:
            await line.say("sync", conversations=known)
            assert (await line.expect("error"))["status"] == 422, known


async def test_five_hundred_conversations_are_synced_at_once(
    server: Server, db: Database, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    places = [await old_conversation(db, messages_in_it=2) for _ in range(500)]
    async with await server.enter(chen_the_merchant) as line:
        told, last = await synced(line, dict.fromkeys(places, 1))
        assert sorted(told) == sorted((place, 2) for place in places)
        assert set(last["conversations"].values()) == {2}


async def old_conversation(db: Database, messages_in_it: int) -> str:
    """A resolved conversation of Lin and the rice shop, straight into the tables."""
    async with db.writing() as session:
        row = Conversation(customer_id="b1", merchant_id="m1", last_seq=messages_in_it)
        session.add(row)
        await session.flush()
        session.add_all(
            Message(
                conversation_id=row.id,
                seq=seq,
                client_id=f"c{seq}",
                sender_id="b1",
                sender_role=Role.BUYER,
                content="x",
            )
            for seq in range(1, messages_in_it + 1)
        )
    return str(row.id)


async def test_a_slow_reader_is_told_to_sync_and_never_buffered_without_limit(
    server: Server, app: FastAPI, lin_the_buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_QUEUED", 20)
    line = await server.connect("b1", max_queue=1)  # takes no more from the network than it is asked for
    await line.say("auth", token=lin_the_buyer.token)
    await line.expect("ready")
    [slow] = app.state.desk.hub.sockets
    frame = frames.dump({"type": "filler", "text": "x" * 100_000})
    pushed = 0
    while not slow.is_full:
        app.state.desk.hub.push(slow, frame)
        pushed += 1
        assert pushed < 1000, "the server buffers without limit"
        assert len(slow.frames) <= 20
        await asyncio.sleep(0)
    await line.until("resync")
    fillers = sum(frame["type"] == "filler" for frame in line.heard)
    assert 0 < fillers < pushed
    assert await line.all_so_far() == []
    await line.connection.close()


async def test_a_slow_reader_who_leaves_leaves_nothing_behind(
    server: Server, app: FastAPI, lin_the_buyer: Person
) -> None:
    line = await server.connect("b1", max_queue=1)  # takes no more from the network than it is asked for
    await line.say("auth", token=lin_the_buyer.token)
    await line.expect("ready")
    the_hub = app.state.desk.hub
    [slow] = the_hub.sockets
    frame = frames.dump({"type": "filler", "text": "x" * 100_000})
    while not the_hub._flushes:
        the_hub.push(slow, frame)
        await asyncio.sleep(0)
    line.connection.transport.abort()
    async with asyncio.timeout(5):
        while the_hub.sockets or the_hub._flushes:
            await asyncio.sleep(0.01)
