"""Who carries SMS: Aliyun, or the outbox of a development machine."""

from typing import Protocol

from app.messengers.sms import Sms


class SmsSender(Protocol):
    """One way out."""

    async def deliver(self, message: Sms, key: str) -> str:
        """Hand over `message`; answers the carrier's own id of it.

        Raises `Retry` when it may work later or nobody knows whether it worked, `GiveUp` when it never will.
        """
