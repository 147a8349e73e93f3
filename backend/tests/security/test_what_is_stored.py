"""Text that one database stores and another does not is refused everywhere; what is stored, other users do not read."""

import stat
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from app.kernel.config import Settings
from app.kernel.db import Database
from tests.people import Person

API = "/api/v1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/quick-replies/", {"content": "a\x00b"}),
        ("/quick-replies/", {"content": "a", "title": "\x00"}),
        ("/conversations/{id}/notes/", {"content": "a\x00b"}),
        ("/conversations/{id}/messages/", {"content": "a\x00b"}),
        ("/staff/", {"username": "bo", "password": "rice-and-tea", "display_name": "\x00"}),
    ],
)
async def test_nul_is_refused_on_every_database(
    client: AsyncClient, chen_the_merchant: Person, lin_the_buyer: Person, path: str, body: dict[str, str]
) -> None:
    place = await client.post(f"{API}/conversations/", json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    address = API + path.replace("{id}", place.json()["id"])
    assert (await client.post(address, json=body, headers=chen_the_merchant.headers)).status_code == 422


async def test_a_label_has_no_nul_either(client: AsyncClient, chen_the_merchant: Person, lin_the_buyer: Person) -> None:
    place = await client.post(f"{API}/conversations/", json={"merchant_id": "m1"}, headers=lin_the_buyer.headers)
    address = f"{API}/conversations/{place.json()['id']}"
    answer = await client.put(address, json={"labels": ["a\x00"]}, headers=chen_the_merchant.headers)
    assert answer.status_code == 422


def test_the_folder_of_everything_is_for_its_owner_only(tmp_path: Path) -> None:
    kept = tmp_path / "var"
    settings = Settings(_env_file=None, var_dir=kept, secret_key="", database_url="")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "secret_key").stat().st_mode) == 0o600
    elsewhere = tmp_path / "elsewhere"
    Database(settings.model_copy(update={"database_url": f"sqlite:///{elsewhere}/parley.db"}))
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
