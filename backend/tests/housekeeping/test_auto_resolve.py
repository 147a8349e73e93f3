"""Silence ends a conversation: a word before, once; an answer in between keeps it open, whoever looks meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from app.accounts.shop_settings import ShopSettings
from app.chat import auto_resolve
from app.chat.models import Conversation, Message
from app.jobs import queue
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat import talking
from tests.housekeeping.conftest import Run
from tests.people import Person
from tests.working import ended, worker_of

HOUR = 3600
WARNING = "如果没有别的问题，我们明天结束对话。"
Pass = Callable[..., Awaitable[None]]


@pytest.fixture
def hours_pass(app: FastAPI) -> Pass:
    """Everything that happened in conversations happened so many hours earlier."""

    async def turn(hours: float) -> None:
        seconds = round(hours * HOUR)
        older = {name: getattr(Conversation, name) - seconds for name in ("last_message_time", "updated_at")}

        async def work(session: Any) -> None:
            await session.exec(update(Conversation).values(older))
            await session.exec(update(Message).values(created_at=Message.created_at - seconds))

        await app.state.db.write(work)

    return turn


@pytest.fixture
async def place(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """A conversation that the shop has answered. The shop warns 24 hours before the end, which comes after 72."""
    wanted = {"auto_resolve_after_hours": 72, "warn_before_hours": 24, "auto_resolve_warning": WARNING}
    assert (
        await client.put("/api/v1/shop/settings", json=wanted, headers=chen_the_merchant.headers)
    ).status_code == 200
    made = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, made, "还有大米吗？")
    await talking.sent(client, chen_the_merchant, made, "有的。")
    return made


async def shop_of(db: Database) -> ShopSettings:
    async with db.reading() as session:
        return await session.get_one(ShopSettings, "m1")


async def test_a_word_then_the_end_each_once(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    await hours_pass(47)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    await hours_pass(1.1)
    assert await run("chat.auto_resolve") == {"warned": 1, "resolved": 0}
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    said = await talking.thread(client, lin_the_buyer, place)
    assert [one["content"] for one in said] == ["还有大米吗？", "有的。", WARNING]
    assert said[-1]["sender_id"] == "m1"
    await hours_pass(23)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    await hours_pass(1.1)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 1}
    seen = await talking.get(client, chen_the_merchant, place)
    assert (seen["status"], seen["last_seq"], seen["waiting_since"]) == ("resolved", 3, None)
    deeds = (await talking.get(client, chen_the_merchant, f"{place}/activities/"))["results"]
    assert [(deed["actor_id"], deed["kind"], deed["value"], deed["after_seq"]) for deed in deeds] == [
        ("p1", "status", "resolved", 3)
    ]
    await hours_pass(1000)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}


async def test_the_buyers_answer_to_the_warning_keeps_it_open(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    await hours_pass(49)
    await run("chat.auto_resolve")
    await talking.sent(client, lin_the_buyer, place, "等等")
    await hours_pass(500)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    await talking.sent(client, chen_the_merchant, place, "好的")
    await hours_pass(49)
    assert await run("chat.auto_resolve") == {"warned": 1, "resolved": 0}  # silence begins anew


async def test_without_a_sentence_it_ends_without_a_word(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, chen_the_merchant: Person
) -> None:
    no_word = {"auto_resolve_warning": ""}
    await client.put("/api/v1/shop/settings", json=no_word, headers=chen_the_merchant.headers)
    await hours_pass(71)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    await hours_pass(1.1)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 1}
    assert len(await talking.thread(client, chen_the_merchant, place)) == 2


async def test_what_fell_silent_long_ago_ends_without_a_word(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, lin_the_buyer: Person
) -> None:
    await hours_pass(72 + 7 * 24 + 1)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 1}
    assert len(await talking.thread(client, lin_the_buyer, place)) == 2


async def test_a_conversation_that_waits_for_the_shop_never_ends(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, lin_the_buyer: Person
) -> None:
    await talking.sent(client, lin_the_buyer, place, "多少钱？")
    await hours_pass(5000)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}


async def test_who_reopens_by_hand_does_not_find_it_resolved_again(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, chen_the_merchant: Person
) -> None:
    for hours in (49, 25):
        await hours_pass(hours)
        await run("chat.auto_resolve")
    assert (await talking.get(client, chen_the_merchant, place))["status"] == "resolved"
    assert (await talking.change(client, chen_the_merchant, place, status="open")).status_code == 200
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}
    await hours_pass(25)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 1}


async def test_other_shops_and_other_states_are_left_alone(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, chen_the_merchant: Person, honey_the_merchant: Person,
    lin_the_buyer: Person,
) -> None:  # fmt: skip
    other = await talking.start(client, lin_the_buyer, "m7")
    await talking.sent(client, honey_the_merchant, other, "您好")
    assert (await talking.change(client, chen_the_merchant, place, status="pending")).status_code == 200
    await hours_pass(1000)
    assert await run("chat.auto_resolve") == {"warned": 0, "resolved": 0}


async def test_a_buyer_who_answers_while_it_is_being_resolved_wins(
    client: AsyncClient, app: FastAPI, hours_pass: Pass, run: Run, place: str, lin_the_buyer: Person
) -> None:
    await hours_pass(49)
    await run("chat.auto_resolve")
    await hours_pass(25)
    db: Database = app.state.db
    shop = await shop_of(db)
    async with db.reading() as session:
        found = await auto_resolve.silent(session, shop, now(), (0, 0), 10)
    assert [one.is_warned for one in found] == [True]
    await talking.sent(client, lin_the_buyer, place, "我在")
    assert await db.write(lambda session: auto_resolve.end(session, shop, found[0])) is False
    assert (await talking.get(client, lin_the_buyer, place))["status"] == "open"


async def test_a_buyer_who_writes_just_before_the_warning_still_waits(
    client: AsyncClient, app: FastAPI, hours_pass: Pass, place: str, lin_the_buyer: Person
) -> None:
    await hours_pass(49)
    shop = await shop_of(app.state.db)
    async with app.state.db.reading() as session:
        found = (await auto_resolve.silent(session, shop, now(), (0, 0), 10))[0]
    await talking.sent(client, lin_the_buyer, place, "多少钱？")
    assert not await auto_resolve.warn(app.state.desk, shop, found)
    assert await auto_resolve.say(app.state.desk, shop, found)  # the message came after the last look
    seen = await talking.get(client, lin_the_buyer, place)
    question = (await talking.thread(client, lin_the_buyer, place))[2]
    assert (seen["last_seq"], seen["waiting_since"]) == (4, question["created_at"])
    async with app.state.db.reading() as session:
        assert [one.is_warned for one in await auto_resolve.silent(session, shop, now() + 99 * HOUR, (0, 0), 10)] == [
            False
        ]
    await talking.sent(client, lin_the_buyer, place, "喂？")  # the writer's memory of the conversation is not wrong
    assert (await talking.get(client, lin_the_buyer, place))["waiting_since"] == question["created_at"]


async def test_two_workers_say_it_once_and_resolve_it_once(
    client: AsyncClient, app: FastAPI, hours_pass: Pass, place: str, chen_the_merchant: Person
) -> None:
    db: Database = app.state.db
    for hours in (49, 25):
        await hours_pass(hours)
        jobs = [await db.write(lambda session: queue.enqueue(session, "chat.auto_resolve")) for _ in range(4)]
        workers = [worker_of(app), worker_of(app)]
        await asyncio.gather(*(worker.start() for worker in workers))
        done = [await ended(db, job.id) for job in jobs]
        await asyncio.gather(*(worker.stop() for worker in workers))
        assert [row.status for row in done] == ["completed"] * 4
        assert sum(sum((row.result or {}).values()) for row in done) == 1
    async with db.reading() as session:
        said = (await session.exec(select(Message.content).where(col(Message.client_id).like("auto-resolve:%")))).all()
    assert list(said) == [WARNING]
    deeds = await talking.get(client, chen_the_merchant, f"{place}/activities/")
    assert [deed["value"] for deed in deeds["results"]] == ["resolved"]


async def test_the_buyers_next_word_opens_it_again(
    client: AsyncClient, run: Run, hours_pass: Pass, place: str, lin_the_buyer: Person
) -> None:
    for hours in (49, 25):
        await hours_pass(hours)
        await run("chat.auto_resolve")
    await talking.sent(client, lin_the_buyer, place, "又来了")
    assert (await talking.get(client, lin_the_buyer, place))["status"] == "open"
