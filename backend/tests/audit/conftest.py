"""A conversation that an admin may look at, and what the log says afterwards."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import API, sent, start
from tests.people import Person

AT = (int(time.time()) // 600 + 10) * 600
"""The beginning of ten minutes, ahead of now: ids refuse a clock that goes back."""
Log = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """Lin has asked the rice shop something."""
    conversation_id = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, conversation_id, "你好，大米还有吗？")
    return conversation_id


@pytest.fixture
def log(client: AsyncClient, an_admin: Person) -> Log:
    """The entries of the log, the newest first."""

    async def read(**filters: Any) -> list[dict[str, Any]]:
        answer = await client.get(f"{API}/audit/", params=filters, headers=an_admin.headers)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    return read
