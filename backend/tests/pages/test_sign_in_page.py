"""The sign-in page, as a browser without scripts meets it."""

import pytest
from httpx2 import AsyncClient

from tests.pages.conftest import SitDown
from tests.people import PASSWORD, Person

PAGE = {"Accept": "text/html", "Accept-Language": "en"}


async def test_a_right_pair_sets_a_cookie_and_leads_to_the_desk(client: AsyncClient, chen_the_merchant: Person) -> None:
    answer = await client.post("/sign-in", data={"account": "chen", "password": PASSWORD}, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await client.get("/inbox", headers=PAGE)).status_code == 200


async def test_a_wrong_pair_shows_the_form_again_and_keeps_the_name(
    client: AsyncClient, chen_the_merchant: Person
) -> None:
    answer = await client.post("/sign-in", data={"account": "chen", "password": "wrong"}, headers=PAGE)
    assert answer.status_code == 422
    assert "The account or the password is wrong." in answer.text
    assert 'value="chen"' in answer.text
    assert "wrong&#34;" not in answer.text
    assert "set-cookie" not in answer.headers


async def test_too_many_tries_are_told_to_wait(client: AsyncClient, chen_the_merchant: Person) -> None:
    for _ in range(10):
        await client.post("/sign-in", data={"account": "chen", "password": "wrong"}, headers=PAGE)
    answer = await client.post("/sign-in", data={"account": "chen", "password": PASSWORD}, headers=PAGE)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many tries" in answer.text


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/inbox/quick-replies", "/inbox/quick-replies"),
        ("//evil.example/", "/inbox"),
        ("/\\evil.example", "/inbox"),
        ("https://evil.example/", "/inbox"),
        ("/\t/evil.example", "/inbox"),
        ("/sign-out", "/inbox"),
    ],
)
async def test_the_way_back_stays_on_this_site(
    client: AsyncClient, chen_the_merchant: Person, asked: str, led: str
) -> None:
    form = {"account": "chen", "password": PASSWORD, "next": asked}
    assert (await client.post("/sign-in", data=form, headers=PAGE)).headers["location"] == led


async def test_signing_out_ends_the_session_and_not_only_the_cookie(
    client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown
) -> None:
    await sit_down(chen_the_merchant)
    stolen = dict(client.cookies)
    assert (await client.get("/inbox", headers=PAGE)).status_code == 200
    assert (await client.post("/sign-out")).headers["location"] == "/sign-in"
    client.cookies.update(stolen)
    answer = await client.get("/inbox", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/inbox")


async def test_the_language_is_kept_in_a_cookie(client: AsyncClient) -> None:
    answer = await client.post("/locale", data={"locale": "zh-CN"}, headers={"Referer": "http://parley.test/sign-in"})
    assert answer.status_code == 303
    page = await client.get("/sign-in", headers=PAGE)
    assert '<html lang="zh-CN"' in page.text
    assert "登录" in page.text


async def test_an_unknown_language_is_not_kept(client: AsyncClient) -> None:
    answer = await client.post("/locale", data={"locale": "xx\r\nSet-Cookie: a=b"})
    assert "set-cookie" not in answer.headers
