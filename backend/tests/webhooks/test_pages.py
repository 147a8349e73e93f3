"""The console's pages of webhooks, as a browser without scripts uses them."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from standardwebhooks.webhooks import Webhook

from app.webhooks.models import DisabledReason
from app.webhooks.sender import Trouble
from tests.chat.talking import sent
from tests.pages.conftest import SitDown, sit_down  # noqa: F401
from tests.people import Person
from tests.webhooks.conftest import Listen, Postman
from tests.webhooks.receivers import Receiver, status

BASE = "/settings/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")
LogOf = Callable[..., Any]


@pytest.fixture
async def at_the_desk(client: AsyncClient, sit_down: SitDown, chen_the_merchant: Person) -> AsyncClient:  # noqa: F811
    """The owner's browser."""
    client.headers["Accept-Language"] = "en"
    await sit_down(chen_the_merchant)
    return client


async def page(client: AsyncClient, path: str = BASE) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def after(answer: Response) -> str:
    """Where a form leads."""
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_from_nothing_to_a_delivery_and_its_end(
    at_the_desk: AsyncClient, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    assert "No webhooks yet" in await page(at_the_desk)
    draft = {"url": receiver.url, "description": "Warehouse <b>", "event_types": ["message.created.v1"]}
    assert 'name="event_types" value="message.created.v1" checked' in await page(at_the_desk, f"{BASE}/new")
    made = await at_the_desk.post(BASE, data=draft)
    assert made.status_code == 201
    secret = SECRET.findall(html.unescape(made.text))[0]
    path = re.search(r'data-afterwards="([^"]+)"', made.text).group(1)  # type: ignore[union-attr]

    receiver.behave = status(500, b"<script>alert(1)</script>")
    at_the_desk.headers["Authorization"] = lin_the_buyer.headers["Authorization"]
    await sent(at_the_desk, lin_the_buyer, talk, "<img src=x>")
    del at_the_desk.headers["Authorization"]
    await postman.walk()
    raw = (await at_the_desk.get(path)).text
    assert "Warehouse &lt;b&gt;" in raw
    assert "Failing" in raw
    assert secret not in raw
    delivery = re.search(rf'href="({path}/deliveries/\d+)"', raw).group(1)  # type: ignore[union-attr]
    raw = (await at_the_desk.get(delivery)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in raw
    assert "&lt;img src=x&gt;" in raw
    assert "<script>alert" not in raw
    part = (await at_the_desk.get(delivery, headers={"HX-Request": "true"})).text
    assert "<html" not in part
    assert "1 attempt" in part

    assert after(await at_the_desk.post(f"{path}/off")) == path
    assert "You switched it off." in await page(at_the_desk, path)
    assert "It was never sent" not in await page(at_the_desk, delivery)
    assert after(await at_the_desk.post(f"{path}/on")) == path
    receiver.behave = status(204)
    assert after(await at_the_desk.post(f"{delivery}/replay")) == delivery
    await postman.walk()
    assert "Delivered" in await page(at_the_desk, delivery)
    Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)

    tested = after(await at_the_desk.post(f"{path}/test"))
    await postman.walk()
    assert "webhook.tested.v1" in await page(at_the_desk, tested)
    task = after(await at_the_desk.post(f"{path}/replay", data={"hours": "24", "include_delivered": "true"}))
    assert task.startswith("/tasks/")
    rotated = await at_the_desk.post(f"{path}/rotate")
    assert rotated.status_code == 200
    assert SECRET.findall(html.unescape(rotated.text))[0] != secret
    assert "two signatures" in rotated.text
    assert after(await at_the_desk.post(f"{path}/delete")) == BASE
    assert (await at_the_desk.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "https://127.0.0.1/"}, "Webhooks cannot be sent to this address."),
        ({"url": ""}, "This is no address of the form"),
        ({"event_types": []}, "Choose at least one."),
        ({"event_types": ["strange"]}, "Choose at least one."),
        ({"description": "x" * 300}, "At most 200 characters."),
    ],
)
async def test_a_form_comes_back_with_what_is_wrong(
    change: dict[str, Any], said: str, at_the_desk: AsyncClient, listen: Listen
) -> None:
    webhook = await listen("https://example.com/hook")
    draft = {"url": "https://example.com/typed", "description": "", "event_types": ["message.created.v1"]} | change
    for path in (BASE, f"{BASE}/{webhook['id']}/edit"):
        answer = await at_the_desk.post(path, data=draft)
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)
        assert draft["url"] in answer.text


async def test_a_change_is_kept(at_the_desk: AsyncClient, listen: Listen) -> None:
    webhook = await listen("https://example.com/hook")
    path = f"{BASE}/{webhook['id']}"
    draft = {"url": "https://example.com/new", "description": "CRM", "event_types": ["conversation.created.v1"]}
    assert after(await at_the_desk.post(f"{path}/edit", data=draft)) == path
    shown = await page(at_the_desk, path)
    assert "https://example.com/new" in shown
    assert "CRM" in shown
    form = await page(at_the_desk, f"{path}/edit")
    assert 'value="conversation.created.v1" checked' in form
    assert 'value="message.created.v1" checked' not in form


async def test_agents_look_and_have_no_buttons(
    client: AsyncClient,
    sit_down: SitDown,  # noqa: F811
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    an_the_agent: Person,
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    path = f"{BASE}/{webhook['id']}"
    delivery = f"{path}/deliveries/{(await log_of(webhook))[0]['id']}"
    await sit_down(an_the_agent)
    for address in (BASE, f"{BASE}/new", path, delivery, f"{path}/edit"):
        shown = await client.get(address)
        assert shown.status_code == 200
        assert f'action="{BASE}' not in shown.text.replace(f'action="{path}" role="search"', "")
    for verb in ("off", "on", "test", "rotate", "delete", "replay"):
        answer = await client.post(f"{path}/{verb}", data={"hours": "1"})
        assert answer.status_code == 403, verb
    assert (await client.post(f"{delivery}/replay")).status_code == 403


@pytest.mark.parametrize("who", ["honey_the_merchant", "an_admin", "lin_the_buyer", None])
async def test_nobody_else_sees_a_shops_webhooks(
    who: str | None,
    client: AsyncClient,
    sit_down: SitDown,  # noqa: F811
    listen: Listen,
    request: pytest.FixtureRequest,
    honey_the_merchant: Person,
    an_admin: Person,
    lin_the_buyer: Person,
) -> None:
    webhook = await listen("https://example.com/hook")
    people = {"honey_the_merchant": honey_the_merchant, "an_admin": an_admin, "lin_the_buyer": lin_the_buyer}
    await sit_down(people.get(who or ""))
    expected = {"honey_the_merchant": 404, "an_admin": 403, "lin_the_buyer": 403, None: 303}[who]
    for path in ("", "/edit", "/deliveries/1"):
        answer = await client.get(f"{BASE}/{webhook['id']}{path}")
        assert answer.status_code == expected
    if who == "honey_the_merchant":
        assert "example.com" not in (await client.get(BASE)).text


async def test_the_log_is_filtered_and_paged(
    at_the_desk: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
) -> None:
    webhook = await listen(receiver, "message.created.v1")
    path = f"{BASE}/{webhook['id']}"
    for number in range(30):
        await sent(at_the_desk, lin_the_buyer, talk, f"{number}")
    await postman.walk()
    first, second = await page(at_the_desk, path), await page(at_the_desk, f"{path}?page=2")
    assert first.count('id="delivery-') == 25
    assert second.count('id="delivery-') == 5
    assert "Page 2 of 2" in second
    assert 'id="delivery-' not in await page(at_the_desk, f"{path}?status=dead")
    assert 'id="delivery-' not in await page(at_the_desk, f"{path}?event_type=nothing")
    assert (await page(at_the_desk, f"{path}?status=delivered")).count('id="delivery-') == 25
    assert 'id="delivery-' in await page(at_the_desk, f"{path}?status=strange")


async def test_every_fault_and_reason_has_its_sentence(at_the_desk: AsyncClient) -> None:
    from app.kernel.html import environment

    words = environment().get_template("webhooks/_words.html").make_module({"locale": "en"})
    assert set(words.faults) == {str(word) for word in Trouble}  # type: ignore[attr-defined]
    assert set(words.reasons) == {str(word) for word in DisabledReason}  # type: ignore[attr-defined]
