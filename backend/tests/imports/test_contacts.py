"""The address book: one contact for each address of a shop, and nobody else's."""

from typing import Any

import pytest

API = "/api/v1/contacts/"


@pytest.fixture
def ask(client: Any) -> Any:
    async def send(who: Any, method: str, path: str = "", **more: Any) -> Any:
        return await client.request(method, f"{API}{path}", headers=who.headers, **more)

    return send


async def test_a_contact_is_added_found_changed_and_deleted(
    ask: Any, chen_the_merchant: Any, an_the_agent: Any
) -> None:
    draft = {"name": "林夏", "email": "LIN@Example.com", "phone": "138 0013 8000", "company": "陈记", "note": "早上"}
    made = await ask(chen_the_merchant, "POST", json=draft)
    assert made.status_code == 201
    contact = made.json()
    assert (contact["email"], contact["phone"]) == ("lin@example.com", "+8613800138000")
    for q, count in (("林", 1), ("13800", 1), ("EXAMPLE", 1), ("陈记", 1), ("%", 0)):
        found = (await ask(an_the_agent, "GET", params={"q": q})).json()
        assert found["count"] == len(found["results"]) == count
    changed = await ask(an_the_agent, "PUT", contact["id"], json={"note": "下午", "phone": None})
    assert changed.json() | {"updated_at": 0} == contact | {"note": "下午", "phone": None, "updated_at": 0}
    assert (await ask(chen_the_merchant, "DELETE", contact["id"])).status_code == 204
    assert (await ask(chen_the_merchant, "GET", contact["id"])).status_code == 404


async def test_an_address_is_one_contacts_in_a_shop(ask: Any, chen_the_merchant: Any, honey_the_merchant: Any) -> None:
    await ask(chen_the_merchant, "POST", json={"email": "a@example.com"})
    other = (await ask(chen_the_merchant, "POST", json={"phone": "13800138000"})).json()
    for refused in (
        await ask(chen_the_merchant, "POST", json={"email": "A@example.com"}),
        await ask(chen_the_merchant, "PUT", other["id"], json={"email": "a@example.com"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "contact_exists")
    assert (await ask(honey_the_merchant, "POST", json={"email": "a@example.com"})).status_code == 201


@pytest.mark.parametrize(
    "draft",
    [{}, {"name": " "}, {"email": "no"}, {"phone": "12"}, {"name": "a\nb"}, {"name": "x" * 101}, {"note": "x\x00"}],
)
async def test_what_is_no_contact_is_refused(draft: dict[str, str], ask: Any, chen_the_merchant: Any) -> None:
    assert (await ask(chen_the_merchant, "POST", json=draft)).status_code == 422


async def test_contacts_are_the_shops_own(
    ask: Any, chen_the_merchant: Any, honey_the_merchant: Any, lin_the_buyer: Any, an_admin: Any
) -> None:
    number = (await ask(chen_the_merchant, "POST", json={"name": "A"})).json()["id"]
    for method in ("GET", "PUT", "DELETE"):
        assert (await ask(honey_the_merchant, method, number, json={})).status_code == 404
        for person in (lin_the_buyer, an_admin):
            assert (await ask(person, method, number, json={})).status_code == 403
    assert (await ask(honey_the_merchant, "GET")).json()["count"] == 0
