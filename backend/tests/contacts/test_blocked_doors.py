"""A blocked buyer is not heard by the shop through any side door either."""

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import CONVERSATIONS, change, get, post, refusal, sent, start
from tests.contacts.conftest import Ask
from tests.contacts.test_standing import BLOCKED, contact_of
from tests.people import Person
from tests.serving import Server

PAGE = {"merchant_id": "m1", "url": "https://shop.example/spam", "title": "buy cheap", "referrer": ""}


@pytest.fixture
async def place(ask: Ask, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """Lin and the rice shop, who has blocked her."""
    place = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, place, "在吗？")
    contact = await contact_of(ask, chen_the_merchant, "b1")
    assert (await ask(chen_the_merchant, "POST", f"{contact['id']}/block", json={})).status_code == 200
    return place


async def test_neither_typing_nor_pages_reach_the_team(
    server: Server, client: AsyncClient, place: str, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    other = await start(client, maria_the_buyer)
    async with (
        await server.enter(chen_the_merchant) as desk,
        await server.enter(lin_the_buyer) as lin,
        await server.enter(maria_the_buyer) as maria,
    ):
        await lin.say("typing", conversation_id=place, on=True, text="insults")
        await lin.say("page", **PAGE)
        await lin.all_so_far()
        await maria.say("typing", conversation_id=other, on=True)
        assert (await desk.until("typing"))["user_id"] == maria_the_buyer.id
        assert [frame for frame in await desk.all_so_far() if frame["type"] in ("typing", "visit")] == []
    assert await get(client, chen_the_merchant, f"{place}/visit") is None


async def test_neither_ratings_nor_introductions_are_taken(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, place, status="resolved")
    rating = {"score": 1, "comment": "insults"}
    assert refusal(await post(client, lin_the_buyer, f"{CONVERSATIONS}{place}/rating", rating)) == BLOCKED
    said = {"name": "insults", "email": "x@example.com"}
    assert refusal(await post(client, lin_the_buyer, f"{CONVERSATIONS}{place}/introduction", said)) == BLOCKED
    assert (await contact_of(ask, chen_the_merchant, "b1"))["name"] != "insults"
