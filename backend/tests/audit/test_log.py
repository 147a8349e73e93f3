"""Reading the log: filters, pages, the file, and what a shop's owner is told."""

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

import time_machine
from httpx2 import AsyncClient

from app.accounts.authentication import cookie_name
from app.accounts.models import SessionKind
from app.kernel.config import Settings
from app.kernel.db import Database
from tests.audit.conftest import AT, Log
from tests.chat.talking import API, CONVERSATIONS, sent, start
from tests.people import Enter, Person, come_back


async def look(client: AsyncClient, admin: Person, conversation_id: str, at: int = AT) -> None:
    with time_machine.travel(at, tick=False):
        answer = await client.get(CONVERSATIONS + conversation_id, headers=admin.headers)
    assert answer.status_code == 200


async def test_filters_narrow_the_log(
    client: AsyncClient, talk: str, an_admin: Person, lin_the_buyer: Person, honey_the_merchant: Person, log: Log
) -> None:
    other = await start(client, lin_the_buyer, "m7")
    await look(client, an_admin, talk)
    await look(client, an_admin, other, AT + 86_400)
    assert [entry["subject_id"] for entry in await log()] == [other, talk]
    assert [entry["subject_id"] for entry in await log(merchant_id="m7")] == [other]
    assert [entry["subject_id"] for entry in await log(subject=talk)] == [talk]
    assert await log(actor="a9") == []
    assert await log(action="user.created") == []
    day = datetime.fromtimestamp(AT, ZoneInfo("Asia/Shanghai")).date().isoformat()
    assert [entry["subject_id"] for entry in await log(since=day, until=day)] == [talk]


async def test_pages_follow_a_cursor(client: AsyncClient, talk: str, an_admin: Person) -> None:
    for number in range(5):
        await look(client, an_admin, talk, AT + 600 * number)
    first = (await client.get(f"{API}/audit/?limit=3", headers=an_admin.headers)).json()
    address = f"{API}/audit/?limit=3&cursor={first['next_cursor']}"
    second = (await client.get(address, headers=an_admin.headers)).json()
    times = [entry["at"] for entry in (*first["results"], *second["results"])]
    assert times == [AT + 600 * number for number in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None
    broken = await client.get(f"{API}/audit/?cursor=x", headers=an_admin.headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_cursor")


async def test_the_file_opens_in_a_spreadsheet_and_runs_nothing(
    client: AsyncClient, an_admin: Person, talk: str, db: Database, settings: Settings
) -> None:
    at_desk = await come_back(db, settings, an_admin.id, SessionKind.CONSOLE)
    await client.get(f"{API}/search/", params={"q": '=HYPERLINK("x")'}, headers=an_admin.headers)
    await look(client, an_admin, talk)
    cookie = {"Cookie": f"{cookie_name(settings)}={at_desk.cookie}"}
    answer = await client.get("/admin/audit/csv?action=conversation.opened", headers=cookie)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["action"], row["subject_id"], row["merchant_id"]) for row in rows] == [
        ("conversation.opened", talk, "m1")
    ]
    every = list(csv.reader(io.StringIO((await client.get("/admin/audit/csv", headers=cookie)).text)))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in every for cell in row)


async def test_the_owner_is_told_who_looked(
    client: AsyncClient,
    talk: str,
    an_admin: Person,
    lin_the_buyer: Person,
    chen_the_merchant: Person,
    honey_the_merchant: Person,
    an_the_agent: Person,
) -> None:
    other = await start(client, lin_the_buyer, "m7")
    await sent(client, lin_the_buyer, other)
    await look(client, an_admin, talk)
    await look(client, an_admin, other)
    with time_machine.travel(AT, tick=False):
        await client.get(f"{API}/search/", params={"q": "somebody else"}, headers=an_admin.headers)
    told = (await client.get(f"{API}/audit/mine", headers=chen_the_merchant.headers)).json()["results"]
    assert [(one["name"], one["action"], one["conversation_id"]) for one in told] == [
        ("root", "messages.searched", ""),
        ("root", "conversation.opened", talk),
    ]
    assert "somebody else" not in str(told)
    assert other not in str(told)
    refused = await client.get(f"{API}/audit/mine", headers=an_the_agent.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "owner_only")
    for person in (lin_the_buyer, an_admin):
        assert (await client.get(f"{API}/audit/mine", headers=person.headers)).status_code == 403


async def test_what_admins_do_to_accounts_is_written(
    client: AsyncClient, enter: Enter, an_admin: Person, lin_the_buyer: Person, log: Log
) -> None:
    users = f"{API}/users/"
    made = await client.post(users, json={"username": "new", "role": "buyer"}, headers=an_admin.headers)
    new = made.json()["id"]
    for change in (
        {"display_name": "New"},
        {"password": "rice-and-honey"},
        {"is_blocked": True},
        {"is_blocked": False},
    ):
        assert (await client.put(users + new, json=change, headers=an_admin.headers)).status_code == 200
    assert (await client.delete(users + new, headers=an_admin.headers)).status_code == 204
    acts = [(entry["action"], entry["details"]) for entry in await log(subject=new)]
    assert acts == [
        ("user.deleted", {"name": "new"}),
        ("user.restored", {}),
        ("user.suspended", {}),
        ("user.password_reset", {}),
        ("user.changed", {"fields": ["display_name"]}),
        ("user.created", {"name": "new"}),
    ]


async def test_decisions_about_queues_are_written(client: AsyncClient, an_admin: Person, log: Log) -> None:
    address = f"{API}/tasks/queues/default/"
    await client.put(address, json={"is_paused": True, "max_running": 2}, headers=an_admin.headers)
    [entry] = await log()
    assert (entry["action"], entry["subject_id"]) == ("queue.changed", "default")
    assert entry["details"] == {"is_paused": True, "max_running": 2}
