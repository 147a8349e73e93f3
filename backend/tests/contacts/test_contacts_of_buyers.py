"""A contact for every buyer with a conversation: made once, named as the shop likes, found by any part."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel import func, select

from app.chat.contacts_models import Contact, ContactCustomer
from app.kernel.db import Database
from tests.chat.talking import CONVERSATIONS, change, get, sent, start
from tests.contacts.conftest import Ask
from tests.people import Enter, Person
from tests.serving import Server
from tests.working import run_job

CONTACTS = "/api/v1/contacts/"


async def only(ask: Ask, who: Person, **query: Any) -> Any:
    """The one contact that the shop has."""
    listed = (await ask(who, "GET", params=query)).json()
    assert listed["count"] == len(listed["results"]) == 1, listed
    return listed["results"][0]


async def test_whoever_writes_becomes_a_contact_once(
    ask: Ask, client: AsyncClient, db: Database, lin_the_buyer: Person, chen_the_merchant: Person,
    honey_the_merchant: Person,
) -> None:  # fmt: skip
    place = await start(client, lin_the_buyer)
    contact = await only(ask, chen_the_merchant, customer_id="b1")
    assert (contact["email"], contact["phone"], contact["customer_id"]) == ("lin@example.com", "+8613800138000", "b1")
    assert contact["last_seen_at"] > 0
    await change(client, chen_the_merchant, place, status="resolved")
    await start(client, lin_the_buyer)
    assert (await only(ask, chen_the_merchant))["id"] == contact["id"]
    await start(client, lin_the_buyer, "m7")
    assert (await only(ask, honey_the_merchant))["id"] != contact["id"]


async def test_two_first_conversations_at_once_make_one_contact(
    client: AsyncClient, db: Database, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await asyncio.gather(*(start(client, lin_the_buyer) for _ in range(5)))
    async with db.reading() as session:
        assert (await session.exec(select(func.count()).select_from(Contact))).one() == 1
        assert (await session.exec(select(func.count()).select_from(ContactCustomer))).one() == 1


async def test_an_address_that_another_contact_has_makes_nobody_that_one(
    ask: Ask, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    old = (await ask(chen_the_merchant, "POST", json={"name": "林", "email": "lin@example.com"})).json()
    await start(client, lin_the_buyer)
    new = await only(ask, chen_the_merchant, customer_id="b1")
    assert (new["id"] != old["id"], new["email"]) == (True, None)
    doubles = (await ask(chen_the_merchant, "GET", f"{new['id']}/doubles")).json()
    assert [(one["contact"]["id"], one["because"]) for one in doubles] == [(old["id"], "email")]
    back = (await ask(chen_the_merchant, "GET", f"{old['id']}/doubles")).json()
    assert [one["contact"]["id"] for one in back] == [new["id"]]


async def test_the_shops_name_wins_for_the_shop_and_the_buyer_never_sees_it(
    ask: Ask, client: AsyncClient, server: Server, lin_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person, an_admin: Person,
) -> None:  # fmt: skip
    await client.put("/api/v1/users/me", json={"display_name": "林小雨"}, headers=lin_the_buyer.headers)
    place = await start(client, lin_the_buyer)
    contact = await only(ask, chen_the_merchant)
    async with await server.enter(an_the_agent) as agent, await server.enter(lin_the_buyer) as buyer:
        await agent.all_so_far()
        await buyer.all_so_far()
        await ask(chen_the_merchant, "PUT", contact["id"], json={"name": "难缠的林"})
        frame = await agent.until("contact")
        assert (frame["names"], frame["contact"]["name"]) == ({"b1": "难缠的林"}, "难缠的林")
        await change(client, chen_the_merchant, place, status="resolved")
        for line, name in ((agent, "难缠的林"), (buyer, "林小雨")):
            shown = (await line.until("conversation"))["conversation"]
            assert (shown["customer"]["display_name"], "own_name" in shown) == (name, False)
        again = await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
        assert again.json()["customer"]["display_name"] == "林小雨"
        assert (await agent.until("conversation"))["conversation"]["customer"]["display_name"] == "难缠的林"
        assert [frame for frame in await buyer.all_so_far() if "难缠" in str(frame)] == []
    for who, name in ((chen_the_merchant, "难缠的林"), (an_admin, "难缠的林"), (lin_the_buyer, "林小雨")):
        listed = (await get(client, who))["results"]
        assert {one["customer"]["display_name"] for one in listed} == {name}
    for who, count in ((chen_the_merchant, 2), (an_the_agent, 2), (lin_the_buyer, 0)):
        assert (await get(client, who, q="难缠"))["count"] == count  # nobody else finds it out by asking


async def test_a_buyers_new_name_is_the_contacts_unless_the_shop_gave_one(
    ask: Ask, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    async def rename(name: str) -> None:
        await client.put("/api/v1/users/me", json={"display_name": name}, headers=lin_the_buyer.headers)

    await rename("Lin")
    for shop in ("m1", "m7"):
        await start(client, lin_the_buyer, shop)
    mine = await only(ask, chen_the_merchant)
    await ask(chen_the_merchant, "PUT", mine["id"], json={"name": "林女士"})
    await rename("林雨")
    assert (await only(ask, chen_the_merchant))["name"] == "林女士"
    assert (await only(ask, honey_the_merchant, q="林"))["name"] == "林雨"
    assert (await only(ask, chen_the_merchant, q="lin"))["id"] == mine["id"]  # by what the buyer is called, too


@pytest.fixture
async def book(ask: Ask, chen_the_merchant: Person) -> list[str]:
    """Names that sort: Latin letters first, then Chinese by pinyin, the nameless at the end."""
    names = ["张伟", "bob", "Anna", "林夏", "阿梅"]
    for place, name in enumerate(names):
        made = await ask(chen_the_merchant, "POST", json={"name": name, "email": f"c{place}@example.com"})
        assert made.status_code == 201
    await ask(chen_the_merchant, "POST", json={"phone": "13900139000", "note": "Nur eine Nummer"})
    return names


async def test_lists_go_on_by_cursor_in_every_order(ask: Ask, chen_the_merchant: Person, book: list[str]) -> None:
    async def walk(**query: Any) -> list[str]:
        names, more = [], dict[str, str]()
        for _ in range(10):
            page = (await ask(chen_the_merchant, "GET", params={"page_size": 2, **query, **more})).json()
            names += [one["name"] for one in page["results"]]
            if page["next_cursor"] is None:
                return names
            more["cursor"] = page["next_cursor"]
        raise AssertionError("the cursor leads nowhere")

    assert await walk(sort="name") == ["Anna", "bob", "阿梅", "林夏", "张伟", ""]
    assert sorted(await walk(sort="seen")) == sorted(await walk(sort="new")) == sorted([*book, ""])
    assert len(await walk(sort="name", has_email=True)) == 5
    assert await walk(has_email=False) == [""]
    assert await walk(is_blocked=True) == []
    of_another_order = (await ask(chen_the_merchant, "GET", params={"page_size": 2, "sort": "new"})).json()
    for bad in ("x", "W10", of_another_order["next_cursor"]):
        refused = await ask(chen_the_merchant, "GET", params={"cursor": bad, "sort": "name"})
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("q", "name"),
    [("林", "林夏"), ("夏", "林夏"), ("ANN", "Anna"), ("139 0013-9000", ""), ("nur EINE", ""), ("c0@", "张伟")],
)
async def test_any_part_finds(ask: Ask, chen_the_merchant: Person, book: list[str], q: str, name: str) -> None:
    assert (await only(ask, chen_the_merchant, q=q))["name"] == name


async def test_last_seen_follows_messages_behind_them(
    ask: Ask, app: FastAPI, client: AsyncClient, db: Database, lin_the_buyer: Person, chen_the_merchant: Person,
    enter: Enter,
) -> None:  # fmt: skip
    place = await start(client, lin_the_buyer)
    contact = await only(ask, chen_the_merchant)
    async with db.writing() as session:
        row = await session.get_one(Contact, int(contact["id"]))
        row.last_seen_at = 5
    await sent(client, lin_the_buyer, place)
    assert await run_job(app, "chat.note_seen") == {"contacts": 1}
    assert (await only(ask, chen_the_merchant))["last_seen_at"] >= contact["last_seen_at"]
    assert await run_job(app, "chat.note_seen") == {"contacts": 0}


async def test_the_books_pages_are_for_the_shop(
    client: AsyncClient, ask: Ask, sit_down: Any, lin_the_buyer: Person, chen_the_merchant: Person,
    honey_the_merchant: Person, an_admin: Person,
) -> None:  # fmt: skip
    await start(client, lin_the_buyer)
    number = (await only(ask, chen_the_merchant))["id"]
    pages = ["/contacts", "/contacts/new", "/contacts/export.csv", f"/contacts/{number}", f"/contacts/{number}/merge"]
    for page in pages:
        assert (await client.get(page)).status_code == 303
        for stranger in (lin_the_buyer, an_admin):
            assert (await client.get(page, headers=stranger.headers)).status_code == 403
        assert (await client.get(page, headers=chen_the_merchant.headers)).status_code == 200, page
    for page in pages[3:]:
        assert (await client.get(page, headers=honey_the_merchant.headers)).status_code == 404
    deeds = ["", "/block", "/unblock", "/delete", "/export", "/merge"]
    for deed in deeds:
        body = {"other_id": number} if deed == "/merge" else {}
        foreign = await client.post(f"/contacts/{number}{deed}", data=body, headers=honey_the_merchant.headers)
        assert foreign.status_code == 404, deed
        for stranger in (lin_the_buyer, an_admin):
            assert (
                await client.post(f"/contacts/{number}{deed}", data=body, headers=stranger.headers)
            ).status_code == 403
