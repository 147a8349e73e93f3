"""Databases of our own, made empty, migrated, and dropped at the end."""

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.engine import URL

BACKEND = Path(__file__).resolve().parents[1]
CONNECT_SECONDS = 5


def postgresql_server() -> URL:
    """Where we may create databases: the suite's server when it is named, else the usual local one."""
    for variable in ("PARLEY_TEST_POSTGRES_URL", "PARLEY_TEST_DATABASE_URL"):
        named = os.environ.get(variable, "")
        if named.startswith("postgres"):
            return make_url(named).set(drivername="postgresql")
    return make_url(f"postgresql://{getpass.getuser()}@127.0.0.1:5432/postgres")


def sqlite_url(folder: Path, name: str = "parley") -> str:
    """A database file that goes with its folder."""
    return f"sqlite:///{folder / f'{name}.db'}"


@contextmanager
def own_postgresql(name: str) -> Iterator[str]:
    """The address of a fresh database called `parley_<name>_<our pid>`."""
    server, database = postgresql_server(), f"parley_{name}_{os.getpid()}"
    _on_server(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
    _on_server(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    try:
        yield server.set(database=database).render_as_string(hide_password=False)
    finally:
        _on_server(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def run_parley(environment: dict[str, str], *arguments: str) -> str:
    """What `parley …` prints in that environment; its complaint is ours when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments], cwd=BACKEND, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"parley {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _on_server(server: URL, statement: sql.Composed) -> None:
    address = server.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute(statement)
