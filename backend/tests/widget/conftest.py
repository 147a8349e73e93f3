"""A shop's own server: it signs who its customers are."""

from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from httpx2 import AsyncClient

from app.kernel import clock
from tests.chat.talking import API
from tests.people import Person


@dataclass(frozen=True)
class Device:
    """Somebody who came in without a password: a visitor, or a shop's customer. Like a `Person` to whoever asks."""

    id: str
    token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def new_key(client: AsyncClient, owner: Person) -> str:
    """The secret of a key that is made now."""
    answer = await client.post(f"{API}/shop/identity-keys/", headers=owner.headers)
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def signed(secret: str, sub: Any = "c-1", algorithm: str = "HS256", **claims: Any) -> str:
    """A token as the shop's server makes it; None leaves a claim out."""
    said = {"sub": sub, "exp": clock.now() + 600} | claims
    return jwt.encode({name: value for name, value in said.items() if value is not None}, secret, algorithm=algorithm)


@pytest.fixture
async def key(client: AsyncClient, chen_the_merchant: Person) -> str:
    """The rice shop's identity key."""
    return await new_key(client, chen_the_merchant)
