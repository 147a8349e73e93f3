"""A shop's people, and the shop as visitors see it."""

from typing import Any

from httpx2 import AsyncClient

from app.accounts import authentication
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

STAFF = "/api/v1/staff/"
DRAFT = {"username": "an", "password": "rice-and-tea", "display_name": "小安"}


async def test_an_owner_adds_an_agent_who_acts_for_the_shop(
    client: AsyncClient, db: Database, settings: Settings, chen_the_merchant: Any
) -> None:
    made = await client.post(STAFF, json=DRAFT, headers=chen_the_merchant.headers)
    assert made.status_code == 201
    assert made.json()["role"] == "agent"
    login = await client.post("/api/v1/auth/login", json={"username": "an", "password": "rice-and-tea"})
    identity = await authentication.authenticate_token(db, settings, login.json()["access_token"])
    assert identity is not None
    assert (identity.role, identity.merchant_id) == (Role.MERCHANT, "m1")
    listed = (await client.get(STAFF, headers=chen_the_merchant.headers)).json()
    assert [(row["id"], row["role"]) for row in listed["results"]] == [("m1", "owner"), (made.json()["id"], "agent")]
    assert listed["count"] == 2


async def test_agents_see_the_staff_and_change_nothing(client: AsyncClient, an_agent: Any) -> None:
    assert (await client.get(STAFF, headers=an_agent.headers)).json()["count"] == 2
    for answer in (
        await client.post(STAFF, json=DRAFT | {"username": "bo"}, headers=an_agent.headers),
        await client.delete(STAFF + "m2", headers=an_agent.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "owner_only")


async def test_buyers_admins_and_strangers_have_no_staff(
    client: AsyncClient, lin_the_buyer: Any, an_admin: Any
) -> None:
    for person in (lin_the_buyer, an_admin):
        assert (await client.get(STAFF, headers=person.headers)).status_code == 403
        assert (await client.post(STAFF, json=DRAFT, headers=person.headers)).status_code == 403
    assert (await client.get(STAFF)).status_code == 401


async def test_a_removed_agent_is_out_at_once(client: AsyncClient, chen_the_merchant: Any, an_agent: Any) -> None:
    assert (await client.delete(STAFF + "m2", headers=chen_the_merchant.headers)).status_code == 204
    assert (await client.get(STAFF, headers=an_agent.headers)).status_code == 401
    login = await client.post("/api/v1/auth/login", json={"username": "an", "password": "rice-and-tea"})
    assert login.json()["code"] == "blocked"
    assert (await client.get(STAFF, headers=chen_the_merchant.headers)).json()["count"] == 1


async def test_an_unblocked_agent_without_a_shop_acts_for_none(
    client: AsyncClient, an_admin: Any, chen_the_merchant: Any, an_agent: Any
) -> None:
    await client.delete(STAFF + "m2", headers=chen_the_merchant.headers)
    await client.put("/api/v1/users/m2", json={"is_blocked": False}, headers=an_admin.headers)
    said = (await client.post("/api/v1/auth/login", json={"username": "an", "password": "rice-and-tea"})).json()
    assert said["user"]["merchant_id"] is None
    headers = {"Authorization": f"Bearer {said['access_token']}"}
    assert (await client.get(STAFF, headers=headers)).status_code == 403
    assert (await client.post(STAFF, json=DRAFT | {"username": "bo"}, headers=headers)).status_code == 403


async def test_an_owner_removes_only_own_agents(
    client: AsyncClient, chen_the_merchant: Any, an_agent: Any, enter: Any
) -> None:
    rival = await enter("m9", "rival", Role.MERCHANT)
    assert (await client.delete(STAFF + "m2", headers=rival.headers)).status_code == 404
    assert (await client.delete(STAFF + "m1", headers=rival.headers)).status_code == 404
    itself = await client.delete(STAFF + "m1", headers=chen_the_merchant.headers)
    assert (itself.status_code, itself.json()["code"]) == (409, "owner_stays")


async def test_a_shop_with_agents_cannot_be_deleted(client: AsyncClient, an_admin: Any, an_agent: Any) -> None:
    answer = await client.delete("/api/v1/users/m1", headers=an_admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "shop_has_staff")


async def test_an_agent_needs_a_shop_that_exists(client: AsyncClient, an_admin: Any, an_agent: Any) -> None:
    for shop in ("m8", "m2"):  # nobody's, and an agent's account, which is no shop
        draft = {"username": "bo", "role": "merchant", "merchant_id": shop}
        answer = await client.post("/api/v1/users/", json=draft, headers=an_admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "no_such_shop")


async def test_a_visitor_sees_the_shop_and_no_more(client: AsyncClient, an_agent: Any, lin_the_buyer: Any) -> None:
    shop = (await client.get("/api/v1/shops/m1")).json()
    seen = {"id", "name", "avatar", "online", "greeting", "is_open", "opens_at", "away_text", "team", "typing_preview"}
    assert set(shop) == seen
    assert (shop["is_open"], shop["opens_at"], shop["away_text"], shop["team"]) == (True, None, "", [])
    assert (shop["id"], shop["name"], shop["greeting"], shop["online"]) == ("m1", "陈记米铺", "您好", False)
    for other in ("m2", "b1", "m404"):
        assert (await client.get(f"/api/v1/shops/{other}")).status_code == 404


async def test_a_blocked_shop_is_gone(client: AsyncClient, an_admin: Any, chen_the_merchant: Any) -> None:
    await client.put("/api/v1/users/m1", json={"is_blocked": True}, headers=an_admin.headers)
    assert (await client.get("/api/v1/shops/m1")).status_code == 404


async def test_an_owner_changes_role_and_capacity(client: AsyncClient, chen_the_merchant: Any, an_agent: Any) -> None:
    changed = await client.put(STAFF + "m2", json={"capacity": 3}, headers=chen_the_merchant.headers)
    assert (changed.status_code, changed.json()["capacity"], changed.json()["role"]) == (200, 3, "agent")
    await client.put(STAFF + "m2", json={"role": "owner"}, headers=chen_the_merchant.headers)
    assert (await client.post(STAFF, json=DRAFT | {"username": "bo"}, headers=an_agent.headers)).status_code == 201
    back = await client.put(STAFF + "m2", json={"role": "agent"}, headers=chen_the_merchant.headers)
    assert back.json()["role"] == "agent"
    assert (
        await client.put(STAFF + "m2", json={"capacity": 201}, headers=chen_the_merchant.headers)
    ).status_code == 422


async def test_nobody_takes_the_shop_from_its_owner(
    client: AsyncClient, chen_the_merchant: Any, an_agent: Any, honey_the_merchant: Any
) -> None:
    await client.put(STAFF + "m2", json={"role": "owner"}, headers=chen_the_merchant.headers)
    for answer, code in (
        (await client.put(STAFF + "m1", json={"role": "agent"}, headers=an_agent.headers), "owner_stays"),
        (await client.delete(STAFF + "m1", headers=an_agent.headers), "owner_stays"),
        (await client.put(STAFF + "m2", json={"role": "agent"}, headers=an_agent.headers), "not_yourself"),
        (await client.delete(STAFF + "m2", headers=an_agent.headers), "not_yourself"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert (await client.put(STAFF + "m2", json={"capacity": 5}, headers=an_agent.headers)).status_code == 200
    foreign = await client.put(STAFF + "m2", json={"capacity": 5}, headers=honey_the_merchant.headers)
    assert foreign.status_code == 404


async def test_availability_is_said_of_oneself_only(
    client: AsyncClient, chen_the_merchant: Any, an_agent: Any, lin_the_buyer: Any, an_admin: Any
) -> None:
    mine = STAFF + "me/availability"
    assert (await client.put(mine, json={"availability": "away"}, headers=an_agent.headers)).status_code == 200
    listed = (await client.get(STAFF, headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["id"], one["availability"]) for one in listed] == [("m1", "online"), ("m2", "away")]
    assert (await client.put(mine, json={"availability": "gone"}, headers=an_agent.headers)).status_code == 422
    for person in (lin_the_buyer, an_admin):
        assert (await client.put(mine, json={"availability": "away"}, headers=person.headers)).status_code == 403


async def test_faces_of_the_team_have_no_user_names(client: AsyncClient, chen_the_merchant: Any, an_agent: Any) -> None:
    await client.post(STAFF, json=DRAFT | {"username": "xiaohe"}, headers=chen_the_merchant.headers)
    shop = (await client.get("/api/v1/shops/m1")).json()
    assert [one["name"] for one in shop["team"]] == ["小安"]
    assert "xiaohe" not in str(shop)
