"""Mail that goes nowhere: into the outbox, or, in production, not at all."""

import asyncio
from email.message import EmailMessage

from app.jobs.kinds import GiveUp
from app.kernel.config import Settings
from app.messengers import outbox


class OutboxMailer:
    """Writes each mail into a file that the admin's outbox shows."""

    def __init__(self, settings: Settings) -> None:
        self._folder = outbox.folder_of(settings)

    async def deliver(self, message: EmailMessage, key: str) -> str:
        """Never fails but for a full disk."""
        return await asyncio.to_thread(outbox.put, self._folder, f"{key}.eml", message)


class NoMailer:
    """An installation in production that nobody has given a mail server."""

    async def deliver(self, message: EmailMessage, key: str) -> str:
        """Always refuses: a file on the server would only look as if it had been sent."""
        raise GiveUp("no_mail_server", "This installation has no mail server: SMTP_HOST is not set.")
