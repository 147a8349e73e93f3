"""Talking over sockets: who hears what, in which order, and that `sent` means stored."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import CONVERSATIONS, Room, change, get, heard, post, sent, start, thread
from tests.people import Person


@pytest.fixture
def everybody(everybody: dict[str, Person], lin_the_buyer: Person) -> dict[str, Person]:
    """Lin has two tabs."""
    return everybody | {"lin's tab": lin_the_buyer}


async def test_a_message_reaches_everybody_whom_it_concerns(
    room: Room, talk: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    await room["lin"].say("send", conversation_id=talk, client_id="c1", content="大米还有吗？")
    answer = await room["lin"].expect("sent")
    stored = await thread(client, chen_the_merchant, talk)
    assert [(row["id"], row["seq"]) for row in stored] == [(answer["id"], answer["seq"])]
    assert (answer["client_id"], answer["conversation_id"]) == ("c1", talk)
    got = await heard(room, "message")
    assert set(got) == {"lin's tab", "chen", "an", "admin"}
    for frames in got.values():
        assert frames == [
            {
                "type": "message",
                "id": answer["id"],
                "conversation_id": talk,
                "seq": 1,
                "client_id": "c1",
                "sender_id": "b1",
                "sender_role": "buyer",
                "content": "大米还有吗？",
                "message_type": "text",
                "attachments": [],
                "reply_to": None,
                "timestamp": answer["timestamp"],
            }
        ]


async def test_an_answer_reaches_the_buyer_the_colleagues_and_the_admins(room: Room, talk: str) -> None:
    await room["an"].say("send", conversation_id=talk, client_id="c1", content="有的")
    await room["an"].expect("sent")
    assert set(await heard(room, "message")) == {"lin", "lin's tab", "chen", "admin"}


async def test_a_message_over_http_reaches_the_senders_sockets_too(
    room: Room, talk: str, client: AsyncClient, lin_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    assert set(await heard(room, "message")) == {"lin", "lin's tab", "chen", "an", "admin"}


async def test_the_same_again_is_answered_again_and_told_once(room: Room, talk: str) -> None:
    answers = []
    for _ in range(3):
        await room["lin"].say("send", conversation_id=talk, client_id="c1", content="一次")
        answers.append(await room["lin"].expect("sent"))
    assert answers[0] == answers[1] == answers[2]
    assert {name: len(frames) for name, frames in (await heard(room, "message")).items()} == {
        "lin's tab": 1,
        "chen": 1,
        "an": 1,
        "admin": 1,
    }


async def test_a_refused_message_is_an_error_that_names_it(room: Room, talk: str) -> None:
    line = room["lin"]
    await line.say("send", conversation_id=talk, client_id="c1", content="一")
    await line.expect("sent")
    tries: list[tuple[dict[str, Any], int, str]] = [
        ({"client_id": "c1", "content": "二"}, 409, "client_id_reused"),
        ({"client_id": "c2", "content": ""}, 422, "invalid_content"),
        ({"client_id": "c2", "content": "a" * 10_001}, 422, "invalid_content"),
        ({"client_id": "c2", "content": 5}, 422, "invalid_content"),
        ({"client_id": "c2"}, 422, "invalid_content"),
        ({"client_id": "c2", "content": "x", "conversation_id": "99"}, 404, "conversation_not_found"),
        ({"client_id": "c2", "content": "x", "conversation_id": None}, 422, "invalid_conversation_id"),
        ({"client_id": "c2", "content": "x", "conversation_id": [talk]}, 422, "invalid_conversation_id"),
        ({"client_id": "c2", "content": "x", "reply_to": "99"}, 404, "reply_to_not_found"),
        ({"client_id": "c2", "content": "x", "attachment_ids": ["99"]}, 404, "attachment_not_found"),
        ({"client_id": "c2", "content": "x", "message_type": "system"}, 422, "invalid_message_type"),
    ]
    for fields, status, code in tries:
        await line.say("send", **({"conversation_id": talk} | fields))
        error = await line.expect("error")
        assert (error["status"], error["code"], error["client_id"]) == (status, code, fields["client_id"])
        assert error["detail"]
    await line.say("send", conversation_id=talk, content="ohne Namen")
    assert (await line.expect("error"))["code"] == "invalid_client_id"
    assert {name: len(frames) for name, frames in (await heard(room, "message")).items()}["chen"] == 1


async def test_others_cannot_send_read_or_type_there(
    room: Room, talk: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    for name in ("maria", "honey"):
        await room[name].say("send", conversation_id=talk, client_id="c1", content="x")
        await room[name].say("read", conversation_id=talk, seq=1)
        await room[name].say("typing", conversation_id=talk, on=True)
        for _ in range(3):
            error = await room[name].expect("error")
            assert (error["status"], error["code"]) == (404, "conversation_not_found")
    assert (await get(client, chen_the_merchant, talk))["last_seq"] == 0


async def test_an_admin_cannot_send_read_or_type(room: Room, talk: str, client: AsyncClient, an_admin: Person) -> None:
    await room["admin"].say("send", conversation_id=talk, client_id="c1", content="x")
    await room["admin"].say("read", conversation_id=talk, seq=1)
    await room["admin"].say("typing", conversation_id=talk, on=True)
    for _ in range(3):
        error = await room["admin"].expect("error")
        assert (error["status"], error["code"]) == (403, "read_only")
    assert (await get(client, an_admin, talk))["last_seq"] == 0
    assert await heard(room, "typing") == {}


async def test_a_read_mark_is_told_to_both_sides(
    room: Room, talk: str, client: AsyncClient, lin_the_buyer: Person
) -> None:
    for _ in range(3):
        await sent(client, lin_the_buyer, talk)
    await room["an"].say("read", conversation_id=talk, seq=2)
    frame = await room["lin"].until("read")
    assert frame == {"type": "read", "conversation_id": talk, "side": "merchant", "seq": 2}
    await room["an"].say("read", conversation_id=talk, seq=1)
    await room["an"].all_so_far()
    everybody = await heard(room, "read")
    assert set(everybody) <= {"lin's tab", "chen", "admin", "lin", "an"}
    assert {frame["seq"] for frames in everybody.values() for frame in frames} == {2}
    assert (await get(client, lin_the_buyer, talk))["merchant_unread"] == 1


async def test_typing_is_told_and_not_stored(room: Room, talk: str) -> None:
    await room["lin"].say("typing", conversation_id=talk, on=True)
    await room["lin"].all_so_far()
    got = await heard(room, "typing")
    assert set(got) == {"lin's tab", "chen", "an", "admin"}
    assert got["chen"] == [{"type": "typing", "conversation_id": talk, "user_id": "b1", "on": True}]
    for wrong in ("yes", None, 1):
        await room["lin"].say("typing", conversation_id=talk, on=wrong)
        assert (await room["lin"].expect("error"))["code"] == "invalid_on"


async def test_a_change_is_told_and_the_buyer_hears_only_what_is_the_buyers(
    room: Room, talk: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, status="pending", labels=["VIP"], assignee_id="m2", priority="high")
    got = await heard(room, "conversation")
    assert set(got) == {"lin", "lin's tab", "chen", "an", "admin"}
    inside, outside = got["an"][0]["conversation"], got["lin"][0]["conversation"]
    assert (inside["status"], inside["labels"], inside["assignee_id"], inside["priority"]) == (
        "pending", ["VIP"], "m2", "high",
    )  # fmt: skip
    assert (outside["status"], outside["labels"], outside["assignee_id"], outside["priority"]) == (
        "pending", [], None, "normal",
    )  # fmt: skip


async def test_a_buyer_does_not_hear_that_something_inside_changed(
    room: Room, talk: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, labels=["VIP"], assignee_id="m2", priority="high")
    assert set(await heard(room, "conversation")) == {"chen", "an", "admin"}


async def test_notes_and_activities_are_in_no_buyers_frames(
    room: Room, talk: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    note = await post(client, chen_the_merchant, f"{CONVERSATIONS}{talk}/notes/", {"content": "zahlt spät"})
    await change(client, chen_the_merchant, talk, labels=["zahlt spät"])
    frames = {name: await line.all_so_far() for name, line in room.items()}
    for name in ("chen", "an", "admin"):
        kinds = [frame["type"] for frame in frames[name]]
        assert {"note", "activity"} <= set(kinds)
        assert next(frame for frame in frames[name] if frame["type"] == "note")["note"] == note.json()
    for name in ("lin", "lin's tab", "maria", "honey"):
        assert not {"note", "activity"} & {frame["type"] for frame in frames[name]}
        assert "zahlt" not in str(frames[name])


async def test_a_new_conversation_is_told_to_the_shop(room: Room, client: AsyncClient, maria_the_buyer: Person) -> None:
    started = await start(client, maria_the_buyer)
    got = await heard(room, "conversation")
    assert set(got) == {"maria", "chen", "an", "admin"}
    assert got["chen"][0]["conversation"]["id"] == started


async def test_many_messages_are_answered_and_told_in_their_order(room: Room, talk: str) -> None:
    for number in range(150):
        await room["lin"].say("send", conversation_id=talk, client_id=f"c{number}", content=f"{number}")
    answers = [await room["lin"].expect("sent") for _ in range(150)]
    assert [(answer["client_id"], answer["seq"]) for answer in answers] == [(f"c{n}", n + 1) for n in range(150)]
    for name in ("chen", "an", "admin", "lin's tab"):
        told = [await room[name].expect("message") for _ in range(150)]
        assert [(frame["content"], frame["seq"]) for frame in told] == [(f"{n}", n + 1) for n in range(150)]


async def test_a_file_goes_over_the_socket(room: Room, talk: str, client: AsyncClient, lin_the_buyer: Person) -> None:
    files = {"file": ("米.txt", "价格".encode(), "text/plain")}
    uploaded = (await client.post("/api/v1/upload/", files=files, headers=lin_the_buyer.headers)).json()
    await room["lin"].say(
        "send", conversation_id=talk, client_id="f", content="", message_type="file", attachment_ids=[uploaded["id"]]
    )
    await room["lin"].expect("sent")
    frame = await room["chen"].until("message")
    assert frame["attachments"][0]["url"] == uploaded["url"]
    assert frame["message_type"] == "file"


async def test_a_ping_comes_back(room: Room) -> None:
    await room["maria"].say("ping", t=12.5)
    assert await room["maria"].expect("pong") == {"type": "pong", "t": 12.5}
