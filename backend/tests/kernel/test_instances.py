"""Processes show themselves while they live, with what they measure, and take their line with them when they go."""

import asyncio

from loguru import logger
from sqlmodel import col, update

from app.kernel import instances
from app.kernel.db import Database
from app.kernel.instances import FORGOTTEN_SECONDS, Instance
from app.kernel.sql import server_now


async def shown(db: Database, wanted: int, without: str = "") -> list[tuple[Instance, int]]:
    """The lines, as soon as there are so many, and none of that name."""
    async with asyncio.timeout(10):
        while True:
            async with db.reading() as session:
                rows = await instances.listing(session)
            if len(rows) == wanted and without not in {row.name for row, _ in rows}:
                return rows
            await asyncio.sleep(0.01)


async def test_several_processes_show_themselves_and_go(db: Database) -> None:
    async with instances.alive(db, "server", lambda: {"sockets": 3}) as first:
        async with instances.alive(db, "worker", dict) as second:
            rows = await shown(db, 2)
            assert {row.name for row, _ in rows} == {first, second}
            [server] = [row for row, _ in rows if row.kind == "server"]
            assert (server.facts["sockets"], server.facts["errors"]) == (3, 0)
            assert all(age <= 2 for _, age in rows)
        await shown(db, 1)
    await shown(db, 0)


async def test_errors_of_a_process_are_counted(db: Database) -> None:
    pulse = instances._Pulse()
    sink = logger.add(pulse.note_error, level="ERROR", format="{message}")
    logger.warning("no error")
    logger.error("an error")
    logger.remove(sink)
    assert pulse.facts()["errors"] == 1


async def test_who_fell_silent_is_seen_and_forgotten_in_the_end(db: Database) -> None:
    async with instances.alive(db, "server", dict):
        [(row, _)] = await shown(db, 1)
        name = row.name
        silent = update(Instance).where(col(Instance.name) == name)
        async with db.writing() as session:
            await session.exec(silent.values(name="server-gone", seen_at=server_now() - 60))
        async with db.reading() as session:
            [(_, age)] = await instances.listing(session)
        assert age >= 60
        gone = update(Instance).where(col(Instance.name) == "server-gone")
        async with db.writing() as session:
            await session.exec(gone.values(seen_at=server_now() - FORGOTTEN_SECONDS - 1))
        async with instances.alive(db, "server", dict) as other:
            [(row, _)] = await shown(db, 1, without="server-gone")
            assert row.name == other
