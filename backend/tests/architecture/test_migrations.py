"""Every revision goes up and down, and models and revisions say the same, on the database of this run."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from app.kernel.db import async_url

BACKEND = Path(__file__).parents[2]


@pytest.fixture
async def empty_database(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database of our own that holds nothing, on the server of this run; dropped at the end."""
    server = os.environ.get("PARLEY_TEST_DATABASE_URL", "")
    if not server:
        yield f"sqlite:///{tmp_path / 'migrations.db'}"
        return
    url = make_url(server)
    name = f"{url.database}_migrations_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await on_server(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    await on_server(url, f"DROP DATABASE IF EXISTS {name}")


async def on_server(url: URL, *statements: str) -> None:
    """Run statements that no transaction may surround."""
    engine = create_async_engine(async_url(url.render_as_string(hide_password=False)), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def tables_of(address: str) -> set[str]:
    """The tables that stand there, apart from Alembic's own."""

    def read(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    engine = create_async_engine(async_url(address))
    async with engine.connect() as connection:
        found = await connection.run_sync(read)
    await engine.dispose()
    return found - {"alembic_version"}


def alembic(address: str, var: Path, *arguments: str) -> str:
    """What `alembic …` says about that database; its error is the test's."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": address, "PARLEY_VAR": str(var), "ENVIRONMENT": "development"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_revisions_go_up_and_down_and_match_the_models(empty_database: str, tmp_path: Path) -> None:
    alembic(empty_database, tmp_path, "upgrade", "head")
    before = await tables_of(empty_database)
    assert {"users", "conversations", "messages", "quick_replies"} <= before
    alembic(empty_database, tmp_path, "check")
    alembic(empty_database, tmp_path, "downgrade", "base")
    assert await tables_of(empty_database) == set()
    alembic(empty_database, tmp_path, "upgrade", "head")
    assert await tables_of(empty_database) == before


def test_revisions_stand_in_one_line(tmp_path: Path) -> None:
    heads = alembic(f"sqlite:///{tmp_path / 'unused.db'}", tmp_path, "heads").split("\n")
    assert len([line for line in heads if line.strip()]) == 1
