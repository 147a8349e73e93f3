"""How mails look on the wire and in a mail program, and which are refused where they are asked for."""

import email
import html
import re
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs.models import Job, JobStatus
from app.kernel.config import Settings
from app.kernel.errors import Invalid
from app.messengers import letters, mail
from app.messengers.letters import TEMPLATES, Letter

AT = 1_795_324_123
CONTEXTS: dict[str, dict[str, Any]] = {
    "test": {"asked_at": AT},
    "task-finished": {"title": "会话导出", "link": "https://parley.test/tasks/1?a=1&b=2", "days": 7},
    "transcript": {
        "shop": "陈记米铺 & Söhne",
        "messages": [
            {"author": "林", "at": AT, "text": "五常大米还有吗？\n<script>alert(1)</script>"},
            {"author": "陈记米铺", "at": AT + 60, "text": "有的，今天现磨。"},
        ],
        "link": None,
    },
    "verification-code": {"code": "482913", "minutes": 5},
    "invitation": {"shop": "陈记米铺 & Söhne", "sender": "陈", "link": "https://parley.test/join/a-b_c", "days": 7},
}


def made(settings: Settings, template: str, locale: str = "zh-CN", **more: Any) -> tuple[EmailMessage, bytes]:
    """A mail as the other side reads it, and its bytes."""
    letter = Letter(to="lin@example.com", template=template, locale=locale, context=CONTEXTS[template] | more)
    wire = letters.compose(settings, letter, "job-1").as_bytes()
    return email.message_from_bytes(wire, EmailMessage, policy=default), wire


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    assert found.get_content_charset() == "utf-8"
    text: str = found.get_content()
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize("locale", ["en", "zh-CN", "fr"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_has_both_parts_in_ascii_lines(settings: Settings, template: str, locale: str) -> None:
    message, wire = made(settings, template, locale)
    assert wire.isascii()
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert html.escape(str(message["Subject"])) in part(message, "html")
    assert str(message["Subject"]) in part(message, "plain")
    assert message.defects == []
    assert "{" not in part(message, "plain")


def test_the_head_says_who_when_and_that_it_is_a_machine(settings: Settings) -> None:
    sender = {"mail_from": "no-reply@parley.example.com", "mail_from_name": "陈记, 米铺"}
    message, wire = made(settings.model_copy(update=sender), "test")
    assert message["Subject"] == "邮件设置测试"
    assert b"Subject: =?utf-8?" in wire
    assert message["From"].addresses[0].display_name == "陈记, 米铺"
    assert message["From"].addresses[0].addr_spec == "no-reply@parley.example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.utcoffset().total_seconds() == 0
    assert message["List-Unsubscribe"] is None
    assert re.fullmatch(r"<job-1\.[0-9a-f]{12}@parley\.example\.com>", message["Message-ID"])
    again, _ = made(settings.model_copy(update=sender), "test")
    elsewhere, _ = made(settings.model_copy(update=sender | {"base_url": "https://staging.example.com"}), "test")
    assert again["Message-ID"] == message["Message-ID"] != elsewhere["Message-ID"]


def test_an_address_to_unsubscribe_at_stands_in_head_and_foot(settings: Settings) -> None:
    letter = Letter(to="lin@example.com", template="test", context={"asked_at": AT})
    letter.unsubscribe_url = "https://parley.test/mails?stop=1"
    message = letters.compose(settings, letter, "job-1")
    assert message["List-Unsubscribe"] == "<https://parley.test/mails?stop=1>"
    assert all(letter.unsubscribe_url in part(message, kind) for kind in ("plain", "html"))


def test_words_of_people_are_escaped_in_html_and_themselves_in_text(settings: Settings) -> None:
    message, _ = made(settings, "transcript")
    page, text = part(message, "html"), part(message, "plain")
    assert "<script>" not in page
    assert "五常大米还有吗？<br>&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "五常大米还有吗？\n<script>alert(1)</script>" in text
    assert message["Subject"] == "您与陈记米铺 & Söhne的会话记录"
    link, _ = made(settings, "task-finished")
    assert "https://parley.test/tasks/1?a=1&b=2" in part(link, "plain")
    assert 'href="https://parley.test/tasks/1?a=1&amp;b=2"' in part(link, "html")


def test_times_are_those_of_the_installation(settings: Settings) -> None:
    message, _ = made(settings.model_copy(update={"time_zone": "Europe/Berlin"}), "transcript")
    assert "2026年11月22日 06:08:43" in part(message, "plain")


@pytest.mark.parametrize("title", ["x\r\nBcc: all@example.com", "x\ny", "x\x00y", "x\u2028y"])
async def test_a_name_cannot_begin_a_header(session: AsyncSession, title: str) -> None:
    context = CONTEXTS["task-finished"] | {"title": title}
    with pytest.raises(Invalid) as refusal:
        await mail.send(session, to="lin@example.com", template="task-finished", locale="en", context=context)
    assert refusal.value.code == "forged_header"
    assert (await session.exec(select(Job))).all() == []


@pytest.mark.parametrize("url", ["https://a.test/>\r\nBcc: x@y.example", "javascript:alert(1)", "https://a.test/ b"])
async def test_an_unsubscribe_address_cannot_either(session: AsyncSession, url: str) -> None:
    context = CONTEXTS["test"]
    with pytest.raises(Invalid):
        await mail.send(
            session, to="lin@example.com", template="test", locale="en", context=context, unsubscribe_url=url
        )


@pytest.mark.parametrize(
    "to",
    ["", "lin", "lin@", "lin@example", "a@b@example.com", "lin@example.com\r\nBcc: x@y.example", "a@c.de, b@c.de",
     "Lin <lin@example.com>", "lin @example.com", f"{'x' * 65}@example.com", "林@example.com"],
)  # fmt: skip
async def test_an_address_that_cannot_exist_is_refused(session: AsyncSession, to: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await mail.send(session, to=to, template="test", locale="en", context=CONTEXTS["test"])
    assert refusal.value.code == "bad_address"


async def test_a_chinese_domain_goes_as_punycode(session: AsyncSession) -> None:
    job = await mail.send(session, to="lin@例子.中国", template="test", locale="en", context=CONTEXTS["test"])
    assert job.payload["to"] == "lin@xn--fsqu00a.xn--fiqs8s"


async def test_a_mail_that_cannot_be_made_is_refused_at_once(session: AsyncSession) -> None:
    with pytest.raises(ValueError, match="no mail called"):
        await mail.send(session, to="lin@example.com", template="../base", locale="en")
    with pytest.raises(Exception, match="asked_at"):
        await mail.send(session, to="lin@example.com", template="test", locale="en")
    long = CONTEXTS["task-finished"] | {"title": "x" * 200_001}
    with pytest.raises(Invalid, match="too long"):
        await mail.send(session, to="lin@example.com", template="task-finished", locale="en", context=long)


async def test_one_key_is_one_job(session: AsyncSession) -> None:
    asked: dict[str, Any] = {"to": "lin@example.com", "template": "test", "locale": "en", "context": CONTEXTS["test"]}
    first = await mail.send(session, **asked, idempotency_key="once", owner_id="m1")
    second = await mail.send(session, **asked, idempotency_key="once", owner_id="m1")
    other = await mail.send(session, **asked, idempotency_key="twice")
    assert first.id == second.id != other.id
    assert (first.queue, first.status, first.owner_id) == ("mail", JobStatus.QUEUED, "m1")
