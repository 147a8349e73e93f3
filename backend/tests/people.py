"""The people of the tests: made by the verbs of accounts and signed in as clients are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.accounts import passwords, sessions, tokens, users
from app.accounts.models import SessionKind
from app.accounts.sessions import Client, SignedIn
from app.accounts.shapes import UserCreate
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Identity, Role

PASSWORD = "rice-and-tea"


@dataclass(frozen=True)
class Person:
    """Somebody with an open session. `cookie` is what the console's sign-in would have set."""

    id: str
    signed_in: SignedIn
    token: str
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def identity(self) -> Identity:
        session = self.signed_in.session
        return Identity(self.id, Role(self.signed_in.user.role), self.signed_in.merchant_id, session.id)


Enter = Callable[..., Awaitable[Person]]


async def enter(db: Database, settings: Settings, user_id: str, username: str, role: Role, **more: str) -> Person:
    """Make a user with a password and a session."""
    password_hash = await passwords.hash_of(settings, PASSWORD)
    draft = UserCreate(id=user_id, username=username, role=role, **more)  # type: ignore[arg-type]
    async with db.writing() as session:
        await users.create(session, draft, password_hash)
    return await come_back(db, settings, user_id)


async def come_back(db: Database, settings: Settings, user_id: str, kind: SessionKind = SessionKind.BEARER) -> Person:
    """One more session of a user who is there."""
    async with db.writing() as session:
        signed_in = await sessions.begin_for(session, settings, user_id, Client(), kind)
    shown = signed_in.user, signed_in.merchant_id, signed_in.session
    return Person(user_id, signed_in, tokens.access(settings, *shown)[0], tokens.console(settings, *shown))
