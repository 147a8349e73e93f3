"""Where webhooks may not go, said in every spelling that we know of."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest
from httpx2 import AsyncClient

from app.kernel.config import Settings
from app.kernel.errors import Invalid
from app.webhooks import guard
from app.webhooks.sender import Sender
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS
from tests.webhooks.receivers import Receiver, receiving

CLOSED = {
    "0.0.0.0": "this host",
    "10.1.2.3": "private",
    "100.64.0.1": "carriers",
    "100.100.100.200": "metadata of Alibaba Cloud",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "Azure's platform",
    "169.254.169.254": "metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "metadata of Oracle Cloud",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "compatible",
    "::ffff:127.0.0.1": "mapped",
    "::ffff:169.254.169.254": "mapped",
    "::ffff:10.0.0.1": "mapped",
    "64:ff9b::7f00:1": "NAT64 of loopback",
    "64:ff9b::a9fe:a9fe": "NAT64 of metadata",
    "64:ff9b:1::808:808": "somebody's own NAT64",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4 of loopback",
    "2002:a9fe:a9fe::": "6to4 of metadata",
    "3fff::1": "documentation",
    "fc00::1": "unique local",
    "fd00:ec2::254": "metadata of AWS",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local with its zone",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}
OPEN = ["8.8.8.8", "1.1.1.1", "223.5.5.5", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", CLOSED)
def test_inner_addresses_are_closed(address: str) -> None:
    assert not guard.is_open(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_the_internet_is_open(address: str) -> None:
    assert guard.is_open(ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.com/x", "webhook_url_invalid"),
        ("example.com/hook", "webhook_url_invalid"),
        ("https:///hook", "webhook_url_invalid"),
        ("https://example.com:99999/", "webhook_url_invalid"),
        ("https://exa mple.com/", "webhook_url_invalid"),
        ("https://example.com\\@127.0.0.1/", "webhook_url_invalid"),
        ("https://example.com/\r\nX: y", "webhook_url_invalid"),
        ("https://[::1", "webhook_url_invalid"),
        ("https://user:pass@example.com/", "webhook_url_invalid"),
        ("https://user@example.com/", "webhook_url_invalid"),
        ("https://example.com/#part", "webhook_url_invalid"),
        ("https://127.0.0.1/", "webhook_url_refused"),
        ("https://localhost/", "webhook_url_refused"),
        ("https://[::1]/", "webhook_url_refused"),
        ("https://[::ffff:10.0.0.1]/", "webhook_url_refused"),
        ("https://169.254.169.254/latest", "webhook_url_refused"),
        ("https://example.com:22/", "webhook_url_refused"),
        ("https://example.com:6379/", "webhook_url_refused"),
    ],
)
async def test_a_url_is_judged_when_it_is_entered(
    url: str, code: str, client: AsyncClient, chen_the_merchant: Person
) -> None:
    draft = {"url": url, "event_types": ["message.created.v1"]}
    answer = await client.post(WEBHOOKS, json=draft, headers=chen_the_merchant.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_production_wants_https(settings: Settings) -> None:
    settings.environment = "production"
    with pytest.raises(Invalid) as refusal:
        guard.parse(settings, "http://example.com/hook")
    assert refusal.value.code == "webhook_url_insecure"
    settings.webhook_allowed_hosts.append("inside.example:8080")
    assert guard.parse(settings, "http://inside.example:8080/hook").port == 8080


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "localhost."])
async def test_other_spellings_of_loopback_are_refused_at_the_delivery(host: str, settings: Settings) -> None:
    """The form lets them pass as names; what they lead to decides."""
    async with receiving() as inner, Sender(settings).line(f"http://{host}:{inner.port}/") as line:
        outcome = await line.post(b"{}", {})
        assert outcome.error in ("address_refused", "dns_failed")
        assert inner.connections == 0


class Names:
    """A name server in place of the system's, which a test cannot change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0
        monkeypatch.setattr(guard.socket, "getaddrinfo", self._look_up)  # type: ignore[attr-defined]

    def _look_up(self, host: str, port: int, **_: Any) -> list[Any]:
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(family[ip_address(one).version], socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.7"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["fd00:ec2::254"]],
    ids=["inner", "mixed", "mapped", "v6"],
)
async def test_a_name_that_leads_inwards_is_refused(
    addresses: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, addresses)
    async with Sender(settings).line("https://hook.example/") as line:
        assert (await line.post(b"{}", {})).error == "address_refused"


async def test_a_name_that_changes_its_mind_gains_nothing(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second answer would be another address, but there is no second question."""
    target = guard.parse(settings, receiver.url)
    names = Names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    settings.webhook_allowed_hosts.append(f"rebinding.example:{target.port}")
    async with Sender(settings).line(f"http://rebinding.example:{target.port}/parley") as line:
        for _ in range(3):
            assert (await line.post(b"{}", {})).error is None
    assert names.asked == 1
    assert [request.headers["host"] for request in receiver.requests] == [f"rebinding.example:{target.port}"] * 3


async def test_two_names_of_one_address_share_no_connection(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.1"])
    sender = Sender(settings)
    settings.webhook_allowed_hosts += [f"one.example:{receiver.port}", f"two.example:{receiver.port}"]
    async with sender.line(f"http://one.example:{receiver.port}/") as one:
        async with sender.line(f"http://two.example:{receiver.port}/") as two:
            await asyncio.gather(one.post(b"{}", {}), two.post(b"{}", {}))
    assert receiver.connections == 2


async def test_a_dead_address_is_passed_over(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host with IPv6 in its records and none on its line is reached by the next address."""
    Names(monkeypatch, ["::1", "127.0.0.1"])
    settings.webhook_allowed_hosts.append(f"both.example:{receiver.port}")
    async with Sender(settings).line(f"http://both.example:{receiver.port}/") as line:
        outcome = await line.post(b"{}", {})
    assert (outcome.error, outcome.address) == (None, "127.0.0.1")
