"""Units of work: nothing is lost among many, nothing is told before it is true, nothing is told that was not."""

import asyncio
from collections.abc import Sequence

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.kernel import events
from app.kernel.db import Database, async_url, is_transient
from app.kernel.events import Event
from app.kernel.identity import Role
from app.kernel.node_leases import NodeLease

NODE = 5


class Happened(Event):
    """Something that a test did."""

    what: str


@pytest.fixture
async def counter(db: Database) -> None:
    """A row that counts in `expires_at`."""
    async with db.writing() as session:
        session.add(NodeLease(node=NODE, holder="counter", expires_at=0))


async def counted(db: Database) -> int:
    async with db.reading() as session:
        return (await session.exec(select(NodeLease.expires_at).where(NodeLease.node == NODE))).one()


async def test_five_hundred_increments_at_once_are_five_hundred(db: Database, counter: None) -> None:
    async def increment() -> None:
        async with db.writing() as session:
            one = update(NodeLease).where(col(NodeLease.node) == NODE).values(expires_at=NodeLease.expires_at + 1)
            await session.exec(one)

    await asyncio.gather(*(increment() for _ in range(500)))
    assert await counted(db) == 500


async def test_reading_before_writing_loses_nothing_under_a_row_lock(db: Database, counter: None) -> None:
    async def increment(session: AsyncSession) -> None:
        row = (await session.exec(select(NodeLease).where(NodeLease.node == NODE).with_for_update())).one()
        await asyncio.sleep(0)
        row.expires_at += 1

    await asyncio.gather(*(db.write(increment) for _ in range(100)))
    assert await counted(db) == 100


async def test_two_database_objects_on_the_same_tables_lose_nothing(db: Database, app: FastAPI, counter: None) -> None:
    """As the command line beside a server: on SQLite the process' own lock does not help here."""

    async def increment(one: Database) -> None:
        async with one.writing() as session:
            row = (await session.exec(select(NodeLease).where(NodeLease.node == NODE).with_for_update())).one()
            await asyncio.sleep(0)
            row.expires_at += 1

    await asyncio.gather(*(increment(one) for one in (db, app.state.db) * 50))
    assert await counted(db) == 100


async def test_what_happened_is_told_after_the_commit(db: Database) -> None:
    told: list[tuple[Sequence[Event], int]] = []

    def publish(happened: Sequence[Event]) -> None:
        told.append((happened, 1))

    db.publish = publish
    async with db.writing() as session:
        session.add(NodeLease(node=NODE, holder="x", expires_at=1))
        await events.emit(session, Happened(what="a"))
        await events.emit(session, Happened(what="b"))
        assert told == []
    assert [event.what for event in told[0][0]] == ["a", "b"]  # type: ignore[attr-defined]
    assert await counted(db) == 1


async def test_a_unit_that_fails_leaves_and_tells_nothing(db: Database) -> None:
    told: list[Sequence[Event]] = []
    db.publish = told.append

    async def fail() -> None:
        async with db.writing() as session:
            session.add(NodeLease(node=NODE, holder="x", expires_at=1))
            await session.flush()
            await events.emit(session, Happened(what="a"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with db.reading() as session:
        assert (await session.exec(select(NodeLease))).all() == []
    assert told == []
    async with db.writing() as session:  # and the lock is free
        session.add(NodeLease(node=NODE, holder="y", expires_at=1))
    assert told == []


async def test_a_unit_that_is_cancelled_leaves_nothing_and_frees_the_way(db: Database) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        async with db.writing() as session:
            session.add(NodeLease(node=NODE, holder="x", expires_at=1))
            await session.flush()
            begun.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        async with db.writing() as session:
            session.add(NodeLease(node=NODE, holder="y", expires_at=2))
    assert await counted(db) == 2


async def test_what_a_reader_writes_is_thrown_away(db: Database) -> None:
    async with db.reading() as session:
        session.add(NodeLease(node=NODE, holder="x", expires_at=1))
    async with db.reading() as session:
        assert (await session.exec(select(NodeLease))).all() == []


async def test_readers_do_not_wait_for_a_writer(db: Database, counter: None) -> None:
    async with db.writing() as session:
        await session.exec(update(NodeLease).where(col(NodeLease.node) == NODE).values(expires_at=9))
        async with asyncio.timeout(3):
            assert await counted(db) == 0
    assert await counted(db) == 9


async def test_listeners_work_in_the_same_transaction(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_listeners", {})

    async def also(session: AsyncSession, event: Happened) -> None:
        session.add(NodeLease(node=6, holder=event.what, expires_at=1))

    events.listen(Happened, also)
    async with db.writing() as session:
        await events.emit(session, Happened(what="heard"))
    async with db.reading() as session:
        assert (await session.exec(select(NodeLease.holder))).all() == ["heard"]


async def test_a_deadlock_is_tried_again_from_the_start(db: Database, counter: None) -> None:
    tries = 0

    async def work(session: AsyncSession) -> int:
        nonlocal tries
        tries += 1
        await session.exec(
            update(NodeLease).where(col(NodeLease.node) == NODE).values(expires_at=NodeLease.expires_at + 1)
        )
        if tries < 3:
            raise OperationalError("", {}, Exception("database is locked"))
        return tries

    assert await db.write(work) == 3
    assert await counted(db) == 1


async def test_a_conflict_is_not_tried_again(db: Database, counter: None) -> None:
    tries = 0

    async def work(session: AsyncSession) -> None:
        nonlocal tries
        tries += 1
        session.add(NodeLease(node=NODE, holder="x", expires_at=1))

    with pytest.raises(IntegrityError):
        await db.write(work)
    assert tries == 1


async def test_foreign_keys_hold_on_every_database(db: Database) -> None:
    from app.accounts.models import Staff, StaffRole

    async def orphan() -> None:
        async with db.writing() as session:
            session.add(Staff(user_id="nobody", merchant_id="nobody", role=StaffRole.OWNER))

    with pytest.raises(IntegrityError):
        await orphan()


async def test_text_is_stored_as_written(db: Database) -> None:
    names = ["a", "A", "米🌾", "é", "e\u0301", "ß", "ss", "x y"]
    async with db.writing() as session:
        for number, name in enumerate(names):
            user = User(id=f"b{number}", username=f"u{number}", role=Role.BUYER, avatar="", display_name=name)
            session.add(user)
    async with db.reading() as session:
        for number, name in enumerate(names):
            found = (await session.exec(select(User.id).where(User.display_name == name))).all()
            assert found == [f"b{number}"], name


def test_which_failures_may_be_tried_again() -> None:
    class Original(Exception):
        sqlstate = None

    def wrapped(state: str | None = None, *arguments: object) -> DBAPIError:
        original = Original(*arguments)
        original.sqlstate = state  # type: ignore[assignment]
        return OperationalError("", {}, original)

    assert is_transient(wrapped("40001"))
    assert is_transient(wrapped("40P01"))
    assert is_transient(wrapped(None, 1213, "Deadlock found"))
    assert is_transient(wrapped(None, 1205, "Lock wait timeout exceeded"))
    assert is_transient(wrapped(None, "database is locked"))
    assert not is_transient(wrapped("23505"))
    assert not is_transient(wrapped(None, 1062, "Duplicate entry"))
    assert not is_transient(wrapped())
    assert not is_transient(ValueError("database is locked"))


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+asyncpg://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("mysql+pymysql://u@h/d", "mysql+aiomysql"),
        ("mariadb://u@h/d", "mysql+aiomysql"),
    ],
)
def test_any_driver_in_the_address_becomes_ours(given: str, driver: str) -> None:
    assert async_url(given).drivername == driver


async def test_what_people_wrote_is_not_in_the_errors_of_statements(db: Database, counter: None) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with db.writing() as session:
            session.add(NodeLease(node=NODE, holder="the words of somebody", expires_at=0))
    assert "the words of somebody" not in str(refused.value)
