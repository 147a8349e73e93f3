"""Mail over SMTP. The server's code decides: 4yz is not now, 5yz is never, and no answer is not now."""

import asyncio
import ssl
from contextlib import suppress
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import cast

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from loguru import logger

from app.jobs.kinds import GiveUp, Retry
from app.kernel.config import Settings

GOODBYE_SECONDS = 2.0
MAX_SAID = 300  # characters of a server's answer
PERMANENT = 500


class SmtpMailer:
    """One connection for each mail: servers close idle ones, and the queue limits how many are open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tls: ssl.SSLContext | None = None

    async def deliver(self, message: EmailMessage, key: str) -> str:
        """Hand over `message` to the configured server.

        The one window that SMTP leaves: a server that took the text and was cut off before its answer is asked again,
        and then two mails with one Message-ID are on their way.
        """
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.smtp_timeout_seconds):
                await client.connect()
                _, said = await client.sendmail(_bare(message["From"]), _bare(message["To"]), message.as_bytes())
        except SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0].code, error.recipients[0].message) from error
        except (SMTPSenderRefused, SMTPDataError) as error:
            raise _judged(error.code, error.message) from error
        except (SMTPException, OSError) as error:  # TimeoutError and ssl.SSLError among them
            # A wrong password or certificate is the installation's fault, not the mail's: it waits for the repair.
            reason = f"{type(error).__name__}: {error}"[:MAX_SAID]
            logger.warning("mail: {}:{}: {}", self._settings.smtp_host, self._settings.smtp_port, reason)
            raise Retry(reason) from error
        else:
            await _say_goodbye(client)
            return said[:MAX_SAID]
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        if self._tls is None and settings.smtp_tls != "none":
            self._tls = ssl.create_default_context()  # reads hundreds of certificates: once
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=settings.smtp_password or None,
            local_hostname=settings.mail_from.rpartition("@")[2],  # the machine's own name may need a slow resolver
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            tls_context=self._tls,
            timeout=settings.smtp_timeout_seconds,
        )


async def _say_goodbye(client: aiosmtplib.SMTP) -> None:
    """The mail was taken: whatever happens from here on must not send it again."""
    with suppress(SMTPException, OSError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await client.quit()


def _judged(code: int, said: str) -> Exception:
    said = " ".join(f"{code} {said}".split())[:MAX_SAID]
    if code >= PERMANENT:
        return GiveUp("mail_refused", "The mail server refused: {said}", said=said)
    return Retry(said)


def _bare(header: object) -> str:
    """The address of `From` or `To` without its name."""
    return str(cast(AddressHeader, header).addresses[0].addr_spec)
