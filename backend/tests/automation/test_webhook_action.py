"""A rule sends an event: it follows the message that set it off, and is what its schema says."""

import json

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel import col, select

from app.kernel.db import Database
from app.webhooks.event_types import AUTOMATION_TRIGGERED, CHOSEN
from app.webhooks.models import WebhookEvent
from tests.automation.conftest import CatchUp, MakeRule
from tests.chat.talking import API, sent
from tests.people import Person
from tests.webhooks.test_schemas import closed, schema_of, validator


async def test_the_event_is_what_its_schema_says(
    client: AsyncClient, app: FastAPI, make_rule: MakeRule, catch_up: CatchUp, talk: str, lin_the_buyer: Person,
    chen_the_merchant: Person, db: Database,
) -> None:  # fmt: skip
    endpoint = {"url": "https://receiver.invalid/x", "event_types": list(CHOSEN)}
    made = await client.post(f"{API}/webhooks/", json=endpoint, headers=chen_the_merchant.headers)
    assert made.status_code == 201, made.text
    rule = await make_rule(
        "message_from_buyer", [], [{"kind": "webhook"}, {"kind": "add_label", "value": "x"}], name="R"
    )
    await sent(client, lin_the_buyer, talk, "在吗")
    await catch_up()
    query = select(WebhookEvent).where(col(WebhookEvent.event_type) == AUTOMATION_TRIGGERED)
    async with db.reading() as session:
        (event,) = (await session.exec(query)).all()
    body = json.loads(event.body)
    validator(closed(schema_of(AUTOMATION_TRIGGERED))).validate(body)
    assert body["data"]["rule"] == {
        "id": rule["id"],
        "name": "R",
        "event": "message_from_buyer",
        "trigger": "message:1",
    }
    assert body["data"]["conversation"]["labels"] == ["x"]
