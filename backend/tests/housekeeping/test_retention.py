"""Old, resolved conversations go with all that belongs to them; everything else stays, and what is shown twice too."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlmodel import SQLModel, col, func, select

from app.accounts.models import User
from app.accounts.shop_settings import ShopSettings
from app.chat import retention
from app.chat.indexer import SearchProgress
from app.chat.models import Activity, Conversation, ConversationLabel, Message, Status
from app.chat.notes_models import Note
from app.files.models import StoredFile
from app.kernel.bigrams import query_terms
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat import talking
from tests.housekeeping.conftest import Age, Run
from tests.housekeeping.test_uploads import Media, upload
from tests.pages.conftest import SitDown
from tests.people import Person

DAY = 86_400
Keep = Callable[[int], Awaitable[None]]


@pytest.fixture
def keep(client: AsyncClient, chen_the_merchant: Person) -> Keep:
    """The owner of m1 keeps conversations for so many days."""

    async def put(days: int) -> None:
        body = {"retention_days": days}
        answer = await client.put("/api/v1/shop/settings", json=body, headers=chen_the_merchant.headers)
        assert answer.status_code == 200

    return put


@pytest.fixture
def pass_days(age: Age) -> Callable[[int], Awaitable[None]]:
    async def turn(days: int) -> None:
        for column in ("last_message_time", "updated_at"):
            await age(Conversation, column, days * DAY)

    return turn


async def count(db: Database, model: type[SQLModel]) -> int:
    async with db.reading() as session:
        return (await session.exec(select(func.count()).select_from(model))).one()


async def indexed(db: Database, word: str) -> int:
    """How many messages the index knows; on SQLite, whose index keeps no rows to count, with this word."""
    of = {"sqlite": f" WHERE message_search MATCH '\"{query_terms(word)[0][0]}\"'"}.get(db.dialect, "")
    async with db.reading() as session:
        connection = await session.connection()
        return int((await connection.execute(text(f"SELECT count(*) FROM message_search{of}"))).scalar_one())


async def index(app: FastAPI) -> None:
    """Wait until every message is in the index: the application's own indexer may have taken some of the work."""
    stale = select(Conversation.id).outerjoin(
        SearchProgress, col(SearchProgress.conversation_id) == col(Conversation.id)
    ).where(func.coalesce(SearchProgress.indexed_seq, 0) < Conversation.last_seq)  # fmt: skip
    async with asyncio.timeout(20):
        while True:
            await app.state.desk.indexer.catch_up()
            async with app.state.db.reading() as session:
                if not (await session.exec(stale)).all():
                    return


async def found(client: AsyncClient, who: Person, q: str) -> list[Any]:
    answer = await client.get("/api/v1/search/", params={"q": q}, headers=who.headers)
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


async def talk(client: AsyncClient, buyer: Person, shop: Person, words: str, **more: Any) -> str:
    """A conversation with a note, a label and an activity, resolved."""
    place = await talking.start(client, buyer, shop.id)
    await talking.sent(client, buyer, place, words, **more)
    await talking.sent(client, shop, place, "有的")
    await talking.post(client, shop, f"{talking.CONVERSATIONS}{place}/notes/", {"content": "a note"})
    assert (await talking.change(client, shop, place, labels=["vip"], status="resolved")).status_code == 200
    return place


async def test_what_is_old_and_resolved_goes_and_nothing_else(
    client: AsyncClient, app: FastAPI, db: Database, run: Run, keep: Keep, pass_days: Any, media: Media,
    lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person,
) -> None:  # fmt: skip
    mine = await upload(client, lin_the_buyer, b"rice", "a.txt")
    twice = await upload(client, lin_the_buyer, b"honey", "b.txt")
    files = {"attachment_ids": [mine["id"], twice["id"]]}
    old = await talk(client, lin_the_buyer, chen_the_merchant, "旧的大米", **files)
    other = await talk(client, lin_the_buyer, honey_the_merchant, "别家的大米", attachment_ids=[twice["id"]])
    still = await talking.start(client, maria_the_buyer)
    await talking.sent(client, maria_the_buyer, still, "还开着的大米")
    await index(app)
    await keep(90)
    await pass_days(91)
    young = await talk(client, lin_the_buyer, chen_the_merchant, "新的大米")
    await index(app)
    before = {model: await count(db, model) for model in (Message, Note, Activity, ConversationLabel)}
    assert len(await found(client, chen_the_merchant, "大米")) == 3
    assert await run("chat.apply_retention") == {"conversations": 1}
    async with db.reading() as session:
        left = {str(number) for number in (await session.exec(select(Conversation.id))).all()}
    assert left == {other, still, young}
    after = {model: await count(db, model) for model in before}
    assert {model.__name__: before[model] - after[model] for model in before} == {
        "Message": 2, "Note": 1, "Activity": 2, "ConversationLabel": 1,
    }  # fmt: skip
    assert await count(db, SearchProgress) == 3
    assert {hit["conversation"]["id"] for hit in await found(client, chen_the_merchant, "大米")} == {still, young}
    assert (await client.get(f"{talking.CONVERSATIONS}{old}", headers=chen_the_merchant.headers)).status_code == 404
    async with db.reading() as session:
        assert {str(number) for number in (await session.exec(select(StoredFile.id))).all()} == {twice["id"]}
    assert len(media()) == 1
    assert (await client.get(twice["url"])).status_code == 200
    assert await run("chat.apply_retention") == {"conversations": 0}


async def test_the_index_is_whole_afterwards(
    client: AsyncClient, app: FastAPI, db: Database, run: Run, keep: Keep, pass_days: Any,
    lin_the_buyer: Person, chen_the_merchant: Person,
) -> None:  # fmt: skip
    """Some of it indexed, some not yet: SQLite's index breaks when a word is taken out that never was in it."""
    place = await talking.start(client, lin_the_buyer)
    await talking.sent(client, lin_the_buyer, place, "旧的大米")
    await index(app)
    assert await indexed(db, "大米") == 1
    await talking.sent(client, chen_the_merchant, place, "大米有的")
    await talking.change(client, chen_the_merchant, place, status="resolved")
    await keep(30)
    await pass_days(31)
    assert await run("chat.apply_retention") == {"conversations": 1}
    await index(app)
    assert await indexed(db, "大米") == 0
    if db.dialect == "sqlite":
        check = text("INSERT INTO message_search(message_search) VALUES ('integrity-check')")
        await app.state.db.write(lambda session: session.exec(check))


async def test_a_buyer_who_writes_meanwhile_keeps_the_conversation(
    client: AsyncClient, app: FastAPI, keep: Keep, pass_days: Any, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    place = await talk(client, lin_the_buyer, chen_the_merchant, "旧的大米")
    await pass_days(91)
    db: Database = app.state.db
    until = retention.before(90)
    async with db.reading() as session:
        due = await retention.due(session, "m1", until, 10)
    assert [str(one.id) for one in due] == [place]
    await talking.sent(client, lin_the_buyer, place, "我又来了")
    gone = await db.write(lambda session: retention.remove(session, "m1", [one.id for one in due], until))
    assert gone.conversations == 0
    assert len(await talking.thread(client, lin_the_buyer, place)) == 3


async def test_without_a_limit_nothing_goes(
    client: AsyncClient, run: Run, pass_days: Any, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await talk(client, lin_the_buyer, chen_the_merchant, "旧的大米")
    await pass_days(4000)
    assert await run("chat.apply_retention") == {"conversations": 0}


async def test_many_go_in_batches(
    app: FastAPI, db: Database, run: Run, keep: Keep, chen_the_merchant: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.chat.housekeeping_tasks.OLD_AT_ONCE", 120)
    then = now() - 400 * DAY

    async def fill(session: Any) -> None:
        session.add_all(User(id=f"b{n}", username=f"u{n}", role="buyer") for n in range(100, 400))
        await session.flush()
        session.add_all(
            Conversation(id=n, customer_id=f"b{n}", merchant_id="m1", status=Status.RESOLVED, last_seq=3 * n,
                         last_message_time=then + n % 7, updated_at=then)
            for n in range(100, 400)
        )  # fmt: skip

    await app.state.db.write(fill)
    await keep(365)
    assert await run("chat.apply_retention") == {"conversations": 300}
    assert await count(db, Conversation) == 0


def test_a_batch_is_bounded_and_a_long_conversation_goes_alone() -> None:
    found = [retention.Old(number, seqs) for number, seqs in enumerate([10, 2980, 20, 90_000, 5] + [1] * 120)]
    assert [len(batch) for batch in retention.batches(found)] == [2, 1, 1, 50, 50, 21]


async def test_the_preview_counts_and_deletes_nothing(
    client: AsyncClient, db: Database, sit_down: SitDown, pass_days: Any, lin_the_buyer: Person,
    chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
) -> None:  # fmt: skip
    await talk(client, lin_the_buyer, chen_the_merchant, "旧的大米")
    await pass_days(91)
    address = "/api/v1/shop/settings/retention"

    async def asked(who: Person, days: int) -> Any:
        return await client.get(address, params={"days": days}, headers=who.headers)

    assert (await asked(chen_the_merchant, 90)).json() == {"days": 90, "conversations": 1, "messages": 2}
    assert (await asked(an_the_agent, 92)).json() == {"days": 92, "conversations": 0, "messages": 0}
    assert (await asked(honey_the_merchant, 90)).json()["conversations"] == 0
    assert (await asked(chen_the_merchant, 29)).status_code == 422
    assert (await asked(lin_the_buyer, 90)).status_code == 403
    assert await count(db, Conversation) == 1
    await sit_down(chen_the_merchant)
    line = await client.get("/settings/shop/retention?retention_days=90", headers={"Accept-Language": "en"})
    assert "Would delete 1 conversation now." in line.text
    for nothing in ("", "7", "x"):
        assert (await client.get(f"/settings/shop/retention?retention_days={nothing}")).text.strip() == ""


async def test_a_shops_limit_is_another_shops_nothing(db: Database, chen_the_merchant: Person) -> None:
    async with db.reading() as session:
        assert await retention.shops(session, "", 10) == []
        assert await session.get(ShopSettings, "m1") is None
