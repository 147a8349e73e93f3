"""A conversation to talk in, and everybody who may hear of it or must not."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import Room, start
from tests.people import Person
from tests.serving import Server


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """The conversation of Lin and the rice shop, still empty."""
    return await start(client, lin_the_buyer)


@pytest.fixture
def everybody(
    lin_the_buyer: Person,
    maria_the_buyer: Person,
    chen_the_merchant: Person,
    an_the_agent: Person,
    honey_the_merchant: Person,
    an_admin: Person,
) -> dict[str, Person]:
    """Name of a line in the room → who speaks on it. A file with other lines has its own."""
    return {
        "lin": lin_the_buyer,
        "maria": maria_the_buyer,
        "chen": chen_the_merchant,
        "an": an_the_agent,
        "honey": honey_the_merchant,
        "admin": an_admin,
    }


@pytest.fixture
async def room(server: Server, talk: str, everybody: dict[str, Person]) -> AsyncIterator[Room]:
    """Everybody is here; what presence had to say is over."""
    async with AsyncExitStack() as stack:
        lines = {name: await stack.enter_async_context(await server.enter(who)) for name, who in everybody.items()}
        for line in lines.values():
            await line.all_so_far()
        yield lines
