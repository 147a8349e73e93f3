"""Who writes a shop's hours, and what is refused."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.people import Person

HOURS = "/api/v1/shop/hours"
WEEK = [[["09:00", "12:00"], ["13:30", "18:00"]], *[[]] * 6]
GOOD = {"time_zone": "Europe/Berlin", "week": WEEK}
HOLIDAY = {"first_day": "2099-10-01", "last_day": "2099-10-07", "name": "国庆节"}


async def test_a_shop_begins_always_open(client: AsyncClient, chen_the_merchant: Person) -> None:
    said = (await client.get(HOURS, headers=chen_the_merchant.headers)).json()
    assert (said["week"], said["holidays"], said["is_open"], said["opens_at"]) == ([[]] * 7, [], True, None)


async def test_the_owner_writes_and_agents_read(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    said = await client.put(HOURS, json=GOOD, headers=chen_the_merchant.headers)
    assert (said.status_code, said.json()["week"], said.json()["time_zone"]) == (200, WEEK, "Europe/Berlin")
    assert (await client.get(HOURS, headers=an_the_agent.headers)).json()["week"] == WEEK
    made = await client.post(f"{HOURS}/holidays/", json=HOLIDAY, headers=chen_the_merchant.headers)
    assert made.status_code == 201
    listed = (await client.get(HOURS, headers=an_the_agent.headers)).json()["holidays"]
    assert [(one["name"], one["first_day"], one["ranges"]) for one in listed] == [("国庆节", "2099-10-01", [])]


async def test_others_write_nothing(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, an_admin: Person,
) -> None:  # fmt: skip
    made = await client.post(f"{HOURS}/holidays/", json=HOLIDAY, headers=chen_the_merchant.headers)
    holiday = f"{HOURS}/holidays/{made.json()['id']}"
    for person in (an_the_agent, lin_the_buyer, an_admin):
        for answer in (
            await client.put(HOURS, json=GOOD, headers=person.headers),
            await client.post(f"{HOURS}/holidays/", json=HOLIDAY, headers=person.headers),
            await client.delete(holiday, headers=person.headers),
        ):
            assert answer.status_code == 403
    assert (await client.delete(holiday, headers=honey_the_merchant.headers)).status_code == 404
    assert (await client.get(HOURS)).status_code == 401
    assert (await client.get(HOURS, headers=lin_the_buyer.headers)).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"week": WEEK[:6]},
        {"week": [[["09:00", "25:00"]], *[[]] * 6]},
        {"week": [[["09:00", "12:00"], ["11:00", "13:00"]], *[[]] * 6]},
        {"week": [[["09:00"]], *[[]] * 6]},
    ],
)
async def test_what_makes_no_sense_is_refused(
    client: AsyncClient, chen_the_merchant: Person, wrong: dict[str, Any]
) -> None:
    assert (await client.put(HOURS, json=GOOD | wrong, headers=chen_the_merchant.headers)).status_code == 422


@pytest.mark.parametrize(
    "wrong", [{"last_day": "2099-09-30"}, {"last_day": "2101-01-01"}, {"first_day": "soon"}, {"ranges": [["9", "10"]]}]
)
async def test_a_holiday_has_its_days_in_order(
    client: AsyncClient, chen_the_merchant: Person, wrong: dict[str, Any]
) -> None:
    answer = await client.post(f"{HOURS}/holidays/", json=HOLIDAY | wrong, headers=chen_the_merchant.headers)
    assert answer.status_code == 422
