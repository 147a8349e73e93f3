"""Who carries mail: an SMTP server, or the outbox of a development machine."""

from email.message import EmailMessage
from typing import Protocol


class Mailer(Protocol):
    """One way out."""

    async def deliver(self, message: EmailMessage, key: str) -> str:
        """Hand over `message`; answers what the other side said.

        Raises `Retry` when it may work later or nobody knows whether it worked, `GiveUp` when it never will.
        """
