"""Marking as unread: the shop's mark moves back, the buyer's tick does not."""

from httpx2 import AsyncClient

from tests.chat.talking import CONVERSATIONS, get, mark, post, refusal, sent, start, thread
from tests.people import Person
from tests.serving import Server


async def unread(client: AsyncClient, who: Person, talk: str) -> tuple[int, str]:
    answer = await post(client, who, f"{CONVERSATIONS}{talk}/unread", {})
    return answer.status_code, answer.json().get("code", "")


async def test_the_last_words_of_the_buyer_are_unread_again(
    client: AsyncClient, server: Server, talk: str, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person,
) -> None:  # fmt: skip
    await sent(client, lin_the_buyer, talk, "1")
    await sent(client, lin_the_buyer, talk, "2")
    await sent(client, chen_the_merchant, talk, "3")
    await mark(client, chen_the_merchant, talk, 3)
    async with await server.enter(an_the_agent) as agent, await server.enter(lin_the_buyer) as buyer:
        assert await unread(client, chen_the_merchant, talk) == (200, "")
        told = (await agent.until("conversation"))["conversation"]
        assert (told["merchant_unread"], told["merchant_read_seq"]) == (1, 1)
        await sent(client, chen_the_merchant, talk, "4")
        assert (await buyer.until("message"))["seq"] == 4  # and nothing of a mark before it
    seen = await get(client, lin_the_buyer, talk)
    assert seen["merchant_read_seq"] == 3
    assert [row["is_read"] for row in await thread(client, lin_the_buyer, talk) if row["sender_id"] == "b1"] == [
        True
    ] * 2
    assert await unread(client, chen_the_merchant, talk) == (200, "")
    assert (await get(client, chen_the_merchant, talk))["merchant_unread"] == 1


async def test_it_is_read_again_by_reading(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "1")
    await mark(client, chen_the_merchant, talk, 1)
    await unread(client, chen_the_merchant, talk)
    await sent(client, lin_the_buyer, talk, "2")
    assert (await get(client, chen_the_merchant, talk))["merchant_unread"] == 2
    rows = await thread(client, lin_the_buyer, talk)
    assert [row["is_read"] for row in rows] == [True, False]
    await mark(client, chen_the_merchant, talk, 2)
    assert (await get(client, chen_the_merchant, talk))["merchant_unread"] == 0
    assert (await get(client, lin_the_buyer, talk))["merchant_read_seq"] == 2


async def test_a_conversation_without_words_of_the_buyer_cannot_be_unread(
    client: AsyncClient, talk: str, chen_the_merchant: Person
) -> None:
    assert await unread(client, chen_the_merchant, talk) == (400, "nothing_to_read")
    await sent(client, chen_the_merchant, talk, "hello?")
    assert await unread(client, chen_the_merchant, talk) == (400, "nothing_to_read")


async def test_only_the_shops_own_people_may(
    client: AsyncClient, talk: str, lin_the_buyer: Person, an_admin: Person, honey_the_merchant: Person
) -> None:
    assert await unread(client, lin_the_buyer, talk) == (403, "wrong_role")
    assert await unread(client, an_admin, talk) == (403, "read_only")
    assert await unread(client, honey_the_merchant, talk) == (404, "conversation_not_found")


async def test_many_at_once(
    client: AsyncClient, talk: str, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    silent = await start(client, maria_the_buyer)
    await sent(client, lin_the_buyer, talk, "1")
    await mark(client, chen_the_merchant, talk, 1)
    body = {"ids": [talk, silent], "change": {"read": False}}
    answer = await post(client, chen_the_merchant, f"{CONVERSATIONS}bulk", body)
    assert [row["merchant_unread"] for row in answer.json()["results"]] == [1, 0]
    body["change"] = {"read": True}
    answer = await post(client, chen_the_merchant, f"{CONVERSATIONS}bulk", body)
    assert [row["merchant_unread"] for row in answer.json()["results"]] == [0, 0]
    assert refusal(await post(client, lin_the_buyer, f"{CONVERSATIONS}bulk", body)) == (403, "wrong_role")
