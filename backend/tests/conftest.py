"""What every test stands on. `PARLEY_TEST_DATABASE_URL` and `PARLEY_TEST_BROKER_URL` choose where the suite runs;

empty means SQLite and in-process, as `scripts/test` has it.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from redis import Redis
from sqlalchemy import make_url
from sqlmodel.ext.asyncio.session import AsyncSession

from app.kernel import ids
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role
from app.main import create_app
from tests import databases, people
from tests.people import Enter, Person
from tests.serving import Server, served

SERVER = os.environ.get("PARLEY_TEST_DATABASE_URL", "")
BROKER = os.environ.get("PARLEY_TEST_BROKER_URL", "")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
MEMORY = Path("/dev/shm")
BASE_URL = "http://parley.test"

# No folder of examples beside the code, and no time limit on a machine that is busy with other things.
hypothesis.settings.register_profile("parley", database=None, deadline=None)
hypothesis.settings.load_profile("parley")


# What no database can change runs once, on SQLite. Every route under fire and the chaos run twice, on the embedded
# database and on the one that we recommend beside it; everything else runs on all three.
ONCE = (
    "accounts/test_hours.py",
    "architecture/test_compose.py",
    "architecture/test_files.py",
    "architecture/test_routes.py",
    "architecture/test_settings.py",
    "architecture/test_translations.py",
    "chat/test_plan.py",
    "exports/test_formats.py",
    "imports/test_tables.py",
    "kernel/test_bigrams.py",
    "kernel/test_config.py",
    "kernel/test_errors.py",
    "kernel/test_ids.py",
    "messengers/test_letters.py",
    "messengers/test_sms.py",
    "messengers/test_smtp.py",
    "reports/test_tally.py",
    "security/test_broken_images.py",
    "webhooks/test_guard.py",
    "webhooks/test_schemas.py",
)
TWICE = ("api/", "chaos/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another run of `scripts/test` covers."""
    if not SERVER:
        return
    left_out = ONCE if make_url(SERVER).get_backend_name() == "postgresql" else ONCE + TWICE
    tests = Path(__file__).parent
    out = {item for item in items if item.path.relative_to(tests).as_posix().startswith(left_out)}
    config.hook.pytest_deselected(items=list(out))
    items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | Path]:
    """A database with all tables: the worker's own on a server, or a SQLite file to copy."""
    folder = tmp_path_factory.mktemp("database")
    if not SERVER:
        yield databases.migrated_file(folder)
        return
    yield databases.create(SERVER, WORKER, folder)
    databases.drop(SERVER, WORKER)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The Redis of this run in a database of this worker's own, or nothing."""
    if not BROKER:
        return ""
    url = make_url(BROKER)
    worker = int(WORKER.removeprefix("gw")) if WORKER != "main" else 0
    return url.set(database=str(int(url.database or 0) - worker)).render_as_string(hide_password=False)


@pytest.fixture
def database_url(migrated: str | Path) -> Iterator[str]:
    """Where this test's tables are. A SQLite file lies in memory if it can: most of a test is waiting for disks."""
    if isinstance(migrated, str):
        yield migrated
        return
    with tempfile.TemporaryDirectory(prefix="parley-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        copy = Path(folder) / "parley.db"
        shutil.copy(migrated, copy)
        yield f"sqlite:///{copy}"


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """An installation of the test's own. The process environment and `.env` have no say in what is named here."""
    if redis_url:
        _forget_limits(redis_url)
    values: dict[str, Any] = {
        "environment": "development",
        "var_dir": tmp_path,
        "media_dir": tmp_path / "media",
        "database_url": database_url,
        "database_pool_size": 5,
        "broker_url": redis_url,
        "snowflake_node_id": 0,  # leases are for clocks that nobody turns
        "base_url": BASE_URL,
        "cors_origins": [],
        "secret_key": "a secret of the tests, and of nobody else",
        "argon2_time_cost": 1,
        "argon2_memory_kib": 8,
        "demo": False,
        "run_jobs": False,  # who tests jobs says so
        "debug": False,
    }
    return Settings(_env_file=None, **values)


def _forget_limits(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        for key in redis.scan_iter("LIMITS*"):
            redis.delete(key)


@pytest.fixture(autouse=True)
def fresh_ids() -> None:
    """A generator that remembers a clock that some test turned forward would refuse today's."""
    ids.use_node(0)


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The database, migrated and empty. Not the application's object: the same tables through other connections."""
    database = Database(settings)
    if SERVER:
        await databases.empty(database)
    yield database
    await database.dispose()


@pytest.fixture
async def session(db: Database) -> AsyncIterator[AsyncSession]:
    """A unit of work for verbs. Not together with `client`: on SQLite it would wait for this unit's end."""
    async with db.writing() as unit:
        yield unit


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """The whole application, started and in the end stopped."""
    app = create_app(settings)
    _share_doors(app)
    async with app.router.lifespan_context(app):
        yield app


_first: list[FastAPI] = []


def _share_doors(app: FastAPI) -> None:
    """FastAPI prepares the routes of each application at its first request, which takes half a second. Routes know no

    settings, so that every application of this process can use those of the first.
    """
    if _first:
        app.router.routes = _first[0].router.routes
    else:
        _first.append(app)
    app.openapi = _first[0].openapi  # type: ignore[method-assign]


@pytest.fixture
async def app(db: Database, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application of this test, started."""
    async with running(settings) as started:
        yield started


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """HTTP to the application without a network."""
    async with AsyncClient(transport=ASGITransport(app), base_url=BASE_URL) as http:
        yield http


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[Server]:
    """The application behind the real server on a port of loopback, for sockets."""
    async with served(app) as where:
        yield where


@pytest.fixture
def enter(db: Database, settings: Settings) -> Enter:
    """Make a user with a password and a session: `await enter("m1", "chen", Role.MERCHANT)`."""

    async def make(user_id: str, username: str, role: Role, **more: str) -> Person:
        return await people.enter(db, settings, user_id, username, role, **more)

    return make


@pytest.fixture
async def an_admin(enter: Enter) -> Person:
    """Sees everything, writes nothing."""
    return await enter("a1", "root", Role.ADMIN)


@pytest.fixture
async def chen_the_merchant(enter: Enter) -> Person:
    """The owner of the rice shop m1."""
    return await enter("m1", "chen", Role.MERCHANT, display_name="陈记米铺", greeting="您好")


@pytest.fixture
async def an_the_agent(enter: Enter, chen_the_merchant: Person) -> Person:
    """Works for the rice shop."""
    return await enter("m2", "an", Role.MERCHANT, merchant_id=chen_the_merchant.id)


@pytest.fixture
async def honey_the_merchant(enter: Enter) -> Person:
    """The owner of another shop."""
    return await enter("m7", "honey", Role.MERCHANT)


@pytest.fixture
async def lin_the_buyer(enter: Enter) -> Person:
    """Buys rice."""
    return await enter("b1", "lin", Role.BUYER, email="Lin@Example.com", phone="138 0013 8000")


@pytest.fixture
async def maria_the_buyer(enter: Enter) -> Person:
    """Another buyer."""
    return await enter("b2", "maria", Role.BUYER)
