"""A link into the team: once, for seven days, until it is taken back; shown once and never stored."""

import asyncio
from pathlib import Path
from typing import Any

import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update
from sqlmodel import select

from app.accounts.invitations import Invitation
from app.jobs.models import Job
from app.kernel.clock import now
from app.kernel.db import Database
from tests.people import Person
from tests.working import run_job

INVITATIONS = "/api/v1/staff/invitations/"
FORM = {"username": "xiaohe", "display_name": "小荷", "password": "rice-and-tea"}
PAGE = {"Accept": "text/html", "Accept-Language": "en"}


async def invite(client: AsyncClient, owner: Person, **fields: Any) -> dict[str, Any]:
    answer = await client.post(INVITATIONS, json=fields, headers=owner.headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def path_of(made: dict[str, Any]) -> str:
    return "/join/" + made["url"].rsplit("/", 1)[1]


async def join(client: AsyncClient, made: dict[str, Any], **fields: str) -> Response:
    client.cookies.clear()
    headers = PAGE | {"Sec-Fetch-Site": "same-origin"}
    return await client.post(path_of(made), data=FORM | fields, headers=headers)


async def test_the_invited_person_lands_in_the_inbox(client: AsyncClient, chen_the_merchant: Person) -> None:
    made = await invite(client, chen_the_merchant)
    page = await client.get(path_of(made), headers=PAGE)
    assert page.status_code == 200
    assert "陈记米铺" in page.text
    answer = await join(client, made)
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert (await client.get("/inbox", headers=PAGE)).status_code == 200
    client.cookies.clear()
    staff = (await client.get("/api/v1/staff/", headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["username"], one["display_name"], one["role"]) for one in staff][1:] == [("xiaohe", "小荷", "agent")]
    listed = (await client.get(INVITATIONS, headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["state"], one["used_by"]) for one in listed] == [("used", staff[1]["id"])]


async def test_a_link_works_once_also_for_two_at_once(client: AsyncClient, chen_the_merchant: Person) -> None:
    made = await invite(client, chen_the_merchant)
    both = await asyncio.gather(join(client, made), join(client, made, username="other"))
    assert sorted(one.status_code for one in both) == [303, 410]
    client.cookies.clear()
    again = await client.get(path_of(made), headers=PAGE)
    assert again.status_code == 410
    assert "was used already" in again.text
    staff = (await client.get("/api/v1/staff/", headers=chen_the_merchant.headers)).json()
    assert staff["count"] == 2


async def test_it_expires_and_can_be_taken_back(client: AsyncClient, chen_the_merchant: Person) -> None:
    late, gone = await invite(client, chen_the_merchant), await invite(client, chen_the_merchant)
    answer = await client.delete(INVITATIONS + gone["id"], headers=chen_the_merchant.headers)
    assert answer.status_code == 204
    refused = await join(client, gone)
    assert (refused.status_code, "was withdrawn" in refused.text) == (410, True)
    with time_machine.travel(late["expires_at"] + 1):
        refused = await client.get(path_of(late), headers=PAGE)
        assert (refused.status_code, "has expired" in refused.text) == (410, True)
    assert (await client.get("/join/nobody-knows-this", headers=PAGE)).status_code == 410


async def test_what_is_wrong_is_said_and_the_link_stays_good(
    client: AsyncClient, chen_the_merchant: Person, an_agent: Person
) -> None:
    made = await invite(client, chen_the_merchant)
    for fields, word in (
        ({"username": "an"}, "Somebody else has this username"),
        ({"password": "short"}, "8 to 128 characters"),
        ({"display_name": "  "}, "Please give a name"),
    ):
        answer = await join(client, made, **fields)
        assert answer.status_code == 422
        assert word in answer.text
        assert "short" not in answer.text
    assert (await join(client, made)).status_code == 303


async def test_an_owner_can_be_invited(client: AsyncClient, chen_the_merchant: Person) -> None:
    made = await invite(client, chen_the_merchant, role="owner")
    assert (await join(client, made)).status_code == 303
    login = {"username": "xiaohe", "password": "rice-and-tea"}
    token = (await client.post("/api/v1/auth/login", json=login)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.post(INVITATIONS, json={}, headers=headers)).status_code == 201
    assert (await client.delete("/api/v1/staff/m1", headers=headers)).json()["code"] == "owner_stays"


async def test_only_owners_invite_and_only_their_own(
    client: AsyncClient, chen_the_merchant: Person, an_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    made = await invite(client, chen_the_merchant)
    for person in (an_agent, lin_the_buyer, an_admin):
        for answer in (
            await client.post(INVITATIONS, json={}, headers=person.headers),
            await client.get(INVITATIONS, headers=person.headers),
            await client.delete(INVITATIONS + made["id"], headers=person.headers),
        ):
            assert answer.status_code == 403
    assert (await client.delete(INVITATIONS + made["id"], headers=honey_the_merchant.headers)).status_code == 404
    assert (await client.get(INVITATIONS, headers=honey_the_merchant.headers)).json()["results"] == []


async def test_the_token_is_stored_nowhere(
    client: AsyncClient, db: Database, chen_the_merchant: Person, tmp_path: Path
) -> None:
    made = await invite(client, chen_the_merchant)
    token = made["url"].rsplit("/", 1)[1]
    async with db.reading() as session:
        row = (await session.exec(select(Invitation))).one()
    assert token not in str(row.model_dump())
    assert token not in (await client.get(INVITATIONS, headers=chen_the_merchant.headers)).text


async def test_a_mail_carries_the_link_in_the_invited_persons_language(
    client: AsyncClient, db: Database, chen_the_merchant: Person
) -> None:
    made = await invite(client, chen_the_merchant, email="xiaohe@example.com", locale="zh-CN")
    async with db.reading() as session:
        job = (await session.exec(select(Job).where(Job.kind == "messengers.mail"))).one()
    assert (job.payload["to"], job.payload["template"], job.payload["locale"]) == (
        "xiaohe@example.com", "invitation", "zh-CN",
    )  # fmt: skip
    assert job.payload["context"]["link"] == made["url"]
    refused = await client.post(INVITATIONS, json={"email": "nobody"}, headers=chen_the_merchant.headers)
    assert refused.status_code == 422


async def test_a_blocked_shops_links_lead_nowhere(
    client: AsyncClient, chen_the_merchant: Person, an_admin: Person
) -> None:
    made = await invite(client, chen_the_merchant)
    await client.put("/api/v1/users/m1", json={"is_blocked": True}, headers=an_admin.headers)
    assert (await join(client, made)).status_code == 410


async def test_old_ones_are_forgotten_with_their_addresses(
    client: AsyncClient, app: FastAPI, db: Database, chen_the_merchant: Person
) -> None:
    await invite(client, chen_the_merchant, email="xiaohe@example.com")
    async with db.writing() as session:
        await session.exec(update(Invitation).values(expires_at=now() - 29 * 86_400))
    assert (await run_job(app, "accounts.sweep_sessions"))["invitations"] == 0
    async with db.writing() as session:
        await session.exec(update(Invitation).values(expires_at=now() - 31 * 86_400))
    assert (await run_job(app, "accounts.sweep_sessions"))["invitations"] == 1


async def test_with_an_owner_their_invitations_end(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await client.put("/api/v1/staff/m2", json={"role": "owner"}, headers=chen_the_merchant.headers)
    way_back, kept = await invite(client, an_the_agent, role="owner"), await invite(client, chen_the_merchant)
    await client.put("/api/v1/staff/m2", json={"role": "agent"}, headers=chen_the_merchant.headers)
    assert (await join(client, way_back)).status_code == 410
    await client.delete("/api/v1/staff/m2", headers=chen_the_merchant.headers)
    assert (await client.get(path_of(way_back), headers=PAGE)).status_code == 410
    listed = (await client.get(INVITATIONS, headers=chen_the_merchant.headers)).json()["results"]
    assert {one["id"]: one["state"] for one in listed} == {way_back["id"]: "revoked", kept["id"]: "open"}
    assert (await join(client, kept)).status_code == 303
