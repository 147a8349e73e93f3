"""Requests that no honest client sends: a clear error each, before anything is stored or held."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from app.kernel.body_limit import MAX_BODY_BYTES
from tests.conftest import BASE_URL
from tests.people import Person

LOGIN = "/api/v1/auth/login"


async def test_an_origin_that_is_no_address_is_another_sites(client: AsyncClient) -> None:
    answer = await client.post("/locale", data={"locale": "en"}, headers={"Origin": "http://["})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_a_referer_that_is_no_address_leads_home(client: AsyncClient) -> None:
    answer = await client.post("/locale", data={"locale": "en"}, headers={"Referer": "http://["})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(("peer", "status"), [("not an address", 404), ("8.8.8.8", 404), ("10.1.2.3", 200)])
async def test_metrics_are_for_neighbours_whatever_a_proxy_says(app: FastAPI, peer: str, status: int) -> None:
    async with AsyncClient(transport=ASGITransport(app, client=(peer, 1)), base_url=BASE_URL) as http:
        assert (await http.get("/metrics")).status_code == status


async def test_a_strangers_body_is_not_held_in_memory(client: AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 50 * MAX_BODY_BYTES:
            taken += 65_536
            yield b'{"username":"' + b"x" * 65_523

    json = {"Content-Type": "application/json"}
    answer = await client.post(LOGIN, content=endless(), headers=json)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    declared = await client.post(LOGIN, content=b"{" + b" " * MAX_BODY_BYTES, headers=json)
    assert declared.status_code == 413


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/auth/token"])
async def test_a_strangers_form_fills_no_disk(client: AsyncClient, path: str) -> None:
    huge = {"account": ("x.bin", b"x" * (MAX_BODY_BYTES + 1))}
    assert (await client.post(path, files=huge)).status_code == 413


async def test_the_longest_message_fits_in_any_spelling(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    started = await client.post("/api/v1/conversations/", json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    path = f"/api/v1/conversations/{started.json()['id']}/messages/"
    body = b'{"content":"' + b"\\ud83c\\udf5a" * 10_000 + b'"}'
    headers = lin_the_buyer.headers | {"Content-Type": "application/json"}
    assert (await client.post(path, content=body, headers=headers)).status_code == 201


async def test_a_charset_that_reads_nothing_is_a_400(client: AsyncClient, lin_the_buyer: Person) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nrice\r\n--x--\r\n'
    headers = lin_the_buyer.headers | {"Content-Type": "multipart/form-data; boundary=x; charset=undefined"}
    assert (await client.post("/api/v1/upload/", content=body, headers=headers)).status_code == 400
