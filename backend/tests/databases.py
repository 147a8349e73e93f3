"""Databases for tests: one for each worker on the server of this run, or a fresh SQLite file for each test."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import delete, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from app.kernel import migrations
from app.kernel.config import Settings
from app.kernel.db import Database, async_url


def migrated_file(folder: Path) -> Path:
    """A SQLite file with every table and no row; tests copy it, which takes a millisecond."""
    path = folder / "template.db"
    _migrate(f"sqlite:///{path}", folder)
    # The WAL was written back when the last connection closed, so the one file is all.
    return path


def create(server: str, worker: str, folder: Path) -> str:
    """The address of a migrated database of this worker's own; one that a killed run left behind is dropped first."""
    url = make_url(server)
    own = url.set(database=f"{url.database}_{worker}").render_as_string(hide_password=False)
    drop(server, worker)
    _on_server(server, f"CREATE DATABASE {url.database}_{worker}")
    if url.get_backend_name().startswith("postgres"):
        _on_server(server, f"ALTER DATABASE {url.database}_{worker} SET synchronous_commit = off")
    _migrate(own, folder)
    return own


def drop(server: str, worker: str) -> None:
    """Take the worker's database away, also from a server process that a test left behind."""
    url = make_url(server)
    force = " WITH (FORCE)" if url.get_backend_name().startswith("postgres") else ""
    _on_server(server, f"DROP DATABASE IF EXISTS {url.database}_{worker}{force}")


async def empty(db: Database) -> None:
    """Delete every row, children first. Faster than TRUNCATE, which makes new files for each table."""
    async with db.writing() as session:
        connection = await session.connection()
        await connection.execute(text("DELETE FROM message_search"))
        for table in reversed(SQLModel.metadata.sorted_tables):
            await connection.execute(delete(table))


def _migrate(address: str, folder: Path) -> None:
    settings: dict[str, Any] = {"database_url": address, "var_dir": folder, "secret_key": "s" * 32}
    _apart(lambda: migrations.upgrade(Settings(_env_file=None, **settings)))


def _on_server(server: str, *statements: str) -> None:
    async def run() -> None:
        engine = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    _apart(lambda: asyncio.run(run()))


def _apart(work: Any) -> None:
    """In a thread of its own: `asyncio.run` would take the event loop away that pytest-asyncio keeps."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()
