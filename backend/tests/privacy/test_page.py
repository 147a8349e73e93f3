"""The page "Your data" at the console."""

from httpx2 import AsyncClient
from sqlmodel import select

from app.jobs.models import Job
from app.kernel.db import Database
from app.privacy.models import PersonDeletion
from tests.pages.conftest import SitDown
from tests.people import PASSWORD, Person

PAGE = "/settings/your-data"
SAME = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


async def test_an_agent_asks_for_a_copy_goes_and_comes_back(
    client: AsyncClient, db: Database, sit_down: SitDown, an_the_agent: Person
) -> None:
    await sit_down(an_the_agent)
    assert "Delete my account" in (await client.get(PAGE, headers=SAME)).text
    asked = await client.post(f"{PAGE}/export", headers=SAME)
    assert (asked.status_code, asked.headers["location"]) == (303, "/tasks")
    async with db.reading() as session:
        assert [(job.kind, job.owner_id) for job in (await session.exec(select(Job))).all()] == [
            ("accounts.export_person", "m2")
        ]
    unsure = await client.post(f"{PAGE}/deletion", data={"password": PASSWORD}, headers=SAME)
    assert (unsure.status_code, "Please confirm" in unsure.text) == (422, True)
    wrong = await client.post(f"{PAGE}/deletion", data={"password": "x", "confirm": "true"}, headers=SAME)
    assert (wrong.status_code, "not your password" in wrong.text) == (422, True)
    going = await client.post(f"{PAGE}/deletion", data={"password": PASSWORD, "confirm": "true"}, headers=SAME)
    assert (going.status_code, "signed out everywhere" in going.text) == (200, True)
    assert (await client.get(PAGE, headers=SAME)).headers["location"].startswith("/sign-in")
    await sit_down(an_the_agent)
    assert "Keep my account" in (await client.get(PAGE, headers=SAME)).text
    assert (await client.post(f"{PAGE}/keep", headers=SAME)).status_code == 303
    async with db.reading() as session:
        assert (await session.exec(select(PersonDeletion))).all() == []


async def test_an_owner_with_staff_reads_what_to_do_first(
    client: AsyncClient, sit_down: SitDown, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    await sit_down(chen_the_merchant)
    shown = (await client.get(PAGE, headers=SAME)).text
    assert "1 more people" in shown
    assert "Delete my account" not in shown


async def test_the_page_is_not_for_strangers_or_buyers(
    client: AsyncClient, sit_down: SitDown, lin_the_buyer: Person
) -> None:
    assert (await client.get(PAGE)).status_code == 303
    await sit_down(lin_the_buyer)
    assert (await client.get(PAGE)).status_code == 403
