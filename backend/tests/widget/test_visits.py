"""Where a buyer is: told by the socket of somebody who has written, seen by the shop's side and admins."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from app.chat import addresses, visits
from tests.chat.talking import API, get, refusal, start
from tests.people import Person
from tests.serving import Server

PAGE = {"merchant_id": "m1", "title": "稻花香", "referrer": "https://www.baidu.com/s?wd=大米"}
ADDRESSES = {
    "https://shop.example/rice?size=5&token=abc#top": "https://shop.example/rice?size=5",
    "https://lin:secret@shop.example:8080/x?a=1": "https://shop.example:8080/x?a=1",
    "http://shop.example/?access_token=x&q=rice&api_key=y&sid=1": "http://shop.example/?q=rice",
    "https://shop.example/?x=eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIx": "https://shop.example/",
    "https://shop.example/?q=%E5%A4%A7%E7%B1%B3": "https://shop.example/?q=%E5%A4%A7%E7%B1%B3",
    "javascript:alert(1)": "",
    "file:///etc/passwd": "",
    "https://": "",
    "http://[": "",
    "": "",
}


@pytest.mark.parametrize(("said", "kept"), ADDRESSES.items())
def test_addresses_are_kept_without_secrets(said: str, kept: str) -> None:
    assert addresses.clean(said) == kept


def test_addresses_are_not_longer_than_their_column() -> None:
    assert len(addresses.clean("https://shop.example/" + "x" * 3000)) <= addresses.MAX_URL
    assert addresses.clean("https://shop.example/a?q=" + "大" * 900) == "https://shop.example/a"


def test_devices_have_short_names() -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Mobile MicroMessenger/8.0"
    assert visits.device_of(agent) == "WeChat · iPhone"
    assert visits.device_of("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140") == "Edge · Windows"
    assert visits.device_of("curl/8") == ""


async def test_the_shop_sees_where_its_buyer_is(
    server: Server, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person,
    an_admin: Person,
) -> None:  # fmt: skip
    talk = await start(client, lin_the_buyer)
    assert await get(client, chen_the_merchant, f"{talk}/visit") is None
    async with await server.enter(chen_the_merchant) as desk, await server.enter(lin_the_buyer) as buyer:
        await buyer.say("page", **PAGE, url="https://shop.example/rice?token=1")
        told = await desk.until("visit")
    assert (told["customer_id"], told["page_url"], told["page_title"]) == ("b1", "https://shop.example/rice", "稻花香")
    for person in (chen_the_merchant, an_admin):
        seen = await get(client, person, f"{talk}/visit")
        assert (seen["page_title"], seen["is_verified"], len(seen["pages"])) == ("稻花香", False, 1)
    foreign = await client.get(f"{API}/conversations/{talk}/visit", headers=honey_the_merchant.headers)
    assert refusal(foreign) == (404, "conversation_not_found")
    own = await client.get(f"{API}/conversations/{talk}/visit", headers=lin_the_buyer.headers)
    assert refusal(own) == (403, "wrong_role")


WRONG: list[dict[str, Any]] = [{"url": 1}, {"url": "x" * 2001}, {"title": ["x"]}, {"merchant_id": {"id": "m1"}}]


async def test_nothing_is_kept_of_who_has_not_written(
    server: Server, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    async with await server.enter(lin_the_buyer) as buyer:
        for wrong in WRONG:
            await buyer.say("page", **(PAGE | {"url": "https://shop.example/"} | wrong))
            assert (await buyer.until("error"))["status"] in (400, 422)
        await buyer.say("page", **(PAGE | {"url": "https://shop.example/", "merchant_id": "m7"}))
        await buyer.all_so_far()
    assert await get(client, chen_the_merchant, f"{talk}/visit") is None
    talk = await start(client, lin_the_buyer, "m7")
    assert await get(client, honey_the_merchant, f"{talk}/visit") is None
