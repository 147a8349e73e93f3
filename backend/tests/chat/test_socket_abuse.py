"""Frames that nobody should send: a clear error each, no effect on others, and an end when it is too much."""

import asyncio
import json
import random
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chat import presence
from tests.chat.talking import get, sent
from tests.people import Person
from tests.serving import Server, served

NASTY: list[Any] = [
    None, True, -1, 0, 2**63, 2**64, 1.5, 1e308, "", " ", "x", "\x00", "米" * 50, "9" * 40, [], [[]], {}, {"a": {}},
]  # fmt: skip


NO_FRAMES = [
    "",
    "x",
    "{",
    "null",
    "5",
    '"send"',
    "[]",
    '[{"type":"ping"}]',
    "{}",
    '{"type":null}',
    '{"type":5}',
    '{"type":["ping"]}',
    '{"type":"ping"',
    '{"type":"ping"}{"type":"ping"}',
    '{"type":"\ud83d"}'.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    '{"type":"\\ud800"}',
    '{"type":NaN}',
    '{"a":' * 5000 + "1" + "}" * 5000,
    "[" * 60_000,
]


async def test_what_is_no_frame_is_answered_and_forgiven(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        for text in NO_FRAMES:
            await line.raw(text)
            error = await line.expect("error")
            assert error["status"] == 400
            assert error["code"] in ("bad_frame", "unknown_frame"), text[:40]
        assert await line.all_so_far() == []


async def test_an_unknown_type_is_answered_and_forgiven(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        for kind in ("shout", "ready", "message", "note", ""):
            await line.say(kind)
            assert (await line.expect("error"))["code"] == "unknown_frame"


async def test_bytes_count_as_text_when_they_are_json(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        await line.raw(b'{"type":"ping","t":1}')
        await line.expect("pong")
        await line.raw(b"\xff\xfe\x00")
        assert (await line.expect("error"))["code"] == "bad_frame"


async def test_a_frame_in_pieces_is_one_frame(server: Server, talk: str, lin_the_buyer: Person) -> None:
    text = json.dumps({"type": "send", "conversation_id": talk, "client_id": "p", "content": "米" * 2000})
    pieces = [text[begin : begin + 700] for begin in range(0, len(text), 700)]
    async with await server.enter(lin_the_buyer) as line:
        await line.connection.send(pieces)
        assert (await line.expect("sent"))["client_id"] == "p"


async def test_a_huge_frame_ends_the_socket(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        await line.raw("x" * 70_000)
        assert await line.close_code() == 1009


async def test_invalid_utf8_ends_the_socket(server: Server, lin_the_buyer: Person) -> None:
    for data in (b'{"type":"ping","t":"\xff"}', b"\xc3\x28", b"\xed\xa0\x80"):
        async with await server.enter(lin_the_buyer) as line:
            await line.connection.send(data, text=True)
            assert await line.close_code() == 1007


async def test_strange_values_meet_a_clear_error_and_never_a_fault(
    server: Server, client: AsyncClient, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    dice = random.Random(1)
    fields = ["conversation_id", "client_id", "content", "seq", "on", "conversations", "reply_to", "message_type",
              "attachment_ids", "token", "t"]  # fmt: skip
    async with await server.enter(maria_the_buyer) as line:
        for _ in range(300):
            kind = dice.choice(["send", "read", "typing", "sync", "ping", "auth"])
            frame = {name: dice.choice([*NASTY, talk]) for name in dice.sample(fields, dice.randint(0, 8))}
            await line.raw(json.dumps({"type": kind, **frame}, ensure_ascii=False))
        answers = await line.all_so_far()
        errors = [frame for frame in answers if frame["type"] == "error"]
        assert len(errors) > 100
        assert {frame["status"] for frame in errors} <= {400, 404, 422}
        assert {frame["type"] for frame in answers} <= {"error", "pong", "synced", "status"}
    assert (await get(client, lin_the_buyer, talk))["last_seq"] == 1


@pytest.mark.parametrize("kind", ["ping", "send", "nonsense"])
async def test_a_flood_is_refused_then_ended_and_disturbs_nobody(
    server: Server,
    app: FastAPI,
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    kind: str,
) -> None:
    app.state.settings.socket_frames_per_second = 30
    frame = {"type": kind, "conversation_id": talk, "content": "x"}
    async with await server.enter(lin_the_buyer) as flood, await server.enter(chen_the_merchant) as calm:
        for number in range(1000):
            try:
                await flood.raw(json.dumps(frame | {"client_id": f"c{number}"}))
            except Exception:  # closed while we were still shouting
                break
        assert await flood.close_code() == 4429
        refused = [frame for frame in flood.heard if frame["type"] == "error"]
        assert 0 < len(refused) <= 51
        if kind != "nonsense":
            assert {(frame["status"], frame["code"]) for frame in refused} == {(429, "too_fast")}
        await calm.all_so_far()
    stored = (await get(client, chen_the_merchant, talk))["last_seq"]
    confirmed = sum(frame["type"] == "sent" for frame in flood.heard)
    assert stored >= confirmed
    assert stored <= 150


async def test_a_thousand_frames_at_the_usual_rate_end_the_socket(server: Server, lin_the_buyer: Person) -> None:
    async with await server.enter(lin_the_buyer) as line:
        await line.raw("x")
        try:
            for number in range(1000):
                await line.say("ping", t=number)
        except Exception:  # closed while we were still shouting
            assert line.connection.close_code in (4429, None)
        assert await line.close_code() == 4429
        codes = {frame["code"] for frame in line.heard if frame["type"] == "error"}
        assert "too_fast" in codes


async def test_a_peer_that_vanished_is_noticed(
    app: FastAPI, talk: str, lin_the_buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "GRACE_SECONDS", 0.05)
    async with served(app, ws_ping_interval=0.1, ws_ping_timeout=0.1) as quick:
        line = await quick.enter(lin_the_buyer)
        line.connection.transport.pause_reading()  # neither an answer to a ping nor a goodbye comes any more
        async with asyncio.timeout(5):
            while app.state.desk.hub.sockets or app.state.desk.presence.is_online("b1"):
                await asyncio.sleep(0.02)
        line.connection.transport.abort()


async def test_a_line_cut_in_mid_frame_disturbs_nobody(
    server: Server,
    app: FastAPI,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with await server.enter(chen_the_merchant) as chen:
        for _ in range(10):
            line = await server.enter(lin_the_buyer)
            await line.say("send", conversation_id=talk, client_id="once", content="once")
            line.connection.transport.write(b"\x81\xfe\x10\x00half a frame")
            line.connection.transport.abort()
        async with asyncio.timeout(5):
            while len(app.state.desk.hub.sockets) > 1:
                await asyncio.sleep(0.01)
        told = [frame for frame in await chen.all_so_far() if frame["type"] == "message"]
        assert len(told) <= 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
