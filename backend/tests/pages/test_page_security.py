"""What a browser is told, and whose forms we take."""

import re

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.kernel import html, static_files
from tests.pages.conftest import SitDown
from tests.people import Person

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/chat/m1", "/nowhere", "/docs"])
async def test_every_page_has_a_strict_policy(client: AsyncClient, chen_the_merchant: Person, path: str) -> None:
    answer = await client.get(path, headers=PAGE)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_no_page_has_inline_scripts_handlers_or_styles(
    client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown
) -> None:
    await sit_down(chen_the_merchant)
    for path in ("/", "/inbox", "/inbox/quick-replies", "/chat/m1"):
        page = (await client.get(path, headers=PAGE)).text
        assert not re.search(r"<[^>]+\s(on\w+|style)=", page), path
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
        assert inline == [], path


async def test_a_nonce_is_never_used_twice(client: AsyncClient) -> None:
    policies = {(await client.get("/sign-in", headers=PAGE)).headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


async def test_only_the_buyers_page_may_stand_in_a_frame(client: AsyncClient, chen_the_merchant: Person) -> None:
    assert (await client.get("/sign-in", headers=PAGE)).headers["x-frame-options"] == "SAMEORIGIN"
    framed = await client.get("/chat/m1?frame=1", headers=PAGE)
    assert "x-frame-options" not in framed.headers
    assert "frame-ancestors *" in framed.headers["content-security-policy"]
    for path in ("/chat/m1", "/chat/m1?frame=1&preview=1", "/sign-in"):
        alone = await client.get(path, headers=PAGE)
        assert "frame-ancestors 'self'" in alone.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://parley.test"}, 403),
        ({"Origin": "http://parley.test"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 303),
    ],
)
async def test_a_form_of_another_site_is_refused(client: AsyncClient, headers: dict[str, str], status: int) -> None:
    assert (await client.post("/locale", data={"locale": "en"}, headers=headers)).status_code == status


async def test_the_api_takes_our_cookie_from_our_pages_only(
    client: AsyncClient, chen_the_merchant: Person, sit_down: SitDown
) -> None:
    await sit_down(chen_the_merchant)
    reply = {"content": "hello"}
    forged = await client.post("/api/v1/quick-replies/", json=reply, headers={"Sec-Fetch-Site": "cross-site"})
    assert (forged.status_code, forged.json()["code"]) == (403, "cross_site")
    own = await client.post("/api/v1/quick-replies/", json=reply, headers={"Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 201


async def test_a_bearer_token_needs_no_origin(client: AsyncClient, chen_the_merchant: Person) -> None:
    headers = chen_the_merchant.headers | {"Sec-Fetch-Site": "cross-site", "Origin": "https://shop.example"}
    assert (await client.post("/api/v1/quick-replies/", json={"content": "x"}, headers=headers)).status_code == 201


async def test_static_files_may_be_kept_for_ever_under_their_stamp_only(client: AsyncClient) -> None:
    current = await client.get(html.static("css/tokens.css"))
    assert (current.status_code, current.headers["cache-control"]) == (200, static_files.FOREVER)
    older = await client.get("/static/000000000000/css/tokens.css")
    assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")
    assert (await client.get("/static/000000000000/../../templates/base.html")).status_code == 404


async def test_files_come_packed_to_whoever_takes_it_and_only_once(client: AsyncClient) -> None:
    address = html.static("css/tokens.css")
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    packed = await client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    for first in (plain, packed):
        taking = {"Accept-Encoding": first.headers.get("content-encoding", "identity")}
        again = await client.get(address, headers=taking | {"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    other = await client.get(address, headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": "gzip"})
    assert other.status_code == 200  # another form of it: what is kept of one does not stand for the other


async def test_the_loader_is_small_and_for_every_shop(client: AsyncClient, app: FastAPI) -> None:
    answer = await client.get("/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(answer.content) < 30_000
