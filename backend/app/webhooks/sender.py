"""One request to a receiver that we do not trust: it may be slow, endless, broken, or somewhere else tomorrow.

No redirects, no proxies of the environment, TLS always verified, one time limit over everything, little is read.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx2 as httpx

from app import VERSION
from app.kernel import clock
from app.kernel.config import Settings
from app.kernel.errors import Invalid
from app.webhooks import guard
from app.webhooks.models import MAX_ANSWER

TIMEOUT_SECONDS = 15.0  # from the name to the status line; Standard Webhooks: 15 to 30
BODY_SECONDS = 3.0  # for what follows the status line, which has decided already
CONNECT_SECONDS = 5.0  # for each address
MAX_READ = 65_536  # bytes of an answer
MAX_ADDRESSES = 3  # that are tried one after the other
ADDRESS_SECONDS = 10.0  # for which a checked address is used again in one turn
USER_AGENT = f"Parley-Webhooks/{VERSION}"


class Trouble(StrEnum):
    """Why an attempt failed; the pages say it in sentences."""

    DNS = "dns_failed"
    REFUSED = "address_refused"
    CONNECT = "connect_failed"
    TLS = "tls_failed"
    TIMEOUT = "timeout"
    BROKEN = "connection_broken"
    REDIRECT = "redirect"
    STATUS = "status"
    SECRET = "secret_unreadable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. `retry_after`: seconds for which the receiver wants peace."""

    milliseconds: int
    status_code: int | None = None
    error: Trouble | None = None
    address: str = ""
    answer: str = ""
    retry_after: int | None = None


class Line:
    """The way to one endpoint during one turn: its connections are shared with no other endpoint.

    They must not be: the client knows hosts by their address, and would use one's connection for the other.
    """

    def __init__(self, settings: Settings, client: httpx.AsyncClient, url: str) -> None:
        self._settings = settings
        self._client = client
        self._url = url
        self._addresses: list[str] = []
        self._checked_at = -ADDRESS_SECONDS
        self._lock = asyncio.Lock()

    async def post(self, body: bytes, headers: dict[str, str]) -> Outcome:
        """Send, and say how it went. Raises nothing but a cancellation."""
        began = clock.monotonic()
        answered: list[Outcome] = []
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                outcome = await self._post(body, headers, answered)
        except (guard.Refused, Invalid):
            outcome = Outcome(0, error=Trouble.REFUSED)
        except guard.UnknownHost:
            outcome = Outcome(0, error=Trouble.DNS)
        except (TimeoutError, httpx.TimeoutException):
            outcome = answered[0] if answered else Outcome(0, error=Trouble.TIMEOUT)
        except httpx.ConnectError as error:
            outcome = Outcome(0, error=Trouble.TLS if _is_about_tls(error) else Trouble.CONNECT)
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            outcome = Outcome(0, error=Trouble.BROKEN)
        took = round((clock.monotonic() - began) * 1000)
        return Outcome(took, outcome.status_code, outcome.error, outcome.address, outcome.answer, outcome.retry_after)

    async def _post(self, body: bytes, headers: dict[str, str], answered: list[Outcome]) -> Outcome:
        target = guard.parse(self._settings, self._url)
        addresses = await self._resolved(target)
        for number, address in enumerate(addresses, 1):
            request = self._client.build_request(
                "POST",
                target.at(address),
                content=body,
                headers={"Host": target.host_header} | headers,
                extensions={"sni_hostname": target.host},
            )
            try:
                response = await self._client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if number == len(addresses) or _is_about_tls(error):
                    raise
                continue
            try:
                return await _read(response, address, answered)
            finally:
                await response.aclose()
        raise guard.UnknownHost()

    async def _resolved(self, target: guard.Target) -> list[str]:
        async with self._lock:
            if clock.monotonic() - self._checked_at >= ADDRESS_SECONDS:
                self._addresses = await guard.addresses_of(self._settings, target)
                self._checked_at = clock.monotonic()
        return self._addresses[:MAX_ADDRESSES]


class Sender:
    """One per process: reading the certificate authorities takes a while."""

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: which authorities are believed; by default those of the system."""
        self._settings = settings
        self._tls = tls

    @asynccontextmanager
    async def line(self, url: str) -> AsyncIterator[Line]:
        """The way to `url`; its connections are closed after the block."""
        self._tls = self._tls or httpx.create_ssl_context(trust_env=False)
        transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, retries=0)
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        async with httpx.AsyncClient(
            transport=transport, timeout=timeout, headers=headers, follow_redirects=False, trust_env=False
        ) as client:
            yield Line(self._settings, client, url)


async def _read(response: httpx.Response, address: str, answered: list[Outcome]) -> Outcome:
    """The status decides; what follows it is read as far as the log wants it, and as far as that is quick."""
    kept = bytearray()
    read = 0
    answered.append(_outcome(response, address, kept))
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_raw():
                read += len(chunk)
                kept += chunk[: MAX_ANSWER - len(kept)]
                if read >= MAX_READ:
                    break
    answered[0] = _outcome(response, address, kept)
    return answered[0]


def _outcome(response: httpx.Response, address: str, kept: bytes | bytearray) -> Outcome:
    code = response.status_code
    error = None
    if 300 <= code < 400:
        error = Trouble.REDIRECT
    elif not 200 <= code < 300:
        error = Trouble.STATUS
    said = bytes(kept).decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Outcome(0, code, error, address, said, _retry_after(response.headers.get("retry-after", "")))


def _retry_after(said: str) -> int | None:
    """Seconds, from a number or a date (RFC 9110 section 10.2.3); None for anything else."""
    said = said.strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return int(said)
    try:
        return max(0, int(parsedate_to_datetime(said).timestamp()) - clock.now())
    except (ValueError, TypeError, OverflowError):
        return None


def _is_about_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
