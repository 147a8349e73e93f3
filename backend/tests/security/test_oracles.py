"""What a buyer could find out, or a program do, by asking in a way that nobody meant."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from app.chat import widget_api
from app.jobs.models import Job
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat.talking import API, CONVERSATIONS, change, get, post, refusal, sent, start
from tests.people import Enter, Person


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_no_order_tells_a_buyer_how_urgent_the_shop_finds_them(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person, order: str
) -> None:
    talks = [await start(client, lin_the_buyer), await start(client, lin_the_buyer, "m7")]
    asked: dict[str, Any] = {"sort": "priority", "order": order, "page_size": 1}
    seen = []
    for first, second in (("urgent", "low"), ("low", "urgent")):
        await change(client, chen_the_merchant, talks[0], priority=first)
        await change(client, honey_the_merchant, talks[1], priority=second)
        page = await get(client, lin_the_buyer, **asked)
        seen.append(([row["id"] for row in page["results"]], page["next_cursor"]))
    assert seen[0] == seen[1]


async def test_a_buyer_does_not_learn_that_the_shop_marked_a_message_as_unread(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, talk)
    seq = (await get(client, chen_the_merchant, talk))["last_seq"]
    await post(client, chen_the_merchant, f"{CONVERSATIONS}{talk}/read", {"seq": seq})
    await post(client, chen_the_merchant, f"{CONVERSATIONS}{talk}/unread", {})
    assert (await get(client, chen_the_merchant, talk))["merchant_unread"] == 1
    assert (await get(client, lin_the_buyer, talk))["merchant_unread"] == 0
    own = await post(client, lin_the_buyer, f"{CONVERSATIONS}{talk}/read", {"seq": seq})
    assert own.json()["merchant_unread"] == 0
    await sent(client, lin_the_buyer, talk)
    assert (await get(client, lin_the_buyer, talk))["merchant_unread"] == 1


async def test_a_key_makes_no_proofs_of_customers(client: AsyncClient, chen_the_merchant: Person) -> None:
    made = await client.post(f"{API}/api-keys/", json={"name": "ERP"}, headers=chen_the_merchant.headers)
    program = {"Authorization": f"Bearer {made.json()['key']}"}
    keys = f"{API}/shop/identity-keys/"
    own = (await client.post(keys, headers=chen_the_merchant.headers)).json()
    for method, address in (
        ("POST", keys),
        ("POST", "/api/shop/identity-keys"),
        ("GET", keys),
        ("DELETE", keys + own["id"]),
    ):
        answer = await client.request(method, address, headers=program)
        assert refusal(answer) == (403, "not_by_api_key"), method
    listed = (await client.get(keys, headers=chen_the_merchant.headers)).json()["results"]
    assert [one["id"] for one in listed] == [own["id"]]
    assert (await client.get(f"{API}/shop/widget", headers=program)).status_code == 200


async def test_a_shop_that_writes_first_does_not_learn_a_buyers_addresses(
    client: AsyncClient, lin_the_buyer: Person, honey_the_merchant: Person, chen_the_merchant: Person
) -> None:
    profile = {"email": "lin@example.com", "phone": "+8613800138000"}
    saved = await client.put(f"{API}/users/me", json=profile, headers=lin_the_buyer.headers)
    assert saved.status_code == 200, saved.text
    begun = await post(client, honey_the_merchant, CONVERSATIONS, {"customer_id": "b1"})
    assert begun.status_code == 201
    book = (await client.get(f"{API}/contacts/", headers=honey_the_merchant.headers)).json()["results"]
    assert [(one["email"], one["phone"]) for one in book] == [(None, None)]
    await start(client, lin_the_buyer)
    book = (await client.get(f"{API}/contacts/", headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["email"], one["phone"]) for one in book] == [("lin@example.com", "+8613800138000")]


async def test_a_key_reads_nobodys_unsent_text(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    draft = f"{CONVERSATIONS}{talk}/draft"
    await client.put(draft, json={"content": "What I would never say"}, headers=chen_the_merchant.headers)
    made = await client.post(f"{API}/api-keys/", json={"name": "ERP"}, headers=chen_the_merchant.headers)
    program = {"Authorization": f"Bearer {made.json()['key']}"}
    assert refusal(await client.get(draft, headers=program)) == (403, "not_by_api_key")
    assert refusal(await client.put(draft, json={"content": ""}, headers=program)) == (403, "not_by_api_key")
    kept = (await client.get(draft, headers=chen_the_merchant.headers)).json()
    assert kept["reply"]["content"] == "What I would never say"


async def test_a_team_that_is_not_shown_is_not_told(
    client: AsyncClient, chen_the_merchant: Person, enter: Enter
) -> None:
    await enter("m9", "xiaohe", Role.MERCHANT, display_name="Secret He", merchant_id="m1")
    assert (await client.get(f"{API}/shops/m1")).json()["team"][0]["name"] == "Secret He"
    look = await client.put(f"{API}/shop/widget", json={"show_team": False}, headers=chen_the_merchant.headers)
    assert look.status_code == 200
    assert (await client.get(f"{API}/shops/m1")).json()["team"] == []
    for address in ("/chat/m1", "/chat/m1?frame=1", "/chat/m1?preview=1&frame=1"):
        assert "Secret He" not in (await client.get(address)).text


async def test_letters_of_a_shop_are_counted_together(
    client: AsyncClient, db: Database, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(widget_api, "TRANSCRIPTS_OF_A_SHOP", "1/day")
    answers = []
    for number, buyer in enumerate((lin_the_buyer, maria_the_buyer)):
        talk = await start(client, buyer)
        await sent(client, buyer, talk)
        body = {"email": f"victim{number}@example.com"}
        answers.append((await post(client, buyer, f"{CONVERSATIONS}{talk}/transcript", body)).status_code)
    assert answers == [202, 429]
    async with db.reading() as session:
        assert len((await session.exec(select(Job.id).where(Job.kind == "messengers.mail"))).all()) == 1
