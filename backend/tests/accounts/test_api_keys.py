"""API keys: shown once, act for the shop, may not do everything, and end at once."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col, select

from app.accounts.api_keys import ApiKey
from app.kernel.clock import now
from app.kernel.db import Database
from tests.chat.talking import API, get, refusal, sent, start, thread
from tests.people import Person
from tests.serving import Server

KEYS = f"{API}/api-keys/"


async def make(client: AsyncClient, who: Person, **more: Any) -> dict[str, Any]:
    answer = await client.post(KEYS, json={"name": "ERP", **more}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def holder(made: dict[str, Any], person: Person) -> Person:
    """Somebody whose only token is the key."""
    return Person(person.id, person.signed_in, made["key"], "")


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(
    client: AsyncClient, chen_the_merchant: Person, db: Database
) -> None:
    made = await make(client, chen_the_merchant, days=30)
    assert made["key"].startswith("pk_")
    assert made["last_four"] == made["key"][-4:]
    (listed,) = (await client.get(KEYS, headers=chen_the_merchant.headers)).json()["results"]
    assert "key" not in listed
    assert listed["expires_at"] - listed["created_at"] == 30 * 86_400
    async with db.reading() as session:
        row = (await session.exec(select(ApiKey))).one()
    assert made["key"] not in repr(row.model_dump())
    assert len(row.key_hash) == 64


async def test_a_key_reads_and_writes_for_the_shop(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, honey_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    foreign = await start(client, lin_the_buyer, "m7")
    program = holder(await make(client, chen_the_merchant), chen_the_merchant)
    await sent(client, program, talk, "您的订单已发货")
    (message,) = await thread(client, lin_the_buyer, talk)
    assert (message["sender_id"], message["sender_role"]) == ("m1", "merchant")
    assert (await get(client, program))["count"] == 1
    answer = await client.get(f"{API}/conversations/{foreign}", headers=program.headers)
    assert refusal(answer) == (404, "conversation_not_found")
    change = await client.put(f"{API}/shop/settings", json={"retention_days": 365}, headers=program.headers)
    assert change.status_code == 200
    assert (await client.get(f"{API}/staff/", headers=program.headers)).status_code == 200
    assert (await client.get(f"{API}/users/me", headers=program.headers)).json()["id"] == "m1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/api-keys/"),
        ("POST", "/api/v1/api-keys/"),
        ("POST", "/api/api-keys"),
        ("DELETE", "/api/v1/api-keys/1"),
        ("POST", "/api/v1/staff/"),
        ("DELETE", "/api/v1/staff/m2"),
        ("PUT", "/api/v1/users/me"),
        ("PUT", "/api/v1/user/profile"),
        ("PUT", "/api/v1/users/me/preferences"),
        ("POST", "/api/v1/users/me/deletion"),
        ("POST", "/api/v1/users/me/export"),
        ("POST", "/api/v1/auth/logout-all"),
        ("GET", "/api/v1/auth/sessions"),
        ("GET", "/settings/api-keys"),
        ("POST", "/settings/api-keys"),
        ("GET", "/inbox"),
    ],
)
async def test_what_is_for_people_only(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, method: str, path: str
) -> None:
    program = holder(await make(client, chen_the_merchant), chen_the_merchant)
    headers = program.headers | {"Accept": "application/json"}
    answer = await client.request(method, path, json={}, headers=headers)
    assert refusal(answer) == (403, "not_by_api_key")


async def test_only_the_owner_has_keys(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    made = await make(client, chen_the_merchant)
    for who, expected in (
        (an_the_agent, (403, "owner_only")),
        (lin_the_buyer, (403, "wrong_role")),
        (an_admin, (403, "wrong_role")),
    ):
        assert refusal(await client.get(KEYS, headers=who.headers)) == expected
        assert refusal(await client.post(KEYS, json={"name": "x"}, headers=who.headers)) == expected
        assert refusal(await client.delete(KEYS + made["id"], headers=who.headers)) == expected
    answer = await client.delete(KEYS + made["id"], headers=honey_the_merchant.headers)
    assert refusal(answer) == (404, "api_key_not_found")
    for body in ({"name": ""}, {"name": "a\nb"}, {"name": "x", "days": 0}, {"name": "x" * 81}):
        assert refusal(await client.post(KEYS, json=body, headers=chen_the_merchant.headers))[0] == 422
    for _ in range(19):
        await make(client, chen_the_merchant)
    full = await client.post(KEYS, json={"name": "x"}, headers=chen_the_merchant.headers)
    assert refusal(full) == (409, "too_many_api_keys")


async def test_revoked_expired_wrong_and_of_a_blocked_shop(
    client: AsyncClient, chen_the_merchant: Person, honey_the_merchant: Person, an_admin: Person, app: FastAPI
) -> None:
    first, second, third = [await make(client, chen_the_merchant) for _ in range(3)]
    assert (await client.delete(KEYS + first["id"], headers=chen_the_merchant.headers)).status_code == 204
    over = update(ApiKey).where(col(ApiKey.id) == int(second["id"])).values(expires_at=now())
    await app.state.db.write(lambda session: session.exec(over))
    for key in (first["key"], second["key"], "pk_", "pk_" + "x" * 43, third["key"][:-1]):
        answer = await client.get(f"{API}/conversations/", headers={"Authorization": f"Bearer {key}"})
        assert refusal(answer) == (401, "token_invalid")
    program = holder(third, chen_the_merchant)
    assert (await client.get(f"{API}/conversations/", headers=program.headers)).status_code == 200
    blocked = await client.put(f"{API}/users/m1", json={"is_blocked": True}, headers=an_admin.headers)
    assert blocked.status_code == 200
    assert (await client.get(f"{API}/conversations/", headers=program.headers)).status_code == 401


async def test_the_last_use_is_written_coarsely(client: AsyncClient, chen_the_merchant: Person) -> None:
    program = holder(await make(client, chen_the_merchant), chen_the_merchant)

    async def last_used() -> int | None:
        (row,) = (await client.get(KEYS, headers=chen_the_merchant.headers)).json()["results"]
        at: int | None = row["last_used_at"]
        return at

    assert await last_used() is None
    for _ in range(3):
        await get(client, program)
    async with asyncio.timeout(5):
        while await last_used() is None:
            await asyncio.sleep(0.01)


async def test_a_key_opens_a_socket_that_closes_with_it_and_is_nobody_at_the_desk(
    client: AsyncClient, server: Server, app: FastAPI, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    made = await make(client, chen_the_merchant)
    async with await server.enter(holder(made, chen_the_merchant)) as line:
        assert not app.state.desk.presence.is_online("m1")
        await line.say("send", conversation_id=talk, client_id="c1", content="hi")
        assert (await line.until("sent"))["seq"] == 1
        assert (await client.delete(KEYS + made["id"], headers=chen_the_merchant.headers)).status_code == 204
        async with asyncio.timeout(8):
            assert await line.close_code() == 4401


async def test_a_key_has_a_rate_of_its_own(
    client: AsyncClient, chen_the_merchant: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.accounts.authentication.PER_KEY", "3/minute")
    first, second = [holder(await make(client, chen_the_merchant), chen_the_merchant) for _ in range(2)]
    answers = [(await client.get(f"{API}/conversations/", headers=first.headers)).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert (await client.get(f"{API}/conversations/", headers=second.headers)).status_code == 200
