"""Who a customer is: what a shop signed, and nothing else."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlmodel import func, select

from app.accounts.models import User
from app.chat import exchange_api
from app.kernel import clock
from app.kernel.db import Database
from tests.chat.talking import API, get, refusal, sent, start, thread
from tests.people import Person
from tests.widget.conftest import Device, new_key, signed


async def exchange(client: AsyncClient, token: str, shop: str = "m1", **more: Any) -> Response:
    return await client.post(f"{API}/auth/exchange", json={"shop": shop, "token": token, **more})


async def customer(client: AsyncClient, token: str, **more: Any) -> Any:
    answer = await exchange(client, token, **more)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return Device(said["user"]["id"], said["access_token"], said["refresh_token"])


async def visitor(client: AsyncClient, device: str = "a visitor's device") -> Any:
    said = (await client.post(f"{API}/auth/login", json={"device_id": device})).json()
    return Device(said["user"]["id"], said["access_token"], said["refresh_token"])


async def test_the_same_customer_is_the_same_buyer_on_every_device(client: AsyncClient, key: str) -> None:
    first = await customer(client, signed(key, name="苏晚", email="Su@Example.cn"))
    talk = await start(client, first)
    await sent(client, first, talk, "从手机上")
    second = await customer(client, signed(key, "c-1"))
    assert second.id == first.id
    assert [message["content"] for message in await thread(client, second, talk)] == ["从手机上"]
    other = await customer(client, signed(key, "c-2"))
    assert other.id != first.id
    assert (await get(client, other))["count"] == 0


async def test_what_no_shop_signed_just_so_opens_nothing(
    client: AsyncClient, key: str, honey_the_merchant: Person
) -> None:
    at = clock.now()
    foreign = await new_key(client, honey_the_merchant)
    wrong = {
        "another key": signed("x" * 40),
        "another shop's key": signed(foreign),
        "no algorithm": signed("", algorithm="none"),
        "another algorithm": signed(key, algorithm="HS512"),
        "no end": signed(key, exp=None),
        "no customer": signed(key, None),
        "an empty customer": signed(key, " "),
        "a customer that is a list": signed(key, ["c-1"]),
        "made tomorrow": signed(key, iat=at + 3600),
        "not yet": signed(key, nbf=at + 3600),
        "an end that is no number": signed(key, exp="soon"),
        "no token": "nonsense",
        "changed on the way": signed(key)[:-3] + "abc",
    }
    for what, token in wrong.items():
        assert refusal(await exchange(client, token)) == (401, "identity_invalid"), what
    for what, end in {"over": at - 3600, "too far": at + 3 * 86_400}.items():
        assert refusal(await exchange(client, signed(key, exp=end))) == (401, "identity_expired"), what
    assert refusal(await exchange(client, signed(key), shop="m404")) == (404, "shop_not_found")
    assert refusal(await exchange(client, signed(key), shop="m7")) == (401, "identity_invalid")


async def test_a_visitors_history_moves_with_the_visitors_own_token_only(
    client: AsyncClient, key: str, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    stranger = await visitor(client)
    talk, elsewhere = await start(client, stranger), await start(client, stranger, "m7")
    await sent(client, stranger, talk, "我是谁？")
    unproven = await customer(client, signed(key, "c-9"), visitor_token="nonsense")
    assert (await get(client, unproven))["count"] == 0

    answer = await exchange(client, signed(key, "c-9", name="苏晚"), visitor_token=stranger.token)
    assert answer.json()["moved"] == 1
    known = await customer(client, signed(key, "c-9"))
    assert known.id == unproven.id
    moved = await get(client, known, talk)
    assert (moved["customer_id"], moved["last_sender_id"]) == (known.id, known.id)
    assert [message["sender_id"] for message in await thread(client, known, talk)] == [known.id]
    await sent(client, known, talk, "还在")
    assert (await client.get(f"{API}/conversations/{talk}", headers=stranger.headers)).status_code == 404
    assert [one["id"] for one in (await get(client, stranger))["results"]] == [elsewhere]
    visit = await get(client, chen_the_merchant, f"{talk}/visit")
    assert (visit["is_verified"], visit["subject"]) == (True, "c-9")


async def test_nobody_with_a_password_and_no_other_customer_is_moved(
    client: AsyncClient, key: str, lin_the_buyer: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    first = await customer(client, signed(key, "c-1"))
    own = await start(client, first)
    for victim in (lin_the_buyer, first):
        answer = await exchange(client, signed(key, "c-2"), visitor_token=victim.token)
        assert answer.json()["moved"] == 0
    assert (await get(client, lin_the_buyer, talk))["customer_id"] == "b1"
    assert (await get(client, first, own))["customer_id"] == first.id


async def test_a_name_or_an_address_opens_nobodys_history(client: AsyncClient, key: str, lin_the_buyer: Person) -> None:
    await start(client, lin_the_buyer)
    namesake = await customer(client, signed(key, "c-3", name="lin", email="lin@example.com", phone="13800138000"))
    assert (await get(client, namesake))["count"] == 0


async def test_a_key_is_believed_for_a_day_after_its_rotation_and_never_after_its_end(
    client: AsyncClient, key: str, chen_the_merchant: Person
) -> None:
    token = signed(key)
    newer = await new_key(client, chen_the_merchant)
    assert (await exchange(client, token)).status_code == 200
    assert (await exchange(client, signed(newer))).status_code == 200
    keys = (await client.get(f"{API}/shop/identity-keys/", headers=chen_the_merchant.headers)).json()["results"]
    assert [one["hint"] for one in keys] == [newer[-4:], key[-4:]]
    assert all("secret" not in one for one in keys)
    old = next(one["id"] for one in keys if one["expires_at"])
    gone = await client.delete(f"{API}/shop/identity-keys/{old}", headers=chen_the_merchant.headers)
    assert gone.status_code == 204
    assert refusal(await exchange(client, token)) == (401, "identity_invalid")
    assert (await exchange(client, signed(newer))).status_code == 200


async def test_only_the_owner_has_keys(
    client: AsyncClient, key: str, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    address = f"{API}/shop/identity-keys/"
    mine = (await client.get(address, headers=chen_the_merchant.headers)).json()["results"][0]["id"]
    for person in (an_the_agent, lin_the_buyer, an_admin):
        for method, path in (("GET", address), ("POST", address), ("DELETE", address + mine)):
            assert (await client.request(method, path, headers=person.headers)).status_code == 403, (person, method)
    foreign = await client.delete(address + mine, headers=honey_the_merchant.headers)
    assert refusal(foreign) == (404, "identity_key_not_found")


async def test_nothing_is_stored_of_a_customer_who_never_wrote(client: AsyncClient, key: str, db: Database) -> None:
    async def people() -> int:
        async with db.reading() as session:
            return (await session.exec(select(func.count()).select_from(User))).one()

    before = await people()
    assert (await exchange(client, signed(key), only_known=True)).status_code == 204
    assert await people() == before
    await customer(client, signed(key))
    assert (await exchange(client, signed(key), only_known=True)).status_code == 200


async def test_two_devices_at_once_make_one_buyer(client: AsyncClient, key: str) -> None:
    answers = await asyncio.gather(*(exchange(client, signed(key, "c-5")) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1


async def test_signing_out_ends_the_session(client: AsyncClient, key: str) -> None:
    known = await customer(client, signed(key))
    out = await client.post(f"{API}/auth/logout", json={"refresh_token": known.refresh_token})
    assert out.status_code == 204
    assert (await client.get(f"{API}/conversations/", headers=known.headers)).status_code == 401


async def test_a_customers_open_conversation_stands_beside_the_visitors(client: AsyncClient, key: str) -> None:
    known = await customer(client, signed(key))
    first = await start(client, known)
    stranger = await visitor(client)
    second = await start(client, stranger)
    assert (await exchange(client, signed(key), visitor_token=stranger.token)).json()["moved"] == 1
    listed = {one["id"] for one in (await get(client, known))["results"]}
    assert listed == {first, second}


async def test_what_the_shop_says_of_its_customer_is_in_its_book(
    client: AsyncClient, key: str, chen_the_merchant: Person
) -> None:
    known = await customer(client, signed(key, name="苏晚", email="su@example.cn"))
    await start(client, known)
    book = await client.get(f"{API}/contacts/", params={"customer_id": known.id}, headers=chen_the_merchant.headers)
    contact = book.json()["results"][0]
    assert (contact["name"], contact["email"]) == ("苏晚", "su@example.cn")


async def test_strangers_do_not_use_up_what_customers_have(
    client: AsyncClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_api, "PER_SHOP", "1/minute")
    for _ in range(3):
        assert (await exchange(client, "x" * 40)).status_code == 401
    answers = [await exchange(client, signed(key)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
