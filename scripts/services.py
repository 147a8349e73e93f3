"""Finds the database servers, the Redis and the browser that tests may use; prints `name<TAB>where` for each.

A database server counts when we can sign in and create `parley_test` there; nothing else on it is touched. Addresses
come from PARLEY_TEST_POSTGRES_URL, PARLEY_TEST_MYSQL_URL and PARLEY_TEST_REDIS_URL, else from the usual local places.
"""

import asyncio
import getpass
import os
import shutil
import sys
from collections.abc import Callable

import aiomysql
import psycopg
import redis
from sqlalchemy import make_url

DATABASE = "parley_test"
TIMEOUT_SECONDS = 3


def candidates(variable: str, *usual: str) -> list[str]:
    """The one address that was given, or all that are worth a try."""
    given = os.environ.get(variable)
    return [given] if given else list(usual)


def try_postgres(url: str) -> str:
    """Sign in, create the database if it is missing, answer its URL."""
    address = make_url(url).set(drivername="postgresql")
    database = address.database or DATABASE
    server = address.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True, connect_timeout=TIMEOUT_SECONDS) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not known:
            name = psycopg.sql.Identifier(database)
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))
    return address.set(database=database).render_as_string(hide_password=False)


def try_mysql(url: str) -> str:
    """As for PostgreSQL; the grant must also cover `parley_test_…`, one database for each test worker."""
    address = make_url(url).set(drivername="mysql")
    database = address.database or DATABASE

    async def create() -> None:
        connection = await aiomysql.connect(
            host=address.host or "127.0.0.1",
            port=address.port or 3306,
            user=address.username,
            password=address.password or "",
            connect_timeout=TIMEOUT_SECONDS,
        )
        async with connection.cursor() as cursor:
            # Not `IF NOT EXISTS`: it warns each time.
            known = await cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", [database])
            if not known:
                await cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
        connection.close()

    asyncio.run(create())
    return address.set(database=database).render_as_string(hide_password=False)


def try_redis(url: str) -> str:
    """A Redis counts when it answers."""
    redis.Redis.from_url(url, socket_connect_timeout=TIMEOUT_SECONDS).ping()
    return url


def first(attempt: Callable[[str], str], urls: list[str]) -> str | None:
    """The first address that works; why the others do not is told only when the caller insisted on one."""
    for url in urls:
        try:
            return attempt(url)
        except (psycopg.Error, redis.RedisError, aiomysql.Error, OSError, RuntimeError) as problem:
            if len(urls) == 1:
                print(f"{make_url(url).render_as_string()}: {problem}", file=sys.stderr)
    return None


def main() -> None:
    """One line for each service that is there."""
    me = getpass.getuser()
    found = {
        "postgres": first(
            try_postgres,
            candidates(
                "PARLEY_TEST_POSTGRES_URL",
                f"postgresql://{me}@127.0.0.1:5432/{DATABASE}",
                f"postgresql://parley:parley@127.0.0.1:5432/{DATABASE}",
            ),
        ),
        "mysql": first(
            try_mysql,
            candidates(
                "PARLEY_TEST_MYSQL_URL",
                f"mysql://{me}@127.0.0.1:3306/{DATABASE}",
                f"mysql://parley:parley@127.0.0.1:3306/{DATABASE}",
            ),
        ),
        "redis": first(try_redis, candidates("PARLEY_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")),
        "browser": next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None),
    }
    for name, where in found.items():
        if where:
            print(f"{name}\t{where}")


if __name__ == "__main__":
    main()
