"""The JSON door: who may, secrets, rotation, tests."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from httpx2 import AsyncClient
from sqlmodel import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.kernel import clock
from app.webhooks.models import WebhookEndpoint
from tests.chat.talking import refusal, sent
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver, status

LogOf = Callable[..., Any]
DRAFT = {"url": "https://example.com/hook", "event_types": ["message.created.v1"]}


async def test_the_secret_is_told_once_and_stored_sealed(
    client: AsyncClient, listen: Listen, postman: Postman, chen_the_merchant: Person
) -> None:
    made = await listen("https://example.com/hook?shop=1")
    assert made["secret"].startswith("whsec_")
    shown = (await client.get(WEBHOOKS + made["id"], headers=chen_the_merchant.headers)).json()
    assert "secret" not in shown
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    listed = (await client.get(WEBHOOKS, headers=chen_the_merchant.headers)).json()
    assert (listed["count"], listed["results"]) == (1, [shown])
    async with postman.db.reading() as session:
        row = (await session.exec(select(WebhookEndpoint))).one()
    assert made["secret"].removeprefix("whsec_") not in row.sealed_secret


@pytest.mark.parametrize(
    "change",
    [
        {"event_types": []},
        {"event_types": ["message.deleted.v9"]},
        {"event_types": ["webhook.tested.v1"]},
        {"url": "short"},
        {"url": "https://example.com/" + "x" * 1000},
        {"url": "https://example.com/\x00"},
        {"description": "x" * 201},
    ],
)
async def test_a_wrong_form_is_refused(change: dict[str, Any], client: AsyncClient, chen_the_merchant: Person) -> None:
    answer = await client.post(WEBHOOKS, json=DRAFT | change, headers=chen_the_merchant.headers)
    assert answer.status_code == 422
    webhook = (await client.post(WEBHOOKS, json=DRAFT, headers=chen_the_merchant.headers)).json()
    answer = await client.put(WEBHOOKS + webhook["id"], json=change, headers=chen_the_merchant.headers)
    assert answer.status_code == 422


async def test_agents_and_admins_look_and_change_nothing(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    an_the_agent: Person,
    an_admin: Person,
    log_of: LogOf,
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    delivery = (await log_of(webhook))[0]
    path = WEBHOOKS + webhook["id"]
    reads = [WEBHOOKS, path, f"{path}/deliveries/", f"{path}/deliveries/{delivery['id']}", f"{WEBHOOKS}event-types/"]
    for person, code in ((an_the_agent, "owner_only"), (an_admin, "read_only")):
        for address in reads:
            answer = await client.get(address, headers=person.headers)
            assert answer.status_code == 200, (person.id, address)
            assert "whsec_" not in answer.text
        for verb, address, body in _writes(path, delivery["id"]):
            answer = await client.request(verb, address, json=body, headers=person.headers)
            assert refusal(answer) == (403, code), (person.id, verb, address)


async def test_another_shops_webhook_is_not_there(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    honey_the_merchant: Person,
    log_of: LogOf,
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    delivery = (await log_of(webhook))[0]
    path, headers = WEBHOOKS + webhook["id"], honey_the_merchant.headers
    assert (await client.get(WEBHOOKS, headers=headers)).json() == {"count": 0, "results": []}
    for address in (path, f"{path}/deliveries/", f"{path}/deliveries/{delivery['id']}"):
        assert refusal(await client.get(address, headers=headers)) == (404, "webhook_not_found")
    for verb, address, body in _writes(path, delivery["id"])[1:]:
        answer = await client.request(verb, address, json=body, headers=headers)
        assert refusal(answer) == (404, "webhook_not_found"), (verb, address)
    # A delivery is found under its own webhook only.
    hers = (await client.post(WEBHOOKS, json=DRAFT, headers=headers)).json()
    answer = await client.get(f"{WEBHOOKS}{hers['id']}/deliveries/{delivery['id']}", headers=headers)
    assert refusal(answer) == (404, "delivery_not_found")


async def test_buyers_and_strangers_have_no_business_here(client: AsyncClient, lin_the_buyer: Person) -> None:
    assert (await client.get(WEBHOOKS)).status_code == 401
    for verb, address, body in [("GET", WEBHOOKS, None), *_writes(f"{WEBHOOKS}1", "1")]:
        answer = await client.request(verb, address, json=body, headers=lin_the_buyer.headers)
        assert answer.status_code == 403, (verb, address)


def _writes(path: str, delivery_id: str) -> list[tuple[str, str, Any]]:
    return [
        ("POST", WEBHOOKS, DRAFT),
        ("PUT", path, {"description": "x"}),
        ("POST", f"{path}/rotate-secret", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/deliveries/{delivery_id}/replay", None),
        ("POST", f"{path}/replay", {"since": 0}),
        ("DELETE", path, None),
    ]


async def test_a_shop_has_at_most_twenty(client: AsyncClient, chen_the_merchant: Person) -> None:
    for _ in range(20):
        assert (await client.post(WEBHOOKS, json=DRAFT, headers=chen_the_merchant.headers)).status_code == 201
    answer = await client.post(WEBHOOKS, json=DRAFT, headers=chen_the_merchant.headers)
    assert refusal(answer) == (409, "too_many_webhooks")


async def test_a_rotation_signs_twice_for_a_day(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    path = f"{WEBHOOKS}{webhook['id']}/rotate-secret"
    rotated = (await client.post(path, headers=chen_the_merchant.headers)).json()
    assert rotated["secret"] != webhook["secret"]
    assert clock.now() < rotated["old_secret_until"] <= clock.now() + 86_400
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    request = receiver.requests[0]
    assert len(request.headers["webhook-signature"].split()) == 2
    for secret in (webhook["secret"], rotated["secret"]):
        Webhook(secret).verify(request.body, request.headers)
    with time_machine.travel(clock.now() + 86_401):
        await sent(client, lin_the_buyer, talk)
        await postman.walk()
        request = receiver.requests[1]
        Webhook(rotated["secret"]).verify(request.body, request.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook["secret"]).verify(request.body, request.headers)


async def test_a_test_is_sent_once_and_shows_how_it_went(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver, "conversation.created.v1")
    receiver.behave = status(503)
    answer = await client.post(f"{WEBHOOKS}{webhook['id']}/test", headers=chen_the_merchant.headers)
    assert answer.status_code == 202
    await postman.walk()
    delivery = (await log_of(webhook))[0]
    assert delivery["id"] == answer.json()["delivery_id"]
    assert (delivery["event_type"], delivery["status"], delivery["attempts"]) == ("webhook.tested.v1", "dead", 1)
    assert receiver.events[0]["data"]["tested_by"] == "m1"


async def test_a_deleted_webhook_is_silent(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk)
    path = WEBHOOKS + webhook["id"]
    assert (await client.delete(path, headers=chen_the_merchant.headers)).status_code == 204
    await postman.walk()
    assert receiver.requests == []
    assert refusal(await client.get(path, headers=chen_the_merchant.headers)) == (404, "webhook_not_found")


async def test_a_secret_of_another_installation_key_switches_off(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    async with postman.db.writing() as session:
        row = await session.get_one(WebhookEndpoint, int(webhook["id"]))
        row.sealed_secret = "of another time"
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    shown = (await client.get(WEBHOOKS + webhook["id"], headers=chen_the_merchant.headers)).json()
    assert (shown["is_enabled"], shown["disabled_reason"]) == (False, "secret")
    assert receiver.requests == []
