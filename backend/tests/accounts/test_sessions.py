"""Going on and ending: rotation, reuse, lost answers, sign-out, and what sockets are told."""

import asyncio
from typing import Any

import pytest
import time_machine
from httpx2 import AsyncClient

from app.accounts import sessions, users
from app.accounts.models import AuthSession
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Unauthorized

REFRESH = "/api/v1/auth/refresh"
ME = "/api/v1/users/me"


async def pair(client: AsyncClient, device: str = "test-device-123") -> dict[str, Any]:
    said: dict[str, Any] = (await client.post("/api/v1/auth/login", json={"device_id": device})).json()
    return said


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_refresh_token_brings_a_new_pair_of_the_same_session(client: AsyncClient) -> None:
    first = await pair(client)
    second = await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert second.json()["user"] == first["user"]
    listed = (await client.get("/api/v1/auth/sessions", headers=bearer(second.json()["access_token"]))).json()
    assert [row["is_current"] for row in listed["results"]] == [True]


async def test_a_reused_refresh_token_ends_the_family(client: AsyncClient) -> None:
    first = await pair(client)
    second = (await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})).json()
    third = (await client.post(REFRESH, json={"refresh_token": second["refresh_token"]})).json()
    reused = await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    for token in (first, second, third):
        assert (await client.get(ME, headers=bearer(token["access_token"]))).status_code == 401
    dead = await client.post(REFRESH, json={"refresh_token": third["refresh_token"]})
    assert dead.json()["code"] == "refresh_token_invalid"


async def test_a_lost_answer_may_be_asked_again_and_only_the_newest_token_works(client: AsyncClient) -> None:
    first = await pair(client)
    lost = (await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})).json()
    again = await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 200
    following = await client.post(REFRESH, json={"refresh_token": again.json()["refresh_token"]})
    assert following.status_code == 200
    # Whoever holds the lost answer now is not the client that goes on.
    assert (await client.post(REFRESH, json={"refresh_token": lost["refresh_token"]})).status_code == 401
    assert (await client.get(ME, headers=bearer(following.json()["access_token"]))).status_code == 401


async def test_after_the_grace_a_second_use_is_a_theft(client: AsyncClient) -> None:
    first = await pair(client)
    await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    with time_machine.travel(now() + sessions.GRACE_SECONDS + 1):
        reused = await client.post(REFRESH, json={"refresh_token": first["refresh_token"]})
    assert reused.json()["code"] == "refresh_token_reused"


async def test_two_tabs_that_refresh_at_once_stay_signed_in_with_one_token(
    db: Database, settings: Settings, lin_the_buyer: Any
) -> None:
    token = lin_the_buyer.signed_in.refresh_token
    tabs = await asyncio.gather(*(sessions.refresh(db, settings, token) for _ in range(2)))
    outcomes = await asyncio.gather(
        *(sessions.refresh(db, settings, tab.refresh_token) for tab in tabs), return_exceptions=True
    )
    assert sum(not isinstance(outcome, Unauthorized) for outcome in outcomes) >= 1


@pytest.mark.parametrize("token", ["", "x", "x" * 200, "\x00", "ä"])
async def test_what_is_no_refresh_token_is_refused(client: AsyncClient, token: str) -> None:
    assert (await client.post(REFRESH, json={"refresh_token": token})).status_code in (401, 422)


async def test_a_refresh_token_expires_with_its_session(
    client: AsyncClient, settings: Settings, lin_the_buyer: Any
) -> None:
    with time_machine.travel(now() + int(settings.refresh_token_days * 86_400) + 1):
        answer = await client.post(REFRESH, json={"refresh_token": lin_the_buyer.signed_in.refresh_token})
    assert answer.json()["code"] == "refresh_token_invalid"


async def test_a_blocked_user_cannot_go_on(client: AsyncClient, db: Database, lin_the_buyer: Any) -> None:
    async with db.writing() as session:
        await users.block(session, "b1")
    answer = await client.post(REFRESH, json={"refresh_token": lin_the_buyer.signed_in.refresh_token})
    assert answer.status_code == 401


async def test_signing_out_ends_this_session_only(client: AsyncClient) -> None:
    here, there = await pair(client), await pair(client)
    assert (await client.post("/api/v1/auth/logout", headers=bearer(here["access_token"]))).status_code == 204
    assert (await client.get(ME, headers=bearer(here["access_token"]))).status_code == 401
    assert (await client.post(REFRESH, json={"refresh_token": here["refresh_token"]})).status_code == 401
    assert (await client.get(ME, headers=bearer(there["access_token"]))).status_code == 200


async def test_signing_out_works_with_the_refresh_token_alone(client: AsyncClient) -> None:
    here = await pair(client)
    body = {"refresh_token": here["refresh_token"]}
    assert (await client.post("/api/v1/auth/logout", json=body)).status_code == 204
    assert (await client.get(ME, headers=bearer(here["access_token"]))).status_code == 401
    assert (await client.post("/api/v1/auth/logout")).status_code == 401


async def test_signing_out_everywhere_ends_all(client: AsyncClient) -> None:
    here, there, stranger = await pair(client), await pair(client), await pair(client, "another-device")
    assert (await client.post("/api/v1/auth/logout-all", headers=bearer(here["access_token"]))).status_code == 204
    for token in (here, there):
        assert (await client.get(ME, headers=bearer(token["access_token"]))).status_code == 401
    assert (await client.get(ME, headers=bearer(stranger["access_token"]))).status_code == 200


async def test_one_ends_only_own_sessions(client: AsyncClient) -> None:
    mine, stranger = await pair(client), await pair(client, "another-device")
    listed = await client.get("/api/v1/auth/sessions", headers=bearer(stranger["access_token"]))
    theirs = listed.json()["results"][0]["id"]
    assert isinstance(theirs, str)
    foreign = await client.delete(f"/api/v1/auth/sessions/{theirs}", headers=bearer(mine["access_token"]))
    assert foreign.status_code == 404
    own = await client.delete(f"/api/v1/auth/sessions/{theirs}", headers=bearer(stranger["access_token"]))
    assert own.status_code == 204
    assert (await client.get(ME, headers=bearer(stranger["access_token"]))).status_code == 401


@pytest.mark.parametrize("session_id", ["0", "-1", str(2**63), "x"])
async def test_impossible_session_ids_are_refused(client: AsyncClient, lin_the_buyer: Any, session_id: str) -> None:
    answer = await client.delete(f"/api/v1/auth/sessions/{session_id}", headers=lin_the_buyer.headers)
    assert answer.status_code in (404, 422)


async def test_sockets_learn_which_sessions_ended(db: Database, lin_the_buyer: Any, an_admin: Any) -> None:
    at = now()
    async with db.writing() as session:
        assert await sessions.revoked_since(session, at - 60) == []
        await users.block(session, "b1")
    async with db.reading() as session:
        assert await sessions.revoked_since(session, at) == [lin_the_buyer.signed_in.session.id]
        assert await sessions.revoked_since(session, at + 60) == []


async def test_a_deleted_users_sockets_learn_it_too(db: Database, lin_the_buyer: Any) -> None:
    async with db.writing() as session:
        await users.remove(session, "b1")
    async with db.reading() as session:
        assert await sessions.revoked_since(session, now() - 60) == [lin_the_buyer.signed_in.session.id]


async def test_the_sweep_takes_what_is_over_and_nothing_else(db: Database, lin_the_buyer: Any, an_admin: Any) -> None:
    async with db.writing() as session:
        await sessions.end(session, lin_the_buyer.signed_in.session.id)
        assert await sessions.sweep(session, now(), 10) == 0
        assert await sessions.sweep(session, now() + 1, 10) == 1
    async with db.reading() as session:
        assert await session.get(AuthSession, an_admin.signed_in.session.id) is not None
