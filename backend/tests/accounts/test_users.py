"""Users as admins manage them and as everybody sees the own one."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlmodel import select

from app.accounts import users
from app.accounts.models import Credential, Device, User
from app.accounts.shapes import UserCreate
from app.kernel.config import Settings
from app.kernel.db import Database
from app.kernel.errors import Conflict
from app.kernel.identity import Role

USERS = "/api/v1/users/"


async def test_an_admin_creates_users_of_every_role(client: AsyncClient, an_admin: Any) -> None:
    for role, letter in [("buyer", "b"), ("merchant", "m"), ("admin", "a"), ("platform", "p")]:
        draft = {"username": f"some-{role}", "password": "rice-and-tea", "role": role}
        made = await client.post(USERS, json=draft, headers=an_admin.headers)
        assert made.status_code == 201
        assert made.json()["id"].startswith(letter)
        assert made.json()["role"] == role
        assert made.json()["merchant_id"] == (made.json()["id"] if role == "merchant" else None)
        assert made.json()["avatar"].startswith("http")
        assert "rice-and-tea" not in made.text
        assert "argon2" not in made.text


BAD_DRAFTS = [
    {"id": "b1", "username": "x1", "role": "merchant"},
    {"id": "c1", "username": "x1", "role": "buyer"},
    {"id": "b1x", "username": "x1", "role": "buyer"},
    {"id": "b" + "1" * 60, "username": "x1", "role": "buyer"},
    {"username": "x1", "role": "owner"},
    {"username": "x", "role": "buyer"},
    {"username": "12345", "role": "buyer"},
    {"username": "lin@example.com", "role": "buyer"},
    {"username": "+8613800138000", "role": "buyer"},
    {"username": "two words", "role": "buyer"},
    {"username": "line\nbreak", "role": "buyer"},
    {"username": "nul\x00", "role": "buyer"},
    {"username": "x" * 101, "role": "buyer"},
    {"username": "x1", "role": "buyer", "password": "short"},
    {"username": "x1", "role": "buyer", "email": "not-a-mail"},
    {"username": "x1", "role": "buyer", "phone": "12"},
    {"username": "x1", "role": "buyer", "display_name": "a\x00b"},
    {"username": "x1", "role": "buyer", "locale": "fr"},
    {"username": "x1", "role": "buyer", "merchant_id": "m1"},
]


async def test_a_bad_draft_is_a_422(client: AsyncClient, an_admin: Any) -> None:
    for draft in BAD_DRAFTS:
        assert (await client.post(USERS, json=draft, headers=an_admin.headers)).status_code == 422, draft


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ({"id": "b1", "username": "other"}, "id_taken"),
        ({"username": "LIN"}, "username_taken"),
        ({"username": "other", "email": "lin@EXAMPLE.com"}, "email_taken"),
        ({"username": "other", "phone": "+86 13800138000"}, "phone_taken"),
    ],
)
async def test_what_is_taken_is_a_409(
    client: AsyncClient, an_admin: Any, lin_the_buyer: Any, draft: dict[str, Any], code: str
) -> None:
    answer = await client.post(USERS, json={"role": "buyer"} | draft, headers=an_admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_of_two_who_take_a_name_at_once_one_gets_it(db: Database, settings: Settings) -> None:
    draft = UserCreate(username="wang", role=Role.BUYER)
    outcomes = await asyncio.gather(*(users.register(db, settings, draft) for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 3 + ["UserPublic"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("GET", "b1"), ("PUT", "b1"), ("DELETE", "b1")]
)
async def test_only_admins_manage_users(
    client: AsyncClient, lin_the_buyer: Any, chen_the_merchant: Any, method: str, path: str
) -> None:
    body = {"username": "evil", "role": "admin", "password": "rice-and-tea"} if method == "POST" else {}
    for person in (lin_the_buyer, chen_the_merchant):
        answer = await client.request(method, USERS + path, json=body, headers=person.headers)
        assert answer.status_code == 403
    assert (await client.request(method, USERS + path, json=body)).status_code == 401


async def test_the_list_pages_filters_and_searches(client: AsyncClient, an_admin: Any, enter: Any) -> None:
    for number in range(5):
        await enter(f"b{number}", f"buyer{number}", Role.BUYER, display_name=f"买大米的{number}")
    first = (await client.get(USERS, params={"page_size": 4, "role": "buyer"}, headers=an_admin.headers)).json()
    second = (
        await client.get(USERS, params={"page_size": 4, "page": 2, "role": "buyer"}, headers=an_admin.headers)
    ).json()
    assert first["count"] == second["count"] == 5
    assert {row["id"] for row in first["results"] + second["results"]} == {f"b{n}" for n in range(5)}
    found = (await client.get(USERS, params={"q": "大米的3"}, headers=an_admin.headers)).json()
    assert [row["id"] for row in found["results"]] == ["b3"]
    assert (await client.get(USERS, params={"q": "%"}, headers=an_admin.headers)).json()["count"] == 0
    assert (await client.get(USERS, params={"q": "\x00"}, headers=an_admin.headers)).status_code == 422


async def test_an_admin_changes_what_is_sent_and_nothing_else(
    client: AsyncClient, an_admin: Any, lin_the_buyer: Any
) -> None:
    before = (await client.get(USERS + "b1", headers=an_admin.headers)).json()
    after = (await client.put(USERS + "b1", json={"display_name": "林小满"}, headers=an_admin.headers)).json()
    assert after == before | {"display_name": "林小满", "updated_at": after["updated_at"]}
    removed = (await client.put(USERS + "b1", json={"phone": None}, headers=an_admin.headers)).json()
    assert removed["phone"] is None
    assert (await client.put(USERS + "b1", json={"username": None}, headers=an_admin.headers)).status_code == 422
    ignored = (await client.put(USERS + "b1", json={"role": "admin", "id": "a9"}, headers=an_admin.headers)).json()
    assert (ignored["role"], ignored["id"]) == ("buyer", "b1")


async def test_a_new_password_ends_all_sessions(client: AsyncClient, an_admin: Any, lin_the_buyer: Any) -> None:
    await client.put(USERS + "b1", json={"password": "tea-and-rice"}, headers=an_admin.headers)
    assert (await client.get(USERS + "me", headers=lin_the_buyer.headers)).status_code == 401
    login = "/api/v1/auth/login"
    assert (await client.post(login, json={"username": "lin", "password": "rice-and-tea"})).status_code == 401
    assert (await client.post(login, json={"username": "lin", "password": "tea-and-rice"})).status_code == 200


async def test_an_admin_cannot_shut_out_oneself(client: AsyncClient, an_admin: Any) -> None:
    blocked = await client.put(USERS + "a1", json={"is_blocked": True}, headers=an_admin.headers)
    deleted = await client.delete(USERS + "a1", headers=an_admin.headers)
    assert [blocked.json()["code"], deleted.json()["code"]] == ["not_yourself"] * 2


async def test_a_user_without_a_trace_can_be_deleted_with_all_secrets(
    client: AsyncClient, db: Database, an_admin: Any, lin_the_buyer: Any
) -> None:
    assert (await client.delete(USERS + "b1", headers=an_admin.headers)).status_code == 204
    assert (await client.get(USERS + "b1", headers=an_admin.headers)).status_code == 404
    assert (await client.delete(USERS + "b1", headers=an_admin.headers)).status_code == 404
    async with db.reading() as session:
        assert await session.get(Credential, "b1") is None


async def test_a_user_with_conversations_stays(
    client: AsyncClient, db: Database, an_admin: Any, lin_the_buyer: Any, chen_the_merchant: Any
) -> None:
    from app.chat.models import Conversation

    async with db.writing() as session:
        session.add(Conversation(customer_id="b1", merchant_id="m1"))
    for user_id in ("b1", "m1"):
        answer = await client.delete(USERS + user_id, headers=an_admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "user_has_history")
    assert (await client.get(USERS + "me", headers=lin_the_buyer.headers)).status_code == 200


async def test_everybody_reads_and_changes_the_own_profile(client: AsyncClient, lin_the_buyer: Any) -> None:
    body = {"display_name": "林", "locale": "zh-CN", "email": "New@Example.com", "avatar": "/media/avatars/default.png"}
    changed = (await client.put("/api/v1/user/profile", json=body, headers=lin_the_buyer.headers)).json()
    read = (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).json()
    assert changed == read
    assert (read["display_name"], read["locale"], read["email"]) == ("林", "zh-CN", "new@example.com")
    assert read["avatar"].endswith("/media/avatars/default.png")
    assert read["avatar"].startswith("http")
    again = await client.put("/api/v1/users/me", json={"avatar": read["avatar"]}, headers=lin_the_buyer.headers)
    assert again.json()["avatar"] == read["avatar"]


@pytest.mark.parametrize(
    "avatar",
    [
        "https://evil.example/x.png",
        "//evil.example/x.png",
        "/media/../secret",
        "javascript:alert(1)",
        "/static/x",
        "/media/x?y",
    ],
)
async def test_an_avatar_from_elsewhere_is_refused(client: AsyncClient, lin_the_buyer: Any, avatar: str) -> None:
    answer = await client.put("/api/v1/users/me", json={"avatar": avatar}, headers=lin_the_buyer.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "foreign_link")


async def test_nobody_unblocks_or_renames_oneself(client: AsyncClient, lin_the_buyer: Any) -> None:
    body = {"is_blocked": False, "username": "admin", "role": "admin", "password": "tea-and-rice"}
    answer = await client.put("/api/v1/users/me", json=body, headers=lin_the_buyer.headers)
    assert answer.json()["username"] == "lin"
    assert answer.json()["role"] == "buyer"
    assert (await client.get("/api/v1/users/me", headers=lin_the_buyer.headers)).status_code == 200


async def test_a_failed_create_leaves_nothing(db: Database, settings: Settings, lin_the_buyer: Any) -> None:
    draft = UserCreate(username="other", email="lin@example.com", role=Role.MERCHANT, password="rice-and-tea")
    with pytest.raises(Conflict):
        await users.register(db, settings, draft)
    async with db.reading() as session:
        assert [user.id for user in (await session.exec(select(User))).all()] == ["b1"]
        assert (await session.exec(select(Device))).all() == []
