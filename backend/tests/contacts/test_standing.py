"""Blocking and merging: a blocked buyer reads and does not write, by any door; two entries of one person become one."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlmodel import select

from app.chat import contacts_buyers, contacts_erasing
from app.chat.visits import Visit
from app.kernel.db import Database
from tests.chat.talking import CONVERSATIONS, change, get, refusal, send, sent, start, thread
from tests.contacts.conftest import Ask
from tests.people import Person
from tests.serving import Server
from tests.working import run_enqueued

BLOCKED = (403, "blocked_by_shop")


async def contact_of(ask: Ask, shop: Person, customer_id: str) -> Any:
    """The contact that stands for a buyer."""
    return (await ask(shop, "GET", params={"customer_id": customer_id})).json()["results"][0]


async def begin(client: AsyncClient, buyer: Person) -> Response:
    """The answer to a buyer who wants to talk to the rice shop."""
    return await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=buyer.headers)


@pytest.fixture
async def place(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """Lin and the rice shop, who have spoken."""
    place = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, place, "在吗？", client_id="first")
    return place


async def test_a_blocked_buyer_reads_and_does_not_write_until_unblocked(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person,
    honey_the_merchant: Person,
) -> None:  # fmt: skip
    contact = await contact_of(ask, chen_the_merchant, "b1")
    blocked = await ask(an_the_agent, "POST", f"{contact['id']}/block", json={"reason": "广告"})
    assert (blocked.status_code, blocked.json()["block_reason"]) == (200, "广告")
    assert refusal(await send(client, lin_the_buyer, place)) == BLOCKED
    again = await send(client, lin_the_buyer, place, "在吗？", client_id="first")
    assert (again.status_code, again.json()["seq"]) == (200, 1)  # what was sent before is answered as before
    assert (
        refusal(await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)) == BLOCKED
    )
    assert [row["content"] for row in await thread(client, lin_the_buyer, place)] == ["在吗？"]
    assert (await get(client, lin_the_buyer, place))["is_blocked"] is True
    await sent(client, chen_the_merchant, place, "再见")
    await change(client, chen_the_merchant, place, status="resolved")
    assert refusal(await send(client, lin_the_buyer, place)) == BLOCKED
    assert (
        refusal(await client.post(CONVERSATIONS, json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)) == BLOCKED
    )
    other = await start(client, lin_the_buyer, "m7")  # one shop's block is not another's
    await sent(client, lin_the_buyer, other)
    listed = (await ask(chen_the_merchant, "GET", params={"is_blocked": True})).json()
    assert [one["id"] for one in listed["results"]] == [contact["id"]]
    freed = await ask(chen_the_merchant, "POST", f"{contact['id']}/unblock")
    assert (freed.json()["blocked_at"], freed.json()["block_reason"]) == (None, "")
    await sent(client, lin_the_buyer, place, "谢谢")
    assert (await get(client, chen_the_merchant, place))["status"] == "open"


async def test_a_block_holds_on_sockets_and_is_told(
    ask: Ask, client: AsyncClient, server: Server, place: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    contact = await contact_of(ask, chen_the_merchant, "b1")
    async with await server.enter(lin_the_buyer) as line:
        for number in range(3):  # so that the writer knows the conversation by heart
            await line.say("send", conversation_id=place, client_id=f"c{number}", content="你好")
            await line.until("sent")
        await ask(chen_the_merchant, "POST", f"{contact['id']}/block", json={})
        frame = await line.until("blocked")
        assert (frame["merchant_id"], frame["on"]) == ("m1", True)
        for number in (7, 8):
            await line.say("send", conversation_id=place, client_id=f"c{number}", content="喂")
            error = await line.until("error")
            assert (error["status"], error["code"], error["client_id"]) == (*BLOCKED, f"c{number}")
        await ask(chen_the_merchant, "POST", f"{contact['id']}/unblock")
        assert (await line.until("blocked"))["on"] is False
        await line.say("send", conversation_id=place, client_id="c9", content="好的")
        assert (await line.until("sent"))["seq"] == 5


async def test_a_block_that_ends_with_its_contact_is_told(
    ask: Ask, client: AsyncClient, server: Server, place: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    contact = await contact_of(ask, chen_the_merchant, "b1")
    await ask(chen_the_merchant, "POST", f"{contact['id']}/block", json={})
    async with await server.enter(lin_the_buyer) as line:
        assert (await ask(chen_the_merchant, "DELETE", str(contact["id"]))).status_code == 204
        frame = await line.until("blocked")
        assert (frame["merchant_id"], frame["customer_id"], frame["on"]) == ("m1", "b1", False)
        await line.say("send", conversation_id=place, client_id="c1", content="好的")
        await line.until("sent")


async def test_a_conversation_that_begins_while_the_buyer_is_blocked_is_blocked(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    contact = await contact_of(ask, chen_the_merchant, "b1")
    await ask(chen_the_merchant, "POST", f"{contact['id']}/block", json={})
    await change(client, chen_the_merchant, place, status="resolved")
    made = await client.post(CONVERSATIONS, json={"customer_id": "b1"}, headers=chen_the_merchant.headers)
    await sent(client, chen_the_merchant, made.json()["id"], "关于您的订单")
    assert refusal(await send(client, lin_the_buyer, made.json()["id"])) == BLOCKED


async def test_blocks_are_the_shops_own(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, chen_the_merchant: Person,
    honey_the_merchant: Person, an_admin: Person,
) -> None:  # fmt: skip
    number = (await contact_of(ask, chen_the_merchant, "b1"))["id"]
    other = (await ask(chen_the_merchant, "POST", json={"name": "Nobody"})).json()["id"]
    for path, body in (("block", {}), ("unblock", None), ("merge", {"other_id": other}), ("doubles", None)):
        method = "GET" if path == "doubles" else "POST"
        assert (await ask(honey_the_merchant, method, f"{number}/{path}", json=body)).status_code == 404
        for stranger in (lin_the_buyer, an_admin):
            assert (await ask(stranger, method, f"{number}/{path}", json=body)).status_code == 403
    assert refusal(await ask(chen_the_merchant, "POST", f"{other}/block", json={})) == (409, "contact_without_buyer")
    assert refusal(await ask(chen_the_merchant, "POST", f"{number}/merge", json={"other_id": number})) == (
        400,
        "same_contact",
    )
    assert (await ask(honey_the_merchant, "POST", f"{number}/merge", json={"other_id": other})).status_code == 404


async def test_two_entries_become_one_and_conversations_keep_their_buyers(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, maria_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    second = await start(client, maria_the_buyer)
    row, other = [await contact_of(ask, chen_the_merchant, name) for name in ("b1", "b2")]
    await ask(chen_the_merchant, "PUT", row["id"], json={"name": "林", "note": "晚上送"})
    await ask(
        chen_the_merchant, "PUT", other["id"], json={"name": "林小雨", "email": "lin@work.example", "note": "VIP"}
    )
    merged = (
        await ask(
            chen_the_merchant, "POST", f"{row['id']}/merge", json={"other_id": other["id"], "take": ["name", "email"]}
        )
    ).json()
    assert [one["id"] for one in merged["customers"]] == ["b1", "b2"]
    assert (merged["name"], merged["email"], merged["phone"]) == ("林小雨", "lin@work.example", "+8613800138000")
    assert merged["note"] == "晚上送\nVIP"
    assert (await ask(chen_the_merchant, "GET", other["id"])).status_code == 404
    assert (await contact_of(ask, chen_the_merchant, "b2"))["id"] == row["id"]
    listed = (await get(client, chen_the_merchant))["results"]
    assert {(one["id"], one["customer_id"], one["customer"]["display_name"]) for one in listed} == {
        (place, "b1", "林小雨"), (second, "b2", "林小雨"),
    }  # fmt: skip
    await ask(chen_the_merchant, "POST", f"{row['id']}/block", json={})
    for buyer, where in ((lin_the_buyer, place), (maria_the_buyer, second)):
        assert refusal(await send(client, buyer, where)) == BLOCKED


async def test_a_block_is_inherited_by_a_merge(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    second = await start(client, maria_the_buyer)
    row, other = [await contact_of(ask, chen_the_merchant, name) for name in ("b1", "b2")]
    await ask(chen_the_merchant, "POST", f"{other['id']}/block", json={"reason": "x"})
    merged = await ask(chen_the_merchant, "POST", f"{row['id']}/merge", json={"other_id": other["id"]})
    assert merged.json()["block_reason"] == "x"
    assert refusal(await send(client, lin_the_buyer, place)) == BLOCKED
    assert refusal(await send(client, maria_the_buyer, second)) == BLOCKED


async def test_two_who_merge_the_same_two_at_once_get_one(
    ask: Ask, client: AsyncClient, place: str, maria_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await start(client, maria_the_buyer)
    row, other = [await contact_of(ask, chen_the_merchant, name) for name in ("b1", "b2")]
    answers = await asyncio.gather(
        ask(chen_the_merchant, "POST", f"{row['id']}/merge", json={"other_id": other["id"]}),
        ask(an_the_agent, "POST", f"{other['id']}/merge", json={"other_id": row["id"]}),
    )
    assert sorted(one.status_code for one in answers) == [200, 404]
    assert (await ask(chen_the_merchant, "GET")).json()["count"] == 1


async def test_a_deleted_entry_leaves_the_conversation_and_ends_the_block(
    ask: Ask, client: AsyncClient, place: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    contact = await contact_of(ask, chen_the_merchant, "b1")
    await ask(chen_the_merchant, "PUT", contact["id"], json={"name": "Somebody"})
    await ask(chen_the_merchant, "POST", f"{contact['id']}/block", json={})
    assert (await ask(chen_the_merchant, "DELETE", contact["id"])).status_code == 204
    await sent(client, lin_the_buyer, place)
    assert (await get(client, chen_the_merchant, place))["customer"]["display_name"] == "lin"


async def test_owners_delete_a_contact_with_its_conversations(
    ask: Ask, app: FastAPI, client: AsyncClient, db: Database, place: str, lin_the_buyer: Person,
    maria_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
) -> None:  # fmt: skip
    kept, theirs = await start(client, maria_the_buyer), await start(client, lin_the_buyer, "m7")
    number = int((await contact_of(ask, chen_the_merchant, "b1"))["id"])
    refused = await client.post(f"/contacts/{number}/delete", data={"everything": "true"}, headers=an_the_agent.headers)
    assert refused.status_code == 403
    async with db.writing() as session:
        for shop in ("m1", "m7"):
            session.add(Visit(merchant_id=shop, customer_id="b1", page_url="https://shop.example/"))
    job = await db.write(lambda session: contacts_erasing.order(session, chen_the_merchant.identity, number))
    ended = await run_enqueued(app, job.id)
    assert ended.result == {"conversations": 1}, (ended.error, ended.trace)
    assert (await ask(chen_the_merchant, "GET", str(number))).status_code == 404
    assert [one["id"] for one in (await get(client, chen_the_merchant))["results"]] == [kept]
    assert [one["id"] for one in (await get(client, lin_the_buyer))["results"]] == [theirs]
    async with db.reading() as session:
        assert (await session.exec(select(Visit.merchant_id))).all() == ["m7"]


async def test_an_erased_person_leaves_no_entry_and_others_of_a_merged_one_a_plain_one(
    ask: Ask, client: AsyncClient, db: Database, place: str, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    second = await start(client, maria_the_buyer)
    row, other = [await contact_of(ask, chen_the_merchant, name) for name in ("b1", "b2")]
    await ask(chen_the_merchant, "PUT", row["id"], json={"name": "林小雨", "note": "住在三楼"})
    await ask(chen_the_merchant, "POST", f"{row['id']}/merge", json={"other_id": other["id"]})
    await ask(chen_the_merchant, "POST", f"{row['id']}/block", json={"reason": "x"})
    async with db.writing() as session:
        await contacts_buyers.forget(session, "b1")
    listed = (await ask(chen_the_merchant, "GET")).json()["results"]
    assert [(one["name"], one["note"], one["customer_id"], one["block_reason"]) for one in listed] == [
        ("", "", "b2", "x")
    ]
    assert refusal(await send(client, maria_the_buyer, second)) == BLOCKED
