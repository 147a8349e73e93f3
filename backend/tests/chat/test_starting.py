"""Starting a conversation: one that is open between two, whoever asks, however often, however fast."""

import asyncio
from typing import Any

from httpx2 import AsyncClient

from tests.chat.talking import CONVERSATIONS, change, get, post, refusal, send, start
from tests.people import Person


async def test_a_buyer_starts_and_comes_back_to_the_same_one(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    first = await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    assert first.status_code == 201
    said = first.json()
    assert (said["customer_id"], said["merchant_id"], said["status"], said["last_seq"]) == ("b1", "m1", "open", 0)
    assert isinstance(said["id"], str)
    assert said["merchant"]["display_name"] == "陈记米铺"
    assert said["last_message_time"] is None
    second = await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    assert (second.status_code, second.json()["id"]) == (200, said["id"])


async def test_the_shop_may_start_too_and_meets_the_same_conversation(
    client: AsyncClient, talk: str, chen_the_merchant: Person, an_the_agent: Person, maria_the_buyer: Person
) -> None:
    known = await client.post(CONVERSATIONS, json={"customer_id": "b1"}, headers=an_the_agent.headers)
    assert (known.status_code, known.json()["id"]) == (200, talk)
    new = await client.post(CONVERSATIONS, json={"customer_id": "b2"}, headers=an_the_agent.headers)
    assert (new.status_code, new.json()["merchant_id"]) == (201, "m1")


async def test_a_buyer_who_names_an_agent_talks_with_the_agents_shop(
    client: AsyncClient, lin_the_buyer: Person, an_the_agent: Person
) -> None:
    answer = await client.post(CONVERSATIONS, json={"merchant_id": "m2"}, headers=lin_the_buyer.headers)
    assert (answer.status_code, answer.json()["merchant_id"]) == (201, "m1")


async def test_many_tabs_at_once_make_one_conversation(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    starts = (client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers) for _ in range(10))
    answers = await asyncio.gather(*starts)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await get(client, lin_the_buyer))["count"] == 1


async def test_after_the_end_a_new_one_begins(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, status="resolved")
    following = await start(client, lin_the_buyer)
    assert following != talk
    assert await start(client, lin_the_buyer) == following


async def test_one_that_a_message_opened_again_is_the_open_one(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, status="resolved")
    await send(client, lin_the_buyer, talk)
    assert await start(client, lin_the_buyer) == talk


WRONG_SIDES: list[tuple[Any, int, str]] = [
    ({}, 400, "other_side_missing"),
    ({"customer_id": "b2"}, 400, "other_side_missing"),
    ({"merchant_id": None}, 400, "other_side_missing"),
    ({"merchant_id": "m404"}, 404, "user_not_found"),
    ({"merchant_id": "b1"}, 404, "user_not_found"),
    ({"merchant_id": "a1"}, 404, "user_not_found"),
    ({"merchant_id": ""}, 404, "user_not_found"),
    ({"merchant_id": "x" * 51}, 422, "invalid"),
    ({"merchant_id": 1}, 422, "invalid"),
    ({"merchant_id": "m\ud800"}, 422, "invalid"),
    ([], 422, "invalid"),
]


async def test_who_the_other_side_is_must_be_said(client: AsyncClient, lin_the_buyer: Person, an_admin: Person) -> None:
    for body, status, code in WRONG_SIDES:
        assert refusal(await post(client, lin_the_buyer, CONVERSATIONS, body)) == (status, code), body
    assert (await get(client, lin_the_buyer))["count"] == 0


async def test_nobody_talks_with_a_blocked_shop(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person
) -> None:
    await client.put("/api/v1/users/m1", json={"is_blocked": True}, headers=an_admin.headers)
    answer = await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    assert refusal(answer) == (404, "user_not_found")


async def test_an_admin_starts_none(client: AsyncClient, chen_the_merchant: Person, an_admin: Person) -> None:
    for body in ({"merchant_id": "m1"}, {"customer_id": "b1"}):
        answer = await client.post(CONVERSATIONS, json=body, headers=an_admin.headers)
        assert answer.status_code == 403
    assert (await get(client, an_admin))["count"] == 0


async def test_every_spelling_of_the_address_takes_a_body(
    client: AsyncClient, talk: str, lin_the_buyer: Person
) -> None:
    for address in ("/api/v1/conversations", "/api/conversations/", "/api/conversations"):
        answer = await client.post(address, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
        assert (answer.status_code, answer.json()["id"]) == (200, talk)
