"""Every event that can happen is made to happen through the product, and what arrives is what its schema says."""

import json
from typing import Any

import pytest
from httpx2 import AsyncClient
from jsonschema import Draft202012Validator

from app.kernel.clock import now
from app.webhooks.event_types import ALL, AUTOMATION_TRIGGERED, SCHEMAS
from tests.chat.talking import change, sent, start
from tests.people import Person
from tests.webhooks.conftest import WEBHOOKS, Listen, Postman
from tests.webhooks.receivers import Receiver

CLOUD_EVENTS = ("id", "source", "specversion", "type")
STANDARD_WEBHOOKS = ("type", "timestamp", "data")


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def closed(schema: Any) -> Any:
    """The same, and nothing that is not named: receivers must bear more fields, we must document all that we send."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    extra = {"additionalProperties": False} if "properties" in schema else {}
    return {name: closed(value) for name, value in schema.items()} | extra


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_there_is_a_schema_for_every_type_and_no_other() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_schema_is_one_and_its_examples_fit(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    assert schema["$id"] == f"/event-schemas/{name}.json"
    assert schema["examples"]
    for example in schema["examples"]:
        validator(closed(schema)).validate(example)


async def _attachment(client: AsyncClient, who: Person) -> str:
    files = {"file": ("账单.txt", "一斤大米".encode(), "text/plain")}
    answer = await client.post("/api/v1/upload/", files=files, headers=who.headers)
    assert answer.status_code in (200, 201), answer.text
    file_id: str = answer.json()["id"]
    return file_id


async def test_what_arrives_is_what_the_schemas_say(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    postman: Postman,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    maria_the_buyer: Person,
) -> None:
    webhook = await listen(receiver)
    talk = await start(client, lin_the_buyer)
    first = await sent(client, lin_the_buyer, talk, "你好")
    file_id = await _attachment(client, chen_the_merchant)
    await sent(client, chen_the_merchant, talk, "", message_type="file", attachment_ids=[file_id], reply_to=first["id"])
    await change(
        client, chen_the_merchant, talk, status="snoozed", snoozed_until=now() + 3600,
        labels=["大米", "vip"], assignee_id="m1", priority="urgent",
    )  # fmt: skip
    await change(client, chen_the_merchant, talk, status="resolved")
    await sent(client, lin_the_buyer, talk, "one more thing")
    assert (await client.post(f"{WEBHOOKS}{webhook['id']}/test", headers=chen_the_merchant.headers)).status_code == 202
    await postman.walk()
    assert set(receiver.types()) == set(ALL) - {AUTOMATION_TRIGGERED}  # which only a rule sends
    for event in receiver.events:
        validator(closed(schema_of(event["type"]))).validate(event)
        assert all(event[name] for name in (*CLOUD_EVENTS, *STANDARD_WEBHOOKS))
        assert event["time"] == event["timestamp"]


async def test_schemas_are_served_where_events_say_they_are(
    client: AsyncClient, listen: Listen, receiver: Receiver, postman: Postman, chen_the_merchant: Person
) -> None:
    webhook = await listen(receiver)
    await client.post(f"{WEBHOOKS}{webhook['id']}/test", headers=chen_the_merchant.headers)
    await postman.walk()
    address = receiver.events[0]["dataschema"]
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert answer.json() == schema_of("webhook.tested.v1")
    listed = (await client.get("/event-schemas/")).json()
    assert listed["count"] == len(ALL)
    for path in listed["results"]:
        assert (await client.get(path)).status_code == 200
    for strange in ("nothing.v1", "..%2f..%2fsecret", "webhook.tested.v1.json"):
        assert (await client.get(f"/event-schemas/{strange}.json")).status_code == 404
    types = (await client.get(f"{WEBHOOKS}event-types/", headers=chen_the_merchant.headers)).json()
    assert {one["name"]: one["schema_url"] for one in types}["webhook.tested.v1"] == address
