"""Sessions and tokens that are over, visitors who never wrote: gone, and nobody else."""

from typing import Any

from httpx2 import AsyncClient
from sqlmodel import col, select

from app.accounts.models import AuthSession, Device, RefreshToken, User
from app.chat import visitors
from app.kernel.db import Database
from tests.chat import talking
from tests.housekeeping.conftest import Age, Run
from tests.people import Person

DAY = 86_400


async def visitor(client: AsyncClient, name: str) -> Any:
    answer = await client.post("/api/v1/auth/login", json={"device_id": f"device-{name}"})
    assert answer.status_code == 200
    return answer.json()


async def test_expired_tokens_of_a_session_that_goes_on_are_swept(
    client: AsyncClient, db: Database, run: Run, age: Age
) -> None:
    first = await visitor(client, "one")
    second = (await client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    await age(RefreshToken, "expires_at", 10, col(RefreshToken.used_at).is_not(None))
    assert await run("accounts.sweep_sessions") == {"sessions": 0, "tokens": 1, "invitations": 0}
    again = await client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_token_invalid")
    assert (
        await client.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
    ).status_code == 200


async def test_old_sessions_are_swept_with_their_tokens(client: AsyncClient, db: Database, run: Run, age: Age) -> None:
    await visitor(client, "one")
    kept = await visitor(client, "two")
    await age(AuthSession, "expires_at", 31 * DAY, AuthSession.user_id != kept["user"]["id"])
    assert await run("accounts.sweep_sessions") == {"sessions": 1, "tokens": 0, "invitations": 0}
    async with db.reading() as session:
        assert (
            len((await session.exec(select(AuthSession))).all())
            == len((await session.exec(select(RefreshToken))).all())
            == 1
        )


async def test_silent_visitors_are_forgotten_and_nobody_else(
    client: AsyncClient, db: Database, run: Run, age: Age, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    silent, wrote, present, mailed, young = [
        (await visitor(client, name))["user"]["id"] for name in ("silent", "wrote", "present", "mailed", "young")
    ]
    token = (await visitor(client, "wrote"))["access_token"]
    opened = await client.post(
        talking.CONVERSATIONS, json={"merchant_id": "m1"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert opened.status_code == 201
    await age(User, "created_at", 91 * DAY, User.id != young)
    await age(AuthSession, "expires_at", 10, AuthSession.user_id != present)

    async def give_mail(session: Any) -> None:
        (await session.get_one(User, mailed)).email = "v@example.com"

    await db.write(give_mail)
    assert await run("chat.forget_visitors") == {"forgotten": 1}
    async with db.reading() as session:
        left = set((await session.exec(select(User.id))).all())
        assert await session.get(Device, "x") is None
        assert len((await session.exec(select(Device))).all()) == 4
    assert left == {wrote, present, mailed, young, "b1", "m1"}
    assert silent not in left
    assert await run("chat.forget_visitors") == {"forgotten": 0}


async def test_a_visitor_who_begins_to_write_is_not_forgotten(
    client: AsyncClient, db: Database, chen_the_merchant: Person
) -> None:
    made = await visitor(client, "slow")
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await client.post(talking.CONVERSATIONS, json={"merchant_id": "m1"}, headers=headers)).status_code == 201
    assert await db.write(lambda session: visitors.forget(session, [made["user"]["id"]])) == 0
    assert (await client.get("/api/v1/users/me", headers=headers)).status_code == 200
