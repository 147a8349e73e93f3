"""Browsers of these tests: who sits at which one is said by the cookie."""

from collections.abc import Awaitable, Callable

import pytest
from httpx2 import AsyncClient

from app.accounts.authentication import cookie_name
from app.accounts.models import SessionKind
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.people import Person, come_back

SitDown = Callable[[Person | None], Awaitable[None]]


@pytest.fixture
def sit_down(client: AsyncClient, db: Database, settings: Settings) -> SitDown:
    """From here on the client's requests come from this person's console; None: from a stranger's browser."""

    async def sit(person: Person | None) -> None:
        client.cookies.clear()
        if person is not None:
            at_desk = await come_back(db, settings, person.id, SessionKind.CONSOLE)
            client.cookies.set(cookie_name(settings), at_desk.cookie)

    return sit
