"""A real SMTP server on loopback. It asks for a password over TLS; it refuses, hangs or hangs up as a test tells it."""

import asyncio
import email
import ssl
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = b"parley", b"a password: with @ signs"


class SmtpServer:
    """`async with SmtpServer(tls="starttls") as server:`. `answers` says what each part of a dialogue gets next."""

    def __init__(self, tls: str = "starttls", *, has_login: bool = True) -> None:
        self.tls = tls
        self.has_login = has_login
        self.taken: list[EmailMessage] = []
        """Every mail whose text arrived, whatever was answered."""
        self.senders: list[str] = []
        self.logins: list[bytes] = []
        self.answers: dict[str, list[str]] = {"MAIL": [], "RCPT": [], "DATA": []}
        """Next answers of a command: a code with words, `hang`, `cut` (hang up now), `late cut` (after the 250)."""
        self.port = 0
        self._authority = trustme.CA()
        self._dialogues: set[_Dialogue] = set()

    def trust(self, file: Path) -> str:
        """A file of certificates with which this server is believed."""
        self._authority.cert_pem.write_to_path(str(file))
        return str(file)

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {
            "hostname": "mail.test",
            "enable_SMTPUTF8": False,
            "auth_required": self.has_login,
            "auth_require_tls": self.tls == "starttls",
            "authenticator": self._login,
            "loop": loop,
        }
        if self.tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}

        def dialogue() -> _Dialogue:
            made = _Dialogue(self, **options)
            self._dialogues.add(made)
            return made

        self._server = await loop.create_server(dialogue, "127.0.0.1", 0, ssl=context if self.tls == "tls" else None)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for dialogue in self._dialogues:
            dialogue.cut()

    def _login(self, server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        self.logins.append(said.password)
        return AuthResult(success=(said.login, said.password) == (USER, PASSWORD), handled=False)

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        envelope.mail_from = address
        self.senders.append(address)
        return await self._answer(server, "MAIL") or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if answer := await self._answer(server, "RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        assert content.isascii(), "nobody promised 8BITMIME"
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")
        message = email.message_from_bytes(content, EmailMessage, policy=default)
        assert [envelope.rcpt_tos[0]] == [str(one.addr_spec) for one in message["To"].addresses]
        assert envelope.mail_from == message["From"].addresses[0].addr_spec
        self.taken.append(message)
        return await self._answer(server, "DATA") or "250 2.0.0 taken as 4711"

    async def _answer(self, dialogue: SMTP, command: str) -> str:
        waiting = self.answers[command]
        answer = waiting.pop(0) if waiting else ""
        if answer == "hang":
            await asyncio.Event().wait()
        assert isinstance(dialogue, _Dialogue)
        if answer == "cut":
            dialogue.cut()
            await asyncio.Event().wait()
        if answer == "late cut":
            dialogue.hangs_up_after_250 = True
            return ""
        return answer


class _Dialogue(SMTP):
    def __init__(self, server: SmtpServer, **options: Any) -> None:
        super().__init__(server, **options)
        self.hangs_up_after_250 = False

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    async def smtp_QUIT(self, arg: str) -> None:
        if self.hangs_up_after_250:
            self.cut()
            return
        await super().smtp_QUIT(arg)
