"""A receiver that does everything wrong: each fault is one failed attempt with its word, and holds up nobody."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from httpx2 import AsyncClient
from sqlmodel import col, select

from app.jobs.models import Job
from app.kernel.config import Settings
from app.kernel.identity import Role
from app.webhooks import sender as sending
from app.webhooks.sender import Outcome, Sender
from tests.chat.talking import sent, start
from tests.people import Person
from tests.webhooks.conftest import Listen, Postman
from tests.webhooks.receivers import (
    Behave,
    Receiver,
    drip,
    endless,
    in_turn,
    never,
    nonsense,
    receiving,
    reset,
    status,
)

LogOf = Callable[..., Any]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of waiting in this suite are worth nothing; the limits are the same code."""
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(sending, "BODY_SECONDS", 0.2)


async def post(settings: Settings, url: str, tls: ssl.SSLContext | None = None) -> Outcome:
    async with Sender(settings, tls).line(url) as line:
        return await line.post(b"{}", {"content-type": "application/json"})


@pytest.mark.parametrize(
    ("behave", "code", "word"),
    [
        (status(500, b"broken"), 500, "status"),
        (status(302, location="http://169.254.169.254/latest/meta-data/"), 302, "redirect"),
        (status(304), 304, "redirect"),
        (never, None, "timeout"),
        (drip, None, "timeout"),
        (reset, None, "connection_broken"),
        (nonsense, None, "connection_broken"),
    ],
    ids=["500", "302 inwards", "304", "no answer", "slow drip", "reset", "no http"],
)
@pytest.mark.usefixtures("impatient")
async def test_a_fault_is_a_failed_attempt(
    behave: Behave, code: int | None, word: str, receiver: Receiver, settings: Settings
) -> None:
    receiver.behave = behave
    outcome = await post(settings, receiver.url)
    assert (outcome.status_code, outcome.error) == (code, word)
    assert len(receiver.requests) == 1
    assert outcome.milliseconds < 3000


@pytest.mark.usefixtures("impatient")
async def test_an_endless_answer_is_left_alone_after_its_beginning(receiver: Receiver, settings: Settings) -> None:
    receiver.behave = endless
    outcome = await post(settings, receiver.url)
    assert (outcome.status_code, outcome.error) == (200, None)
    assert outcome.answer == "z" * 1024


async def test_nobody_listens_on_the_port(settings: Settings) -> None:
    async with receiving() as gone:
        url, name = gone.url, gone.name
    settings.webhook_allowed_hosts.append(name)
    assert (await post(settings, url)).error == "connect_failed"


async def test_a_name_that_leads_nowhere(settings: Settings) -> None:
    assert (await post(settings, "http://nobody.invalid/x")).error == "dns_failed"


def certificate(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_only_a_certificate_of_the_right_name_and_authority_is_believed(settings: Settings) -> None:
    ours, strange = trustme.CA(), trustme.CA()
    trust = ssl.create_default_context()
    ours.configure_trust(trust)
    for authority, name, expected in [
        (ours, "localhost", None),
        (strange, "localhost", "tls_failed"),  # self-made
        (ours, "other.example", "tls_failed"),
    ]:
        async with receiving(certificate(authority, name)) as receiver:
            host = f"localhost:{receiver.port}"
            settings.webhook_allowed_hosts.append(host)
            outcome = await post(settings, f"https://{host}/parley", trust)
            assert outcome.error == expected
            assert len(receiver.requests) == (0 if expected else 1)
            if not expected:
                # The connection went to an address, the question and the certificate were about the name.
                assert receiver.requests[0].headers["host"] == host
                assert outcome.address in ("127.0.0.1", "::1")


async def test_the_environments_proxies_are_not_asked(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await post(settings, receiver.url)).error is None


async def test_what_the_receiver_says_is_in_the_log(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    receiver.behave = status(500, "坏了".encode() + b"\x00\xff" + b"x" * 5000)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    delivery = (await log_of(webhook))[0]
    assert (delivery["status"], delivery["attempts"], delivery["status_code"]) == ("pending", 1, 500)
    path = f"/api/v1/webhooks/{webhook['id']}/deliveries/{delivery['id']}"
    shown = (await client.get(path, headers=chen_the_merchant.headers)).json()
    assert shown["body"]["data"]["message"]["content"] == "你好"
    attempt = shown["log"][0]
    assert (attempt["status_code"], attempt["error"], attempt["address"]) == (500, "status", "127.0.0.1")
    assert attempt["answer"].startswith("坏了\ufffd\ufffdxxx")
    assert len(attempt["answer"].encode()) < 1100


@pytest.mark.usefixtures("impatient")
async def test_a_hanging_receiver_holds_up_nobody(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    another_receiver: Receiver,
    postman: Postman,
    chen_the_merchant: Person,
    enter: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve conversations wait for a receiver that never answers; the other endpoint gets all of them meanwhile."""
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 3600.0)
    await listen(receiver, "message.created.v1")
    await listen(another_receiver, "message.created.v1")
    receiver.behave = never
    for number in range(12):
        buyer = await enter(f"b{50 + number}", f"buyer{number}", Role.BUYER)
        await sent(client, buyer, await start(client, buyer), f"{number}")
    walking = asyncio.create_task(postman.walk())
    await another_receiver.came(12)
    await receiver.came(4)
    assert sorted(map(int, another_receiver.contents())) == list(range(12))
    assert receiver.most_at_once == 4  # of one endpoint
    assert len(receiver.requests) == 4
    walking.cancel()
    await asyncio.gather(walking, return_exceptions=True)


async def test_a_receiver_that_failed_is_tried_in_a_queue_of_its_own(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    await listen(receiver)
    receiver.behave = in_turn(500, 204)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    async with postman.db.reading() as session:
        jobs = (await session.exec(select(Job).where(col(Job.concurrency_key).is_not(None)))).all()
    assert sorted((job.queue, str(job.status)) for job in jobs) == [
        ("webhooks", "completed"),
        ("webhooks_slow", "pending"),
    ]
