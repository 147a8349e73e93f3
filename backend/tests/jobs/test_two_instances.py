"""A worker in a process of its own, two web instances: what a task says reaches the sockets of both, in order."""

import asyncio
import os
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.kernel import clock
from app.kernel.config import Settings
from app.worker import ALIVE_FILES
from tests.conftest import running
from tests.jobs import walking
from tests.people import Person
from tests.redis_server import RedisServer, needs_redis_server
from tests.serving import Line, Server, served

pytestmark = [
    needs_redis_server,
    pytest.mark.skipif(
        not os.environ.get("PARLEY_TEST_DATABASE_URL"), reason="SQLite serves one process: two need a server database"
    ),
]
BACKEND = Path(walking.__file__).parents[2]
TASKS = "/api/v1/tasks/"
PATIENCE_SECONDS = 60  # a process has to start


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    """A Redis that we may stop."""
    async with RedisServer() as own:
        yield own


@pytest.fixture
async def instances(app: FastAPI, settings: Settings, redis: RedisServer) -> AsyncIterator[list[Server]]:
    """Two, which run no jobs; both are subscribed."""
    own = settings.model_copy(update={"broker_url": redis.url})
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(running(own)) for _ in range(2)]
        servers = [await stack.enter_async_context(served(one)) for one in apps]
        async with asyncio.timeout(10):
            while not all(one.state.desk.broker.is_healthy for one in apps):
                await asyncio.sleep(0.01)
        yield servers


@pytest.fixture
async def worker(settings: Settings, redis: RedisServer, tmp_path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """`parley worker` for exports, at work, with a kind of job that only tests have."""
    var = tmp_path / "worker"
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "BROKER_URL": redis.url,
        "PARLEY_VAR": str(var),
        "SECRET_KEY": settings.secret_key,
        "SNOWFLAKE_NODE_ID": "7",
        "ENVIRONMENT": "development",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "tests.jobs.walking", "worker", "--queues", "exports"]
    process = await asyncio.create_subprocess_exec(*command, cwd=BACKEND, env=environment)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any(var.glob(ALIVE_FILES)):
            assert process.returncode is None
            await asyncio.sleep(0.05)
    yield process
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def start(server: Server, who: Person, **payload: Any) -> str:
    async with AsyncClient(base_url=server.url) as http:
        answer = await http.post(TASKS, json={"kind": "tests.walk", "payload": payload}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    task_id: str = answer.json()["id"]
    return task_id


async def heard_until(line: Line, status: str, times: dict[str, float]) -> list[dict[str, Any]]:
    """The tasks of all frames until this status; `times` learns when each message arrived."""
    tasks = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            task = (await line.until("task"))["task"]
            times.setdefault(task["message"], clock.monotonic())
            tasks.append(task)
            if task["status"] == status:
                return tasks


async def test_progress_of_a_worker_process_reaches_sockets_of_every_instance(
    instances: list[Server], worker: asyncio.subprocess.Process, chen_the_merchant: Person, an_admin: Person
) -> None:
    left, right = instances
    async with (
        await left.enter(chen_the_merchant) as chen,
        await right.enter(chen_the_merchant) as again,
        await right.enter(an_admin) as admin,
    ):
        await start(left, chen_the_merchant, steps=1, seconds=0)
        arrivals: dict[str, float] = {}
        for line in (chen, again, admin):
            assert (await heard_until(line, "completed", {}))[-1]["progress"] == 100
        await start(left, chen_the_merchant, steps=10, seconds=0.12)
        tasks = await heard_until(again, "completed", arrivals)
        shares = [task["progress"] for task in tasks]
        assert shares == sorted(shares)
        assert {10, 50, 90, 100} <= set(shares)
        late = [
            arrivals[message] - told_at
            for step, told_at in enumerate(tasks[-1]["result"]["told_at"])
            if (message := f"{step} of 10 messages") in arrivals
        ]
        assert len(late) == 10
        print(
            f"progress to a socket of another process: {statistics.median(late) * 1000:.0f} ms, {max(late):.3f} s most"
        )
        for line in (chen, admin):
            assert [task["progress"] for task in await heard_until(line, "completed", {})] == shares


async def test_a_wish_to_stop_reaches_the_worker_process(
    instances: list[Server], worker: asyncio.subprocess.Process, chen_the_merchant: Person
) -> None:
    left, right = instances
    async with await left.enter(chen_the_merchant) as line, AsyncClient(base_url=right.url) as http:
        task_id = await start(left, chen_the_merchant, steps=1000, seconds=0.1)
        await heard_until(line, "processing", {})
        answer = await http.post(f"{TASKS}{task_id}/cancel", headers=chen_the_merchant.headers)
        assert answer.json()["is_cancelling"]
        await heard_until(line, "cancelled", {})


async def test_what_an_outage_of_redis_hides_is_fetched_after_it(
    instances: list[Server], worker: asyncio.subprocess.Process, chen_the_merchant: Person, redis: RedisServer
) -> None:
    left, _ = instances
    async with await left.enter(chen_the_merchant) as line, AsyncClient(base_url=left.url) as http:
        task_id = await start(left, chen_the_merchant, steps=20, seconds=0.1)
        await heard_until(line, "processing", {})
        await redis.stop()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                task = (await http.get(f"{TASKS}{task_id}", headers=chen_the_merchant.headers)).json()
                if task["status"] == "completed":
                    break
                await asyncio.sleep(0.05)
        await redis.start()
        await line.until("resync")
