"""A merchant's account that was taken off the staff and unblocked later: it acts for nobody, and nobody meets it."""

import pytest
from httpx2 import AsyncClient

from tests.people import PASSWORD, Person

API = "/api/v1"


@pytest.fixture
async def shopless(
    client: AsyncClient, an_admin: Person, chen_the_merchant: Person, an_the_agent: Person
) -> dict[str, str]:
    """The headers of one who works for no shop."""
    await client.delete(f"{API}/staff/m2", headers=chen_the_merchant.headers)
    await client.put(f"{API}/users/m2", json={"is_blocked": False}, headers=an_admin.headers)
    said = (await client.post(f"{API}/auth/login", json={"username": "an", "password": PASSWORD})).json()
    return {"Authorization": f"Bearer {said['access_token']}"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/conversations/", {"customer_id": "b1"}), ("/quick-replies/", {"content": "hello"}), ("/staff/", {})],
)
async def test_who_has_no_shop_writes_nothing(
    client: AsyncClient, shopless: dict[str, str], lin_the_buyer: Person, path: str, body: dict[str, str]
) -> None:
    answer = await client.post(API + path, json=body, headers=shopless)
    assert answer.status_code in (403, 422)


async def test_who_has_no_shop_sees_none(client: AsyncClient, shopless: dict[str, str], lin_the_buyer: Person) -> None:
    await client.post(f"{API}/conversations/", json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    assert (await client.get(f"{API}/conversations/", headers=shopless)).json()["count"] == 0


async def test_a_buyer_finds_nobody_there(client: AsyncClient, shopless: dict[str, str], lin_the_buyer: Person) -> None:
    answer = await client.post(f"{API}/conversations/", json={"merchant_id": "m2"}, headers=lin_the_buyer.headers)
    assert answer.status_code == 404


async def test_an_agent_of_a_blocked_shop_takes_no_buyers(
    client: AsyncClient, an_admin: Person, an_the_agent: Person, lin_the_buyer: Person
) -> None:
    await client.put(f"{API}/users/m1", json={"is_blocked": True}, headers=an_admin.headers)
    answer = await client.post(f"{API}/conversations/", json={"merchant_id": "m2"}, headers=lin_the_buyer.headers)
    assert answer.status_code == 404
