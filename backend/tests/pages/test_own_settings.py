"""A person's own settings as forms: profile with a picture, password and devices, notifications."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient
from PIL import Image

from tests.chat.talking import API
from tests.pages.conftest import SitDown
from tests.people import PASSWORD, Person

EN = {"Accept": "text/html", "Accept-Language": "en"}
PAGES = ["/settings/profile", "/settings/security", "/settings/notifications"]
PROFILE = {"display_name": "Chen", "email": "chen@example.com", "phone": "138 0013 8000", "locale": "en"}


@pytest.fixture
def save(client: AsyncClient, sit_down: SitDown) -> Callable[..., Awaitable[Any]]:
    """The answer to a form of somebody at the console."""

    async def post(person: Person, path: str, form: dict[str, str], **more: Any) -> Any:
        await sit_down(person)
        return await client.post(path, data=form, headers=EN, **more)

    return post


Save = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize("path", [*PAGES, "/settings"])
async def test_everybody_at_the_console_has_own_settings(
    client: AsyncClient,
    sit_down: SitDown,
    path: str,
    chen_the_merchant: Person,
    an_the_agent: Person,
    an_admin: Person,
    lin_the_buyer: Person,
) -> None:
    homes = {"m1": "/settings/shop", "m2": "/settings/shop", "a1": "/settings/profile"}
    for person in (chen_the_merchant, an_the_agent, an_admin):
        await sit_down(person)
        answer = await client.get(path, headers=EN)
        if path == "/settings":
            assert (answer.status_code, answer.headers["location"]) == (303, homes[person.id])
        else:
            assert answer.status_code == 200
    await sit_down(lin_the_buyer)
    assert (await client.get(path, headers=EN)).status_code == 403
    await sit_down(None)
    assert (await client.get(path, headers=EN)).status_code == 303


async def test_a_profile_is_saved(client: AsyncClient, save: Save, chen_the_merchant: Person) -> None:
    answer = await save(chen_the_merchant, "/settings/profile", PROFILE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/profile?saved=true")
    me = (await client.get(f"{API}/users/me", headers=chen_the_merchant.headers)).json()
    assert (me["display_name"], me["email"], me["phone"]) == ("Chen", "chen@example.com", "+8613800138000")
    assert me["greeting"] == "您好"  # no field of this page


async def test_a_profile_that_is_wrong_comes_back(save: Save, chen_the_merchant: Person, lin_the_buyer: Person) -> None:
    wrong = await save(chen_the_merchant, "/settings/profile", PROFILE | {"email": "nowhere"})
    taken = await save(chen_the_merchant, "/settings/profile", PROFILE | {"email": "lin@example.com", "phone": ""})
    for answer in (wrong, taken):
        assert answer.status_code == 422
        assert 'id="email-problem"' in answer.text
        assert 'value="Chen"' in answer.text


async def test_a_picture_comes_with_the_form_and_goes(
    client: AsyncClient, save: Save, chen_the_merchant: Person
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(drawn, "PNG")
    files = {"picture": ("me.png", drawn.getvalue(), "image/png")}
    assert (await save(chen_the_merchant, "/settings/profile", PROFILE, files=files)).status_code == 303
    me = (await client.get(f"{API}/users/me", headers=chen_the_merchant.headers)).json()
    assert "/media/uploads/" in me["avatar"]
    text = {"picture": ("me.txt", b"no picture", "text/plain")}
    refused = await save(chen_the_merchant, "/settings/profile", PROFILE, files=text)
    assert (refused.status_code, 'id="picture-problem"' in refused.text) == (422, True)
    assert (await save(chen_the_merchant, "/settings/profile", PROFILE | {"avatar": "none"})).status_code == 303
    me = (await client.get(f"{API}/users/me", headers=chen_the_merchant.headers)).json()
    assert "/avatars/default" in me["avatar"]


async def test_a_password_is_changed_with_the_old_one(
    client: AsyncClient, save: Save, chen_the_merchant: Person
) -> None:
    address, new = "/settings/security/password", "tea-and-honey"
    for form, field in (
        ({"current": "wrong", "new": new, "again": new}, "current"),
        ({"current": PASSWORD, "new": new, "again": "other"}, "again"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "new"),
    ):
        answer = await save(chen_the_merchant, address, form)
        assert answer.status_code == 422
        assert f'id="{field}-problem"' in answer.text
    answer = await save(chen_the_merchant, address, {"current": PASSWORD, "new": new, "again": new})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/security?done=password")
    assert (await client.get("/settings/security", headers=EN)).status_code == 200  # this device stays
    assert (await client.get(f"{API}/users/me", headers=chen_the_merchant.headers)).status_code == 401


async def test_devices_are_signed_out(
    client: AsyncClient, save: Save, chen_the_merchant: Person, lin_the_buyer: Person
) -> None:
    foreign = {"session_id": str(lin_the_buyer.signed_in.session.id)}
    assert (await save(chen_the_merchant, "/settings/security/sessions", foreign)).status_code == 404
    own = {"session_id": str(chen_the_merchant.signed_in.session.id)}
    assert (await save(chen_the_merchant, "/settings/security/sessions", own)).status_code == 303
    assert (await client.get(f"{API}/users/me", headers=chen_the_merchant.headers)).status_code == 401
    assert (await save(chen_the_merchant, "/settings/security/sessions", {})).status_code == 303
    page = await client.get("/settings/security", headers=EN)
    assert page.text.count("This device") == 1
    assert (await client.get(f"{API}/users/me", headers=lin_the_buyer.headers)).status_code == 200


async def test_notifications_are_chosen(client: AsyncClient, save: Save, an_admin: Person) -> None:
    form = {"send_key": "ctrl-enter", "notify": "mine", "notify_when": "always"}
    assert (await save(an_admin, "/settings/notifications", form)).status_code == 303
    chosen = (await client.get(f"{API}/users/me/preferences", headers=an_admin.headers)).json()
    assert chosen == form | {"sounds": False}
    assert (await save(an_admin, "/settings/notifications", form | {"notify": "everything"})).status_code == 422


async def test_looks_of_the_platform_are_the_owners_to_read(
    client: AsyncClient, sit_down: SitDown, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person
) -> None:
    await client.get(f"{API}/conversations/", headers=an_admin.headers)
    await sit_down(chen_the_merchant)
    assert "Watched the live wall" in (await client.get("/settings/access-log", headers=EN)).text
    await sit_down(an_the_agent)
    page = (await client.get("/settings/access-log", headers=EN)).text
    assert "Watched the live wall" not in page
    assert "Only the owner of the shop can see this." in page
