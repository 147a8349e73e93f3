"""What stands around a thread: deleted messages, unsent text, mentions, who is viewing, what a buyer types."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from tests.chat.talking import API, CONVERSATIONS, Room, get, heard, post, refusal, sent, thread
from tests.people import Person

INSIDE = {"chen", "an", "admin"}


async def delete(client: AsyncClient, who: Person, talk: str, message_id: str) -> Any:
    return await client.delete(f"{CONVERSATIONS}{talk}/messages/{message_id}", headers=who.headers)


async def test_a_deleted_message_is_gone_for_everybody_and_keeps_its_place(
    app: FastAPI, client: AsyncClient, room: Room, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "Is there rice?")
    wrong = await sent(client, chen_the_merchant, talk, "Zanzibarpreis 12")
    await app.state.desk.indexer.catch_up()
    assert (await delete(client, chen_the_merchant, talk, wrong["id"])).status_code == 204
    assert (await delete(client, chen_the_merchant, talk, wrong["id"])).status_code == 204

    for who in (lin_the_buyer, chen_the_merchant):
        shown = (await thread(client, who, talk))[1]
        assert (shown["seq"], shown["content"], shown["attachments"]) == (2, "", [])
        assert shown["deleted_at"] is not None
        found = await client.get(f"{API}/search/", params={"q": "Zanzibarpreis"}, headers=who.headers)
        assert found.json()["count"] == 0
        assert (await get(client, who, talk))["last_message"] == ""
    told = await heard(room, "message_deleted")
    assert set(told) == {"lin", "chen", "an", "admin"}
    assert told["lin"] == [{"type": "message_deleted", "conversation_id": talk, "id": wrong["id"], "seq": 2}]


async def test_only_its_sender_deletes_a_message(
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
    honey_the_merchant: Person,
    an_admin: Person,
) -> None:
    message = await sent(client, chen_the_merchant, talk, "It stays")
    for who, expected in [
        (lin_the_buyer, (403, "not_the_sender")),
        (an_the_agent, (403, "not_the_sender")),
        (an_admin, (403, "read_only")),
        (maria_the_buyer, (404, "conversation_not_found")),
        (honey_the_merchant, (404, "conversation_not_found")),
    ]:
        assert refusal(await delete(client, who, talk, message["id"])) == expected
    assert refusal(await delete(client, chen_the_merchant, talk, "99")) == (404, "message_not_found")
    assert (await thread(client, lin_the_buyer, talk))[0]["content"] == "It stays"


async def test_a_file_goes_with_the_last_message_that_shows_it(
    client: AsyncClient, talk: str, chen_the_merchant: Person
) -> None:
    upload = {"file": ("prices.txt", b"rice 12", "text/plain")}
    stored = (await client.post(f"{API}/upload/", files=upload, headers=chen_the_merchant.headers)).json()
    twice = [
        await sent(client, chen_the_merchant, talk, "", message_type="file", attachment_ids=[stored["id"]])
        for _ in range(2)
    ]
    await delete(client, chen_the_merchant, talk, twice[0]["id"])
    assert (await client.get(stored["url"])).status_code == 200
    await delete(client, chen_the_merchant, talk, twice[1]["id"])
    assert (await client.get(stored["url"])).status_code == 404


async def test_a_sync_tells_what_was_deleted_meanwhile(
    client: AsyncClient, room: Room, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    message = await sent(client, lin_the_buyer, talk, "Oh no")
    await delete(client, lin_the_buyer, talk, message["id"])
    await heard(room, "message_deleted")
    for line in (room["lin"], room["an"]):
        await line.say("sync", conversations={talk: 1}, since=message["created_at"])
        assert (await line.expect("message_deleted"))["seq"] == 1
    await room["lin"].say("sync", conversations={talk: 1}, since=message["created_at"] + 9999)
    await room["maria"].say("sync", conversations={talk: 1}, since=0)
    await room["honey"].say("sync", conversations={talk: 1}, since=0)
    assert await heard(room, "message_deleted") == {}
    await room["lin"].say("sync", conversations={}, since="now")
    assert (await room["lin"].expect("error"))["code"] == "invalid_since"


async def test_messages_are_found_by_their_ids(
    client: AsyncClient, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    rows = [await sent(client, lin_the_buyer, talk, text) for text in ("one", "two", "three")]
    wanted = [rows[2]["id"], rows[0]["id"], "99"]
    assert [row["content"] for row in await thread(client, lin_the_buyer, talk, id=wanted)] == ["one", "three"]
    foreign = await client.get(
        f"{CONVERSATIONS}{talk}/messages/", params={"id": wanted}, headers=maria_the_buyer.headers
    )
    assert foreign.status_code == 404


async def test_unsent_text_is_kept_for_its_writer_alone(
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
    honey_the_merchant: Person,
    an_admin: Person,
) -> None:
    address = f"{CONVERSATIONS}{talk}/draft"

    async def keep(who: Person, **body: str) -> Any:
        return await client.put(address, json=body, headers=who.headers)

    assert (await keep(chen_the_merchant, mode="reply", content="Your rice")).status_code == 200
    kept = (await keep(chen_the_merchant, mode="note", content="Careful")).json()
    assert (kept["reply"]["content"], kept["note"]["content"]) == ("Your rice", "Careful")
    assert (await get(client, chen_the_merchant, f"{talk}/draft")) == kept
    assert (await get(client, an_the_agent, f"{talk}/draft")) == {"reply": None, "note": None}
    cleared = (await keep(chen_the_merchant, mode="reply", content="  ")).json()
    assert (cleared["reply"], cleared["note"]["content"]) == (None, "Careful")
    assert (await keep(chen_the_merchant, mode="reply", content="x\x00")).status_code == 422
    assert refusal(await keep(an_admin, content="x")) == (403, "read_only")
    for who, expected in [(lin_the_buyer, 403), (an_admin, 403), (honey_the_merchant, 404)]:
        assert (await keep(who, content="x")).status_code == expected
        assert (await client.get(address, headers=who.headers)).status_code == expected


async def test_a_note_that_mentions_a_colleague_tells_that_person_alone(
    client: AsyncClient,
    room: Room,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:
    address = f"{CONVERSATIONS}{talk}/notes/"
    body = {"content": "@An please look", "mentions": [an_the_agent.id, an_the_agent.id]}
    note = (await post(client, chen_the_merchant, address, body)).json()
    assert note["mentions"] == [an_the_agent.id]
    told = await heard(room, "mentioned")
    assert set(told) == {"an"}
    assert (told["an"][0]["conversation_id"], told["an"][0]["note_id"]) == (talk, note["id"])

    async def unseen(who: Person) -> list[str]:
        answer = await client.get(f"{API}/mentions/", headers=who.headers)
        return [one["note_id"] for one in answer.json()["results"]]

    assert (await unseen(an_the_agent), await unseen(chen_the_merchant)) == ([note["id"]], [])
    await client.put(f"{address}{note['id']}", json=body, headers=chen_the_merchant.headers)
    assert await heard(room, "mentioned") == {}
    seen = await post(client, an_the_agent, f"{CONVERSATIONS}{talk}/mentions/seen", {})
    assert (seen.status_code, await unseen(an_the_agent)) == (204, [])
    assert (await client.get(f"{API}/mentions/", headers=lin_the_buyer.headers)).status_code == 403


async def test_only_people_of_the_shop_are_mentioned(
    client: AsyncClient, talk: str, chen_the_merchant: Person, honey_the_merchant: Person, lin_the_buyer: Person
) -> None:
    address = f"{CONVERSATIONS}{talk}/notes/"
    for stranger in (honey_the_merchant, lin_the_buyer):
        refused = await post(client, chen_the_merchant, address, {"content": "x", "mentions": [stranger.id]})
        assert refusal(refused) == (400, "mention_not_in_team")
    assert (await get(client, chen_the_merchant, f"{talk}/notes/"))["count"] == 0


async def test_a_removed_note_is_told_inside_only(
    client: AsyncClient, room: Room, talk: str, chen_the_merchant: Person
) -> None:
    address = f"{CONVERSATIONS}{talk}/notes/"
    note = (await post(client, chen_the_merchant, address, {"content": "x"})).json()
    await client.delete(f"{address}{note['id']}", headers=chen_the_merchant.headers)
    told = await heard(room, "note_removed")
    assert set(told) == INSIDE
    assert told["an"] == [{"type": "note_removed", "conversation_id": talk, "id": note["id"]}]


async def test_the_team_and_nobody_else_sees_who_is_viewing(room: Room, talk: str) -> None:
    await room["chen"].say("viewing", conversation_id=talk)
    assert (await room["chen"].expect("viewing"))["user_ids"] == []
    assert set(await heard(room, "viewing")) == {"chen", "an"}
    await room["an"].say("viewing", conversation_id=talk)
    assert (await room["an"].expect("viewing"))["user_ids"] == ["m1"]
    assert len((await room["an"].expect("viewing"))["user_ids"]) == 2
    await heard(room, "viewing")
    await room["an"].say("viewing", conversation_id=None)
    told = await heard(room, "viewing")
    assert set(told) == {"chen", "an"}
    assert told["chen"][-1]["user_ids"] == ["m1"]


async def test_who_leaves_is_viewing_no_more(room: Room, talk: str) -> None:
    await room["an"].say("viewing", conversation_id=talk)
    await room["an"].expect("viewing")
    await heard(room, "viewing")
    await room["an"].connection.close()
    assert (await room["chen"].expect("viewing"))["user_ids"] == []


@pytest.mark.parametrize(
    ("who", "expected"),
    [("lin", "wrong_role"), ("admin", "wrong_role"), ("honey", "conversation_not_found")],
)
async def test_others_cannot_say_that_they_are_viewing(room: Room, talk: str, who: str, expected: str) -> None:
    await room[who].say("viewing", conversation_id=talk)
    assert (await room[who].expect("error"))["code"] == expected
    assert await heard(room, "viewing") == {}


async def test_what_a_buyer_types_is_seen_when_the_shop_looks_on(
    client: AsyncClient, room: Room, talk: str, chen_the_merchant: Person
) -> None:
    await room["lin"].say("typing", conversation_id=talk, on=True, text="My adr")
    told = await heard(room, "typing")
    assert set(told) == INSIDE
    assert all("text" not in frame for frames in told.values() for frame in frames)

    wanted = await client.put(f"{API}/shop/settings", json={"typing_preview": True}, headers=chen_the_merchant.headers)
    assert wanted.json()["typing_preview"] is True
    assert (await client.get(f"{API}/shops/m1")).json()["typing_preview"] is True


async def test_the_preview_is_for_the_team_and_short(
    client: AsyncClient, room: Room, talk: str, chen_the_merchant: Person
) -> None:
    await client.put(f"{API}/shop/settings", json={"typing_preview": True}, headers=chen_the_merchant.headers)
    await room["lin"].say("typing", conversation_id=talk, on=True, text="好" * 900)
    told = await heard(room, "typing")
    assert set(told) == INSIDE
    assert len(told["an"][0]["text"]) == 500
    assert "text" not in told["admin"][0]
    await room["chen"].say("typing", conversation_id=talk, on=True, text="our secret plan")
    told = await heard(room, "typing")
    assert set(told) == {"lin", "an", "admin"}
    assert all("text" not in frames[0] for frames in told.values())
