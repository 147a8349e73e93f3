"""What admins look at is written down: by every door that shows a conversation, once in ten minutes."""

import re

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts.authentication import cookie_name
from app.accounts.models import SessionKind
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.audit.conftest import AT, Log
from tests.chat.talking import API, CONVERSATIONS
from tests.people import Person, come_back
from tests.serving import Server

OF_ONE = re.compile(r"\{conversation_id\}")
NOT_FOR_ADMINS = {401, 403, 404, 405, 422}


def doors(app: FastAPI) -> list[str]:
    """Every address that is read and names a conversation."""
    paths: set[str] = set()
    for route in app.routes:
        path = getattr(route, "path", "")
        if OF_ONE.search(path) and "GET" in (getattr(route, "methods", None) or ()):
            paths.add(path)
    paths.update(path for path, verbs in app.openapi()["paths"].items() if OF_ONE.search(path) and "get" in verbs)
    return sorted(paths)


async def test_every_door_that_shows_a_conversation_leaves_an_entry(
    app: FastAPI, client: AsyncClient, talk: str, an_admin: Person, log: Log, db: Database, settings: Settings
) -> None:
    at_desk = await come_back(db, settings, an_admin.id, SessionKind.CONSOLE)
    known = doors(app)
    assert any(path.endswith("/messages/") for path in known)
    shown = 0
    for number, path in enumerate([*known, f"{API}/messages/"]):
        address = path.replace("{conversation_id}", talk)
        is_page = not path.startswith("/api")
        headers = {"Cookie": f"{cookie_name(settings)}={at_desk.cookie}"} if is_page else an_admin.headers
        with time_machine.travel(AT + 700 * (number + 1), tick=False):
            query = {"conversation_id": talk} if path == f"{API}/messages/" else {}
            before = len(await log(subject=talk))
            answer = await client.get(address, params=query, headers=headers)
            after = len(await log(subject=talk))
        if answer.status_code in NOT_FOR_ADMINS:
            assert after == before, path
            continue
        shown += 1
        assert after == before + 1, f"{path} answered {answer.status_code} and left no entry"
    assert shown >= 6


async def test_an_entry_says_who_what_where_and_from_where(
    client: AsyncClient, talk: str, an_admin: Person, log: Log
) -> None:
    with time_machine.travel(AT, tick=False):
        await client.get(f"{CONVERSATIONS}{talk}/messages/", headers=an_admin.headers)
    [entry] = await log(subject=talk)
    expected = {
        "actor_id": "a1", "actor_name": "root", "action": "conversation.opened", "subject_kind": "conversation",
        "subject_id": talk, "merchant_id": "m1", "shop_name": "陈记米铺", "at": AT, "details": {},
    }  # fmt: skip
    assert entry.items() >= expected.items()
    assert entry["ip"]


async def test_pages_of_messages_are_one_look(client: AsyncClient, talk: str, an_admin: Person, log: Log) -> None:
    for moment, looks in ((AT, 1), (AT + 590, 1), (AT + 600, 2)):
        with time_machine.travel(moment, tick=False):
            for _ in range(3):
                await client.get(f"{CONVERSATIONS}{talk}/messages/", headers=an_admin.headers)
            assert len(await log(subject=talk)) == looks


async def test_who_looks_at_ones_own_leaves_nothing(
    client: AsyncClient, talk: str, lin_the_buyer: Person, chen_the_merchant: Person, log: Log
) -> None:
    for person in (lin_the_buyer, chen_the_merchant):
        await client.get(f"{CONVERSATIONS}{talk}/messages/", headers=person.headers)
        await client.get(f"{API}/search/", params={"q": "大米"}, headers=person.headers)
    assert await log() == []


async def test_a_refused_write_and_an_unknown_conversation_are_no_look(
    client: AsyncClient, talk: str, an_admin: Person, log: Log
) -> None:
    written = await client.post(f"{CONVERSATIONS}{talk}/messages/", json={"content": "x"}, headers=an_admin.headers)
    changed = await client.put(f"{CONVERSATIONS}{talk}", json={"status": "resolved"}, headers=an_admin.headers)
    unknown = await client.get(f"{CONVERSATIONS}123/messages/", headers=an_admin.headers)
    assert (written.status_code, changed.status_code, unknown.status_code) == (403, 403, 404)
    assert await log() == []


async def test_the_words_of_a_search_are_kept(client: AsyncClient, talk: str, an_admin: Person, log: Log) -> None:
    await client.get(f"{API}/search/", params={"q": "大米"}, headers=an_admin.headers)
    await client.get(f"{API}/search/", params={"q": "honey", "merchant_id": "m1"}, headers=an_admin.headers)
    found = [(entry["details"]["words"], entry["merchant_id"]) for entry in await log(action="messages.searched")]
    assert found == [("honey", "m1"), ("大米", None)]


async def test_the_list_and_the_line_are_a_look_at_the_wall(
    server: Server, client: AsyncClient, talk: str, an_admin: Person, log: Log
) -> None:
    async with await server.enter(an_admin) as line:
        await line.all_so_far()
        assert [entry["action"] for entry in await log()] == ["wall.watched"]
        await client.get(CONVERSATIONS, headers=an_admin.headers)
        assert len(await log()) <= 2  # ten minutes may have ended between
        await line.say("sync", conversations={talk: 0})
        await line.until("synced")
    [entry] = await log(subject=talk)
    assert (entry["action"], entry["merchant_id"]) == ("conversation.caught_up", "m1")


async def test_nobody_changes_the_log(app: FastAPI) -> None:
    verbs = {
        verb for path, found in app.openapi()["paths"].items() if path.startswith(f"{API}/audit") for verb in found
    }
    assert verbs == {"get"}


@pytest.mark.parametrize("path", ["/audit/", "/wall/"])
async def test_the_log_is_for_admins(
    client: AsyncClient, path: str, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    for person in (lin_the_buyer, chen_the_merchant, an_the_agent):
        assert (await client.get(API + path, headers=person.headers)).status_code == 403
    assert (await client.get(API + path)).status_code == 401
