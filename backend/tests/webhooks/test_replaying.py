"""The log of an endpoint, and sending again: one, or all that was missed."""

from collections.abc import Callable
from typing import Any

from httpx2 import AsyncClient
from standardwebhooks.webhooks import Webhook

from app.kernel import clock
from tests.chat.talking import refusal, sent
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver, status

LogOf = Callable[..., Any]


async def test_one_delivery_is_replayed_under_its_own_id(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    for content in ("one", "two"):
        await sent(client, lin_the_buyer, talk, content)
    await postman.walk()
    delivery = (await log_of(webhook))[0]
    path = f"{WEBHOOKS}{webhook['id']}/deliveries/{delivery['id']}/replay"
    answer = await client.post(path, headers=chen_the_merchant.headers)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await postman.walk()
    assert receiver.contents() == ["one", "two", "one"]
    assert receiver.requests[2].headers["webhook-id"] == receiver.requests[0].headers["webhook-id"]
    Webhook(webhook["secret"]).verify(receiver.requests[2].body, receiver.requests[2].headers)
    again = (await log_of(webhook))[0]
    assert (again["status"], again["attempts"]) == ("delivered", 2)


async def test_what_was_missed_while_the_endpoint_was_off_is_replayed_in_order(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver, "message.created.v1")
    path, headers = WEBHOOKS + webhook["id"], chen_the_merchant.headers
    await sent(client, lin_the_buyer, talk, "arrived")
    await postman.walk()
    off = (await client.put(path, json={"is_enabled": False}, headers=headers)).json()
    assert (off["is_enabled"], off["disabled_reason"]) == (False, "owner")
    for content in ("one", "two", "three"):
        await sent(client, lin_the_buyer, talk, content)
    await postman.walk()
    order = {"since": clock.now() - 3600}
    for attempt in ("test", "replay", f"deliveries/{(await log_of(webhook))[0]['id']}/replay"):
        answer = await client.post(f"{path}/{attempt}", json=order, headers=headers)
        assert refusal(answer) == (409, "webhook_disabled")
    on = (await client.put(path, json={"is_enabled": True}, headers=headers)).json()
    assert (on["is_enabled"], on["disabled_reason"]) == (True, None)
    await postman.walk()
    assert receiver.contents() == ["arrived"]
    task = await client.post(f"{path}/replay", json=order, headers=headers)
    assert (task.status_code, task.json()["kind"]) == (202, "webhooks.replay")
    await postman.walk()
    assert receiver.contents() == ["arrived", "one", "two", "three"]
    done = (await client.get(f"/api/v1/tasks/{task.json()['id']}", headers=headers)).json()
    assert (done["status"], done["result"]) == ("completed", {"replayed": 3})
    await client.post(f"{path}/replay", json=order | {"include_delivered": True}, headers=headers)
    await postman.walk()
    assert receiver.contents()[4:] == ["arrived", "one", "two", "three"]


async def test_the_log_is_filtered(
    client: AsyncClient,
    listen: Listen,
    log_of: LogOf,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    receiver.behave = status(500)
    await client.post(f"{WEBHOOKS}{webhook['id']}/test", headers=chen_the_merchant.headers)
    await postman.walk()
    assert [one["event_type"] for one in await log_of(webhook, status="dead")] == ["webhook.tested.v1"]
    assert [one["status"] for one in await log_of(webhook, event_type="message.created.v1")] == ["delivered"]
    assert await log_of(webhook, status="skipped") == []
