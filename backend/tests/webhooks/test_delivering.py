"""From a message to a receiver that checks every signature with the public library."""

import pytest
import time_machine
from httpx2 import AsyncClient
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.kernel import clock
from app.webhooks import signing
from app.webhooks.event_types import CONVERSATION_CREATED, CONVERSATION_UPDATED, MESSAGE_CREATED
from tests.chat.talking import change, sent, start
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver, in_turn


def test_the_vector_of_the_specification() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    made = signing.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_public_library_accepts_what_we_send(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    webhook = await listen(receiver)
    message = await sent(client, lin_the_buyer, talk, "大米还有吗？")
    await postman.walk()
    request = receiver.requests[0]
    verified = Webhook(webhook["secret"]).verify(request.body, request.headers)
    assert verified["type"] == MESSAGE_CREATED
    assert verified["data"]["message"]["id"] == message["id"]
    assert verified["data"]["message"]["content"] == "大米还有吗？"
    assert (request.method, request.path) == ("POST", "/parley")
    assert request.headers["webhook-id"] == verified["id"]
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == receiver.name
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.new_secret()).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook["secret"]).verify(request.body + b" ", request.headers)


async def test_a_conversation_is_told_from_its_beginning_in_order(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    await listen(receiver)
    talk = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, talk, "one")
    await sent(client, chen_the_merchant, talk, "two")
    await change(client, chen_the_merchant, talk, status="resolved", labels=["rice"])
    await sent(client, lin_the_buyer, talk, "three")
    await postman.walk()
    assert receiver.types() == [
        CONVERSATION_CREATED,
        MESSAGE_CREATED,
        MESSAGE_CREATED,
        CONVERSATION_UPDATED,
        MESSAGE_CREATED,
        CONVERSATION_UPDATED,  # the buyer's message opened it again
    ]
    assert [event["data"]["sequence"] for event in receiver.events] == [1, 2, 3, 4, 5, 6]
    resolved, reopened = receiver.events[3]["data"], receiver.events[5]["data"]
    assert (resolved["previous_status"], resolved["conversation"]["status"]) == ("open", "resolved")
    assert resolved["conversation"]["labels"] == ["rice"]
    assert (reopened["previous_status"], reopened["conversation"]["status"]) == ("resolved", "open")
    assert {event["subject"] for event in receiver.events} == {f"conversations/{talk}"}
    assert {event["source"] for event in receiver.events} == {"/shops/m1"}


async def test_what_was_said_before_the_first_endpoint_is_no_news(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "old")
    await listen(receiver)
    await sent(client, lin_the_buyer, talk, "new")
    await postman.walk()
    assert receiver.contents() == ["new"]


async def test_who_subscribes_to_messages_later_gets_no_flood(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    webhook = await listen(receiver, CONVERSATION_CREATED)
    await sent(client, lin_the_buyer, talk, "before")
    wanted = {"event_types": [MESSAGE_CREATED]}
    await client.put(WEBHOOKS + webhook["id"], json=wanted, headers=chen_the_merchant.headers)
    await sent(client, lin_the_buyer, talk, "after")
    await postman.walk()
    assert receiver.contents() == ["after"]


async def test_an_endpoint_gets_what_it_subscribed_to_and_no_other_shops(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    another_receiver: Receiver,
    postman: Postman,
    talk: str,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    honey_the_merchant: Person,
) -> None:
    await listen(receiver, CONVERSATION_UPDATED)
    await listen(another_receiver, who=honey_the_merchant)
    await sent(client, lin_the_buyer, talk)
    await change(client, chen_the_merchant, talk, priority="high")
    await postman.walk()
    assert receiver.types() == [CONVERSATION_UPDATED]
    assert another_receiver.requests == []


async def test_notes_and_activities_never_leave(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, chen_the_merchant: Person
) -> None:
    await listen(receiver)
    note = {"content": "a difficult customer"}
    await client.post(f"/api/v1/conversations/{talk}/notes/", json=note, headers=chen_the_merchant.headers)
    await change(client, chen_the_merchant, talk, assignee_id="m1")
    await sent(client, chen_the_merchant, talk, "Hello")
    await postman.walk()
    assert receiver.types() == [CONVERSATION_UPDATED, MESSAGE_CREATED]
    assert not any(b"difficult" in request.body for request in receiver.requests)


async def test_a_long_message_is_cut_and_says_so(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    webhook = await listen(receiver)
    await sent(client, lin_the_buyer, talk, "米" * 10_000)
    await sent(client, lin_the_buyer, talk, '\\"\n🌾' * 2500)
    await sent(client, lin_the_buyer, talk, "x" * 10_000)
    await postman.walk()
    for request in receiver.requests[:2]:
        assert 19_900 < len(request.body) <= 20_000
        shown = Webhook(webhook["secret"]).verify(request.body, request.headers)["data"]["message"]
        assert shown["is_content_cut"]
        assert 1000 < len(shown["content"]) < 10_000
    assert receiver.events[2]["data"]["message"]["content"] == "x" * 10_000
    assert not receiver.events[2]["data"]["message"]["is_content_cut"]


async def test_every_attempt_bears_the_same_id_and_a_signature_of_its_own_time(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, talk: str, lin_the_buyer: Person
) -> None:
    webhook = await listen(receiver)
    receiver.behave = in_turn(500, 204)
    await sent(client, lin_the_buyer, talk)
    await postman.walk()
    with time_machine.travel(clock.now() + 10):
        await postman.walk()
        first, second = receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"]) + 5
        assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
        Webhook(webhook["secret"]).verify(second.body, second.headers)
