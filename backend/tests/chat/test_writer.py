"""The group-commit writer: a database that goes away, a queue that is full, and one bad draft among good ones."""

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.chat import writer as writers
from app.chat.drafts import Draft
from app.chat.plan import Outcome, Sent
from app.chat.stores import MessageStore, StoreUnavailable
from app.chat.writer import Writer
from app.kernel.errors import AppError
from tests.chat.talking import refusal, send, thread
from tests.people import Person
from tests.serving import Server


class Unsteady:
    """The real store, with failures before (`lost_before`) or after (`lost_after`) its commit."""

    def __init__(self, real: MessageStore, *, is_closed: bool = False) -> None:
        self.real = real
        self.lost_before = 0
        self.lost_after = 0
        self.refuses: Callable[[Draft], bool] = lambda draft: False
        self.gate: asyncio.Event | None = None
        self.at_gate = 0
        self.batches: list[int] = []
        self.is_closed = is_closed

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        if self.gate is not None:
            self.at_gate += len(drafts)
            await self.gate.wait()
        if self.lost_before:
            self.lost_before -= 1
            raise StoreUnavailable("gone before")
        if any(self.refuses(draft) for draft in drafts):
            raise ValueError("this batch cannot be stored")
        outcomes = await self.real.commit(drafts, now)
        self.batches.append(len(drafts))
        if self.lost_after:
            self.lost_after -= 1
            raise StoreUnavailable("gone after the commit")
        return outcomes

    async def close(self) -> None:
        if not self.is_closed:  # a test may end the writer before the application does
            self.is_closed = True
            await self.real.close()


@pytest.fixture
async def store(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Unsteady:
    """The store of the running application, which fails when a test says so. Retries hardly wait."""
    monkeypatch.setattr(writers, "RETRY_SECONDS", (0.001, 0.001, 0.001))
    writer: Writer = app.state.desk.writer
    writer._store = unsteady = Unsteady(writer._store)
    return unsteady


@pytest.fixture
async def announced(app: FastAPI) -> list[int]:
    """The seqs that were told to the hub."""
    writer: Writer = app.state.desk.writer
    tell, told = writer._announce, list[int]()

    def listen(sent: Sequence[tuple[Sent, object]]) -> None:
        told.extend(outcome.message.seq for outcome, _ in sent)
        tell(sent)

    writer._announce = listen
    return told


async def test_what_was_lost_before_the_commit_is_tried_again(
    client: AsyncClient, store: Unsteady, announced: list[int], talk: str, lin_the_buyer: Person
) -> None:
    store.lost_before = 2
    answers = await asyncio.gather(*(send(client, lin_the_buyer, talk, f"{n}", client_id=f"c{n}") for n in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    rows = await thread(client, lin_the_buyer, talk)
    assert [row["seq"] for row in rows] == list(range(1, 11))
    assert sorted(announced) == list(range(1, 11))


async def test_what_was_lost_after_the_commit_is_not_stored_twice_and_yet_told(
    client: AsyncClient, store: Unsteady, announced: list[int], talk: str, lin_the_buyer: Person
) -> None:
    store.lost_after = 1
    answers = await asyncio.gather(*(send(client, lin_the_buyer, talk, f"{n}", client_id=f"c{n}") for n in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    rows = await thread(client, lin_the_buyer, talk)
    assert [row["seq"] for row in rows] == list(range(1, 11))
    assert set(announced) == set(range(1, 11))
    assert {answer.json()["id"] for answer in answers} == {row["id"] for row in rows}


async def test_a_database_that_stays_away_is_a_503_and_sending_again_is_safe(
    client: AsyncClient, store: Unsteady, talk: str, lin_the_buyer: Person
) -> None:
    store.lost_before = 4
    refused = await send(client, lin_the_buyer, talk, "once", client_id="once")
    assert refusal(refused) == (503, "busy")
    assert int(refused.headers["Retry-After"]) >= 1
    store.lost_after = 10
    assert (await send(client, lin_the_buyer, talk, "once", client_id="once")).status_code == 503
    store.lost_after = 0
    assert (await send(client, lin_the_buyer, talk, "once", client_id="once")).status_code == 200
    assert len(await thread(client, lin_the_buyer, talk)) == 1


async def test_one_bad_draft_fails_alone(
    client: AsyncClient, store: Unsteady, talk: str, lin_the_buyer: Person
) -> None:
    store.refuses = lambda draft: draft.content == "bad"
    store.gate = asyncio.Event()
    tries = [asyncio.create_task(send(client, lin_the_buyer, talk, text)) for text in ("a", "bad", "b", "c")]
    await asyncio.sleep(0.2)
    store.gate.set()
    answers = await asyncio.gather(*tries)
    assert [answer.status_code for answer in answers] == [201, 500, 201, 201]
    assert "cannot be stored" not in answers[1].text
    assert sorted(row["content"] for row in await thread(client, lin_the_buyer, talk)) == ["a", "b", "c"]


async def test_a_full_queue_is_a_503_at_once(
    client: AsyncClient, store: Unsteady, talk: str, lin_the_buyer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MAX_WAITING", 3)
    store.gate = asyncio.Event()
    tries = [asyncio.create_task(send(client, lin_the_buyer, talk, f"{number}")) for number in range(12)]
    while sum(one.done() for one in tries) < 12 - 3 - 12 // 2:
        await asyncio.sleep(0.01)
    store.gate.set()
    answers = await asyncio.gather(*tries)
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert refusal(refused[0]) == (503, "busy")
    assert len(await thread(client, lin_the_buyer, talk)) == 12 - len(refused)


async def test_what_gathers_is_one_transaction(
    server: Server, store: Unsteady, talk: str, lin_the_buyer: Person
) -> None:
    async with await server.enter(lin_the_buyer) as line:
        for number in range(60):
            await line.say("send", conversation_id=talk, client_id=f"c{number}", content="x")
        for _ in range(60):
            await line.until("sent")
    assert sum(store.batches) == 60
    assert len(store.batches) < 20


async def test_what_was_accepted_is_stored_before_the_end(
    app: FastAPI, client: AsyncClient, store: Unsteady, talk: str, lin_the_buyer: Person
) -> None:
    store.gate = asyncio.Event()
    tries = [asyncio.create_task(send(client, lin_the_buyer, talk, f"{number}")) for number in range(5)]
    writer = app.state.desk.writer
    async with asyncio.timeout(20):
        while store.at_gate + len(writer._waiting) < 5:
            await asyncio.sleep(0.01)
    ending = asyncio.create_task(writer.stop())
    await asyncio.sleep(0)
    store.gate.set()
    await ending
    assert {answer.status_code for answer in await asyncio.gather(*tries)} == {201}
    assert refusal(await send(client, lin_the_buyer, talk, "late")) == (503, "busy")
    assert len(await thread(client, lin_the_buyer, talk)) == 5


async def test_a_caller_who_left_does_not_stop_the_writer(
    client: AsyncClient, store: Unsteady, talk: str, lin_the_buyer: Person
) -> None:
    store.gate = asyncio.Event()
    gone = asyncio.create_task(send(client, lin_the_buyer, talk, "gone", client_id="gone"))
    await asyncio.sleep(0.1)
    gone.cancel()
    store.gate.set()
    assert (await send(client, lin_the_buyer, talk, "here")).status_code == 201
    again = await send(client, lin_the_buyer, talk, "gone", client_id="gone")
    assert again.status_code in (200, 201)
    assert len(await thread(client, lin_the_buyer, talk)) == 2


def test_busy_is_an_error_that_asks_to_come_back() -> None:
    error = writers.busy()
    assert isinstance(error, AppError)
    assert error.headers["Retry-After"] == "1"


async def test_what_a_process_could_not_tell_before_it_died_is_told_when_it_is_sent_again(
    app: FastAPI, client: AsyncClient, talk: str, lin_the_buyer: Person
) -> None:
    await send(client, lin_the_buyer, talk, "once", client_id="once")
    told: list[int] = []
    another = Writer(
        Unsteady(app.state.desk.writer._store), lambda sent: told.extend(one.message.seq for one, _ in sent)
    )
    another.start()
    draft = Draft(lin_the_buyer.identity, int(talk), "once", "once")
    for _ in range(3):
        assert (await another.send(draft)).is_replay
    assert told == [1]
    old = Writer(another._store, lambda sent: told.extend(one.message.seq for one, _ in sent))
    old.start()
    with time_machine.travel(time.time() + 3600):
        assert (await old.send(draft)).is_replay
    assert told == [1]
    for writer in (another, old):
        writer._store = Unsteady(another._store, is_closed=True)
        await writer.stop()
