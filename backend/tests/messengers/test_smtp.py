"""Mail as it leaves over a real SMTP dialogue, and what happens when the server does not do its part."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.jobs.models import Job, JobStatus
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.messengers import mail
from app.messengers.tasks import DELAYS
from tests.messengers.conftest import At, JobIn, with_server
from tests.messengers.smtp_server import PASSWORD, SmtpServer


async def ask(db: Database, to: str = "lin@example.com", **more: Any) -> Job:
    """Ask for a mail with a code in it."""
    context = {"code": "482913", "minutes": 5}
    return await db.write(
        lambda session: mail.send(session, to=to, template="verification-code", locale="zh-CN", context=context, **more)
    )


async def test_a_mail_leaves_once_after_the_commit(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_mail):
        job = await ask(db, idempotency_key="code-1")
        assert (await ask(db, idempotency_key="code-1")).id == job.id
        row = await ended(job)
        assert (await ask(db, idempotency_key="code-1")).id == job.id
    assert (row.status, row.attempts, row.result) == (JobStatus.COMPLETED, 1, {"said": "2.0.0 taken as 4711"})
    [taken] = mail_server.taken
    assert taken["Subject"] == "您的验证码是 482913"
    assert taken["Message-ID"].startswith(f"<job-{job.id}.")
    assert mail_server.senders == ["no-reply@parley.example.com"]
    assert mail_server.logins == [PASSWORD]


async def test_words_cannot_end_the_mail_and_begin_another(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    text = "before\n.\nMAIL FROM:<x@y.example>\n..\n\r.\r\nafter"
    context = {"shop": "Rice", "messages": [{"author": "Lin", "at": 0, "text": text}], "link": None}
    async with at_work(with_mail):
        await ended(
            await db.write(
                lambda session: mail.send(
                    session, to="lin@example.com", template="transcript", locale="en", context=context
                )
            )
        )
    [taken] = mail_server.taken
    part = taken.get_body(("plain",))
    assert part is not None
    said = part.get_content().splitlines()
    begin = said.index("before")
    assert [line for line in said[begin : begin + 9] if line][:6] == [line for line in text.splitlines() if line]


async def test_a_code_is_not_kept_when_it_has_left(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_mail):
        row = await ended(await ask(db))
    assert len(mail_server.taken) == 1
    assert "482913" not in str(row.payload)
    assert row.payload["to"] == "lin@example.com"


async def test_a_run_after_one_that_died_past_the_delivery_sends_nothing(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    job = await ask(db)
    async with db.writing() as session:
        row = await session.get_one(Job, job.id)
        row.payload = row.payload | {"context": {}, "said": "2.0.0 taken as 1"}  # what the dead run wrote last
    async with at_work(with_mail):
        row = await ended(job)
    assert (row.status, row.result, mail_server.taken) == (JobStatus.COMPLETED, {"said": "2.0.0 taken as 1"}, [])


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_not_now_is_tried_again_and_sent_once(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, put_off: JobIn, ended: JobIn, command: str
) -> None:
    mail_server.answers[command] = ["451 4.7.1 greylisted"]
    async with at_work(with_mail):
        job = await ask(db)
        waiting = await put_off(job)
        assert 0.8 * DELAYS[0] - 2 <= waiting.run_after - now() <= 1.2 * DELAYS[0] + 2
        assert "greylisted" in (waiting.trace or "")
        row = await ended(job, tries=1)
    assert (row.status, row.attempts, row.error) == (JobStatus.COMPLETED, 2, None)
    assert len({taken["Message-ID"] for taken in mail_server.taken}) == 1
    assert len(mail_server.taken) == (2 if command == "DATA" else 1)  # DATA: the first text was refused with 451


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_never_is_the_end(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn, command: str
) -> None:
    mail_server.answers[command] = ["550 5.1.1 no such mailbox {here}"]
    async with at_work(with_mail):
        row = await ended(await ask(db))
    assert (row.status, row.attempts) == (JobStatus.FAILED, 1)
    assert row.error is not None
    assert row.error["code"] == "mail_refused"
    assert row.error["params"] == {"said": "550 5.1.1 no such mailbox {here}"}


@pytest.mark.parametrize(("command", "texts"), [("MAIL", 1), ("DATA", 2)])
async def test_a_server_that_hangs_up_is_asked_again(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn, command: str, texts: int
) -> None:
    """After DATA nobody knows whether it was taken: the one window. Both texts bear one Message-ID."""
    mail_server.answers[command] = ["cut"]
    async with at_work(with_mail):
        row = await ended(await ask(db), tries=1)
    assert (row.status, row.attempts) == (JobStatus.COMPLETED, 2)
    assert len(mail_server.taken) == texts
    assert len({taken["Message-ID"] for taken in mail_server.taken}) == 1


async def test_a_server_that_hangs_up_after_taking_it_is_not_asked_again(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    mail_server.answers["DATA"] = ["late cut"]
    async with at_work(with_mail):
        row = await ended(await ask(db))
    assert (row.status, row.attempts, len(mail_server.taken)) == (JobStatus.COMPLETED, 1, 1)


async def test_a_server_that_hangs_is_left(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, put_off: JobIn, ended: JobIn
) -> None:
    mail_server.answers["RCPT"] = ["hang"]
    async with at_work(with_mail.model_copy(update={"smtp_timeout_seconds": 0.5})):
        job = await ask(db)
        assert "Timeout" in ((await put_off(job)).trace or "")
    async with at_work(with_mail):
        row = await ended(job, tries=1)
    assert (row.status, len(mail_server.taken)) == (JobStatus.COMPLETED, 1)


async def test_nobody_listens(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, put_off: JobIn
) -> None:
    async with SmtpServer(tls="none") as gone:
        port = gone.port
    async with at_work(with_mail.model_copy(update={"smtp_port": port})):
        waiting = await put_off(await ask(db))
    assert "Connect" in (waiting.trace or "")


async def test_a_wrong_password_waits_for_its_repair(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, put_off: JobIn, ended: JobIn
) -> None:
    async with at_work(with_mail.model_copy(update={"smtp_password": "wrong"})):
        job = await ask(db)
        assert "SMTPAuthenticationError" in ((await put_off(job)).trace or "")
    assert mail_server.taken == []
    async with at_work(with_mail):
        assert (await ended(job, tries=1)).status is JobStatus.COMPLETED


async def test_a_server_that_nobody_vouches_for_gets_no_password(
    db: Database, with_mail: Settings, at_work: At, put_off: JobIn
) -> None:
    async with SmtpServer() as stranger, at_work(with_server(with_mail, stranger)):
        waiting = await put_off(await ask(db))
        assert "CERTIFICATE_VERIFY_FAILED" in (waiting.trace or "")
        assert (stranger.logins, stranger.taken) == ([], [])


async def test_a_server_without_starttls_gets_nothing(
    db: Database, with_mail: Settings, at_work: At, put_off: JobIn
) -> None:
    async with SmtpServer(tls="none", has_login=False) as plain:
        settings = with_server(with_mail, plain).model_copy(update={"smtp_tls": "starttls"})
        async with at_work(settings):
            await put_off(await ask(db))
        assert (plain.senders, plain.taken) == ([], [])


@pytest.mark.parametrize("tls", ["tls", "none"])
async def test_tls_from_the_start_and_none_at_all(
    db: Database,
    settings: Settings,
    at_work: At,
    ended: JobIn,
    tls: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with SmtpServer(tls=tls, has_login=tls == "tls") as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.trust(tmp_path / "authority.pem"))
        async with at_work(with_server(settings, server)):
            row = await ended(await ask(db))
    assert (row.status, len(server.taken), len(server.logins)) == (JobStatus.COMPLETED, 1, int(tls == "tls"))


async def test_the_last_try_says_why_it_was_in_vain(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    mail_server.answers["RCPT"] = ["450 4.2.0 busy"]
    job = await ask(db)
    async with db.writing() as session:
        (await session.get_one(Job, job.id)).attempts = len(DELAYS)  # a day of tries
    async with at_work(with_mail):
        row = await ended(job)
    assert (row.status, row.attempts) == (JobStatus.FAILED, len(DELAYS) + 1)
    assert row.error is not None
    assert (row.error["code"], row.error["params"]) == ("not_delivered", {"reason": "450 4.2.0 busy"})
    assert 12 * 3600 < sum(DELAYS) <= 86_400


async def test_one_address_gets_ten_mails_an_hour_however_often_each_is_tried(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, ended: JobIn
) -> None:
    mail_server.answers["RCPT"] = ["450 busy"] * 3
    async with at_work(with_mail):
        jobs = [await ask(db, to="Lin@example.com" if n % 2 else "lin@example.com") for n in range(11)]
        elsewhere = await ask(db, to="maria@example.com")
        rows = await asyncio.gather(*(ended(job, tries=5) for job in [*jobs, elsewhere]))
    refused = [row for row in rows if row.status is JobStatus.FAILED]
    assert [row.error["code"] for row in refused if row.error] == ["too_many_messages"]
    assert len(mail_server.taken) == 11
    assert rows[-1].status is JobStatus.COMPLETED


async def test_what_comes_too_late_is_not_sent(
    db: Database, with_mail: Settings, mail_server: SmtpServer, at_work: At, put_off: JobIn, ended: JobIn
) -> None:
    mail_server.answers["RCPT"] = ["450 busy"]
    async with at_work(with_mail):
        row = await ended(await ask(db, expires_at=now() + 1))
    assert (row.status, mail_server.taken) == (JobStatus.EXPIRED, [])
