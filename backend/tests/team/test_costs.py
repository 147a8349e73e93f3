"""What teams cost: the same for many as for few, and nothing where a shop wants none of it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient

from app.kernel.identity import Role
from tests.chat.talking import API, sent, start
from tests.chat.test_statements import counting as counting
from tests.people import Enter, Person
from tests.team.conftest import Buyers, ask

OURS = ("shop_settings", "shop_hours", "shop_holidays", "reaction_marks", "staff SET")


async def test_a_larger_team_takes_no_more_statements(
    client: AsyncClient, app: FastAPI, counting: Callable[[], Any], enter: Enter, buyers: Buyers,
    chen_the_merchant: Person,
) -> None:  # fmt: skip
    await app.state.desk.reactions.stop()
    await app.state.desk.dispatcher.stop()
    counts: dict[str, list[int]] = {}
    people = await buyers(6)
    for size in (1, 5):
        for number in range(size):
            if size > 1 or number == 0:
                await enter(f"m{size}{number}", f"agent{size}{number}", Role.MERCHANT, merchant_id="m1")
                await ask(client, people[number if size > 1 else 5])
        for path in ("/staff/", "/staff/load", "/shops/m1", "/shop/hours"):
            async with counting() as counted:
                answer = await client.get(API + path, headers=chen_the_merchant.headers)
            assert answer.status_code == 200
            counts.setdefault(path, []).append(len(counted.statements))
    assert all(few == many for few, many in counts.values()), counts


async def test_a_shop_that_wants_nothing_pays_nothing_for_a_message(
    client: AsyncClient, app: FastAPI, counting: Callable[[], Any], lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    await app.state.desk.reactions.catch_up()
    async with counting() as counted:
        for _ in range(3):
            await sent(client, lin_the_buyer, talk)
        await app.state.desk.reactions.stop()
    asked = [one for one in counted.statements if any(name in one for name in OURS)]
    # Once in five seconds every process asks which shops want something; that is all.
    assert all("WHERE shop_settings" in one and "merchant_id = " not in one for one in asked), asked
