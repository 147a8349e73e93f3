"""A page costs a fixed number of SQL statements, however many rows it shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import event, update
from sqlmodel import col

from app.chat.models import Conversation, ConversationLabel, Message
from app.kernel.db import Database
from app.kernel.identity import Role
from tests.chat.talking import API, CONVERSATIONS
from tests.people import Enter, Person
from tests.serving import Server

FEW, MANY = 5, 50
# Session and role of the caller, rows with people, count, labels; one more for what may be needed.
MOST_STATEMENTS_OF_A_PAGE = 6


BY_THE_CLOCK = {"revocations", "search indexer", "reactions", "dispatcher", "webhook relay", "instance"}
"""Tasks that ask every few seconds, whoever else asks."""


class Counted:
    """The statements of a stretch of time, transactions' own words left out."""

    def __init__(self) -> None:
        self.statements: list[str] = []


@pytest.fixture
def counting(app: FastAPI) -> Callable[[], Any]:
    """`async with counting() as counted: …` counts what the application asks its database for somebody."""

    @asynccontextmanager
    async def block() -> AsyncIterator[Counted]:
        counted = Counted()

        def note(*seen: Any) -> None:
            task = asyncio.current_task()
            if task is not None and task.get_name() in BY_THE_CLOCK:
                return
            if not seen[2].startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SELECT 1")):
                counted.statements.append(seen[2])

        engine = app.state.db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return block


async def fill(db: Database, enter: Enter, first: int, last: int) -> list[str]:
    """Conversations of as many buyers with the rice shop, each with three messages and a label."""
    made = []
    for number in range(first, last):
        await enter(f"b{100 + number}", f"buyer{number}", Role.BUYER)
        async with db.writing() as session:
            row = Conversation(customer_id=f"b{100 + number}", merchant_id="m1", last_seq=3, merchant_unread=3)
            session.add(row)
            await session.flush()
            session.add(ConversationLabel(conversation_id=row.id, name="VIP"))
            for seq in (1, 2, 3):
                session.add(
                    Message(
                        conversation_id=row.id,
                        seq=seq,
                        client_id=f"c{seq}",
                        sender_id=row.customer_id,
                        sender_role=Role.BUYER,
                        content="大米",
                    )
                )
        made.append(str(row.id))
    return made


async def test_pages_cost_the_same_with_few_and_with_many(
    server: Server,
    app: FastAPI,
    client: AsyncClient,
    db: Database,
    enter: Enter,
    chen_the_merchant: Person,
    counting: Callable[[], Any],
) -> None:
    places: list[str] = []
    headers = chen_the_merchant.headers

    async def page(address: str, **query: Any) -> int:
        async with counting() as counted:
            answer = await client.get(address, params=query, headers=headers)
        assert answer.status_code == 200
        shown = len(answer.json()["results"])
        assert shown == (3 if "messages" in address else min(len(places), query.get("page_size", 0)))
        assert len(counted.statements) <= MOST_STATEMENTS_OF_A_PAGE, counted.statements
        return len(counted.statements)

    async def costs() -> dict[str, int]:
        return {
            "list": await page(CONVERSATIONS, page_size=100),
            "filtered": await page(CONVERSATIONS, page_size=100, label="VIP", unread=True, q="buyer"),
            "by priority": await page(CONVERSATIONS, page_size=100, sort="priority", priority=["normal", "high"]),
            "by waiting": await page(CONVERSATIONS, page_size=100, sort="waiting", order="asc"),
            "thread": await page(f"{CONVERSATIONS}{places[0]}/messages/"),
            "sync": await sync(),
        }

    async def sync() -> int:
        async with await server.enter(chen_the_merchant) as line:
            async with counting() as counted:
                await line.say("sync", conversations=dict.fromkeys(places, 1))
                last = await line.until("synced")
            assert len(last["conversations"]) == len(places)
            return len(counted.statements)

    async def search() -> int:
        await app.state.desk.indexer.catch_up()
        async with counting() as counted:
            answer = await client.get(f"{API}/search/", params={"q": "大米", "page_size": 100}, headers=headers)
        assert answer.json()["count"] == 3 * len(places)
        assert len(counted.statements) <= MOST_STATEMENTS_OF_A_PAGE
        return len(counted.statements)

    places += await fill(db, enter, 0, FEW)
    with_few, searched_few = await costs(), await search()
    places += await fill(db, enter, FEW, MANY)
    with_many, searched_many = await costs(), await search()
    assert with_many == with_few
    assert searched_many == searched_few
    assert with_few["sync"] == 2


async def test_a_bulk_change_costs_the_same_for_few_and_for_many(
    client: AsyncClient, db: Database, enter: Enter, chen_the_merchant: Person, counting: Callable[[], Any]
) -> None:
    async def cost(ids: list[str], **wanted: Any) -> int:
        body = {"ids": ids, "change": wanted}
        async with counting() as counted:
            answer = await client.post(f"{CONVERSATIONS}bulk", json=body, headers=chen_the_merchant.headers)
        assert answer.status_code == 200
        assert len(answer.json()["results"]) == len(ids)
        return len([one for one in counted.statements if "webhook" not in one])

    talks = await fill(db, enter, 0, MANY)
    async with db.writing() as session:  # some are already what others have to become
        await session.exec(
            update(Conversation).where(col(Conversation.id).in_(map(int, talks[::3]))).values(status="pending")
        )
    wanted = {"priority": "high", "status": "pending", "add_labels": ["new"], "remove_labels": ["VIP"], "read": True}
    few = await cost(talks[:FEW], **wanted)
    assert await cost(talks[FEW:], **wanted) <= few
    assert await cost(talks[FEW:], read=False) <= await cost(talks[:FEW], read=False)


async def test_a_message_costs_its_door_one_query_and_no_more(
    client: AsyncClient, talk: str, lin_the_buyer: Person, counting: Callable[[], Any]
) -> None:
    """Who asks. All the rest is in the writer's own transaction."""
    send: Callable[[str], Awaitable[Any]] = lambda text: client.post(  # noqa: E731
        f"{CONVERSATIONS}{talk}/messages/", json={"content": text}, headers=lin_the_buyer.headers
    )
    async with counting() as counted:
        assert (await send("x")).status_code == 201
    assert len([one for one in counted.statements if "auth_sessions" in one]) == 1
    assert [one for one in counted.statements if "auth_sessions" not in one and "search" not in one] == []
