"""The hands of the address book."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.pages.conftest import sit_down as sit_down

Ask = Callable[..., Awaitable[Response]]


@pytest.fixture
def ask(client: AsyncClient) -> Ask:
    """`await ask(chen, "PUT", "17/block", json={…})`: the answer of the book's JSON door."""

    async def send(who: Any, method: str, path: str = "", **more: Any) -> Response:
        return await client.request(method, f"/api/v1/contacts/{path}", headers=who.headers, **more)

    return send
