"""Who may not: others' conversations at every door, admins who write, strangers, and what buyers never see."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import API, CONVERSATIONS, change, get, post, refusal, sent, start
from tests.people import Person

SECRET = "zweihundert"  # a word that stands in a private note and nowhere else

# Every door of one conversation: method, path behind /conversations/<id>, body.
DOORS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {"status": "resolved"}),
    ("PUT", "", {"labels": ["x"]}),
    ("POST", "/read", {"seq": 1}),
    ("GET", "/messages/", None),
    ("GET", "/messages/?after_seq=0", None),
    ("POST", "/messages/", {"content": "x"}),
    ("GET", "/notes/", None),
    ("POST", "/notes/", {"content": "x"}),
    ("PUT", "/notes/1", {"content": "x"}),
    ("DELETE", "/notes/1", None),
    ("GET", "/activities/", None),
]
WRITES = [door for door in DOORS if door[0] != "GET"]


async def knock(client: AsyncClient, who: Person | None, conversation_id: str, door: tuple[str, str, Any]) -> Any:
    method, path, body = door
    headers = who.headers if who else {}
    return await client.request(method, f"{CONVERSATIONS}{conversation_id}{path}", json=body, headers=headers)


@pytest.fixture
async def secrets(client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """A conversation with one message, a note, a label and an activity; answers the note's id."""
    await sent(client, lin_the_buyer, talk, "你好")
    address = f"{CONVERSATIONS}{talk}/notes/"
    note = await post(client, chen_the_merchant, address, {"content": f"{SECRET} Euro Kredit"})
    assert note.status_code == 201
    assert (await change(client, chen_the_merchant, talk, labels=[SECRET], priority="high")).status_code == 200
    note_id: str = note.json()["id"]
    return note_id


async def test_anothers_conversation_is_as_if_it_were_not_there(
    client: AsyncClient, secrets: str, talk: str, maria_the_buyer: Person, honey_the_merchant: Person
) -> None:
    for method, path, body in DOORS:
        door = (method, path.replace("/notes/1", f"/notes/{secrets}"), body)
        for stranger in (maria_the_buyer, honey_the_merchant):
            foreign = await knock(client, stranger, talk, door)
            unknown = await knock(client, stranger, "123456789", door)
            assert foreign.status_code == unknown.status_code, door
            assert foreign.json() == unknown.json(), door
            # A buyer is no party to notes at all, and learns that alone.
            inside = "notes" in path or "activities" in path
            assert foreign.status_code == (403 if inside and stranger is maria_the_buyer else 404), door


async def test_a_stranger_is_asked_to_sign_in(client: AsyncClient, talk: str) -> None:
    for door in DOORS:
        assert refusal(await knock(client, None, talk, door)) == (401, "not_authenticated"), door


async def test_an_admin_reads_but_cannot_write(client: AsyncClient, secrets: str, talk: str, an_admin: Person) -> None:
    async def everything() -> list[Any]:
        return [await get(client, an_admin, talk + path) for path in ("", "/messages/", "/notes/", "/activities/")]

    before = await everything()
    for method, path, body in WRITES:
        answer = await knock(client, an_admin, talk, (method, path.replace("/notes/1", f"/notes/{secrets}"), body))
        # Notes are refused by the role already, before anything is looked up.
        assert refusal(answer) == (403, "read_only"), path
    assert await everything() == before


async def test_an_admin_does_not_write_over_the_flat_address_either(
    client: AsyncClient, talk: str, an_admin: Person
) -> None:
    body = {"conversation_id": talk, "content": "x"}
    assert refusal(await post(client, an_admin, f"{API}/messages/", body)) == (403, "read_only")


async def test_an_admin_who_writes_learns_nothing_about_ids(client: AsyncClient, an_admin: Person) -> None:
    answer = await knock(client, an_admin, "123456789", ("POST", "/messages/", {"content": "x"}))
    assert refusal(answer) == (403, "read_only")


async def test_what_is_no_id_is_refused_everywhere(client: AsyncClient, lin_the_buyer: Person) -> None:
    for number in ("0", "-1", "x", "1.5", str(2**63), "1%00", "٣"):
        for door in DOORS:
            assert (await knock(client, lin_the_buyer, number, door)).status_code in (403, 404, 422), (number, door)


async def test_no_door_shows_a_buyer_what_the_shop_keeps_to_itself(
    client: AsyncClient, secrets: str, talk: str, app: Any, lin_the_buyer: Person
) -> None:
    await app.state.desk.indexer.catch_up()
    doors = [
        CONVERSATIONS,
        f"{CONVERSATIONS}?q={SECRET}",
        CONVERSATIONS + talk,
        f"{CONVERSATIONS}{talk}/messages/",
        f"{CONVERSATIONS}{talk}/notes/",
        f"{CONVERSATIONS}{talk}/activities/",
        f"{API}/messages/?conversation_id={talk}",
        f"{API}/search/?q={SECRET}",
        f"{API}/search/?q=你好",
        f"{API}/quick-replies/",
    ]
    for door in doors:
        answer = await client.get(door, headers=lin_the_buyer.headers)
        assert SECRET not in json.dumps(answer.json()), door
    shown = await get(client, lin_the_buyer, talk)
    assert (shown["labels"], shown["priority"], shown["assignee_id"], shown["last_message"]) == (
        [],
        "normal",
        None,
        "你好",
    )
    assert (shown["last_seq"], shown["customer_unread"]) == (1, 0)
    started = await post(client, lin_the_buyer, CONVERSATIONS, {"merchant_id": "m1"})
    assert SECRET not in started.text


async def test_a_buyer_changes_nothing_about_the_conversation(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    for fields in ({"status": "resolved"}, {"labels": ["x"]}, {"assignee_id": "m1"}, {"priority": "urgent"}):
        assert refusal(await change(client, lin_the_buyer, talk, **fields)) == (403, "read_only")
    assert (await get(client, chen_the_merchant, talk))["status"] == "open"


async def test_an_attachment_must_be_the_senders_own(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    uploaded = await client.post(
        f"{API}/upload/", files={"file": ("a.txt", b"price list", "text/plain")}, headers=chen_the_merchant.headers
    )
    assert uploaded.status_code == 201
    body = {"content": "", "message_type": "file", "attachment_ids": [uploaded.json()["id"]]}
    stolen = await post(client, lin_the_buyer, f"{CONVERSATIONS}{talk}/messages/", body)
    assert refusal(stolen) == (404, "attachment_not_found")
    own = await post(client, chen_the_merchant, f"{CONVERSATIONS}{talk}/messages/", body)
    assert own.status_code == 201
    [attachment] = own.json()["attachments"]
    assert attachment["url"] == uploaded.json()["url"]
    assert (await get(client, lin_the_buyer, talk))["last_message"] == "a.txt"


async def test_a_member_who_left_the_shop_sees_nothing_of_it(
    client: AsyncClient, talk: str, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    assert (await get(client, an_the_agent))["count"] == 1
    left = await client.delete(f"{API}/staff/m2", headers=chen_the_merchant.headers)
    assert left.status_code in (200, 204), left.text
    answer = await client.get(CONVERSATIONS + talk, headers=an_the_agent.headers)
    assert answer.status_code in (401, 404)


async def test_another_shops_note_cannot_be_reached_through_ones_own_conversation(
    client: AsyncClient, secrets: str, lin_the_buyer: Person, honey_the_merchant: Person
) -> None:
    own = await start(client, lin_the_buyer, "m7")
    for method, body in (("PUT", {"content": "x"}), ("DELETE", None)):
        answer = await knock(client, honey_the_merchant, own, (method, f"/notes/{secrets}", body))
        assert refusal(answer) == (404, "note_not_found")
