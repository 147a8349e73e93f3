"""Saved views: one's own, and the team's."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.chat.talking import API, refusal
from tests.people import Person

VIEWS = f"{API}/views/"
FILTERS = {"status": "open", "label": ["VIP"], "unread": True, "waiting_minutes": 5, "priority": ["urgent"]}


async def save(client: AsyncClient, who: Person, name: str = "急的", **more: Any) -> Any:
    answer = await client.post(VIEWS, json={"name": name, "filters": FILTERS, **more}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(client: AsyncClient, who: Person) -> list[tuple[str, bool]]:
    answer = await client.get(VIEWS, headers=who.headers)
    assert answer.status_code == 200
    return [(row["name"], row["can_change"]) for row in answer.json()["results"]]


async def put(client: AsyncClient, who: Person, view: Any, **changes: Any) -> Response:
    return await client.put(VIEWS + view["id"], json=changes, headers=who.headers)


async def test_a_view_is_kept_as_it_was_saved(client: AsyncClient, an_the_agent: Person) -> None:
    view = await save(client, an_the_agent, "  Urgent  ", sort="waiting", order="asc")
    assert (view["name"], view["sort"], view["order"], view["user_id"]) == ("Urgent", "waiting", "asc", "m2")
    assert {name: view["filters"][name] for name in FILTERS} == FILTERS
    changed = (await put(client, an_the_agent, view, filters={"assignee": "me"})).json()
    assert (changed["filters"]["assignee"], changed["filters"]["label"]) == ("me", [])
    assert (changed["name"], changed["sort"]) == ("Urgent", "waiting")


async def test_the_team_sees_what_is_shared(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    await save(client, chen_the_merchant, "B mine")
    shared = await save(client, chen_the_merchant, "a shared", is_shared=True)
    of_an = await save(client, an_the_agent, "c of An", is_shared=True)
    assert await names(client, chen_the_merchant) == [("a shared", True), ("B mine", True), ("c of An", True)]
    assert await names(client, an_the_agent) == [("a shared", False), ("c of An", True)]
    assert await names(client, honey_the_merchant) == []
    assert refusal(await put(client, an_the_agent, shared, name="x")) == (403, "not_your_view")
    removed = await client.delete(VIEWS + shared["id"], headers=an_the_agent.headers)
    assert refusal(removed) == (403, "not_your_view")
    assert (await put(client, chen_the_merchant, of_an, name="renamed by the owner")).status_code == 200
    assert (await put(client, an_the_agent, of_an, is_shared=False)).status_code == 200
    assert refusal(await put(client, chen_the_merchant, of_an, name="x")) == (404, "view_not_found")


async def test_nobody_else_finds_it(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    an_admin: Person, lin_the_buyer: Person,
) -> None:  # fmt: skip
    personal = await save(client, chen_the_merchant)
    shared = await save(client, chen_the_merchant, is_shared=True)
    for who, view in ((an_the_agent, personal), (honey_the_merchant, personal), (honey_the_merchant, shared)):
        assert refusal(await put(client, who, view, name="x")) == (404, "view_not_found")
        assert refusal(await client.delete(VIEWS + view["id"], headers=who.headers)) == (404, "view_not_found")
    for who in (an_admin, lin_the_buyer):
        assert refusal(await client.get(VIEWS, headers=who.headers)) == (403, "wrong_role")
        assert refusal(await client.post(VIEWS, json={"name": "x"}, headers=who.headers)) == (403, "wrong_role")
        assert refusal(await put(client, who, shared, name="x")) == (403, "wrong_role")
        assert refusal(await client.delete(VIEWS + shared["id"], headers=who.headers)) == (403, "wrong_role")


async def test_a_view_is_deleted(client: AsyncClient, chen_the_merchant: Person) -> None:
    view = await save(client, chen_the_merchant)
    assert (await client.delete(VIEWS + view["id"], headers=chen_the_merchant.headers)).status_code == 204
    assert await names(client, chen_the_merchant) == []


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 61}, {"name": "x", "sort": "size"}, {"name": "x", "filters": {"status": "gone"}},
     {"name": "x", "filters": {"waiting_minutes": -1}}, {"name": "\x00"}],
)  # fmt: skip
async def test_impossible_views_are_refused(
    client: AsyncClient, chen_the_merchant: Person, wrong: dict[str, Any]
) -> None:
    answer = await client.post(VIEWS, json=wrong, headers=chen_the_merchant.headers)
    assert refusal(answer) == (422, "invalid")
