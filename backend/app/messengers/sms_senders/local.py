"""SMS that go nowhere: into the outbox, or, in production, not at all. The log never tells a code."""

import asyncio
from datetime import UTC, datetime
from email.message import EmailMessage

from app.jobs.kinds import GiveUp
from app.kernel import clock
from app.kernel.config import Settings
from app.messengers import outbox
from app.messengers.sms import Sms


class OutboxSms:
    """Writes each SMS into a file that the admin's outbox shows."""

    def __init__(self, settings: Settings) -> None:
        self._folder = outbox.folder_of(settings)

    async def deliver(self, message: Sms, key: str) -> str:
        """Never fails but for a full disk."""
        note = EmailMessage()
        note["To"] = message.to
        note["Subject"] = message.template
        note["Date"] = datetime.fromtimestamp(clock.now(), UTC)
        note.set_content(message.text)
        return await asyncio.to_thread(outbox.put, self._folder, f"{key}.sms", note)


class NoSms:
    """An installation in production that nobody has given a carrier."""

    async def deliver(self, message: Sms, key: str) -> str:
        """Always refuses."""
        raise GiveUp("no_sms_carrier", "This installation sends no SMS: ALIYUN_SMS_SIGN_NAME is not set.")
