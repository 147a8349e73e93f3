"""The pages of team and hours: owners change, agents look, others are kept out, mistakes are shown in place."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient, Response

from tests.pages.conftest import SitDown
from tests.people import Person

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
SUBMIT = PAGE | {"Sec-Fetch-Site": "same-origin"}
TEAM, HOURS = "/settings/team", "/settings/hours"
Submit = Callable[..., Awaitable[Response]]


@pytest.fixture
def submit(client: AsyncClient, sit_down: SitDown) -> Submit:
    """What somebody's form is answered with."""

    async def send(person: Person, path: str, data: dict[str, Any] | None = None) -> Response:
        await sit_down(person)
        return await client.post(path, data=data or {}, headers=SUBMIT)

    return send


@pytest.fixture
def look(client: AsyncClient, sit_down: SitDown) -> Callable[..., Awaitable[Response]]:
    """A page as somebody sees it."""

    async def see(person: Person | None, path: str) -> Response:
        await sit_down(person)
        return await client.get(path, headers=PAGE)

    return see


async def test_owners_change_and_agents_look(look: Any, chen_the_merchant: Person, an_the_agent: Person) -> None:
    for path in (TEAM, HOURS, f"{TEAM}/m2"):
        mine, theirs = await look(chen_the_merchant, path), await look(an_the_agent, path)
        assert (mine.status_code, theirs.status_code) == (200, 200)
        assert "Only the owner of the shop may change this." in theirs.text
        assert "Only the owner of the shop may change this." not in mine.text
        assert ">Save</button>" not in theirs.text
    assert "Invite somebody" not in (await look(an_the_agent, TEAM)).text


async def test_others_are_not_let_in(
    look: Any, lin_the_buyer: Person, an_admin: Person, honey_the_merchant: Person, an_the_agent: Person
) -> None:
    for path in (TEAM, HOURS):
        assert [(await look(one, path)).status_code for one in (lin_the_buyer, an_admin)] == [403, 403]
        assert (await look(None, path)).status_code == 303
    assert (await look(honey_the_merchant, f"{TEAM}/m2")).status_code == 404
    assert "an" not in [line.strip() for line in (await look(honey_the_merchant, f"{TEAM}/people")).text.splitlines()]


async def test_agents_forms_are_refused(submit: Submit, an_the_agent: Person, bo: Person) -> None:
    for path, data in (
        (f"{TEAM}/invitations", {"role": "owner"}),
        (f"{TEAM}/people", {"username": "neu", "password": "rice-and-tea"}),
        (f"{TEAM}/routing", {"routing": "round_robin"}),
        (f"{TEAM}/m3", {"role": "agent", "capacity": "1"}),
        (f"{TEAM}/m3/remove", {}),
        (HOURS, {"time_zone": "UTC"}),
        (f"{HOURS}/holidays", {"first_day": "2099-01-01"}),
        (f"{HOURS}/words", {"away_text": "x"}),
    ):
        assert (await submit(an_the_agent, path, data)).status_code == 403, path


@pytest.fixture
async def bo(enter: Any, chen_the_merchant: Person) -> Person:
    """One more agent."""
    person: Person = await enter("m3", "bo", "merchant", merchant_id=chen_the_merchant.id)
    return person


async def test_a_link_is_shown_once(submit: Submit, look: Any, chen_the_merchant: Person) -> None:
    made = await submit(chen_the_merchant, f"{TEAM}/invitations", {"role": "agent", "locale": "en"})
    assert made.status_code == 201
    assert "/join/" in made.text
    listed = await look(chen_the_merchant, TEAM)
    assert "/join/" not in listed.text
    assert "Link without an address" in listed.text
    wrong = await submit(chen_the_merchant, f"{TEAM}/invitations", {"role": "agent", "email": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text


async def test_a_member_is_changed_and_removed(
    submit: Submit, look: Any, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    wrong = await submit(chen_the_merchant, f"{TEAM}/m2", {"role": "agent", "capacity": "many"})
    assert (wrong.status_code, "A whole number from 0 to 200." in wrong.text) == (422, True)
    saved = await submit(chen_the_merchant, f"{TEAM}/m2", {"role": "agent", "capacity": "4"})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{TEAM}?saved=true")
    assert 'value="4"' in (await look(chen_the_merchant, f"{TEAM}/m2")).text
    assert (await submit(chen_the_merchant, f"{TEAM}/m2/remove")).status_code == 303
    assert (await look(chen_the_merchant, f"{TEAM}/m2")).status_code == 404
    assert (await submit(chen_the_merchant, f"{TEAM}/m1/remove")).status_code == 409


async def test_an_account_is_made_and_a_password_never_shown_again(
    submit: Submit, look: Any, chen_the_merchant: Person
) -> None:
    draft = {"username": "xiaohe", "display_name": "小荷", "password": "zukurz"}
    wrong = await submit(chen_the_merchant, f"{TEAM}/people", draft)
    assert (wrong.status_code, "zukurz" in wrong.text, 'value="xiaohe"' in wrong.text) == (422, False, True)
    assert (await submit(chen_the_merchant, f"{TEAM}/people", draft | {"password": "rice-and-tea"})).status_code == 303
    assert "小荷" in (await look(chen_the_merchant, TEAM)).text


async def test_routing_is_set(submit: Submit, look: Any, chen_the_merchant: Person) -> None:
    wrong = await submit(chen_the_merchant, f"{TEAM}/routing", {"routing": "round_robin", "return_after_minutes": "0"})
    assert wrong.status_code == 422
    good = {"routing": "round_robin", "return_after_minutes": "20"}
    assert (await submit(chen_the_merchant, f"{TEAM}/routing", good)).status_code == 303
    page = (await look(chen_the_merchant, TEAM)).text
    assert "Nobody is waiting." in page
    assert 'value="20"' in page


async def test_a_week_is_saved_shown_and_refused(submit: Submit, look: Any, chen_the_merchant: Person) -> None:
    week = {"time_zone": "Asia/Shanghai", "opens-0": ["09:00", "13:30", ""], "closes-0": ["12:00", "18:00", ""]}
    assert (await submit(chen_the_merchant, HOURS, week)).status_code == 303
    page = (await look(chen_the_merchant, HOURS)).text
    assert page.count('value="13:30"') == 1
    wrong = await submit(chen_the_merchant, HOURS, week | {"opens-0": ["09:00", "11:00", ""]})
    assert (wrong.status_code, "must not overlap" in wrong.text) == (422, True)
    preview = await submit(chen_the_merchant, f"{HOURS}/preview", {"time_zone": "UTC"})
    assert "Open now" in preview.text
    half = await submit(chen_the_merchant, f"{HOURS}/preview", {"time_zone": "UTC", "opens-0": "09:00", "closes-0": ""})
    assert "Please finish" in half.text


async def test_holidays_come_and_go(submit: Submit, look: Any, chen_the_merchant: Person) -> None:
    draft = {"name": "国庆节", "first_day": "2099-10-01", "last_day": "2099-10-07"}
    assert (await submit(chen_the_merchant, f"{HOURS}/holidays", draft)).status_code == 303
    page = (await look(chen_the_merchant, HOURS)).text
    assert "国庆节" in page
    backwards = await submit(chen_the_merchant, f"{HOURS}/holidays", draft | {"last_day": "2099-09-01"})
    assert (backwards.status_code, "a last one that is not before it" in backwards.text) == (422, True)
    half = await submit(chen_the_merchant, f"{HOURS}/holidays", draft | {"opens": "09:00"})
    assert "Give both times" in half.text
    number = page.split("/settings/hours/holidays/")[1].split("/")[0]
    assert (await submit(chen_the_merchant, f"{HOURS}/holidays/{number}/remove")).status_code == 303
    assert "国庆节" not in (await look(chen_the_merchant, HOURS)).text.replace('placeholder="国庆节"', "")


async def test_words_are_saved(submit: Submit, look: Any, chen_the_merchant: Person) -> None:
    words = {"welcome_text": "感谢咨询", "away_text": "休息中"}
    assert (await submit(chen_the_merchant, f"{HOURS}/words", words)).status_code == 303
    page = (await look(chen_the_merchant, HOURS)).text
    assert "感谢咨询" in page
    assert (await submit(chen_the_merchant, f"{HOURS}/words", words | {"away_text": "x" * 1001})).status_code == 422
