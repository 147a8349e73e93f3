"""Guessing at one password: the count is the account's, however it is written, and the customer's, not the address'."""

from typing import cast

import pytest
from httpx2 import AsyncClient
from starlette.requests import HTTPConnection

from app.kernel.limits import caller_of
from tests.people import Person

LOGIN = "/api/v1/auth/login"


@pytest.mark.parametrize(
    "spellings",
    [
        ["lin", "LIN", " lin ", "ｌｉｎ", "Ｌin", "lＩn", "liｎ", "ⓛin", "l𝐢n", "𝓁in", "𝖑in"],
        ["13800138000", "+8613800138000", "138 0013 8000", "138-0013-8000", "(138)00138000", "1 3800138000",
         "13 800138000", "138001 38000", "1380013800 0", "+86 13800138000", "+86-13800138000"],
    ],
    ids=["name", "phone"],
)  # fmt: skip
async def test_another_spelling_is_no_new_account(
    client: AsyncClient, lin_the_buyer: Person, spellings: list[str]
) -> None:
    statuses = [
        (await client.post(LOGIN, json={"username": spelling, "password": "a guess"})).status_code
        for spelling in spellings
    ]
    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ("no address", "no address"),
    ],
)
def test_one_customer_of_ipv6_is_one_caller(address: str, counted: str) -> None:
    connection = HTTPConnection({"type": "http", "client": (address, 1), "headers": []})
    assert caller_of(cast(HTTPConnection, connection)) == counted
