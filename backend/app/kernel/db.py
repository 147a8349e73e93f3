"""Units of work on SQLite, PostgreSQL and MySQL/MariaDB: the only place that commits.

On SQLite a write unit says BEGIN IMMEDIATE under one process-wide lock: deferred transactions lose updates, and waiting
in asyncio is fair where the busy handler is not. Never await the network inside a write unit.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import HTTPConnection

from app.kernel import clock, events
from app.kernel.config import Settings

T = TypeVar("T")
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+aiomysql"}
FAMILIES = {"postgres": "postgresql", "mariadb": "mysql"}
_SETTINGS = "settings"
_RETURNED = "parley_returned_at"
_AFTERWARDS = "parley_afterwards"
_MOMENT = "parley_moment"
FROZEN_MS = 15_000  # a unit of work that does nothing for this long is given up, and its locks with it
IDLE_SECONDS = 2.0  # after which a pooled connection is looked at before it is used
BUSY_TIMEOUT_MS = 5000
WRITE_TRIES = 5
_TRANSIENT_STATES = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
_TRANSIENT_ERRNOS = {
    1213,
    1205,
    1020,
}  # MySQL: deadlock, lock wait timeout; MariaDB: record has changed since last read


def async_url(database_url: str) -> URL:
    """`database_url` with the driver that we ship, whichever one it names."""
    url = make_url(database_url)
    family = url.get_backend_name()
    url = url.set(drivername=DRIVERS[FAMILIES.get(family, family)])
    if url.drivername == DRIVERS["mysql"]:
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def is_transient(error: BaseException) -> bool:
    """True for a failure that a second try of the whole unit may not meet again."""
    if not isinstance(error, DBAPIError):
        return False
    original = error.orig
    if getattr(original, "sqlstate", None) in _TRANSIENT_STATES:
        return True
    arguments = getattr(original, "args", ())
    return bool(arguments and arguments[0] in _TRANSIENT_ERRNOS) or "database is locked" in str(original)


class Database:
    """The engine, and the two kinds of unit that may be opened on it."""

    def __init__(self, settings: Settings) -> None:
        self._info = {_SETTINGS: settings}
        self.url = async_url(settings.database_url)
        self.dialect = self.url.get_backend_name()
        self.publish: events.Publisher = lambda happened: None
        self.write_lock: asyncio.Lock | None = asyncio.Lock() if self.dialect == "sqlite" else None
        self.engine = self._engine(settings)
        self._write_engine = self.engine.execution_options(parley_write=True)
        self._read_engine = self.engine
        if self.dialect == "postgresql":  # two round trips fewer; elsewhere autocommit is itself a round trip
            self._read_engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is thrown away at the end; what it left for `afterwards` is written then."""
        async with AsyncSession(self._read_engine, expire_on_commit=False, info=self._info) as session:
            yield session
        for work in session.info.pop(_AFTERWARDS, ()):
            await self.write(work)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session that commits at its end, then publishes what happened in it."""
        async with self.write_lock or nullcontext():
            async with AsyncSession(self._write_engine, expire_on_commit=False, info=self._info) as session:
                yield session
                for work in session.info.pop(_AFTERWARDS, ()):
                    await work(session)
                await session.commit()
                happened = events.take(session)
        if happened:
            self.publish(happened)

    async def write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `work` in a write unit, again from the start when it met a deadlock or a serialization failure."""
        for attempt in range(WRITE_TRIES - 1):
            try:
                async with self.writing() as session:
                    return await work(session)
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
        async with self.writing() as session:
            return await work(session)

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    def _engine(self, settings: Settings) -> AsyncEngine:
        # What people wrote and their password hashes stay out of logs and of the traces of jobs.
        options: dict[str, Any] = {"echo": settings.debug_sql, "hide_parameters": not settings.debug_sql}
        if self.dialect == "sqlite":
            # What people wrote is in there, and other users of the machine have no business with it.
            Path(self.url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            options |= {"pool_size": settings.database_pool_size, "max_overflow": settings.database_pool_size}
            options |= {"pool_recycle": 1800}
        if self.dialect == "postgresql":
            options["connect_args"] = {"options": f"-c idle_in_transaction_session_timeout={FROZEN_MS}"}
        if self.dialect == "mysql":
            options["isolation_level"] = "READ COMMITTED"
        engine = create_async_engine(self.url, **options)
        if self.dialect == "sqlite":
            prepare_sqlite(engine)
        else:
            ping_after_idling(engine)
        return engine


def prepare_sqlite(engine: AsyncEngine) -> None:
    """Pragmas on every connection, and our own BEGIN: the driver's is deferred and loses updates."""

    def on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def on_begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("parley_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)


def ping_after_idling(engine: AsyncEngine) -> None:
    """Look whether a connection still lives, but only when it has idled: a ping costs as much as a statement."""

    def on_checkin(_: Any, record: Any) -> None:
        record.info[_RETURNED] = clock.monotonic()

    def on_checkout(connection: Any, record: Any, _: object) -> None:
        if clock.monotonic() - record.info.get(_RETURNED, clock.monotonic()) > IDLE_SECONDS:
            try:
                is_alive = engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error:
                is_alive = False
            if not is_alive:
                raise DisconnectionError("the connection was lost while it idled")

    event.listen(engine.sync_engine, "checkin", on_checkin)
    event.listen(engine.sync_engine, "checkout", on_checkout)


SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # "sent" is a promise that survives a power cut
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
)


def afterwards(session: AsyncSession, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Run `work` when the unit of `session` ends well: before its commit, or after a reading in a unit of its own."""
    session.info.setdefault(_AFTERWARDS, []).append(work)


def moment(session: AsyncSession) -> int:
    """The second in which this unit of work first asked: what it does together happened together."""
    at: int = session.info.setdefault(_MOMENT, clock.now())
    return at


def settings_in(session: AsyncSession) -> Settings:
    """The settings of the installation whose unit of work this is."""
    return cast(Settings, session.info[_SETTINGS])


def database_of(connection: HTTPConnection) -> Database:
    """The application's database."""
    return cast(Database, connection.app.state.db)


Db = Annotated[Database, Depends(database_of)]


async def _write_unit(db: Db) -> AsyncIterator[AsyncSession]:
    async with db.writing() as session:
        yield session


async def _read_unit(db: Db) -> AsyncIterator[AsyncSession]:
    async with db.reading() as session:
        yield session


# "function" scope ends before the response leaves: commit, publish, answer. FastAPI's default commits after the answer.
Tx = Annotated[AsyncSession, Depends(_write_unit, scope="function")]
ReadTx = Annotated[AsyncSession, Depends(_read_unit, scope="function")]
