"""The admin's pages: who comes in, what they do, and that none of them can write into a conversation."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import API, sent, start
from tests.pages.conftest import SitDown
from tests.people import PASSWORD, Person

EN = {"Accept": "text/html", "Accept-Language": "en"}
PAGES = [
    "/admin/conversations", "/admin/wall", "/admin/users", "/admin/users/m1", "/admin/merchants", "/admin/audit",
    "/admin/audit/csv", "/admin/system", "/admin/system/parts", "/admin/tasks",
]  # fmt: skip
FORMS = ["/suspend", "/restore", "/password", "/sessions", ""]

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
def open_as(client: AsyncClient, sit_down: SitDown) -> Open:
    """What somebody gets at an address, or for a form."""

    async def see(person: Person | None, path: str, form: dict[str, str] | None = None) -> Any:
        await sit_down(person)
        if form is None:
            return await client.get(path, headers=EN)
        return await client.post(path, data=form, headers=EN)

    return see


@pytest.mark.parametrize("path", PAGES)
async def test_only_admins_come_in(
    open_as: Open, path: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    for person in (lin_the_buyer, chen_the_merchant, an_the_agent):
        assert (await open_as(person, path)).status_code == 403
    assert (await open_as(None, path)).status_code == 303
    assert (await open_as(an_admin, path)).status_code == 200


@pytest.mark.parametrize("path", FORMS)
async def test_only_admins_change_users(
    open_as: Open, path: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    for person in (lin_the_buyer, chen_the_merchant, an_the_agent, None):
        answer = await open_as(person, f"/admin/users/b1{path}", {"reason": "x"})
        assert answer.status_code == (403 if person else 303)
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in")


async def test_no_page_of_conversations_can_write(
    open_as: Open, client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, talk)
    for path in ("/admin/conversations", f"/admin/conversations/{talk}", "/admin/wall"):
        page = (await open_as(an_admin, path)).text
        main = page[page.index("<main") : page.index("</main>")]
        assert not re.search(r"<textarea|message-composer|contenteditable|<form|type=.file", main), path
        assert "Read only" in main


async def test_a_user_is_suspended_with_a_reason_and_restored(
    open_as: Open, client: AsyncClient, lin_the_buyer: Person, an_admin: Person
) -> None:
    answer = await open_as(an_admin, "/admin/users/b1/suspend", {"reason": "Spam"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/users/b1?done=suspended")
    assert (await client.get(f"{API}/users/me", headers=lin_the_buyer.headers)).status_code == 401
    page = (await open_as(an_admin, "/admin/users/b1")).text
    assert "Reason: Spam" in page
    assert "Suspended a user" in page
    assert "lin" in (await open_as(an_admin, "/admin/users?state=suspended")).text
    await open_as(an_admin, "/admin/users/b1/restore", {})
    assert "Reason: Spam" not in (await open_as(an_admin, "/admin/users/b1?done=restored")).text
    assert "<strong>lin</strong>" not in (await open_as(an_admin, "/admin/users?state=suspended")).text


async def test_an_admin_cannot_suspend_himself(open_as: Open, an_admin: Person) -> None:
    assert (await open_as(an_admin, "/admin/users/a1/suspend", {})).status_code == 409
    assert 'action="/admin/users/a1/suspend"' not in (await open_as(an_admin, "/admin/users/a1")).text


async def test_a_new_password_is_shown_once(
    open_as: Open, client: AsyncClient, lin_the_buyer: Person, an_admin: Person
) -> None:
    page = (await open_as(an_admin, "/admin/users/b1/password", {})).text
    found = re.search(r'id="new-password">([^<]+)<', page)
    assert found is not None
    old = await client.post(f"{API}/auth/login", json={"username": "lin", "password": PASSWORD})
    new = await client.post(f"{API}/auth/login", json={"username": "lin", "password": found[1]})
    assert (old.status_code, new.status_code) == (401, 200)
    assert found[1] not in (await open_as(an_admin, "/admin/users/b1")).text


async def test_an_admin_signs_somebody_out(
    open_as: Open, client: AsyncClient, lin_the_buyer: Person, an_admin: Person
) -> None:
    session_id = str(lin_the_buyer.signed_in.session.id)
    foreign = await open_as(an_admin, "/admin/users/a1/sessions", {"session_id": session_id})
    assert foreign.status_code == 404
    assert (await open_as(an_admin, "/admin/users/b1/sessions", {"session_id": session_id})).status_code == 303
    assert (await client.get(f"{API}/users/me", headers=lin_the_buyer.headers)).status_code == 401


async def test_a_profile_is_changed_or_shown_again(
    open_as: Open, lin_the_buyer: Person, chen_the_merchant: Person, an_admin: Person
) -> None:
    form = {"username": "lin", "display_name": "林小雨", "email": "", "phone": "", "locale": "zh-CN"}
    assert (await open_as(an_admin, "/admin/users/b1", form)).status_code == 303
    assert "林小雨" in (await open_as(an_admin, "/admin/users/b1")).text
    again = await open_as(an_admin, "/admin/users/b1", form | {"username": "chen", "email": "no address"})
    assert again.status_code == 422
    assert 'value="no address"' in again.text
    assert (await open_as(an_admin, "/admin/users/b404", form)).status_code == 404


async def test_shops_have_their_figures(
    open_as: Open, client: AsyncClient, lin_the_buyer: Person, an_the_agent: Person, an_admin: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    for _ in range(3):
        await sent(client, lin_the_buyer, talk)
    page = (await open_as(an_admin, "/admin/merchants?q=chen")).text
    cells = re.findall(r'data-label="(Team|Open|Messages, 7 days)">(\d+)<', page)
    assert cells == [("Team", "2"), ("Open", "1"), ("Messages, 7 days", "3")]
    now = (await client.get(f"{API}/wall/", headers=an_admin.headers)).json()["results"]
    [shop] = [one for one in now if one["id"] == "m1"]
    assert (shop["open"], shop["waiting"], shop["messages"], shop["online"]) == (1, 1, 3, 0)
    assert shop["oldest_wait"] is not None


async def test_the_system_page_shows_what_is(open_as: Open, an_admin: Person) -> None:
    page = (await open_as(an_admin, "/admin/system")).text
    assert "server-" in page
    for title in ("Database", "Broker", "Background tasks", "Search", "Storage", "Mail and SMS", "Errors"):
        assert f">{title}</h2>" in page
    assert "0014" in page
