"""Quick replies: one's own and the team's; nobody else's."""

from typing import Any

from httpx2 import AsyncClient

from tests.chat.talking import API, post, refusal
from tests.people import Person

ADDRESS = f"{API}/quick-replies/"


async def create(client: AsyncClient, who: Person, content: str, **more: Any) -> Any:
    answer = await client.post(ADDRESS, json={"content": content, **more}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(client: AsyncClient, who: Person, **query: Any) -> list[str]:
    answer = await client.get(ADDRESS, params=query, headers=who.headers)
    assert answer.status_code == 200
    assert answer.json()["count"] >= len(answer.json()["results"])
    return [row["content"] for row in answer.json()["results"]]


async def test_one_sees_ones_own_and_the_teams(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    await create(client, chen_the_merchant, "shared by chen", is_shared=True, title="b")
    await create(client, chen_the_merchant, "chen's own", title="a")
    await create(client, an_the_agent, "an's own", title="c")
    await create(client, an_the_agent, "shared by an", is_shared=True, title="d")
    assert await listed(client, chen_the_merchant) == ["chen's own", "shared by chen", "shared by an"]
    assert await listed(client, an_the_agent) == ["shared by chen", "an's own", "shared by an"]
    assert await listed(client, honey_the_merchant) == []


async def test_they_are_found_by_a_part_of_title_or_text(client: AsyncClient, chen_the_merchant: Person) -> None:
    await create(client, chen_the_merchant, "今天下单明天发货", title="发货")
    await create(client, chen_the_merchant, "100% organic", title="Organic")
    assert await listed(client, chen_the_merchant, q="明天") == ["今天下单明天发货"]
    assert await listed(client, chen_the_merchant, q="ORGANIC") == ["100% organic"]
    assert await listed(client, chen_the_merchant, q="0%") == ["100% organic"]
    assert await listed(client, chen_the_merchant, q="_") == []
    assert await listed(client, chen_the_merchant, page=2, page_size=1) != []


async def test_only_the_author_changes_and_deletes(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    shared = await create(client, chen_the_merchant, "一", is_shared=True)
    private = await create(client, chen_the_merchant, "二")
    for who, number, expected in (
        (an_the_agent, shared["id"], (403, "not_the_author")),
        (an_the_agent, private["id"], (404, "quick_reply_not_found")),
        (honey_the_merchant, shared["id"], (404, "quick_reply_not_found")),
        (honey_the_merchant, "99", (404, "quick_reply_not_found")),
    ):
        assert refusal(await client.put(ADDRESS + number, json={"title": "x"}, headers=who.headers)) == expected
        assert refusal(await client.delete(ADDRESS + number, headers=who.headers)) == expected
    assert (await client.get(ADDRESS + shared["id"], headers=an_the_agent.headers)).json() == shared
    assert (await client.get(ADDRESS + private["id"], headers=an_the_agent.headers)).status_code == 404
    changed = await client.put(ADDRESS + shared["id"], json={"title": "新"}, headers=chen_the_merchant.headers)
    assert (changed.json()["title"], changed.json()["content"], changed.json()["is_shared"]) == ("新", "一", True)
    assert (await client.delete(ADDRESS + shared["id"], headers=chen_the_merchant.headers)).status_code == 204
    assert await listed(client, chen_the_merchant) == ["二"]


async def test_nobody_writes_in_anothers_name(
    client: AsyncClient, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    row = await create(client, honey_the_merchant, "x", user_id="m1", merchant_id="m1", is_shared=True)
    assert row["user_id"] == "m7"
    assert await listed(client, chen_the_merchant) == []


async def test_what_does_not_fit_is_refused(client: AsyncClient, chen_the_merchant: Person) -> None:
    contents: list[Any] = ["", "x" * 4001, None, "\ud800", 5]
    bodies: list[Any] = [{"content": content} for content in contents]
    bodies += [{}, {"content": "x", "title": "x" * 81}, {"content": "x", "is_shared": "perhaps"}]
    for body in [*bodies, {"content": "x", "title": None}]:
        assert refusal(await post(client, chen_the_merchant, ADDRESS, body))[0] == 422, str(body)[:80]
    assert await listed(client, chen_the_merchant) == []


async def test_a_zero_byte_is_no_fault_of_ours(client: AsyncClient, chen_the_merchant: Person) -> None:
    answer = await post(client, chen_the_merchant, ADDRESS, {"content": "a\x00b", "title": "\x00"})
    assert answer.status_code in (201, 422)


async def test_they_are_the_merchants_sides_only(
    client: AsyncClient, lin_the_buyer: Person, an_admin: Person, chen_the_merchant: Person
) -> None:
    row = await create(client, chen_the_merchant, "x", is_shared=True)
    for who in (lin_the_buyer, an_admin):
        for method, address in (
            ("GET", ADDRESS),
            ("POST", ADDRESS),
            ("GET", ADDRESS + row["id"]),
            ("PUT", ADDRESS + row["id"]),
            ("DELETE", ADDRESS + row["id"]),
        ):
            answer = await client.request(method, address, json={"content": "y"}, headers=who.headers)
            assert refusal(answer) == (403, "wrong_role")
    assert (await client.get(ADDRESS)).status_code == 401


async def test_every_owner_keeps_the_teams_in_order_and_nobodys_own(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    shared = await create(client, chen_the_merchant, "一", is_shared=True)
    private = await create(client, chen_the_merchant, "二")
    await client.put(f"{API}/staff/m2", json={"role": "owner"}, headers=chen_the_merchant.headers)
    changed = await client.put(ADDRESS + shared["id"], json={"title": "新"}, headers=an_the_agent.headers)
    assert (changed.status_code, changed.json()["user_id"]) == (200, "m1")
    hidden = await client.put(ADDRESS + private["id"], json={"title": "新"}, headers=an_the_agent.headers)
    assert refusal(hidden) == (404, "quick_reply_not_found")
    await client.put(f"{API}/staff/m2", json={"role": "agent"}, headers=chen_the_merchant.headers)
    gone = await client.delete(ADDRESS + shared["id"], headers=an_the_agent.headers)
    assert refusal(gone) == (403, "not_the_author")
