"""The list of conversations and the pages of a thread."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from app.kernel.identity import Role
from tests.chat.talking import CONVERSATIONS, change, get, mark, refusal, send, sent, start, thread
from tests.people import Enter, Person

SHOP = "m1"


@pytest.fixture
async def crowd(client: AsyncClient, enter: Enter, chen_the_merchant: Person) -> list[str]:
    """Seven conversations with the rice shop, the oldest first, each with one message."""
    talks = []
    for number in range(10, 17):
        buyer = await enter(f"b{number}", f"buyer{number}", Role.BUYER, display_name=f"客人{number}")
        talks.append(await start(client, buyer))
        await sent(client, buyer, talks[-1], f"第{number}位")
    return talks


def ids(body: Any) -> list[str]:
    return [row["id"] for row in body["results"]]


async def test_pages_walk_through_all_newest_first(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person
) -> None:
    newest_first = crowd[::-1]
    pages = [await get(client, chen_the_merchant, page=page, page_size=3) for page in (1, 2, 3, 4)]
    assert [ids(page) for page in pages] == [newest_first[:3], newest_first[3:6], newest_first[6:], []]
    assert {page["count"] for page in pages} == {7}


async def test_the_cursor_walks_through_all_although_the_list_moves(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person
) -> None:
    first = await get(client, chen_the_merchant, page_size=3)
    # The last of all gets a message and so jumps to the front: by page the third would come twice.
    await sent(client, chen_the_merchant, crowd[0], "回复")
    second = await get(client, chen_the_merchant, page_size=3, cursor=first["next_cursor"])
    third = await get(client, chen_the_merchant, page_size=3, cursor=second["next_cursor"])
    walked = ids(first) + ids(second) + ids(third)
    assert len(walked) == len(set(walked))
    assert set(crowd[1:]) <= set(walked)
    assert third["next_cursor"] is None


async def test_a_cursor_that_we_did_not_give_is_refused(client: AsyncClient, lin_the_buyer: Person) -> None:
    for cursor in ("x", "W10", "WzEsMl0x", "bnVsbA", "WyJhIiwxXQ", "Wy0xLDJd", "WzEuNSwyXQ", "é", "%"):
        answer = await client.get(CONVERSATIONS, params={"cursor": cursor}, headers=lin_the_buyer.headers)
        assert refusal(answer) == (400, "bad_cursor"), cursor


async def test_impossible_pages_are_refused(client: AsyncClient, lin_the_buyer: Person) -> None:
    pages: list[Any] = [{"page": page} for page in (0, -1, "x", 10**12)] + [{"page_size": 0}, {"page_size": 101}]
    for query in [*pages, {"status": "closed"}, {"unread": "perhaps"}]:
        answer = await client.get(CONVERSATIONS, params=query, headers=lin_the_buyer.headers)
        assert refusal(answer) == (422, "invalid"), query


async def test_everybody_sees_their_own(
    client: AsyncClient,
    talk: str,
    lin_the_buyer: Person,
    maria_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
    honey_the_merchant: Person,
    an_admin: Person,
) -> None:
    elsewhere = await start(client, lin_the_buyer, "m7")
    of_maria = await start(client, maria_the_buyer)
    seen = {
        person.id: set(ids(await get(client, person)))
        for person in (lin_the_buyer, maria_the_buyer, chen_the_merchant, an_the_agent, honey_the_merchant, an_admin)
    }
    assert seen == {
        "b1": {talk, elsewhere},
        "b2": {of_maria},
        "m1": {talk, of_maria},
        "m2": {talk, of_maria},
        "m7": {elsewhere},
        "a1": {talk, elsewhere, of_maria},
    }


async def test_filters_narrow_the_list(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person, an_the_agent: Person
) -> None:
    a, b, c, d = crowd[:4]
    await change(client, chen_the_merchant, a, status="resolved")
    await change(client, chen_the_merchant, b, assignee_id="m2", labels=["VIP", "大客户"])
    await change(client, chen_the_merchant, c, assignee_id="m1", labels=["VIP"])
    await mark(client, chen_the_merchant, d, 1)

    async def found(who: Person = chen_the_merchant, **query: Any) -> set[str]:
        body = await get(client, who, **query)
        assert body["count"] == len(body["results"])
        return set(ids(body))

    everything = set(crowd)
    assert await found(status="resolved") == {a}
    assert await found(status="open") == everything - {a}
    assert await found(assignee="m2") == {b}
    assert await found(assignee="me") == {c}
    assert await found(an_the_agent, assignee="me") == {b}
    assert await found(assignee="none") == everything - {b, c}
    assert await found(label="VIP") == {b, c}
    assert await found(label="VIP", assignee="me") == {c}
    assert await found(label="vip") == set()
    assert await found(unread=False) == {d}
    assert await found(unread=True) == everything - {d}
    assert await found(q="客人12") == {c}
    assert await found(q="BUYER1") == everything
    assert await found(q="b13") == {d}
    assert await found(q="%") == set()
    assert await found(merchant_id="m7") == set()


async def test_a_buyer_learns_nothing_from_filters_on_what_the_shop_keeps_to_itself(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await change(client, chen_the_merchant, talk, assignee_id="m2", labels=["difficult"])
    for query in ({"label": "difficult"}, {"assignee": "m2"}):
        assert (await get(client, lin_the_buyer, **query))["count"] == 0
    counts = await get(client, lin_the_buyer, "counts")
    await change(client, chen_the_merchant, talk, assignee_id=None)
    assert await get(client, lin_the_buyer, "counts") == counts


async def test_counts_are_of_what_is_not_resolved(
    client: AsyncClient, crowd: list[str], chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    await change(client, chen_the_merchant, crowd[0], status="resolved")
    await change(client, chen_the_merchant, crowd[1], assignee_id="m2")
    assert await get(client, chen_the_merchant, "counts") == {"mine": 0, "unassigned": 5, "all": 6}
    assert await get(client, an_the_agent, "counts") == {"mine": 1, "unassigned": 5, "all": 6}
    assert await get(client, honey_the_merchant, "counts") == {"mine": 0, "unassigned": 0, "all": 0}
    await change(client, chen_the_merchant, crowd[2], status="pending")
    assert await get(client, chen_the_merchant, "counts", status="open") == {"mine": 0, "unassigned": 4, "all": 5}
    assert await get(client, chen_the_merchant, "counts", status="resolved") == {"mine": 0, "unassigned": 1, "all": 1}


async def test_a_thread_is_read_forwards_backwards_and_from_its_end(
    client: AsyncClient, talk: str, lin_the_buyer: Person
) -> None:
    for number in range(1, 13):
        await send(client, lin_the_buyer, talk, f"{number}")

    async def seqs(**query: Any) -> list[int]:
        return [row["seq"] for row in await thread(client, lin_the_buyer, talk, **query)]

    assert await seqs() == list(range(1, 13))
    assert await seqs(limit=4) == [9, 10, 11, 12]
    assert await seqs(before_seq=9, limit=4) == [5, 6, 7, 8]
    assert await seqs(before_seq=3, limit=4) == [1, 2]
    assert await seqs(before_seq=1) == []
    assert await seqs(after_seq=0, limit=4) == [1, 2, 3, 4]
    assert await seqs(after_seq=10) == [11, 12]
    assert await seqs(after_seq=12) == []
    assert (await get(client, lin_the_buyer, f"{talk}/messages/", limit=1))["count"] == 12


async def test_impossible_places_in_a_thread_are_refused(client: AsyncClient, talk: str, lin_the_buyer: Person) -> None:
    places = [{"limit": 0}, {"limit": 201}, {"after_seq": -1}, {"before_seq": "x"}, {"after_seq": 2**31}]
    for query in places:
        answer = await client.get(f"{CONVERSATIONS}{talk}/messages/", params=query, headers=lin_the_buyer.headers)
        assert answer.status_code == 422, query
