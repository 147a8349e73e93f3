"""One change to many conversations."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from app.kernel.clock import now
from app.kernel.identity import Role
from tests.chat.talking import CONVERSATIONS, change, get, refusal, sent, start
from tests.people import Enter, Person
from tests.serving import Server

BULK = f"{CONVERSATIONS}bulk"


@pytest.fixture
async def three(client: AsyncClient, enter: Enter, chen_the_merchant: Person) -> list[str]:
    talks = []
    for number in range(10, 13):
        buyer = await enter(f"b{number}", f"buyer{number}", Role.BUYER)
        talks.append(await start(client, buyer))
        await sent(client, buyer, talks[-1], f"{number}")
    return talks


async def bulk(client: AsyncClient, who: Person, ids: list[Any], **wanted: Any) -> Response:
    return await client.post(BULK, json={"ids": ids, "change": wanted}, headers=who.headers)


async def done(client: AsyncClient, who: Person, ids: list[Any], **wanted: Any) -> list[Any]:
    answer = await bulk(client, who, ids, **wanted)
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


async def lines(client: AsyncClient, who: Person, talk: str) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["value"]) for row in (await get(client, who, f"{talk}/activities/"))["results"]]


async def test_every_part_of_a_change_reaches_each(
    client: AsyncClient, three: list[str], chen_the_merchant: Person, an_the_agent: Person
) -> None:
    until = now() + 3600
    shown = await done(
        client, chen_the_merchant, three[:2], assignee_id="m2", priority="high", add_labels=["VIP", " VIP "],
        status="snoozed", snoozed_until=until, read=True,
    )  # fmt: skip
    assert [row["id"] for row in shown] == three[:2]
    for row in shown:
        assert (row["assignee_id"], row["priority"], row["labels"]) == ("m2", "high", ["VIP"])
        assert (row["status"], row["snoozed_until"]) == ("snoozed", until)
        assert (row["merchant_unread"], row["merchant_read_seq"]) == (0, 1)
    said = [("status", "snoozed"), ("assigned", "m2"), ("priority", "high"), ("labelled", "VIP")]
    for talk in three[:2]:
        assert sorted(await lines(client, an_the_agent, talk)) == sorted(said)
    assert await lines(client, an_the_agent, three[2]) == []
    assert (await get(client, chen_the_merchant, three[2]))["merchant_unread"] == 1


async def test_what_is_so_already_stays_untold(
    client: AsyncClient, three: list[str], chen_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, three[0], status="resolved", labels=["VIP"])
    before = await lines(client, chen_the_merchant, three[0])
    await done(client, chen_the_merchant, three[:2], status="resolved", add_labels=["VIP"], remove_labels=["none"])
    assert await lines(client, chen_the_merchant, three[0]) == before
    assert await lines(client, chen_the_merchant, three[1]) == [("status", "resolved"), ("labelled", "VIP")]
    resolved = await get(client, chen_the_merchant, three[1])
    assert (resolved["waiting_since"], resolved["snoozed_until"]) == (None, None)


async def test_a_resolved_one_makes_room_for_a_new_one(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await done(client, chen_the_merchant, [talk], status="resolved")
    assert await start(client, lin_the_buyer) != talk


async def test_labels_come_and_go(client: AsyncClient, three: list[str], chen_the_merchant: Person) -> None:
    await done(client, chen_the_merchant, three, add_labels=["b", "a"])
    shown = await done(client, chen_the_merchant, three[:2], remove_labels=["a"], add_labels=["c"])
    assert [row["labels"] for row in shown] == [["b", "c"], ["b", "c"]]
    assert (await lines(client, chen_the_merchant, three[0]))[2:] == [("unlabelled", "a"), ("labelled", "c")]
    answer = await bulk(client, chen_the_merchant, three, add_labels=[f"label {n}" for n in range(19)])
    assert refusal(answer) == (422, "invalid_labels")


async def test_a_second_agent_hears_of_each(
    client: AsyncClient, server: Server, three: list[str], chen_the_merchant: Person, an_the_agent: Person
) -> None:
    async with await server.enter(an_the_agent) as line:
        await done(client, chen_the_merchant, three, status="resolved")
        heard = [await line.until("conversation") for _ in three]
    assert [one["conversation"]["id"] for one in heard] == three
    assert {one["conversation"]["status"] for one in heard} == {"resolved"}


async def test_foreign_ones_are_unknown_like_those_that_never_were(
    client: AsyncClient, three: list[str], honey_the_merchant: Person, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    elsewhere = await start(client, lin_the_buyer, "m7")
    answer = await bulk(client, chen_the_merchant, [elsewhere, three[0], "5", three[0]], status="resolved")
    assert [row["id"] for row in answer.json()["results"]] == [three[0]]
    assert answer.json()["unknown"] == [elsewhere, "5"]
    assert (await get(client, honey_the_merchant, elsewhere))["status"] == "open"


async def test_who_may_not_changes_nothing(
    client: AsyncClient, talk: str, lin_the_buyer: Person, an_admin: Person, honey_the_merchant: Person
) -> None:
    assert refusal(await bulk(client, an_admin, [talk], status="resolved")) == (403, "read_only")
    assert refusal(await bulk(client, lin_the_buyer, [talk], status="resolved")) == (403, "wrong_role")
    foreign = await bulk(client, honey_the_merchant, [talk], status="resolved", read=True, add_labels=["x"])
    assert foreign.json() == {"results": [], "unknown": [talk]}
    assert (await client.post(BULK, json={"ids": [talk], "change": {}})).status_code == 401
    assert (await get(client, lin_the_buyer, talk))["status"] == "open"


async def test_all_or_nothing(
    client: AsyncClient, three: list[str], chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    for wanted, code in [
        ({"assignee_id": "m7", "priority": "urgent"}, "assignee_not_in_team"),
        ({"status": "snoozed", "priority": "urgent"}, "snooze_needs_time"),
        ({"status": "snoozed", "snoozed_until": 5, "priority": "urgent"}, "snooze_not_ahead"),
    ]:
        assert refusal(await bulk(client, chen_the_merchant, three, **wanted)) == (400, code)
    assert {(await get(client, chen_the_merchant, talk))["priority"] for talk in three} == {"normal"}


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        ([], {"status": "open"}),
        (list(range(1, 102)), {"status": "open"}),
        (["x"], {"status": "open"}),
        ([0], {"status": "open"}),
        ([2**63], {"status": "open"}),
        ([1], {"status": "gone"}),
        ([1], {"add_labels": [""]}),
        ([1], {"add_labels": ["x" * 41]}),
        ([1], {"add_labels": ["\x00"]}),
    ],
)
async def test_impossible_requests_are_refused(
    client: AsyncClient, chen_the_merchant: Person, ids: list[Any], wanted: dict[str, Any]
) -> None:
    assert refusal(await bulk(client, chen_the_merchant, ids, **wanted)) == (422, "invalid")
