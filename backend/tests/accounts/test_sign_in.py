"""Coming in: by password, by device, and every way in which one must not come in."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from app.accounts import passwords, sessions
from app.accounts.models import Credential, Device, User
from app.accounts.sessions import Client
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Unauthorized

LOGIN = "/api/v1/auth/login"
PASSWORD = "rice-and-tea"


@pytest.mark.parametrize(
    "account", ["lin", "LIN", "lin@example.com", "LIN@Example.com", "13800138000", "+86 138-0013-8000"]
)
async def test_one_signs_in_by_name_mail_or_phone(client: AsyncClient, lin_the_buyer: Any, account: str) -> None:
    answer = await client.post(LOGIN, json={"account": account, "password": PASSWORD})
    assert answer.status_code == 200
    said = answer.json()
    assert said["user"]["id"] == "b1"
    assert said["token_type"] == "bearer"
    assert said["expires_in"] == 7 * 86_400
    assert "password" not in answer.text
    me = await client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {said['access_token']}"})
    assert me.json() == said["user"]


async def test_a_wrong_password_and_an_unknown_account_answer_alike(client: AsyncClient, lin_the_buyer: Any) -> None:
    wrong = await client.post(LOGIN, json={"username": "lin", "password": "rice-and-tee"})
    unknown = await client.post(LOGIN, json={"username": "nobody", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "wrong_credentials"


async def test_an_unknown_account_costs_a_hash_too(
    db: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    async def counted(settings: Settings, stored: str | None, password: str) -> bool:
        checked.append(stored)
        return await is_right(settings, stored, password)

    is_right = passwords.is_right
    monkeypatch.setattr(passwords, "is_right", counted)
    with pytest.raises(Unauthorized):
        await sessions.sign_in(db, settings, "nobody", PASSWORD, Client())
    assert checked == [None]
    assert not await is_right(settings, None, "nobody's password")


async def test_a_blocked_user_learns_it_only_with_the_right_password(
    client: AsyncClient, an_admin: Any, lin_the_buyer: Any
) -> None:
    blocked = await client.put("/api/v1/users/b1", json={"is_blocked": True}, headers=an_admin.headers)
    assert blocked.json()["is_blocked"] is True
    right = await client.post(LOGIN, json={"username": "lin", "password": PASSWORD})
    assert (right.status_code, right.json()["code"]) == (403, "blocked")
    assert (await client.post(LOGIN, json={"username": "lin", "password": "wrong"})).status_code == 401
    assert (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).status_code == 401


BODIES = [
    {},
    [],
    "lin",
    {"username": "lin"},
    {"username": "lin", "password": ""},
    {"username": "lin", "password": None},
    {"username": "lin", "password": "x" * 129},
    {"username": ["lin"], "password": PASSWORD},
    {"device_id": "short"},
    {"device_id": "x" * 129},
    {"device_id": 12345678},
    {"device_id": None},
]


async def test_a_body_of_another_shape_is_a_422(client: AsyncClient) -> None:
    assert [body for body in BODIES if (await client.post(LOGIN, json=body)).status_code != 422] == []


@pytest.mark.parametrize("account", ["lin\x00", "' OR 1=1 --", "%", "_", "b1", "@", "+", "99999999999999", "林\u202e"])
async def test_odd_accounts_are_nobodys(client: AsyncClient, lin_the_buyer: Any, account: str) -> None:
    assert (await client.post(LOGIN, json={"username": account, "password": PASSWORD})).status_code == 401


async def test_the_form_of_the_authorize_button_signs_in(client: AsyncClient, lin_the_buyer: Any) -> None:
    answer = await client.post("/api/v1/auth/token", data={"username": "lin", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["access_token"]


async def test_ten_guesses_a_minute_and_no_more(client: AsyncClient, lin_the_buyer: Any) -> None:
    for _ in range(10):
        assert (await client.post(LOGIN, json={"username": "lin", "password": "guess"})).status_code == 401
    refused = await client.post(LOGIN, json={"username": " LIN", "password": PASSWORD})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61


async def test_a_device_finds_its_buyer_again(client: AsyncClient) -> None:
    first = (await client.post(LOGIN, json={"device_id": "test-device-123"})).json()
    again = (await client.post(LOGIN, json={"device_id": "test-device-123"})).json()
    other = (await client.post(LOGIN, json={"device_id": "test-device-124"})).json()
    assert first["user"]["role"] == "buyer"
    assert first["user"]["id"].startswith("b")
    assert again["user"] == first["user"]
    assert other["user"]["id"] != first["user"]["id"]


async def test_a_device_that_comes_many_times_at_once_is_one_buyer(db: Database, settings: Settings) -> None:
    came = await asyncio.gather(*(sessions.sign_in_device(db, settings, "test-device-123", Client()) for _ in range(8)))
    assert len({one.user.id for one in came}) == 1
    async with db.reading() as session:
        assert len((await session.exec(select(User))).all()) == 1
        stored = (await session.exec(select(Device))).one()
    assert "test-device" not in stored.device_hash


async def test_a_hash_with_old_parameters_is_renewed_at_the_next_sign_in(
    db: Database, settings: Settings, lin_the_buyer: Any
) -> None:
    stronger = settings.model_copy(update={"argon2_time_cost": settings.argon2_time_cost + 1})
    async with db.reading() as session:
        before = (await session.get_one(Credential, "b1")).password_hash
    await sessions.sign_in(db, stronger, "lin", PASSWORD, Client())
    async with db.reading() as session:
        after = (await session.get_one(Credential, "b1")).password_hash
    assert passwords.is_outdated(stronger, before)
    assert not passwords.is_outdated(stronger, after)
    assert await passwords.is_right(stronger, after, PASSWORD)
