"""An installation that nobody has given a mail server: an outbox in development, a refusal in production."""

import stat
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.jobs.models import Job, JobStatus
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import NotFound
from app.messengers import mail, outbox, sms
from tests.messengers.conftest import At, JobIn
from tests.pages.conftest import SitDown, sit_down
from tests.people import Person

__all__ = ["sit_down"]


async def ask(db: Database) -> tuple[Job, Job]:
    """A mail and an SMS."""
    context: dict[str, Any] = {
        "shop": "陈记米铺", "messages": [{"author": "林", "at": 1_795_324_123, "text": "<b>有吗</b>"}], "link": None,
    }  # fmt: skip
    one = await db.write(
        lambda session: mail.send(session, to="lin@example.com", template="transcript", locale="zh-CN", context=context)
    )
    other = await db.write(
        lambda session: sms.send(
            session, to="13800138000", template="verification-code", locale="zh-CN", context={"code": "482913"}
        )
    )
    return one, other


async def test_both_are_kept_as_files_that_nobody_else_reads(
    db: Database, settings: Settings, at_work: At, ended: JobIn
) -> None:
    async with at_work(settings):
        rows = [await ended(job) for job in await ask(db)]
    assert [row.status for row in rows] == [JobStatus.COMPLETED] * 2
    folder = outbox.folder_of(settings)
    assert {path.name for path in folder.iterdir()} == {f"job-{rows[0].id}.eml", f"job-{rows[1].id}.sms"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    count, kept = outbox.listing(folder, 10)
    assert count == 2
    assert {one.subject for one in kept} == {"您与陈记米铺的会话记录", "verification-code"}
    assert "482913" in outbox.get(folder, f"job-{rows[1].id}.sms").text


async def test_the_oldest_make_room(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT", 3)
    folder = outbox.folder_of(settings)
    for number in range(5):
        note = outbox.EmailMessage()
        note["Subject"] = str(number)
        outbox.put(folder, f"job-{number}.eml", note)
    count, kept = outbox.listing(folder, 10)
    assert (count, [one.subject for one in kept]) == (3, ["4", "3", "2"])


async def test_production_says_that_it_cannot(db: Database, settings: Settings, at_work: At, ended: JobIn) -> None:
    async with at_work(settings.model_copy(update={"environment": "production"})):
        rows = [await ended(job) for job in await ask(db)]
    assert [row.error["code"] for row in rows if row.error] == ["no_mail_server", "no_sms_carrier"]
    assert not outbox.folder_of(settings).exists()


async def test_an_admin_reads_the_outbox(
    client: AsyncClient,
    sit_down: SitDown,
    an_admin: Person,
    db: Database,
    settings: Settings,
    at_work: At,
    ended: JobIn,
) -> None:
    await sit_down(an_admin)
    assert "Nothing was sent yet" in (await client.get("/admin/outbox")).text
    async with at_work(settings):
        letter, note = [await ended(job) for job in await ask(db)]
    page = await client.get("/admin/outbox")
    assert page.status_code == 200
    assert "您与陈记米铺的会话记录" in page.text
    assert "+8613800138000" in page.text
    message = await client.get(f"/admin/outbox/job-{letter.id}.eml")
    assert 'sandbox="allow-popups' in message.text
    assert "&lt;b&gt;有吗&lt;/b&gt;" in message.text
    assert "482913" in (await client.get(f"/admin/outbox/job-{note.id}.sms")).text
    framed = await client.get(f"/admin/outbox/job-{letter.id}.eml/html")
    policy = framed.headers["content-security-policy"]
    assert "sandbox allow-popups" in policy
    assert "script" not in policy
    assert "您与陈记米铺的会话记录" in framed.text


@pytest.mark.parametrize(
    "name", ["job-1.eml", "..%2Fsecret_key", "..", ".job-1.eml.7", "job-1.txt", "%2e%2e%2fsecret_key"]
)
async def test_no_other_file_is_shown(
    client: AsyncClient, sit_down: SitDown, an_admin: Person, settings: Settings, name: str
) -> None:
    folder = outbox.folder_of(settings)
    folder.mkdir()
    for path in (folder / ".job-1.eml.7", folder / "job-1.txt", settings.var_dir / "secret_key"):
        path.write_text("Subject: secret\n\nsecret")
    await sit_down(an_admin)
    assert (await client.get(f"/admin/outbox/{name}")).status_code == 404
    assert (await client.get(f"/admin/outbox/{name}/html")).status_code == 404
    with pytest.raises(NotFound):
        outbox.get(folder, unquote(name))


async def test_it_is_nobody_elses_business(
    client: AsyncClient,
    sit_down: SitDown,
    an_admin: Person,
    chen_the_merchant: Person,
    app: FastAPI,
    settings: Settings,
) -> None:
    await sit_down(None)
    assert (await client.get("/admin/outbox")).status_code == 303
    await sit_down(chen_the_merchant)
    assert (await client.get("/admin/outbox")).status_code == 403
    assert "/admin/outbox" not in (await client.get("/inbox")).text
    await sit_down(an_admin)
    assert 'href="/admin/outbox"' in (await client.get("/admin/users")).text
    app.state.settings = settings.model_copy(update={"environment": "production"})
    for path in ("", "/job-1.eml", "/job-1.eml/html"):
        assert (await client.get(f"/admin/outbox{path}")).status_code == 404
    assert "/admin/outbox" not in (await client.get("/admin/users")).text
