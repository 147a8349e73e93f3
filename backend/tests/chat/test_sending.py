"""Sending a message: exactly once, in order, with the limits that the protocol names."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import API, change, get, mark, refusal, send, sent, start, thread
from tests.people import Person

THUMBS_UP_IN_BROWN = "👍🏾"


async def test_a_message_is_stored_as_written(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    written = f"  <b>大米</b> & “quotes” \n\t{THUMBS_UP_IN_BROWN} "
    answer = await send(client, lin_the_buyer, talk, written, client_id="c-1")
    assert answer.status_code == 201
    said = answer.json()
    assert said["content"] == written
    assert (said["seq"], said["client_id"], said["sender_id"], said["sender_role"]) == (1, "c-1", "b1", "buyer")
    assert (said["message_type"], said["attachments"], said["reply_to"]) == ("text", [], None)
    assert isinstance(said["id"], str)
    assert said["conversation_id"] == talk
    assert await thread(client, lin_the_buyer, talk) == [said]


async def test_every_message_counts_for_the_other_side_only(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "有新米吗")
    await sent(client, lin_the_buyer, talk, "五公斤")
    await sent(client, an_the_agent, talk, "有的")
    seen = await get(client, chen_the_merchant, talk)
    assert (seen["merchant_unread"], seen["customer_unread"], seen["last_seq"]) == (2, 1, 3)
    assert (seen["last_message"], seen["last_sender_id"]) == ("有的", "m2")
    assert seen["waiting_since"] is None


async def test_a_buyer_waits_since_the_first_unanswered_message(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    first = await sent(client, lin_the_buyer, talk)
    await sent(client, lin_the_buyer, talk)
    assert (await get(client, chen_the_merchant, talk))["waiting_since"] == first["created_at"]


async def test_the_same_again_is_answered_with_the_first_answer(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    first = await sent(client, lin_the_buyer, talk, "一次", client_id="once")
    again = await send(client, lin_the_buyer, talk, "一次", client_id="once")
    assert (again.status_code, again.json()) == (200, first)
    assert (await get(client, chen_the_merchant, talk))["merchant_unread"] == 1


@pytest.mark.parametrize("other", [{"content": "另一次"}, {"content": "一次 "}, {"reply_to": "first"}])
async def test_another_message_under_the_same_name_is_a_conflict(
    client: AsyncClient, talk: str, lin_the_buyer: Person, other: dict[str, Any]
) -> None:
    first = await sent(client, lin_the_buyer, talk, "前面")
    await sent(client, lin_the_buyer, talk, "一次", client_id="once")
    body = {"content": "一次", "client_id": "once"} | other
    if "reply_to" in other:
        body["reply_to"] = first["id"]
    assert refusal(await send(client, lin_the_buyer, talk, **body)) == (409, "client_id_reused")
    assert len(await thread(client, lin_the_buyer, talk)) == 2


async def test_nobody_takes_over_the_others_name_for_a_message(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "一样", client_id="mine")
    answer = await send(client, chen_the_merchant, talk, "一样", client_id="mine")
    assert refusal(answer) == (409, "client_id_reused")


async def test_names_differ_by_case_and_belong_to_their_conversation(
    client: AsyncClient, talk: str, lin_the_buyer: Person, honey_the_merchant: Person
) -> None:
    elsewhere = await start(client, lin_the_buyer, "m7")
    await sent(client, lin_the_buyer, talk, "a", client_id="name")
    await sent(client, lin_the_buyer, talk, "b", client_id="NAME")
    await sent(client, lin_the_buyer, elsewhere, "c", client_id="name")


async def test_twenty_tries_at_once_make_one_message(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    tries = (send(client, lin_the_buyer, talk, "一次", client_id="once") for _ in range(20))
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await thread(client, lin_the_buyer, talk)) == 1


async def test_many_at_once_from_both_sides_leave_no_gap(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    both = (lin_the_buyer, chen_the_merchant)
    answers = await asyncio.gather(*(send(client, both[i % 2], talk, f"{i}") for i in range(60)))
    assert {answer.status_code for answer in answers} == {201}
    rows = await thread(client, lin_the_buyer, talk, limit=200)
    assert [row["seq"] for row in rows] == list(range(1, 61))
    assert {row["content"] for row in rows} == {f"{i}" for i in range(60)}
    assert len({row["client_id"] for row in rows}) == 60


async def test_what_fits_is_kept_whole(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    texts = ["a", "米", "a" * 10_000, "米" * 10_000, "🌾" * 10_000, " " * 3000 + "a" * 10_000 + "\n" * 3000]
    for text in texts:
        await sent(client, lin_the_buyer, talk, text)
    assert [row["content"] for row in await thread(client, lin_the_buyer, talk)] == texts


async def test_what_does_not_fit_is_refused_and_leaves_nothing(
    client: AsyncClient, talk: str, lin_the_buyer: Person
) -> None:
    blank = ["", " ", "\n\t \u3000"]
    too_long = ["a" * 10_001, "🌾" * 10_001, "a" + " " * 16_000]
    not_storable = ["a\x00b", "\ud800", "a\udfffb"]
    for content in blank + too_long + not_storable:
        answer = await send(client, lin_the_buyer, talk, content)
        assert refusal(answer) == (422, "invalid_content"), content[:20]
    assert (await get(client, lin_the_buyer, talk))["last_seq"] == 0


WRONG_FIELDS: list[dict[str, Any]] = [
    {"client_id": ""},
    {"client_id": "x" * 101},
    {"client_id": "with space"},
    {"client_id": "米"},
    {"client_id": "a\x00"},
    {"client_id": 5},
    {"message_type": "system"},
    {"message_type": "image"},
    {"message_type": None},
    {"reply_to": "abc"},
    {"reply_to": "-1"},
    {"reply_to": "9" * 30},
    {"attachment_ids": ["x"]},
    {"attachment_ids": "1"},
    {"attachment_ids": [str(number) for number in range(1, 12)]},
    {"content": None},
    {"content": ["text"]},
]


async def test_wrong_fields_are_named(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    for fields in WRONG_FIELDS:
        answer = await send(client, lin_the_buyer, talk, **({"content": "x"} | fields))
        assert answer.status_code == 422, fields
        assert answer.json()["code"].startswith("invalid")
    assert (await get(client, lin_the_buyer, talk))["last_seq"] == 0


async def test_an_answer_names_a_message_of_its_own_conversation(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, maria_the_buyer: Person
) -> None:
    asked = await sent(client, lin_the_buyer, talk, "多少钱")
    answered = await sent(client, chen_the_merchant, talk, "129", reply_to=asked["id"])
    assert answered["reply_to"] == asked["id"]
    foreign = await sent(client, maria_the_buyer, await start(client, maria_the_buyer), "别人的")
    for unseen in (foreign["id"], "123456789"):
        answer = await send(client, lin_the_buyer, talk, "x", reply_to=unseen)
        assert refusal(answer) == (404, "reply_to_not_found")


async def test_a_resolved_conversation_is_opened_by_the_buyer_and_not_by_the_shop(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, status="resolved")
    await sent(client, chen_the_merchant, talk, "谢谢惠顾")
    assert (await get(client, chen_the_merchant, talk))["status"] == "resolved"
    await sent(client, lin_the_buyer, talk, "还有一个问题")
    assert (await get(client, chen_the_merchant, talk))["status"] == "open"


async def test_the_flat_address_does_the_same(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    body = {"conversation_id": talk, "content": "平", "client_id": "flat"}
    first = await client.post(f"{API}/messages/", json=body, headers=lin_the_buyer.headers)
    again = await send(client, lin_the_buyer, talk, "平", client_id="flat")
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    listed = await client.get(f"{API}/messages/", params={"conversation_id": talk}, headers=lin_the_buyer.headers)
    assert listed.json() == {"count": 1, "results": [first.json()]}
    wrong = await client.post(f"{API}/messages/", json=body | {"conversation_id": "x"}, headers=lin_the_buyer.headers)
    assert refusal(wrong) == (422, "invalid_conversation_id")


async def test_a_message_is_read_when_the_other_side_has_seen_it(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    for content in ("一", "二"):
        await sent(client, lin_the_buyer, talk, content)
    await mark(client, chen_the_merchant, talk, 1)
    assert [row["is_read"] for row in await thread(client, lin_the_buyer, talk)] == [True, False]
