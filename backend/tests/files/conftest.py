"""People and pictures of these tests."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from app.accounts import sessions, tokens, users
from app.accounts.models import SessionKind
from app.accounts.sessions import Client
from app.accounts.shapes import UserCreate
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

Picture = Callable[..., bytes]


async def headers_of(db: Database, settings: Settings, user_id: str, role: Role) -> dict[str, str]:
    async with db.writing() as session:
        await users.create(session, UserCreate(id=user_id, username=f"user-{user_id}", role=role))
    async with db.writing() as session:
        signed_in = await sessions.begin_for(session, settings, user_id, Client(), SessionKind.BEARER)
    token, _ = tokens.access(settings, signed_in.user, signed_in.merchant_id, signed_in.session)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def lin(db: Database, settings: Settings) -> dict[str, str]:
    """The headers of a buyer, b1."""
    return await headers_of(db, settings, "b1", Role.BUYER)


@pytest.fixture
async def chen(db: Database, settings: Settings) -> dict[str, str]:
    """The headers of a merchant, m1."""
    return await headers_of(db, settings, "m1", Role.MERCHANT)


@pytest.fixture
def picture() -> Picture:
    """Bytes of an image: `picture("PNG", (10, 20), colour="red")`; more options go to Pillow's `save`."""

    def make(form: str = "PNG", size: tuple[int, int] = (640, 480), colour: str = "#4f9a80", **options: Any) -> bytes:
        output = io.BytesIO()
        Image.new("RGB", size, colour).save(output, form, **options)
        return output.getvalue()

    return make
