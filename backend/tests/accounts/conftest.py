"""People of these tests, made by the verbs and signed in as clients are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from app.accounts import passwords, sessions, tokens, users
from app.accounts.models import SessionKind
from app.accounts.sessions import Client, SignedIn
from app.accounts.shapes import UserCreate
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

PASSWORD = "rice-and-tea"


@dataclass(frozen=True)
class Person:
    """Somebody with an open session."""

    id: str
    signed_in: SignedIn
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


Enter = Callable[..., Awaitable[Person]]


@pytest.fixture
def enter(db: Database, settings: Settings) -> Enter:
    """Make a user with a password and a session: `await enter("m1", "chen", Role.MERCHANT)`."""

    async def make(user_id: str, username: str, role: Role, **more: str) -> Person:
        password_hash = await passwords.hash_of(settings, PASSWORD)
        draft = UserCreate(id=user_id, username=username, role=role, **more)  # type: ignore[arg-type]
        async with db.writing() as session:
            await users.create(session, draft, password_hash)
        async with db.writing() as session:
            signed_in = await sessions.begin_for(session, settings, user_id, Client(), SessionKind.BEARER)
        token, _ = tokens.access(settings, signed_in.user, signed_in.merchant_id, signed_in.session)
        return Person(user_id, signed_in, token)

    return make


@pytest.fixture
async def an_admin(enter: Enter) -> Person:
    return await enter("a1", "root", Role.ADMIN)


@pytest.fixture
async def chen_the_merchant(enter: Enter) -> Person:
    return await enter("m1", "chen", Role.MERCHANT, display_name="陈记米铺", greeting="您好")


@pytest.fixture
async def an_agent(enter: Enter, chen_the_merchant: Person) -> Person:
    return await enter("m2", "an", Role.MERCHANT, merchant_id=chen_the_merchant.id)


@pytest.fixture
async def lin_the_buyer(enter: Enter) -> Person:
    return await enter("b1", "lin", Role.BUYER, email="Lin@Example.com", phone="138 0013 8000")
