"""Processes as operators start them: the worker, its older names, and the check of the mail settings."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from app.jobs import kinds
from app.jobs.kinds import Kind, Nothing
from app.jobs.models import Job
from app.kernel.config import Settings
from app.kernel.db import Database
from app.messengers import mail
from app.worker import ALIVE_FILES
from tests.messengers.conftest import JobIn
from tests.messengers.smtp_server import PASSWORD, USER, SmtpServer
from worker import weekly_points_reward

BACKEND = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What such a process finds in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "SMTP_", "MAIL_"))}
    own = {
        "DATABASE_URL": settings.database_url,
        "BROKER_URL": settings.broker_url,
        "PARLEY_VAR": str(settings.var_dir),
        "HOST": "127.0.0.1",
    }
    return kept | own | more


@asynccontextmanager
async def started(settings: Settings, *command: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of Python's from the folder of the backend; killed in the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=BACKEND, env=environment(settings, **more),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ran(settings: Settings, *command: str, **more: str) -> tuple[int | None, str, str]:
    """Exit code and what was said on both streams."""
    async with asyncio.timeout(PATIENCE_SECONDS), started(settings, *command, **more) as process:
        said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def until(is_so: Callable[[], Awaitable[bool]], process: asyncio.subprocess.Process) -> None:
    """Wait for it, unless the process dies first."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_so():
            assert process.returncode is None, (await process.communicate())[1].decode()
            await asyncio.sleep(0.05)


async def test_the_emoji_worker_lives_is_scraped_and_ends_in_order(db: Database, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def shows_life() -> bool:
        return any(settings.var_dir.glob(ALIVE_FILES))

    async with started(settings, "-m", "worker.emoji_worker", WORKER_METRICS_PORT=str(port)) as process:
        await until(shows_life, process)
        async with AsyncClient() as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        assert 'parley_jobs{queue="emoji",status="queued"} 0.0' in metrics
        assert 'parley_jobs_oldest_seconds{queue="mail"} 0.0' in metrics
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, complained = await process.communicate()
    assert process.returncode == 0
    assert "at work on emoji\n" in complained.decode()
    assert not await shows_life()


async def test_a_worker_process_sends_what_another_asked_for(db: Database, settings: Settings, ended: JobIn) -> None:
    job = await db.write(
        lambda session: mail.send(
            session, to="lin@example.com", template="test", locale="zh-CN", context={"asked_at": 1_795_324_123}
        )
    )

    async def has_ended() -> bool:
        async with db.reading() as session:
            return (await session.exec(select(Job.finished_at).where(Job.id == job.id))).one() is not None

    async with started(settings, "-m", "app.cli", "worker", "--queues", "mail") as process:
        await until(has_ended, process)
    assert (await ended(job)).error is None
    assert (settings.var_dir / "outbox" / f"job-{job.id}.eml").is_file()


async def test_the_weekly_reward_says_when_there_is_none(db: Database, settings: Settings) -> None:
    if kinds.find(weekly_points_reward.KIND) is not None:
        pytest.skip("this release has points")
    code, said, complained = await ran(settings, "-m", "worker.weekly_points_reward")
    assert (code, said) == (1, "")
    assert complained == "This release has no points: it knows no task wallet.weekly_points_reward. Nothing was done.\n"


async def test_the_weekly_reward_is_asked_for_once_a_week(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reward(run: Any, _: Nothing) -> None: ...

    kind = Kind(name=weekly_points_reward.KIND, handler=reward, payload=Nothing, title="Weekly reward")
    monkeypatch.setitem(kinds._kinds, kind.name, kind)
    monkeypatch.setattr(weekly_points_reward, "now", lambda: 1_795_363_199)  # Sunday, one second before midnight
    assert "reward of week 2026-W47 is asked for" in await weekly_points_reward.ask(settings)
    assert "asked for before" in await weekly_points_reward.ask(settings)
    monkeypatch.setattr(weekly_points_reward, "now", lambda: 1_795_363_200)
    assert "reward of week 2026-W48 is asked for" in await weekly_points_reward.ask(settings)
    async with db.reading() as session:
        keys = (await session.exec(select(Job.idempotency_key).order_by(Job.id))).all()
    assert keys == ["week-2026-W47", "week-2026-W48"]


async def test_the_mail_settings_are_checked_from_the_command_line(settings: Settings, mail_server: SmtpServer) -> None:
    own = {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail_server.port), "SMTP_USER": USER.decode(),
        "SMTP_PASSWORD": PASSWORD.decode(), "MAIL_FROM": "no-reply@parley.example.com",
    }  # fmt: skip
    command = ("-m", "app.cli", "send-test-mail", "lin@example.com", "--locale", "zh-CN")
    code, said, complained = await ran(settings, *command, **own)
    assert (code, said) == (0, "127.0.0.1: 2.0.0 taken as 4711\n"), complained
    assert [taken["Subject"] for taken in mail_server.taken] == ["邮件设置测试"]
    code, said, complained = await ran(settings, *command, **own | {"SMTP_PASSWORD": "wrong"})
    assert (code, said) == (1, "")
    assert "535" in complained
    assert PASSWORD.decode() not in complained


async def test_half_a_mail_server_is_refused_at_the_start(settings: Settings) -> None:
    code, _, complained = await ran(settings, "-m", "app.cli", "send-test-mail", "lin@example.com", SMTP_HOST="x")
    assert code != 0
    assert "SMTP_HOST needs MAIL_FROM" in complained
