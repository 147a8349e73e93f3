"""Suspending: who may, who is out within five seconds and by every door, and who is back afterwards."""

from httpx2 import AsyncClient

from app.kernel.identity import Role
from tests.chat.talking import API, CONVERSATIONS, send, start
from tests.people import PASSWORD, Enter, Person
from tests.serving import Server


async def block(client: AsyncClient, admin: Person, user_id: str, *, is_blocked: bool = True) -> int:
    answer = await client.put(f"{API}/users/{user_id}", json={"is_blocked": is_blocked}, headers=admin.headers)
    return answer.status_code


async def test_with_the_owner_the_whole_shop_is_out(
    client: AsyncClient, an_admin: Person, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    assert await block(client, an_admin, "m1") == 200
    for person in (chen_the_merchant, an_the_agent):
        assert (await client.get(CONVERSATIONS, headers=person.headers)).status_code == 401
        again = {"refresh_token": person.signed_in.refresh_token}
        assert (await client.post(f"{API}/auth/refresh", json=again)).status_code == 401
    agent = await client.post(f"{API}/auth/login", json={"username": "an", "password": PASSWORD})
    assert (agent.status_code, agent.json()["code"]) == (403, "shop_suspended")
    owner = await client.post(f"{API}/auth/login", json={"username": "chen", "password": PASSWORD})
    assert (owner.status_code, owner.json()["code"]) == (403, "blocked")
    assert (await client.get(CONVERSATIONS, headers=honey_the_merchant.headers)).status_code == 200


async def test_restored_the_shop_comes_back_but_not_who_was_out_before(
    client: AsyncClient, enter: Enter, an_admin: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await enter("m3", "li", Role.MERCHANT, merchant_id="m1")
    await block(client, an_admin, "m3")
    await block(client, an_admin, "m1")
    await block(client, an_admin, "m1", is_blocked=False)
    answers = {
        name: (await client.post(f"{API}/auth/login", json={"username": name, "password": PASSWORD})).status_code
        for name in ("chen", "an", "li")
    }
    assert answers == {"chen": 200, "an": 200, "li": 403}
    assert (await client.get(CONVERSATIONS, headers=an_the_agent.headers)).status_code == 401  # a sign-in is needed


async def test_sockets_of_the_whole_shop_close(
    server: Server, client: AsyncClient, an_admin: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    async with await server.enter(chen_the_merchant) as owner, await server.enter(an_the_agent) as agent:
        await block(client, an_admin, "m1")
        assert await owner.close_code() == 4401
        assert await agent.close_code() == 4401


async def test_a_suspended_shop_takes_no_messages(
    server: Server, client: AsyncClient, an_admin: Person, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    async with await server.enter(chen_the_merchant) as owner, await server.enter(lin_the_buyer) as buyer:
        await buyer.all_so_far()
        await block(client, an_admin, "m1")
        await owner.close_code()  # by now the desk has looked
        refused = await send(client, lin_the_buyer, talk)
        assert (refused.status_code, refused.json()["code"]) == (403, "shop_suspended")
        await buyer.say("send", conversation_id=talk, client_id="c1", content="Are you there?")
        assert (await buyer.until("error"))["code"] == "shop_suspended"
    page = await client.get("/chat/m1", headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert "This shop is closed" in page.text
    assert "陈记米铺" not in page.text
    assert (await client.get(f"{API}/shops/m1")).status_code == 404


async def test_the_last_admin_and_oneself_stay(client: AsyncClient, enter: Enter, an_admin: Person) -> None:
    assert await block(client, an_admin, "a1") == 409
    second = await enter("a2", "second", Role.ADMIN)
    assert await block(client, second, "a1") == 200
    refused = await client.put(f"{API}/users/a2", json={"is_blocked": True}, headers=second.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yourself")


async def test_only_admins_suspend(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    for person in (lin_the_buyer, chen_the_merchant, an_the_agent):
        assert await block(client, person, "b1") == 403


async def test_the_own_password_changes_with_the_old_one(client: AsyncClient, lin_the_buyer: Person) -> None:
    address = f"{API}/users/me/password"
    other = (await client.post(f"{API}/auth/login", json={"username": "lin", "password": PASSWORD})).json()
    wrong = await client.put(address, json={"current": "no", "new": "tea-and-honey"}, headers=lin_the_buyer.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    body = {"current": PASSWORD, "new": "tea-and-honey"}
    assert (await client.put(address, json=body, headers=lin_the_buyer.headers)).status_code == 204
    assert (await client.get(f"{API}/users/me", headers=lin_the_buyer.headers)).status_code == 200
    elsewhere = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await client.get(f"{API}/users/me", headers=elsewhere)).status_code == 401
    old = await client.post(f"{API}/auth/login", json={"username": "lin", "password": PASSWORD})
    new = await client.post(f"{API}/auth/login", json={"username": "lin", "password": "tea-and-honey"})
    assert (old.status_code, new.status_code) == (401, 200)
