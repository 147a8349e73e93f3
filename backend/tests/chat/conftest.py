"""A conversation to talk in."""

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import start
from tests.people import Person


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """The conversation of Lin and the rice shop, still empty."""
    return await start(client, lin_the_buyer)
