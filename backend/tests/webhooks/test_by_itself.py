"""Nobody walks here: relay, worker and bells of the running product deliver by themselves."""

import pytest
from httpx2 import AsyncClient
from standardwebhooks.webhooks import Webhook

from app.kernel.config import Settings
from tests.chat.talking import change, sent, start
from tests.people import Person
from tests.webhooks.conftest import Listen
from tests.webhooks.receivers import Receiver, never


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """This process runs its jobs."""
    settings.run_jobs = True
    return settings


async def test_messages_arrive_although_another_receiver_hangs(
    client: AsyncClient,
    listen: Listen,
    receiver: Receiver,
    another_receiver: Receiver,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
) -> None:
    hanging = await listen(another_receiver)
    webhook = await listen(receiver)
    another_receiver.behave = never
    talk = await start(client, lin_the_buyer)
    for content in ("one", "two", "three"):
        await sent(client, lin_the_buyer, talk, content)
    await change(client, chen_the_merchant, talk, status="resolved")
    await receiver.came(5)
    assert [event["data"]["sequence"] for event in receiver.events] == [1, 2, 3, 4, 5]
    for request in receiver.requests:
        Webhook(webhook["secret"]).verify(request.body, request.headers)
    # It is let go, so that the end of the product need not wait for it.
    path = f"/api/v1/webhooks/{hanging['id']}"
    await client.put(path, json={"is_enabled": False}, headers=chen_the_merchant.headers)
    await another_receiver.stop()
