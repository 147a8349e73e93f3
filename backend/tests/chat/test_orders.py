"""Orders and filters of the list: each order walks through everything once, however it is cut into pages."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import col, update

from app.chat.models import Conversation
from app.kernel.clock import now
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat.talking import CONVERSATIONS, change, get, refusal, sent, start
from tests.people import Enter, Person

PRIORITIES = ["normal", "urgent", "low", "high", "normal", "urgent", "high"]
WAITING = [50, None, 10, 30, None, 20, 40]  # minutes
MINUTE = 60


@pytest.fixture
async def crowd(client: AsyncClient, enter: Enter, db: Database, chen_the_merchant: Person) -> list[str]:
    """Seven conversations, each begun and spoken in a minute after the one before."""
    talks = []
    for number, (priority, waiting) in enumerate(zip(PRIORITIES, WAITING, strict=True)):
        buyer = await enter(f"b{10 + number}", f"buyer{number}", Role.BUYER)
        talks.append(await start(client, buyer))
        await sent(client, buyer, talks[-1], f"{number}")
        at = now() - (60 - number) * MINUTE
        values: dict[str, Any] = {"created_at": at, "last_message_time": at, "priority": priority}
        values["waiting_since"] = None if waiting is None else now() - waiting * MINUTE
        async with db.writing() as session:
            await session.exec(update(Conversation).where(col(Conversation.id) == int(talks[-1])).values(**values))
    return talks


async def walked(client: AsyncClient, who: Person, **query: Any) -> list[str]:
    """The whole list by cursors, three at a time."""
    found: list[str] = []
    cursor: str | None = None
    for _ in range(9):
        more = {"cursor": cursor} if cursor else {}
        body = await get(client, who, page_size=3, **query, **more)
        found += [row["id"] for row in body["results"]]
        cursor = body["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize(
    ("sort", "places"),
    [
        ("activity", [6, 5, 4, 3, 2, 1, 0]),
        ("created", [6, 5, 4, 3, 2, 1, 0]),
        ("waiting", [0, 6, 3, 5, 2]),  # and then who does not wait
        ("priority", [5, 1, 6, 3, 4, 0, 2]),
    ],
)
async def test_each_order_walks_through_everything_both_ways(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person, an_admin: Person, sort: str, places: list[int]
) -> None:
    for reader in (chen_the_merchant, an_admin):
        falling = await walked(client, reader, sort=sort)
        assert falling[: len(places)] == [crowd[place] for place in places]
        assert sorted(falling) == sorted(crowd)
        assert await walked(client, reader, sort=sort, order="asc") == falling[::-1]


async def test_a_cursor_of_another_order_is_refused(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person
) -> None:
    cursor = (await get(client, chen_the_merchant, page_size=3))["next_cursor"]
    for sort in ("waiting", "created", "priority"):
        query = {"cursor": cursor, "sort": sort}
        answer = await client.get(CONVERSATIONS, params=query, headers=chen_the_merchant.headers)
        assert refusal(answer) == (400, "bad_cursor")
    answer = await client.get(CONVERSATIONS, params={"sort": "name"}, headers=chen_the_merchant.headers)
    assert refusal(answer) == (422, "invalid")


async def test_the_database_keeps_the_orders_by_itself(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person
) -> None:
    """They follow from what they sort by: there is no second truth to forget."""
    assert (await change(client, chen_the_merchant, crowd[2], priority="urgent")).status_code == 200
    assert (await walked(client, chen_the_merchant, sort="priority"))[:3] == [crowd[5], crowd[2], crowd[1]]
    await sent(client, chen_the_merchant, crowd[0], "answered")
    assert (await walked(client, chen_the_merchant, sort="waiting"))[0] == crowd[6]


async def test_filters_are_joined(client: AsyncClient, crowd: list[str], chen_the_merchant: Person) -> None:
    await change(client, chen_the_merchant, crowd[0], labels=["VIP", "礼盒"])
    await change(client, chen_the_merchant, crowd[1], labels=["VIP"])

    async def found(**query: Any) -> set[int]:
        body = await get(client, chen_the_merchant, **query)
        assert body["count"] == len(body["results"])
        counts = await get(client, chen_the_merchant, "counts", **query)
        assert counts["all"] == body["count"]
        return {crowd.index(row["id"]) for row in body["results"]}

    assert await found(label=["VIP"]) == {0, 1}
    assert await found(label=["VIP", "礼盒"]) == {0}
    assert await found(priority=["urgent", "high"]) == {1, 3, 5, 6}
    assert await found(priority="low") == {2}
    assert await found(waiting_minutes=30) == {0, 3, 6}
    assert await found(waiting_minutes=30, priority="high") == {3, 6}
    assert await found(waiting_minutes=0) == {0, 2, 3, 5, 6}
    assert await found(channel="api") == set(range(7))
    assert await found(channel="widget") == set()


async def test_a_conversation_knows_where_it_began(
    client: AsyncClient, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    begun = {"merchant_id": "m1", "channel": "widget"}
    answer = await client.post(CONVERSATIONS, json=begun, headers=lin_the_buyer.headers)
    assert (answer.status_code, answer.json()["channel"]) == (201, "widget")
    await start(client, maria_the_buyer)
    found = await get(client, chen_the_merchant, channel="widget")
    assert [row["id"] for row in found["results"]] == [answer.json()["id"]]
    answer = await client.post(CONVERSATIONS, json=begun | {"channel": "fax"}, headers=lin_the_buyer.headers)
    assert refusal(answer) == (422, "invalid")


async def test_counts_may_include_the_resolved(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, crowd[0], status="resolved", assignee_id="m1")
    assert await get(client, chen_the_merchant, "counts") == {"mine": 0, "unassigned": 6, "all": 6}
    everything = await get(client, chen_the_merchant, "counts", include_resolved=True, assignee="none")
    assert everything == {"mine": 1, "unassigned": 6, "all": 7}
    assert (await get(client, chen_the_merchant, "counts", include_resolved=True, priority="low"))["all"] == 1


async def test_a_buyer_finds_out_nothing_by_priority(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, talk, priority="urgent")
    for query in ({"priority": "urgent"}, {"priority": "normal"}):
        assert (await get(client, lin_the_buyer, **query))["count"] == 0
        assert (await get(client, lin_the_buyer, "counts", **query))["all"] == 0
