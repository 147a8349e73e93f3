"""Where webhooks may go: an address book of the internet must not become a way into our own network.

Checked twice: the form of a URL when it is entered, and the addresses behind its host at each delivery. The connection
is made to the address that was checked, so a name that changes its mind in between (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.kernel.config import Settings
from app.kernel.errors import Invalid
from app.webhooks.models import MAX_URL

DEFAULT_PORTS = {"https": 443, "http": 80}
# Services that understand enough of an HTTP request to do harm, or that nobody runs a receiver on.
CLOSED_PORTS = frozenset(
    {0, 1, 7, 9, 19, 20, 21, 22, 23, 25, 53, 69, 79, 110, 111, 119, 123, 135, 137, 139, 143, 161, 179, 389, 445, 465,
     512, 513, 514, 515, 587, 636, 873, 993, 995, 1433, 1521, 2049, 2375, 2379, 2380, 3306, 3389, 5060, 5432, 5672,
     5900, 5984, 6000, 6379, 6443, 6667, 8086, 9042, 9092, 9200, 9300, 10250, 11211, 15672, 27017, 50070}
)  # fmt: skip
# What `is_global` lets pass (Python 3.11) and is not the public internet.
CLOSED_NETWORKS = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carriers' inner network; Alibaba Cloud's metadata service
        "168.63.129.16/32",  # Azure's platform
        "64:ff9b:1::/48",  # NAT64 of somebody's own
        "2001::/32",  # Teredo carries another address
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)
NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address
# Threads of our own: a name server that never answers must not hold those in which passwords are checked.
_LOOK_UPS = ThreadPoolExecutor(32, thread_name_prefix="webhook-dns")


class Refused(Exception):
    """The host leads to where webhooks may not go."""


class UnknownHost(Exception):
    """The host's name leads nowhere."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts. `host` is in ASCII and lower case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """`host:port`, as `webhook_allowed_hosts` names it."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def host_header(self) -> str:
        """What the receiver is asked for."""
        return _bracketed(self.host) if self.port == DEFAULT_PORTS[self.scheme] else self.name

    def at(self, address: str) -> str:
        """The URL with the host's name replaced by one of its addresses."""
        return f"{self.scheme}://{_bracketed(address)}:{self.port}{self.path}"


def parse(settings: Settings, url: str) -> Target:
    """The parts of a URL that an endpoint may have. Raises `Invalid`."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise _bad_url() from None
    is_clean = url.isprintable() and not any(letter.isspace() or letter == "\\" for letter in url)
    if parts.scheme not in DEFAULT_PORTS or not host or not is_clean or len(url) > MAX_URL:
        raise _bad_url()
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("webhook_url_invalid", "The address may have no user name, password or fragment.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host.lower(), DEFAULT_PORTS[parts.scheme] if port is None else port, path)
    if target.name in settings.webhook_allowed_hosts:
        return target
    if target.scheme != "https" and settings.environment == "production":
        raise Invalid("webhook_url_insecure", "The address must begin with https://.")
    literal = _literal(target.host)
    if target.port in CLOSED_PORTS or (literal is not None and not is_open(literal)) or target.host == "localhost":
        raise Invalid("webhook_url_refused", "Webhooks cannot be sent to this address.")
    return target


async def addresses_of(settings: Settings, target: Target) -> list[str]:
    """The addresses behind the host, in the order in which the system prefers them.

    Raises `Refused` if any of them is closed (a name with a public and an inner address is an attack, not a receiver),
    `UnknownHost` if there is none.
    """
    look_up = partial(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, look_up)
    except (OSError, UnicodeError) as error:
        raise UnknownHost() from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    is_allowed = target.name in settings.webhook_allowed_hosts
    is_public = target.port not in CLOSED_PORTS and all(is_open(ip_address(address)) for address in addresses)
    if not (is_allowed or is_public):
        raise Refused()
    if not addresses:
        raise UnknownHost()
    return addresses


def is_open(address: Address) -> bool:
    """True for an address of the public internet; what carries another address inside is judged by that one too."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = _inside(address)
        if inner is not None:
            return is_open(inner)
    if any(address in network for network in CLOSED_NETWORKS if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address in a mapped, 6to4 or NAT64 one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bad_url() -> Invalid:
    return Invalid("webhook_url_invalid", "This is no address of the form https://example.com/path.")
