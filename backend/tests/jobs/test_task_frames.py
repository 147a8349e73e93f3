"""What a task tells while it runs: `task` frames on the socket, and events for clients without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from app.accounts import sessions
from app.chat import task_events_api
from app.jobs import queue
from app.jobs.kinds import Nothing, job
from app.jobs.models import Job, JobStatus
from app.jobs.runs import Run
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.errors import Unauthorized
from app.kernel.identity import Role
from tests.jobs.conftest import PATIENCE_SECONDS
from tests.people import Person
from tests.serving import Line, Server

TASKS = "/api/v1/tasks/"
Frame = dict[str, Any]
_gates: dict[str, asyncio.Event] = {}


def gate(task_id: str) -> asyncio.Event:
    """What a stepping task waits for."""
    return _gates.setdefault(task_id, asyncio.Event())


@job("tests.step", Nothing, title="Export of conversations", starters=frozenset({Role.MERCHANT, Role.ADMIN}))
async def step(run: Run, _: Nothing) -> dict[str, Any]:
    await run.progress(40, "{n} of {total} messages", n=2, total=5)
    while not gate(str(run.job_id)).is_set():
        run.check()
        await asyncio.sleep(0.01)
    return {"is_done": True}


@job("tests.fall", Nothing, title="Export of conversations", max_attempts=1, starters=frozenset({Role.MERCHANT}))
async def fall(run: Run, _: Nothing) -> None:
    raise Unauthorized()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """This installation runs its jobs."""
    return settings.model_copy(update={"run_jobs": True})


@pytest.fixture
def start(client: AsyncClient) -> Any:
    """The id of a task that this person has started."""

    async def post(who: Person, kind: str = "tests.step", **more: Any) -> str:
        answer = await client.post(TASKS, json={"kind": kind, **more}, headers=who.headers)
        assert answer.status_code == 201, answer.text
        task_id: str = answer.json()["id"]
        return task_id

    return post


async def until(line: Line, status: str) -> Frame:
    """The first `task` frame with this status."""
    while (frame := await line.until("task"))["task"]["status"] != status:
        pass
    return frame


def told(line: Line) -> list[tuple[str, int]]:
    return [(frame["task"]["status"], frame["task"]["progress"]) for frame in line.heard if frame["type"] == "task"]


async def test_the_owner_hears_every_step_in_both_languages(
    server: Server, start: Any, chen_the_merchant: Person
) -> None:
    async with await server.enter(chen_the_merchant) as line:
        task_id = await start(chen_the_merchant)
        while (frame := await until(line, "processing"))["task"]["progress"] < 40:
            pass
        task, chinese = frame["task"], frame["translations"]["zh-CN"]
        assert (task["id"], task["owner_id"], task["kind"]) == (task_id, "m1", "tests.step")
        assert (task["title"], task["message"]) == ("Export of conversations", "2 of 5 messages")
        assert set(chinese) == {"title", "message", "error"}
        assert "trace" not in task
        gate(task_id).set()
        end = await until(line, "completed")
        assert (end["task"]["progress"], end["task"]["result"]) == (100, {"is_done": True})
        assert told(line) == [("queued", 0), ("processing", 0), ("processing", 40), ("completed", 100)]


async def test_nobody_else_hears_it_and_admins_do(
    server: Server, start: Any, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    others = [await server.enter(who) for who in (an_the_agent, honey_the_merchant, lin_the_buyer)]
    async with await server.enter(an_admin) as admin, await server.enter(chen_the_merchant) as line:
        task_id = await start(chen_the_merchant)
        gate(task_id).set()
        await until(line, "completed")
        await until(admin, "completed")
        assert told(admin)[0] == ("queued", 0)
        for other in others:
            await other.all_so_far()
            assert told(other) == []
            await other.connection.close()


async def test_an_admin_hears_own_tasks_once(server: Server, start: Any, an_admin: Person) -> None:
    async with await server.enter(an_admin) as line:
        gate(await start(an_admin)).set()
        await until(line, "completed")
        await line.all_so_far()
        assert [status for status, _ in told(line)].count("completed") == 1
        assert [status for status, _ in told(line)].count("queued") == 1


async def test_a_failure_says_why(server: Server, start: Any, chen_the_merchant: Person, an_admin: Person) -> None:
    async with await server.enter(chen_the_merchant) as line, await server.enter(an_admin) as admin:
        await start(chen_the_merchant, "tests.fall")
        for frame in (await until(line, "failed"), await until(admin, "failed")):
            assert frame["task"]["error"] == {"code": "not_authenticated", "detail": "Please sign in."}
            assert frame["translations"]["zh-CN"]["error"]["detail"] == "请先登录。"
            assert "trace" not in frame["task"]


async def test_cancel_and_retry_are_told(
    server: Server, client: AsyncClient, start: Any, chen_the_merchant: Person
) -> None:
    async with await server.enter(chen_the_merchant) as line:
        task_id = await start(chen_the_merchant)
        await until(line, "processing")
        await client.post(f"{TASKS}{task_id}/cancel", headers=chen_the_merchant.headers)
        while not (frame := await until(line, "processing"))["task"]["is_cancelling"]:
            pass
        assert frame["task"]["can_cancel"] is False
        assert (await until(line, "cancelled"))["task"]["can_retry"] is True
        gate(task_id).set()
        await client.post(f"{TASKS}{task_id}/retry", headers=chen_the_merchant.headers)
        assert (await until(line, "queued"))["task"]["progress"] == 0
        await until(line, "completed")


async def test_the_products_own_are_told_to_admins_when_they_fail(
    server: Server, app: FastAPI, an_admin: Person, chen_the_merchant: Person
) -> None:
    async with await server.enter(an_admin) as admin, await server.enter(chen_the_merchant) as line:
        quiet = await app.state.db.write(lambda session: queue.enqueue(session, "tests.step"))
        gate(str(quiet.id)).set()
        await app.state.db.write(lambda session: queue.enqueue(session, "tests.fall"))
        frame = await until(admin, "failed")
        assert frame["task"]["owner_id"] is None
        assert told(admin) == [("failed", 0)]
        await line.all_so_far()
        assert told(line) == []


class Stream:
    """A stream of server-sent events as a client has it."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self._chunks = response.aiter_bytes()
        self._rest = b""

    async def next(self) -> str | Frame | None:
        """The next event's task, a comment, or None when the server has closed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"\n\n" not in self._rest:
                try:
                    self._rest += await anext(self._chunks)
                except StopAsyncIteration:
                    return None
        event, _, self._rest = self._rest.partition(b"\n\n")
        if event.startswith(b":"):
            return event.decode()
        name, _, data = event.partition(b"\n")
        assert name == b"event: task"
        task: Frame = orjson.loads(data.removeprefix(b"data: "))
        return task

    async def until(self, status: str) -> Frame:
        while isinstance(event := await self.next(), str) or event is None or event["status"] != status:
            assert event is not None, "closed"
        return event


@pytest.fixture
def follow(server: Server) -> Any:
    """`async with follow(person, id) as stream:`"""

    @asynccontextmanager
    async def opened(who: Person, task_id: str, **headers: str) -> AsyncIterator[Stream]:
        async with (
            AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http,
            http.stream("GET", f"{TASKS}{task_id}/events", headers=who.headers | headers) as response,
        ):
            assert response.status_code == 200
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert response.headers["Cache-Control"] == "no-store"
            yield Stream(response)

    return opened


async def test_a_stream_begins_with_the_state_and_ends_with_the_end(
    follow: Any, start: Any, chen_the_merchant: Person
) -> None:
    task_id = await start(chen_the_merchant)
    async with follow(chen_the_merchant, task_id, **{"Accept-Language": "zh-CN"}) as stream:
        first = await stream.next()
        assert first["id"] == task_id
        while (task := await stream.until("processing"))["progress"] < 40:
            pass
        assert task["message"] == "已处理 2 / 5 条消息"
        gate(task_id).set()
        end = await stream.until("completed")
        assert (end["progress"], end["result"]) == (100, {"is_done": True})
        assert await stream.next() is None


async def test_a_stream_of_what_has_ended_closes_at_once(
    follow: Any, server: Server, start: Any, chen_the_merchant: Person, an_admin: Person
) -> None:
    async with await server.enter(chen_the_merchant) as line:
        task_id = await start(chen_the_merchant)
        gate(task_id).set()
        await until(line, "completed")
    for who in (chen_the_merchant, an_admin):
        async with follow(who, task_id) as stream:
            assert (await stream.next())["status"] == "completed"
            assert await stream.next() is None


async def test_an_ended_session_closes_its_stream(
    follow: Any, app: FastAPI, start: Any, chen_the_merchant: Person
) -> None:
    task_id = await start(chen_the_merchant)
    async with follow(chen_the_merchant, task_id) as stream:
        await stream.until("processing")
        session_id = chen_the_merchant.identity.session_id
        await app.state.db.write(lambda session: sessions.end(session, session_id))
        while (event := await stream.next()) is not None:
            assert event["status"] == "processing"
    gate(task_id).set()
    assert not [one for one in app.state.desk.hub.sockets if one.identity.user_id == "m1"]


async def test_a_quiet_stream_shows_that_it_lives(
    follow: Any, start: Any, chen_the_merchant: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_events_api, "KEEP_ALIVE_SECONDS", 0.05)
    task_id = await start(chen_the_merchant, run_after=now() + 3600)
    async with follow(chen_the_merchant, task_id) as stream:
        assert (await stream.next())["status"] == "pending"
        assert await stream.next() == ": still here"


async def test_who_leaves_a_stream_is_forgotten(follow: Any, app: FastAPI, start: Any, an_admin: Person) -> None:
    task_id = await start(an_admin, run_after=now() + 3600)
    async with follow(an_admin, task_id) as stream:
        await stream.next()
        assert len(app.state.desk.hub.sockets) == 1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while app.state.desk.hub.sockets:
            await asyncio.sleep(0.01)


async def test_a_task_that_is_deleted_while_followed_closes_its_stream(
    follow: Any, app: FastAPI, start: Any, chen_the_merchant: Person
) -> None:
    task_id = await start(chen_the_merchant, run_after=now() + 3600)

    async def delete(session: Any) -> None:
        row = await session.get_one(Job, int(task_id))
        row.status, row.finished_at = JobStatus.CANCELLED, 1
        await session.flush()
        await queue.forget(session, now(), 10)

    async with follow(chen_the_merchant, task_id) as stream:
        await stream.next()
        await app.state.db.write(delete)
        app.state.desk.hub.resync_all()  # as after an outage of the broker
        assert await stream.next() is None
