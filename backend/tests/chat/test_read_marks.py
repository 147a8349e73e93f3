"""Read marks: each side's own, never backwards, and the unread counts that follow."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import get, mark, sent
from tests.people import Person


@pytest.fixture
async def long_talk(client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """Buyer, buyer, shop, buyer, shop."""
    for who in (lin_the_buyer, lin_the_buyer, chen_the_merchant, lin_the_buyer, chen_the_merchant):
        await sent(client, who, talk)
    return talk


async def test_reading_a_part_leaves_the_rest_unread(
    client: AsyncClient, long_talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    assert (await mark(client, chen_the_merchant, long_talk, 1)).json() == {"customer_unread": 2, "merchant_unread": 2}
    assert (await mark(client, lin_the_buyer, long_talk, 3)).json() == {"customer_unread": 1, "merchant_unread": 2}
    assert (await mark(client, chen_the_merchant, long_talk, 5)).json() == {"customer_unread": 1, "merchant_unread": 0}
    seen = await get(client, lin_the_buyer, long_talk)
    assert (seen["customer_read_seq"], seen["merchant_read_seq"]) == (3, 5)


async def test_a_mark_never_moves_backwards_nor_past_the_end(
    client: AsyncClient, long_talk: str, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    await mark(client, chen_the_merchant, long_talk, 4)
    await mark(client, chen_the_merchant, long_talk, 2)
    assert (await get(client, chen_the_merchant, long_talk))["merchant_read_seq"] == 4
    await mark(client, chen_the_merchant, long_talk, 999)
    assert (await get(client, chen_the_merchant, long_talk))["merchant_read_seq"] == 5
    await sent(client, lin_the_buyer, long_talk, "还在吗")
    assert (await get(client, chen_the_merchant, long_talk))["merchant_unread"] == 1


async def test_marks_and_messages_at_once_leave_exact_counts(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    work: list[Any] = []
    for number in range(1, 21):
        work += [sent(client, lin_the_buyer, talk), mark(client, chen_the_merchant, talk, number)]
    await asyncio.gather(*work)
    seen = await get(client, chen_the_merchant, talk)
    assert seen["merchant_unread"] == 20 - seen["merchant_read_seq"]
    assert (await mark(client, chen_the_merchant, talk, 20)).json()["merchant_unread"] == 0


async def test_the_whole_shop_has_one_mark(
    client: AsyncClient, long_talk: str, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await mark(client, an_the_agent, long_talk, 5)
    assert (await get(client, chen_the_merchant, long_talk))["merchant_unread"] == 0


async def test_a_mark_is_a_number_that_can_be_stored(
    client: AsyncClient, long_talk: str, lin_the_buyer: Person
) -> None:
    wrong: list[Any] = [-1, 2**31, "x", None, 1.5, [], {}]
    for seq in wrong:
        assert (await mark(client, lin_the_buyer, long_talk, seq)).status_code == 422, seq
    assert (await get(client, lin_the_buyer, long_talk))["customer_read_seq"] == 0
