"""SMS over a carrier that checks every signature, and what its answers mean."""

import json
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs.models import Job, JobStatus
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.messengers import sms
from app.messengers.sms_senders.aliyun import authorization
from tests.messengers.aliyun_server import SIGN_NAME, TEMPLATE, AliyunServer
from tests.messengers.conftest import At, JobIn


async def ask(db: Database, to: str = "138 0013 8000", **more: Any) -> Job:
    """Ask for a code."""
    return await db.write(
        lambda session: sms.send(
            session, to=to, template="verification-code", locale="zh-CN", context={"code": "482913"}, **more
        )
    )


def test_the_signature_is_that_of_the_document() -> None:
    """The golden vector of our contracts, which the vendor's own client makes too."""
    headers = {
        "host": "127.0.0.1:18082",
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2026-11-22T05:08:43Z",
        "x-acs-signature-nonce": "n1",
        "x-acs-version": "2017-05-25",
    }
    query = "PhoneNumbers=13800000000&SignName=%E7%AD%BE%E5%90%8D&TemplateCode=SMS_1"
    signed = authorization("AK", "SK", headers, f"{query}&TemplateParam=%7B%22code%22%3A%221234%22%7D")
    assert signed.endswith("Signature=177978771ea17c7dac375de80730c386be01dbed4d4b93e25dcd0ab8b088e6a0")


async def test_a_code_leaves_once(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_sms):
        job = await ask(db, idempotency_key="code-1")
        assert (await ask(db, idempotency_key="code-1")).id == job.id
        row = await ended(job)
    assert (row.status, row.result) == (JobStatus.COMPLETED, {"said": "900619746936498440^1"})
    [sent] = carrier.sent
    assert (sent["PhoneNumbers"], sent["SignName"], sent["TemplateCode"]) == ("13800138000", SIGN_NAME, TEMPLATE)
    assert (json.loads(sent["TemplateParam"]), sent["OutId"]) == ({"code": "482913"}, f"job-{job.id}")
    assert "482913" not in str(row.payload)


async def test_two_codes_have_two_nonces(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_sms):
        rows = [await ended(await ask(db)) for _ in range(2)]
    assert [row.status for row in rows] == [JobStatus.COMPLETED] * 2
    assert len(carrier.nonces) == 2


PASSING = [
    (("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1"), 60),
    (("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5"), 3600),
    (("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10"), 21_600),
    (("isv.AMOUNT_NOT_ENOUGH", "no money"), 12),
    (("isp.SYSTEM_ERROR", "oops"), 12),
    ((503, "<html>busy</html>"), 12),
    ((200, "<html>a portal</html>"), 12),
    ((200, "[]"), 12),
]


@pytest.mark.parametrize(("answer", "least_seconds"), PASSING)
async def test_what_passes_is_tried_again(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, put_off: JobIn, ended: JobIn,
    answer: tuple[str, str] | tuple[int, str], least_seconds: int,
) -> None:  # fmt: skip
    carrier.answers = [answer]
    async with at_work(with_sms):
        job = await ask(db)
        waiting = await put_off(job)
        assert least_seconds - 3 <= waiting.run_after - now() <= least_seconds + 8
        row = await ended(job, tries=1)
    assert (row.status, row.attempts, len(carrier.sent)) == (JobStatus.COMPLETED, 2, 1)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("isv.MOBILE_NUMBER_ILLEGAL", "bad_phone"),
        ("isv.SMS_TEMPLATE_ILLEGAL", "sms_refused"),
        ("isv.SMS_CONTENT_ILLEGAL", "sms_refused"),
        ("isp.RAM_PERMISSION_DENY", "sms_refused"),
        ("something new", "sms_refused"),
    ],
)
async def test_what_does_not_pass_is_the_end(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn, code: str, said: str
) -> None:
    carrier.answers = [(code, "refused")]
    async with at_work(with_sms):
        row = await ended(await ask(db))
    assert (row.status, row.attempts, carrier.sent) == (JobStatus.FAILED, 1, [])
    assert row.error is not None
    assert row.error["code"] == said


async def test_a_wrong_secret_is_refused_by_the_carrier(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_sms.model_copy(update={"ali_access_key_secret": "another"})):
        row = await ended(await ask(db))
    assert row.error is not None
    assert row.error["params"]["said"].startswith("SignatureDoesNotMatch")


async def test_a_foreign_number_is_asked_for_with_its_country(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_sms):
        row = await ended(await ask(db, to="+852 5123 4567"))
    assert row.payload["to"] == "+85251234567"
    assert row.error is not None  # the twin's template is for the mainland, and it says so
    assert row.error["code"] == "bad_phone"


async def test_one_number_gets_five_an_hour(
    db: Database, with_sms: Settings, carrier: AliyunServer, at_work: At, ended: JobIn
) -> None:
    async with at_work(with_sms):
        rows = [await ended(await ask(db)) for _ in range(6)]
    assert [row.status for row in rows] == [JobStatus.COMPLETED] * 5 + [JobStatus.FAILED]
    assert len(carrier.sent) == 5


@pytest.mark.parametrize("to", ["", "12345", "+8613800", "lin@example.com", "13800138000\r\nx"])
async def test_a_number_that_cannot_exist_is_refused(session: AsyncSession, to: str) -> None:
    with pytest.raises(Invalid):
        await sms.send(session, to=to, template="verification-code", locale="en", context={"code": "1"})


async def test_a_text_that_is_not_registered_is_refused(session: AsyncSession) -> None:
    for template, context in (
        ("hello", {"code": "1"}),
        ("verification-code", {}),
        ("verification-code", {"name": "x"}),
    ):
        with pytest.raises(ValueError, match="no SMS called"):
            await sms.send(session, to="13800138000", template=template, locale="en", context=context)
