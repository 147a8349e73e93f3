"""Mail: one verb. It adds a job in the caller's transaction, so a mail leaves when what it tells of has happened.

await mail.send(session, to="lin@example.com", template="task-finished", locale="zh-CN",
                context={"title": "…", "link": "https://…", "days": 7}, owner_id="m1", idempotency_key=f"export-{id}")
"""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import queue
from app.jobs.models import Job
from app.kernel.db import settings_in
from app.kernel.errors import Invalid
from app.messengers import letters
from app.messengers.letters import Letter

KIND = "messengers.mail"
MAX_CONTEXT = 200_000  # characters of JSON: a job's row is no store of files


async def send(
    session: AsyncSession,
    *,
    to: str,
    template: str,
    locale: str,
    context: dict[str, Any] | None = None,
    owner_id: str | None = None,
    idempotency_key: str | None = None,
    unsubscribe_url: str | None = None,
    expires_at: int | None = None,
) -> Job:
    """Send `template` (a name in `templates/mail`) with what `context` fills in, JSON values only.

    The same `idempotency_key` never sends twice. What has not left at `expires_at` (seconds) never does. Made here once
    for trial, so that a mail that cannot be made is refused where it is asked for. Raises `Invalid` for an address that
    cannot exist and for words that would forge a header, `ValueError` for an unknown template.
    """
    letter = Letter(
        to=address(to), template=template, locale=locale, context=context or {}, unsubscribe_url=unsubscribe_url
    )
    if len(letter.model_dump_json()) > MAX_CONTEXT:
        raise Invalid("mail_too_long", "This is too long for a mail.")
    letters.compose(settings_in(session), letter, "trial")
    return await queue.enqueue(
        session, KIND, letter, owner_id=owner_id, idempotency_key=idempotency_key, expires_at=expires_at
    )


def address(text: str) -> str:
    """An address as it goes over the wire, in ASCII. The DNS is not asked: only the mail server's answer counts."""
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise Invalid("bad_address", "This is no e-mail address that we can use.") from None
    return found.ascii_email or found.normalized
