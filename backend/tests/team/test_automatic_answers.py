"""What a shop says by itself: its owner's words only, a welcome once, where it is once a day, and never in between."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient

from tests.chat.talking import API, change, get, sent, start, thread
from tests.people import Person
from tests.team.conftest import ask, wish

WELCOME, AWAY = "感谢您的咨询", "我们休息了"
NINE_TO_FIVE = [[["09:00", "17:00"]]] * 7
DAY = datetime.now(ZoneInfo("Asia/Shanghai")).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
OPEN, CLOSED = DAY.replace(hour=10), DAY.replace(hour=20)


@pytest.fixture(autouse=True)
async def the_shop_speaks(client: AsyncClient, app: FastAPI, chen_the_merchant: Person) -> None:
    await app.state.desk.reactions.stop()
    await wish(client, chen_the_merchant, welcome_text=WELCOME, away_text=AWAY)
    hours = {"time_zone": "Asia/Shanghai", "week": NINE_TO_FIVE}
    answer = await client.put(f"{API}/shop/hours", json=hours, headers=chen_the_merchant.headers)
    assert answer.status_code == 200, answer.text


async def said(client: AsyncClient, app: FastAPI, buyer: Person, talk: str) -> list[str]:
    """What stands there by itself, after everything was looked at twice."""
    await app.state.desk.reactions.catch_up()
    await app.state.desk.reactions.catch_up()
    found: list[Any] = await thread(client, buyer, talk)
    return [one["content"] for one in found if one["sender_role"] == "platform"]


async def test_a_welcome_comes_once_and_is_no_answer(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN, tick=False) as clock:
        talk = await ask(client, lin_the_buyer)
        waits = (await get(client, chen_the_merchant, talk))["waiting_since"]
        clock.shift(30)
        assert await said(client, app, lin_the_buyer, talk) == [WELCOME]
        await sent(client, lin_the_buyer, talk, "还在吗")
        assert await said(client, app, lin_the_buyer, talk) == [WELCOME]
        assert (await get(client, chen_the_merchant, talk))["waiting_since"] == waits


async def test_no_welcome_where_the_shop_spoke_first(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN, tick=False):
        talk = await start(client, lin_the_buyer)
        await sent(client, chen_the_merchant, talk, "您的包裹到了")
        await sent(client, lin_the_buyer, talk, "谢谢")
        assert await said(client, app, lin_the_buyer, talk) == []


async def test_the_greeting_of_the_page_is_not_said_again(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN, tick=False):
        await wish(client, chen_the_merchant, welcome_text="您好")  # as the shop's greeting is
        talk = await ask(client, lin_the_buyer)
        assert await said(client, app, lin_the_buyer, talk) == []


async def test_a_closed_shop_says_so_once_a_day_and_nothing_else(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(CLOSED, tick=False) as clock:
        talk = await ask(client, lin_the_buyer)
        waits = (await get(client, chen_the_merchant, talk))["waiting_since"]
        assert await said(client, app, lin_the_buyer, talk) == [AWAY]
        for later in (timedelta(minutes=10), timedelta(hours=5), timedelta(hours=18)):  # 01:10 and 19:10 next day
            clock.shift(later)
            await sent(client, lin_the_buyer, talk, "还在吗")
            assert await said(client, app, lin_the_buyer, talk) == [AWAY]
        clock.shift(timedelta(hours=2))
        await sent(client, lin_the_buyer, talk, "还在吗")
        assert await said(client, app, lin_the_buyer, talk) == [AWAY, AWAY]
        assert (await get(client, chen_the_merchant, talk))["waiting_since"] == waits


async def test_nobody_is_said_to_be_away_within_five_minutes_of_a_word(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(CLOSED, tick=False) as clock:
        talk = await start(client, lin_the_buyer)
        await sent(client, chen_the_merchant, talk, "我还在")
        clock.shift(299)
        await sent(client, lin_the_buyer, talk, "好")
        assert await said(client, app, lin_the_buyer, talk) == []
        clock.shift(2)
        await sent(client, lin_the_buyer, talk, "那明天呢")
        assert await said(client, app, lin_the_buyer, talk) == [AWAY]


async def test_it_is_the_moment_of_the_message_that_counts(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN.replace(hour=16, minute=59), tick=False) as clock:
        talk = await ask(client, lin_the_buyer)
        clock.shift(120)
        assert await said(client, app, lin_the_buyer, talk) == [WELCOME]


async def test_silence_where_nothing_was_written(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await wish(client, chen_the_merchant, away_text="", welcome_text="")
    for moment, buyer in ((OPEN, lin_the_buyer), (CLOSED, maria_the_buyer)):
        with time_machine.travel(moment, tick=False):
            talk = await ask(client, buyer)
            assert await said(client, app, buyer, talk) == []


async def test_a_holiday_closes_and_visitors_see_when_it_opens(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN, tick=False):
        assert (await client.get(f"{API}/shops/m1")).json()["is_open"] is True
        last = DAY + timedelta(days=2)
        holiday = {"first_day": f"{DAY:%Y-%m-%d}", "last_day": f"{last:%Y-%m-%d}", "name": "丰收节"}
        made = await client.post(f"{API}/shop/hours/holidays/", json=holiday, headers=chen_the_merchant.headers)
        assert made.status_code == 201
        shop = (await client.get(f"{API}/shops/m1")).json()
        opens = int((last + timedelta(days=1)).replace(hour=9).timestamp())
        assert (shop["is_open"], shop["opens_at"], shop["away_text"]) == (False, opens, AWAY)
        talk = await ask(client, lin_the_buyer)
        assert await said(client, app, lin_the_buyer, talk) == [AWAY]
        one = f"{API}/shop/hours/holidays/{made.json()['id']}"
        assert (await client.delete(one, headers=chen_the_merchant.headers)).status_code == 204
        assert (await client.get(f"{API}/shops/m1")).json()["is_open"] is True


async def test_a_resolved_conversation_that_comes_back_is_not_welcomed_again(
    client: AsyncClient, app: FastAPI, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    with time_machine.travel(OPEN, tick=False):
        talk = await ask(client, lin_the_buyer)
        assert await said(client, app, lin_the_buyer, talk) == [WELCOME]
        await change(client, chen_the_merchant, talk, status="resolved")
        await sent(client, lin_the_buyer, talk, "还有")
        assert await said(client, app, lin_the_buyer, talk) == [WELCOME]
