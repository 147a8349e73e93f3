"""SMS: one verb, as `mail.send`. Texts are fixed, because carriers deliver only what was registered with them."""

from dataclasses import dataclass

import phonenumbers
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from app.jobs import queue
from app.jobs.models import Job
from app.kernel.errors import Invalid
from app.kernel.i18n import LOCALES, sentence, translate

KIND = "messengers.sms"
HOME_REGION = "CN"


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """What the outbox shows, and the names that its carriers' twin takes."""

    text: str
    params: frozenset[str]


TEMPLATES = {
    "verification-code": SmsTemplate(
        sentence("Your code is {code}. Nobody of ours will ever ask for it."), frozenset({"code"})
    ),
}


class Sms(BaseModel):
    """What an SMS is made from when its turn comes. `said` is what the other side answered: it has left."""

    to: str
    """E.164."""
    template: str
    locale: str = "zh-CN"
    params: dict[str, str] = Field(default_factory=dict)
    said: str | None = None

    @property
    def text(self) -> str:
        """In words. Carriers have their own."""
        locale = self.locale if self.locale in LOCALES else "en"
        return translate(TEMPLATES[self.template].text, locale, **self.params)


async def send(
    session: AsyncSession,
    *,
    to: str,
    template: str,
    locale: str,
    context: dict[str, str] | None = None,
    owner_id: str | None = None,
    idempotency_key: str | None = None,
    expires_at: int | None = None,
) -> Job:
    """Send `template` to a phone. The same `idempotency_key` never sends twice; give a code an `expires_at` (seconds).

    Raises `Invalid` for a number that cannot exist, `ValueError` for an unknown template or other words than it takes.
    """
    if template not in TEMPLATES or set(context or {}) != TEMPLATES[template].params:
        raise ValueError(f"there is no SMS called {template} with {sorted(context or {})}")
    message = Sms(to=number(to), template=template, locale=locale, params=context or {})
    return await queue.enqueue(
        session, KIND, message, owner_id=owner_id, idempotency_key=idempotency_key, expires_at=expires_at
    )


def number(text: str) -> str:
    """E.164."""
    try:
        parsed = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise Invalid("bad_phone", "This is no phone number that we can use.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
