"""Each message is one event, whoever dies when and however many relay at once."""

import asyncio
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import delete
from sqlmodel import col, func, select

from app.chat.models import Conversation, Message
from app.jobs.models import Job
from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.db import Database
from app.webhooks import cleaning, recording, relay
from app.webhooks.event_types import MESSAGE_CREATED
from app.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookMark
from tests.chat.talking import change, send, sent, start
from tests.people import Person
from tests.webhooks.conftest import Listen, Postman
from tests.webhooks.receivers import Receiver


async def _seqs(db: Database) -> list[int]:
    async with db.reading() as session:
        query = select(WebhookEvent.message_seq).where(col(WebhookEvent.message_seq).is_not(None))
        return list((await session.exec(query.order_by(col(WebhookEvent.message_seq)))).all())  # type: ignore[arg-type]


@pytest.fixture
def nobody_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that committed the messages died before it could tell of them."""

    async def never(_: relay.Relay) -> None:
        """Learns of no endpoint, and so of nothing to tell."""

    monkeypatch.setattr(relay.Relay, "note", lambda self, sent: None)
    monkeypatch.setattr(relay.Relay, "refresh", never)


@pytest.mark.usefixtures("nobody_relays")
async def test_the_sweep_finds_what_a_dead_process_left(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    await listen(receiver, MESSAGE_CREATED)
    for number in range(5):
        await sent(client, lin_the_buyer, talk, f"{number}")
    assert await _seqs(postman.db) == []
    await postman.walk()
    assert receiver.contents() == ["0", "1", "2", "3", "4"]
    await postman.walk()
    assert len(receiver.requests) == 5


@pytest.mark.usefixtures("nobody_relays")
async def test_a_relay_that_dies_in_the_middle_has_told_nothing_and_the_next_one_all(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await listen(receiver, MESSAGE_CREATED)
    for number in range(3):
        await sent(client, lin_the_buyer, talk, f"{number}")

    class Killed(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(recording.lanes, "add", dies)
        with pytest.raises(Killed):
            await relay.catch_up(postman.db)
    assert await _seqs(postman.db) == []
    await postman.walk()
    assert receiver.contents() == ["0", "1", "2"]


@pytest.mark.usefixtures("nobody_relays")
async def test_a_conversation_that_is_deleted_under_the_relay_is_passed_over(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if postman.db.dialect == "sqlite":
        pytest.skip("there nobody else writes meanwhile")
    await listen(receiver, MESSAGE_CREATED)
    await sent(client, lin_the_buyer, talk, "0")
    lock = recording.listening.lock

    async def deletes(*asked: Any) -> Any:
        async with postman.db.writing() as other:
            await other.exec(delete(Message))
            await other.exec(delete(Conversation))
        return await lock(*asked)

    with monkeypatch.context() as patch:
        patch.setattr(recording.listening, "lock", deletes)
        await relay.catch_up(postman.db)
    assert await _seqs(postman.db) == []


@pytest.mark.usefixtures("nobody_relays")
async def test_many_relays_at_once_and_changes_between_make_one_event_of_each_message(
    app: FastAPI,
    settings: Settings,
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    await listen(receiver)
    other_process = Database(settings) if app.state.db.dialect != "sqlite" else app.state.db

    async def relays(db: Database) -> None:
        for _ in range(10):
            await relay.catch_up(db)
            await asyncio.sleep(0)

    async def writes() -> None:
        for number in range(30):
            answer = await send(client, lin_the_buyer, talk, f"{number}")
            assert answer.status_code == 201
            if number % 5 == 0:
                changed = await change(client, chen_the_merchant, talk, priority="high" if number % 2 else "low")
                assert changed.status_code == 200, changed.text

    await asyncio.gather(writes(), *(relays(db) for db in [postman.db, other_process] * 3))
    await postman.walk()
    if other_process is not app.state.db:
        await other_process.dispose()
    assert await _seqs(postman.db) == list(range(1, 31))
    messages = [event["data"]["message"]["seq"] for event in receiver.events if event["type"] == MESSAGE_CREATED]
    assert messages == list(range(1, 31))
    assert [event["data"]["sequence"] for event in receiver.events] == list(range(1, len(receiver.events) + 1))


async def test_the_relay_of_the_process_tells_by_itself(
    client: AsyncClient, listen: Listen, receiver: Receiver, app: FastAPI, talk: str, lin_the_buyer: Person
) -> None:
    await listen(receiver, MESSAGE_CREATED)
    db: Database = app.state.db
    async with asyncio.timeout(20):
        number = 0
        while not await _seqs(db):  # the first may be written before the relay knows that somebody listens
            number += 1
            await sent(client, lin_the_buyer, talk, f"{number}")
            await asyncio.sleep(0.02)


async def test_a_shop_without_an_endpoint_leaves_no_rows(
    client: AsyncClient, postman: Postman, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk)
    await change(client, chen_the_merchant, talk, priority="high")
    await postman.walk()
    async with postman.db.reading() as session:
        for table in (WebhookMark, WebhookEvent, WebhookDelivery):
            assert (await session.exec(select(func.count()).select_from(table))).one() == 0


async def test_imported_history_is_no_news(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, lin_the_buyer: Person
) -> None:
    """A message that is older than a week when it is found was brought in, not written."""
    await listen(receiver, MESSAGE_CREATED)
    talk = await start(client, lin_the_buyer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.chat.writer.clock.now", lambda: int(clock.now_ms() / 1000) - 8 * 86_400)
        await sent(client, lin_the_buyer, talk, "long ago")
    await sent(client, lin_the_buyer, talk, "today")
    await postman.walk()
    assert receiver.contents() == ["today"]


async def test_a_turn_whose_worker_died_is_taken_again(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    """Its job is gone for whatever reason; the sweep sees late deliveries and no job."""
    await listen(receiver, MESSAGE_CREATED)
    await sent(client, lin_the_buyer, talk)
    await relay.catch_up(postman.db)
    async with postman.db.writing() as session:
        await session.exec(delete(Job))
    await postman.walk()
    assert receiver.requests == []
    with time_machine.travel(clock.now() + 40):
        assert await postman.db.write(cleaning.wake_forgotten) == 1
        await postman.walk()
        assert len(receiver.requests) == 1


async def test_old_events_are_forgotten_with_their_log(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    await listen(receiver, MESSAGE_CREATED)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()

    async def counts() -> list[Any]:
        async with postman.db.reading() as session:
            tables = (WebhookEvent, WebhookDelivery, WebhookAttempt)
            return [(await session.exec(select(func.count()).select_from(table))).one() for table in tables]

    assert await counts() == [1, 1, 1]
    assert await postman.db.write(lambda unit: cleaning.forget(unit, clock.now() - 60, 100)) == 0
    assert await postman.db.write(lambda unit: cleaning.forget(unit, clock.now() + 60, 100)) == 1
    assert await counts() == [0, 0, 0]


async def test_a_deleted_conversation_does_not_live_on_in_the_log(
    client: AsyncClient, listen: Listen, postman: Postman, receiver: Receiver, talk: str, lin_the_buyer: Person
) -> None:
    await listen(receiver, MESSAGE_CREATED)
    await sent(client, lin_the_buyer, talk, "forget me")
    await postman.walk()
    assert await postman.db.write(lambda unit: cleaning.forget_deleted(unit, 100)) == 0
    async with postman.db.writing() as session:
        for table, of in ((Message, Message.conversation_id), (Conversation, Conversation.id)):
            await session.exec(delete(table).where(col(of) == int(talk)))
    assert await postman.db.write(lambda unit: cleaning.forget_deleted(unit, 100)) == 1
    assert await postman.db.write(lambda unit: cleaning.forget_marks(unit, 100)) == 1
    assert await _seqs(postman.db) == []
