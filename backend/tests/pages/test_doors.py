"""Who sees which page, and what is not in it."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.chat.talking import start
from tests.pages.conftest import SitDown
from tests.people import Person

PAGE = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
async def talk(client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person) -> str:
    """The conversation of Lin and the rice shop, with one message that wants to be markup."""
    conversation_id = await start(client, lin_the_buyer)
    path = f"/api/v1/conversations/{conversation_id}/messages/"
    await client.post(path, json={"content": "</script><img src=x onerror=alert(1)>"}, headers=lin_the_buyer.headers)
    return conversation_id


Look = Callable[[Person | None, str], Awaitable[Any]]


@pytest.fixture
def look(client: AsyncClient, sit_down: SitDown) -> Look:
    """What somebody gets at an address."""

    async def see(person: Person | None, path: str) -> Any:
        await sit_down(person)
        return await client.get(path, headers=PAGE)

    return see


@pytest.mark.parametrize("path", ["/inbox", "/inbox/quick-replies", "/inbox/7", "/admin/conversations", "/admin/users"])
async def test_strangers_are_led_to_the_sign_in(client: AsyncClient, path: str, look: Look) -> None:
    answer = await look(None, path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


async def test_nobody_enters_by_the_wrong_door(
    client: AsyncClient, chen_the_merchant: Person, lin_the_buyer: Person, an_admin: Person, look: Look
) -> None:
    refused = [
        (chen_the_merchant, "/admin/conversations"),
        (chen_the_merchant, "/admin/users"),
        (lin_the_buyer, "/inbox"),
        (lin_the_buyer, "/admin/users"),
        (an_admin, "/inbox"),
        (an_admin, "/inbox/quick-replies"),
    ]
    assert [(await look(person, path)).status_code for person, path in refused] == [403] * len(refused)


async def test_the_desk_shows_ones_own_conversations_only(
    client: AsyncClient, talk: str, chen_the_merchant: Person, honey_the_merchant: Person, look: Look
) -> None:
    assert (await look(chen_the_merchant, f"/inbox/{talk}")).status_code == 200
    assert (await look(honey_the_merchant, f"/inbox/{talk}")).status_code == 404
    assert talk not in (await look(honey_the_merchant, "/inbox")).text


async def test_what_people_write_never_becomes_markup(
    client: AsyncClient, talk: str, chen_the_merchant: Person, look: Look
) -> None:
    page = (await look(chen_the_merchant, "/inbox")).text
    assert "<img src=x" not in page
    block = re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    shown = json.loads(block.group(1))["conversations"]["results"][0]["last_message"]
    assert shown == "</script><img src=x onerror=alert(1)>"


async def test_an_admins_page_has_no_composer(client: AsyncClient, talk: str, an_admin: Person, look: Look) -> None:
    page = (await look(an_admin, f"/admin/conversations/{talk}")).text
    assert "Read only. Admins can see every conversation, but never write in one." in page
    assert "message-composer" not in page
    assert "<textarea" not in page
    assert 'id="message-menu"' in page
    assert not re.search(r'data-do="(reply|keep|edit|remove)"|delete-template|id="add-label"|id="resolve"', page)


async def test_anybody_sees_a_shops_chat_and_leaves_no_trace(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, an_admin: Person, look: Look
) -> None:
    assert "陈记米铺" in (await look(None, "/chat/m1")).text
    assert [(await look(None, path)).status_code for path in ("/chat/m2", "/chat/b1", "/chat/zz")] == [404] * 3
    people = (await client.get("/api/v1/users/", headers=an_admin.headers)).json()
    assert people["count"] == 3


async def test_the_demo_shop_is_there_in_demo_mode_only(client: AsyncClient, look: Look) -> None:
    assert (await look(None, "/demo")).status_code == 404


async def test_a_missing_page_says_so_in_the_readers_language(client: AsyncClient) -> None:
    answer = await client.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.status_code == 404
    assert "这里什么都没有" in answer.text


async def test_quick_replies_are_added_changed_and_deleted_by_forms(
    client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown
) -> None:
    await sit_down(chen_the_merchant)
    htmx = {"HX-Request": "true"} | PAGE
    path = "/inbox/quick-replies"
    added = await client.post(path, data={"title": "Hello", "content": "Hi <b>", "is_shared": "true"}, headers=htmx)
    assert (added.status_code, added.headers["hx-trigger"]) == (201, "quick-replies-changed")
    rows = (await client.get(path, headers=htmx)).text
    assert "Hi &lt;b&gt;" in rows
    assert "<html" not in rows
    found = re.search(r"quick-replies/(\d+)\?edit", rows)
    assert found is not None
    one = f"{path}/{found.group(1)}"
    assert (await client.put(one, data={"title": "Hello", "content": " "}, headers=htmx)).status_code == 422
    assert "Good day" in (await client.put(one, data={"title": "Hello", "content": "Good day"}, headers=htmx)).text
    assert (await client.delete(one, headers=htmx)).text == ""
    assert "Good day" not in (await client.get(path, headers=htmx)).text


async def test_an_empty_quick_reply_shows_the_form_again(
    client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown
) -> None:
    await sit_down(chen_the_merchant)
    answer = await client.post("/inbox/quick-replies", data={"title": "Kept", "content": "  "}, headers=PAGE)
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_an_admin_makes_users_and_a_password_is_never_shown_again(
    client: AsyncClient, an_admin: Person, sit_down: SitDown
) -> None:
    await sit_down(an_admin)
    form = {"role": "merchant", "username": "honeybee", "password": "short"}
    wrong = await client.post("/admin/users", data=form, headers=PAGE)
    assert wrong.status_code == 422
    assert 'value="honeybee"' in wrong.text
    assert 'value="short"' not in wrong.text
    right = await client.post("/admin/users", data=form | {"password": "long-enough-2026"}, headers=PAGE)
    assert right.status_code == 201
    assert "honeybee can sign in now." in right.text
    again = await client.post("/admin/users", data=form | {"password": "long-enough-2026"}, headers=PAGE)
    assert again.status_code == 422
    assert "Please choose another user name." in again.text
