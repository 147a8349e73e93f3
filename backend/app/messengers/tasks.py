"""How mail and SMS leave: once for each job as far as the outside allows, again for a day while the outside is away."""

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs.kinds import GiveUp, Retry, job
from app.jobs.models import Job
from app.jobs.runs import Run
from app.kernel.errors import TooMany
from app.kernel.i18n import sentence
from app.messengers import letters, mail, sms
from app.messengers.carriers import Carriers
from app.messengers.letters import Letter
from app.messengers.sms import Sms

DELAYS = (15, 60, 300, 1800, 7200, 21_600, 43_200)  # seconds between eight tries: 20 hours
JITTER = 0.2
MAIL_RATES = ("10/hour",)  # to one address: nobody's mailbox is flooded by us
SMS_RATES = ("5/hour", "10/day")  # Aliyun's own limits for codes to one number
PATIENCE: dict[str, Any] = {
    "queue": "mail",
    "max_attempts": len(DELAYS) + 1,
    "soft_seconds": 120,
    "hard_seconds": 180,
    "backoff_seconds": 15,
    "max_backoff_seconds": DELAYS[-1],
}


@job(mail.KIND, Letter, title=sentence("Mail"), **PATIENCE)
async def send_mail(run: Run, letter: Letter) -> dict[str, Any]:
    """Hand one mail to the mail server."""
    if letter.said is not None:
        return {"said": letter.said}
    carriers = run.service(Carriers)
    await _count(run, "mail", letter.to.lower(), MAIL_RATES)
    message = letters.compose(run.settings, letter, run.key)
    said = await _try(run, lambda: carriers.mailer.deliver(message, run.key))
    await _forget(run, letter.model_copy(update={"context": {}, "said": said}))
    return {"said": said}


@job(sms.KIND, Sms, title=sentence("SMS"), **PATIENCE)
async def send_sms(run: Run, message: Sms) -> dict[str, Any]:
    """Hand one SMS to the carrier."""
    if message.said is not None:
        return {"said": message.said}
    carriers = run.service(Carriers)
    await _count(run, "sms", message.to, SMS_RATES)
    said = await _try(run, lambda: carriers.sms_sender.deliver(message, run.key))
    await _forget(run, message.model_copy(update={"params": {}, "said": said}))
    return {"said": said}


async def _count(run: Run, what: str, to: str, rates: Sequence[str]) -> None:
    """Count a message to `to` once, however often it is tried."""
    if run.attempt > 1:
        return
    try:
        for rate in rates:
            await run.service(Carriers).limits.hit(what, to, rate)
    except TooMany:
        raise GiveUp("too_many_messages", "Too many messages went to this address; this one was not sent.") from None


async def _try(run: Run, deliver: Callable[[], Awaitable[str]]) -> str:
    """Say when to try again; after the last try, why it was in vain."""
    try:
        return await deliver()
    except Retry as error:
        if run.attempt > len(DELAYS):
            raise GiveUp("not_delivered", "Tried for a day, in vain: {reason}", reason=error) from error
        planned = DELAYS[run.attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)
        raise Retry(str(error), max(planned, error.after_seconds or 0)) from error


async def _forget(run: Run, left: Letter | Sms) -> None:
    """What was written has left and is nobody's business here any more: a code, a conversation. If this fails, the

    clean-up of old jobs takes it; what counts is the end of the job, which is written after this as often as it takes.
    """
    mine = (col(Job.id) == run.job_id) & (col(Job.claim_token) == run.claimed.token)
    change = update(Job).where(mine).values(payload=left.model_dump(mode="json"))

    async def write(session: AsyncSession) -> None:
        await session.exec(change)

    with suppress(SQLAlchemyError, OSError):
        await run.db.write(write)
