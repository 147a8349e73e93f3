"""What the merchant's side does with a conversation: status, assignee, labels, snooze, notes, and the trace of it."""

import time
from typing import Any

from httpx2 import AsyncClient

from tests.chat.talking import CONVERSATIONS, change, get, post, refusal, sent
from tests.people import Person


async def test_every_change_leaves_an_activity_at_its_place(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    await change(client, chen_the_merchant, talk, assignee_id="m2", priority="urgent")
    await sent(client, lin_the_buyer, talk)
    await change(client, an_the_agent, talk, labels=["VIP", "退款"], status="pending")
    await change(client, an_the_agent, talk, labels=["VIP"], assignee_id=None)
    body = await get(client, chen_the_merchant, f"{talk}/activities/")
    lines = [(row["kind"], row["value"], row["actor_id"], row["after_seq"]) for row in body["results"]]
    assert sorted(lines[:2]) == [("assigned", "m2", "m1", 1), ("priority", "urgent", "m1", 1)]
    assert lines[2:] == [
        ("status", "pending", "m2", 2),
        ("labelled", "VIP", "m2", 2),
        ("labelled", "退款", "m2", 2),
        ("unassigned", None, "m2", 2),
        ("unlabelled", "退款", "m2", 2),
    ]
    assert body["count"] == 7


async def test_what_is_absent_stays_and_what_is_the_same_leaves_no_trace(
    client: AsyncClient, talk: str, chen_the_merchant: Person
) -> None:
    first = (await change(client, chen_the_merchant, talk, labels=["VIP"], priority="high", assignee_id="m1")).json()
    second = (await change(client, chen_the_merchant, talk, status="pending")).json()
    assert (second["labels"], second["priority"], second["assignee_id"]) == (["VIP"], "high", "m1")
    before = await get(client, chen_the_merchant, f"{talk}/activities/")
    await change(client, chen_the_merchant, talk, labels=["VIP"], priority="high", status="pending", assignee_id="m1")
    await change(client, chen_the_merchant, talk)
    assert await get(client, chen_the_merchant, f"{talk}/activities/") == before
    assert first["id"] == talk


async def test_resolving_stops_the_clock_of_waiting(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    assert (await change(client, chen_the_merchant, talk, status="resolved")).json()["waiting_since"] is None


async def test_a_snooze_has_a_time_and_ends_with_the_status(
    client: AsyncClient, talk: str, chen_the_merchant: Person
) -> None:
    until = int(time.time()) + 3600
    said = (await change(client, chen_the_merchant, talk, status="snoozed", snoozed_until=until)).json()
    assert (said["status"], said["snoozed_until"]) == ("snoozed", until)
    said = (await change(client, chen_the_merchant, talk, status="open")).json()
    assert (said["status"], said["snoozed_until"]) == ("open", None)


NONSENSE: list[tuple[dict[str, Any], int, str]] = [
    ({"status": "closed"}, 422, "invalid"),
    ({"status": None}, 422, "invalid"),
    ({"priority": "very"}, 422, "invalid"),
    ({"labels": None}, 422, "invalid"),
    ({"labels": "VIP"}, 422, "invalid"),
    ({"labels": [""]}, 422, "invalid_labels"),
    ({"labels": ["  "]}, 422, "invalid_labels"),
    ({"labels": ["x" * 41]}, 422, "invalid_labels"),
    ({"labels": [str(number) for number in range(21)]}, 422, "invalid"),
    ({"assignee_id": "b1"}, 400, "assignee_not_in_team"),
    ({"assignee_id": "m7"}, 400, "assignee_not_in_team"),
    ({"assignee_id": "nobody"}, 400, "assignee_not_in_team"),
    ({"assignee_id": 5}, 422, "invalid"),
    ({"status": "snoozed"}, 400, "snooze_needs_time"),
    ({"snoozed_until": 1}, 400, "snooze_not_ahead"),
    ({"snoozed_until": 2**40}, 400, "snooze_not_ahead"),
    ({"snoozed_until": 2**70}, 400, "snooze_not_ahead"),
    ({"snoozed_until": -1}, 422, "invalid"),
]


async def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    client: AsyncClient, talk: str, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    before = await get(client, chen_the_merchant, talk)
    for fields, status, code in NONSENSE:
        assert refusal(await change(client, chen_the_merchant, talk, **fields)) == (status, code), fields
    assert await get(client, chen_the_merchant, talk) == before
    assert (await get(client, chen_the_merchant, f"{talk}/activities/"))["count"] == 0


async def test_nobody_writes_what_only_the_server_knows(
    client: AsyncClient, talk: str, chen_the_merchant: Person
) -> None:
    before = await get(client, chen_the_merchant, talk)
    await change(client, chen_the_merchant, talk, last_seq=9, customer_id="b2", merchant_unread=5, id="1", open_key="x")
    after = await get(client, chen_the_merchant, talk)
    assert before | {"updated_at": 0} == after | {"updated_at": 0}


async def note_of(client: AsyncClient, who: Person, talk: str, content: str) -> Any:
    answer = await post(client, who, f"{CONVERSATIONS}{talk}/notes/", {"content": content})
    assert answer.status_code == 201
    return answer.json()


async def test_notes_stand_after_the_message_they_were_written_at(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person
) -> None:
    first = await note_of(client, chen_the_merchant, talk, "老客户")
    await sent(client, lin_the_buyer, talk)
    second = await note_of(client, chen_the_merchant, talk, " 要发票\n")
    assert (first["after_seq"], second["after_seq"], second["content"]) == (0, 1, " 要发票\n")
    for reader in (chen_the_merchant, an_admin):
        assert await get(client, reader, f"{talk}/notes/") == {"count": 2, "results": [first, second]}
    seen = await get(client, lin_the_buyer, talk)
    assert (seen["last_seq"], seen["last_message"], seen["customer_unread"]) == (1, "你好", 0)


async def test_a_note_is_changed_and_deleted_by_its_author_only(
    client: AsyncClient, talk: str, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    note = await note_of(client, an_the_agent, talk, "一")
    address = f"{CONVERSATIONS}{talk}/notes/{note['id']}"
    for answer in (
        await client.put(address, json={"content": "二"}, headers=chen_the_merchant.headers),
        await client.delete(address, headers=chen_the_merchant.headers),
    ):
        assert refusal(answer) == (403, "not_the_author")
    changed = await client.put(address, json={"content": "二"}, headers=an_the_agent.headers)
    assert (changed.status_code, changed.json()["content"]) == (200, "二")
    assert (await client.delete(address, headers=an_the_agent.headers)).status_code == 204
    assert refusal(await client.delete(address, headers=an_the_agent.headers)) == (404, "note_not_found")
    assert (await get(client, an_the_agent, f"{talk}/notes/"))["count"] == 0


async def test_a_note_has_the_limits_of_a_message(client: AsyncClient, talk: str, chen_the_merchant: Person) -> None:
    contents: list[Any] = ["", " \n", "a" * 10_001, "a\x00", "\ud800", None, 5]
    for content in contents:
        answer = await post(client, chen_the_merchant, f"{CONVERSATIONS}{talk}/notes/", {"content": content})
        assert answer.status_code == 422, content
