"""Installations with a mail server and an SMS carrier, and a worker that sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.jobs.bells import Bells
from app.jobs.models import ENDED, Job, JobStatus
from app.jobs.worker import Worker
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.messengers.carriers import Carriers, carriers_for
from tests.messengers import aliyun_server as aliyun
from tests.messengers.aliyun_server import AliyunServer, aliyun_server
from tests.messengers.smtp_server import PASSWORD, USER, SmtpServer

PATIENCE_SECONDS = 20
At = Callable[[Settings], Any]
JobIn = Callable[..., Awaitable[Job]]


@pytest.fixture
async def mail_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmtpServer]:
    """A server that wants STARTTLS and a password, and is believed here."""
    async with SmtpServer() as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.trust(tmp_path / "authority.pem"))
        yield server


@pytest.fixture
def with_mail(settings: Settings, mail_server: SmtpServer) -> Settings:
    """The settings with that server."""
    return with_server(settings, mail_server)


def with_server(settings: Settings, server: SmtpServer) -> Settings:
    """What an operator writes down about a mail server."""
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_tls": server.tls,
            "smtp_user": USER.decode() if server.has_login else "",
            "smtp_password": PASSWORD.decode() if server.has_login else "",
            "smtp_timeout_seconds": 5,
            "mail_from": "no-reply@parley.example.com",
            "mail_from_name": "陈记, 米铺",
        }
    )


@pytest.fixture
async def carrier() -> AsyncIterator[AliyunServer]:
    """An SMS carrier."""
    async with aliyun_server() as twin:
        yield twin


@pytest.fixture
def with_sms(settings: Settings, carrier: AliyunServer) -> Settings:
    """The settings with that carrier."""
    return settings.model_copy(
        update={
            "ali_access_key_id": aliyun.KEY_ID,
            "ali_access_key_secret": aliyun.SECRET,
            "aliyun_sms_sign_name": aliyun.SIGN_NAME,
            "aliyun_sms_template_code": aliyun.TEMPLATE,
            "aliyun_sms_endpoint": carrier.url,
        }
    )


@pytest.fixture
def at_work(db: Database) -> At:
    """`async with at_work(settings):` a worker that sends."""

    @asynccontextmanager
    async def start(settings: Settings) -> AsyncIterator[Worker]:
        bells = Bells(settings.broker_url, ["mail"])
        db.publish = bells.events
        worker = Worker(db, settings, bells, {Carriers: carriers_for(settings)}, ["mail"])
        await worker.start()
        try:
            yield worker
        finally:
            await worker.stop()

    return start


@pytest.fixture
def ended(db: Database) -> JobIn:
    """The job when it has ended. What waits for a second try gets it at once, `tries` times."""

    async def wait(of: Job, tries: int = 0) -> Job:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (row := await row_of(of)).status not in ENDED:
                if row.status is JobStatus.PENDING and row.attempts <= tries:
                    await hurry(of)
                await asyncio.sleep(0.02)
        return row

    async def row_of(of: Job) -> Job:
        async with db.reading() as session:
            return (await session.exec(select(Job).where(Job.id == of.id))).one()

    async def hurry(of: Job) -> None:
        is_waiting = (col(Job.id) == of.id) & (col(Job.status) == JobStatus.PENDING)
        change = update(Job).where(is_waiting).values(run_after=now())
        await db.write(lambda session: session.exec(change))

    return wait


@pytest.fixture
def put_off(db: Database) -> JobIn:
    """The job when it waits for another try."""

    async def wait(of: Job) -> Job:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with db.reading() as session:
                    row = (await session.exec(select(Job).where(Job.id == of.id))).one()
                if row.status is JobStatus.PENDING:
                    return row
                assert row.status not in ENDED, row.error
                await asyncio.sleep(0.02)

    return wait
