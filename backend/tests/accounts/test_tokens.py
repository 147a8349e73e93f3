"""Tokens: what is forged, expired, or of another kind or user is worth nothing; the database has the last word."""

import base64
import json
from typing import Any

import jwt
import pytest
import time_machine
from httpx2 import AsyncClient
from sqlalchemy import event
from sqlmodel import col, update
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.accounts import authentication, sessions, tokens
from app.accounts.models import SessionKind, Staff, User
from app.accounts.sessions import Client, SignedIn
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.identity import Role

ME = "/api/v1/users/me"


def claims_of(settings: Settings, token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, settings.secret_key, algorithms=["HS256"])
    return claims


async def status_of(client: AsyncClient, token: str) -> int:
    return (await client.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code


async def test_a_token_says_who_and_which_session(settings: Settings, chen_the_merchant: Any) -> None:
    claims = claims_of(settings, chen_the_merchant.token)
    assert (claims["sub"], claims["role"], claims["mid"], claims["typ"]) == ("m1", "merchant", "m1", "access")
    assert claims["sid"] == str(chen_the_merchant.signed_in.session.id)


@pytest.mark.parametrize("missing", ["exp", "iat", "sub", "jti", "sid", "typ"])
async def test_a_token_without_a_claim_is_refused(
    client: AsyncClient, settings: Settings, lin_the_buyer: Any, missing: str
) -> None:
    claims = claims_of(settings, lin_the_buyer.token)
    del claims[missing]
    assert await status_of(client, jwt.encode(claims, settings.secret_key, "HS256")) == 401


@pytest.mark.parametrize(
    "change",
    [{"sub": "a1"}, {"sub": 1}, {"sid": "1"}, {"sid": "x"}, {"sid": None}, {"typ": "console"}, {"exp": 1}],
)
async def test_a_signed_token_that_names_something_else_is_refused(
    client: AsyncClient, settings: Settings, lin_the_buyer: Any, an_admin: Any, change: dict[str, Any]
) -> None:
    claims = claims_of(settings, lin_the_buyer.token) | change
    assert await status_of(client, jwt.encode(claims, settings.secret_key, "HS256")) == 401


async def test_alg_none_and_foreign_keys_are_refused(
    client: AsyncClient, settings: Settings, lin_the_buyer: Any
) -> None:
    claims = claims_of(settings, lin_the_buyer.token)
    header, payload, signature = lin_the_buyer.token.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    forged = [
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        jwt.encode(claims, "y" * 40, "HS256"),
        jwt.encode(claims, settings.secret_key + "x" * 24, "HS512"),
        "x" * 5000,
        "..",
        "null",
    ]
    assert await status_of(client, lin_the_buyer.token) == 200
    assert [await status_of(client, token) for token in forged] == [401] * len(forged)


async def test_the_role_comes_from_the_database_and_not_from_the_token(
    client: AsyncClient, settings: Settings, lin_the_buyer: Any
) -> None:
    claims = claims_of(settings, lin_the_buyer.token) | {"role": "admin", "mid": "m1"}
    token = jwt.encode(claims, settings.secret_key, "HS256")
    answer = await client.get("/api/v1/users/?role=admin", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_role")


async def test_a_token_ends_with_its_time(client: AsyncClient, settings: Settings, lin_the_buyer: Any) -> None:
    life = int(settings.jwt_access_token_expire_days * 86_400)
    with time_machine.travel(now() + life - 5):
        assert await status_of(client, lin_the_buyer.token) == 200
    with time_machine.travel(now() + life + 5):
        assert await status_of(client, lin_the_buyer.token) == 401


async def test_a_token_never_outlives_its_session(settings: Settings, lin_the_buyer: Any) -> None:
    with time_machine.travel(lin_the_buyer.signed_in.session.expires_at - 60, tick=False):
        one = lin_the_buyer.signed_in
        assert tokens.access(settings, one.user, None, one.session)[1] == 60


async def test_another_scheme_is_a_stranger(client: AsyncClient, lin_the_buyer: Any) -> None:
    answer = await client.get(ME, headers={"Authorization": "Basic bGluOnJpY2U="})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def on_the_console(db: Database, settings: Settings) -> SignedIn:
    return await sessions.sign_in(db, settings, "chen", "rice-and-tea", Client(), SessionKind.CONSOLE)


async def test_the_console_comes_by_cookie(
    client: AsyncClient, db: Database, settings: Settings, chen_the_merchant: Any
) -> None:
    signed_in = await on_the_console(db, settings)
    assert signed_in.refresh_token == ""
    response = Response()
    authentication.set_cookie(response, settings, signed_in)
    said = response.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    client.cookies.set("parley_session", said.split(";")[0].partition("=")[2])
    assert (await client.get(ME)).json()["id"] == "m1"
    async with db.writing() as session:
        await sessions.end(session, signed_in.session.id)
    assert (await client.get(ME)).json()["code"] == "not_authenticated"


async def test_neither_door_takes_the_others_token(
    client: AsyncClient, db: Database, settings: Settings, chen_the_merchant: Any
) -> None:
    signed_in = await on_the_console(db, settings)
    cookie = tokens.console(settings, signed_in.user, signed_in.merchant_id, signed_in.session)
    assert await status_of(client, cookie) == 401
    client.cookies.set("parley_session", chen_the_merchant.token)
    assert (await client.get(ME)).status_code == 401


async def test_with_https_the_cookie_is_bound_to_the_host(settings: Settings, chen_the_merchant: Any) -> None:
    secure = settings.model_copy(update={"base_url": "https://chat.example.com"})
    response = Response()
    authentication.set_cookie(response, secure, chen_the_merchant.signed_in)
    said = response.headers["set-cookie"]
    assert said.startswith("__Host-parley_session=")
    assert "Secure" in said
    assert "Path=/" in said
    assert "Domain" not in said


async def test_one_query_answers_who_asks(app: Any, an_agent: Any) -> None:
    statements: list[str] = []
    event.listen(app.state.db.engine.sync_engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    scope = {"type": "http", "app": app, "headers": [(b"authorization", f"bearer {an_agent.token}".encode())]}
    identity = await authentication.authenticate(HTTPConnection(scope))
    assert identity is not None
    assert (identity.user_id, identity.role, identity.merchant_id) == ("m2", Role.MERCHANT, "m1")
    assert len([one for one in statements if one.startswith("SELECT")]) == 1


async def test_who_moves_to_another_shop_acts_for_it_at_once(
    db: Database, settings: Settings, enter: Any, an_agent: Any
) -> None:
    await enter("m3", "wang", Role.MERCHANT)
    async with db.writing() as session:
        await session.exec(update(Staff).where(col(Staff.user_id) == "m2").values(merchant_id="m3"))
    identity = await authentication.authenticate_token(db, settings, an_agent.token)
    assert identity is not None
    assert identity.merchant_id == "m3"


async def test_a_blocked_users_token_is_worth_nothing_even_if_a_session_was_missed(
    db: Database, settings: Settings, lin_the_buyer: Any
) -> None:
    async with db.writing() as session:
        await session.exec(update(User).where(col(User.id) == "b1").values(blocked_at=now()))
    assert await authentication.authenticate_token(db, settings, lin_the_buyer.token) is None
