"""Who gets which conversations, and who gets the file."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from app.accounts.models import SessionKind
from app.jobs import queue
from app.jobs.models import JobStatus
from app.kernel.clock import now
from tests import people

ROUTE = "/api/v1/tasks/"


def contents(document: dict[str, Any]) -> list[str]:
    return [message["content"] for talk in document["conversations"] for message in talk["messages"]]


@pytest.fixture
async def talks(
    talk: Any, note: Any, chen_the_merchant: Any, honey_the_merchant: Any, lin_the_buyer: Any, maria_the_buyer: Any
) -> dict[str, int]:
    """Two of the rice shop's, one of the honey shop's."""
    lin = await talk("b1", "m1", ["from lin"], labels=["vip"], status="open", assignee_id="m1", at=now() - 90_000)
    maria = await talk("b2", "m1", ["from maria"], at=now() - 10_000)
    honey = await talk("b1", "m7", ["to honey"])
    await note(lin, "m1", "a secret", 1)
    return {"lin": lin, "maria": maria, "honey": honey}


@pytest.fixture
def read(exported: Any) -> Any:
    async def get(who: Any, **wanted: Any) -> list[str]:
        return contents(json.loads((await exported(who, format="json", **wanted)).read_bytes()))

    return get


async def test_merchants_and_agents_export_their_own_shop(
    read: Any, talks: Any, chen_the_merchant: Any, an_the_agent: Any
) -> None:
    for person in (chen_the_merchant, an_the_agent):
        assert await read(person) == ["from lin", "from maria"]
        assert await read(person, merchant_id="m7") == []


async def test_admins_export_every_shop_or_one_without_notes(
    read: Any, talks: Any, an_admin: Any, order: Any, ended: Any, at_work: Any
) -> None:
    assert await read(an_admin) == ["from lin", "from maria", "to honey"]
    assert await read(an_admin, merchant_id="m7") == ["to honey"]
    async with at_work():
        job = await ended(await order(an_admin, include_notes=True))
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "notes_are_private")


async def test_filters_narrow(read: Any, talks: Any, chen_the_merchant: Any) -> None:
    chen, at = chen_the_merchant, now()
    assert await read(chen, include_notes=True) == ["from lin", "a secret", "from maria"]
    assert await read(chen, status="open") == await read(chen, label="vip") == ["from lin"]
    assert await read(chen, assignee="me") == await read(chen, assignee="m1") == ["from lin"]
    assert await read(chen, assignee="none") == ["from maria"]
    assert await read(chen, conversation_id=talks["maria"]) == ["from maria"]
    assert await read(chen, until=at - 50_000) == ["from lin"]
    assert await read(chen, since=at - 50_000) == ["from maria"]
    assert await read(chen, since=at - 200_000, until=at - 100_000) == []


async def test_a_foreign_conversation_does_not_exist(
    talks: Any, order: Any, ended: Any, at_work: Any, chen_the_merchant: Any
) -> None:
    async with at_work():
        job = await ended(await order(chen_the_merchant, conversation_id=talks["honey"]))
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "conversation_not_found")


async def test_what_is_written_after_the_beginning_is_not_part_of_it(
    read: Any, talk: Any, talks: Any, chen_the_merchant: Any
) -> None:
    await talk("b2", "m1", ["from the future"], at=now() + 500)
    assert "from the future" not in await read(chen_the_merchant)


async def test_an_agent_who_left_gets_nothing(
    talks: Any, order: Any, ended: Any, at_work: Any, chen_the_merchant: Any, an_the_agent: Any, client: Any
) -> None:
    job = await order(an_the_agent)
    gone = await client.delete(f"/api/v1/staff/{an_the_agent.id}", headers=chen_the_merchant.headers)
    assert gone.status_code == 204
    async with at_work():
        job = await ended(job)
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "not_allowed")


async def test_who_may_start_one(client: Any, chen_the_merchant: Any, an_admin: Any, lin_the_buyer: Any) -> None:
    draft = {"kind": "chat.export", "payload": {"format": "csv", "conversation_id": "812345678901234567"}}
    for person, status in ((chen_the_merchant, 201), (an_admin, 201), (lin_the_buyer, 422)):
        assert (await client.post(ROUTE, json=draft, headers=person.headers)).status_code == status
    draft["payload"] = {"format": "pdf"}
    refused = await client.post(ROUTE, json=draft, headers=chen_the_merchant.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_payload")


@pytest.fixture
async def job_of_chen(talks: Any, order: Any, ended: Any, at_work: Any, chen_the_merchant: Any) -> Any:
    async with at_work():
        return await ended(await order(chen_the_merchant, format="csv", locale="zh-CN"))


async def link_of(client: Any, job: Any, who: Any) -> Any:
    return await client.get(f"{ROUTE}{job.id}/file", headers=who.headers)


async def test_the_owner_downloads_with_a_link(
    client: Any, job_of_chen: Any, chen_the_merchant: Any, db: Any, settings: Any
) -> None:
    assert job_of_chen.result | {"size": 0, "file_id": "", "name": ""} == {
        "file_id": "", "name": "", "size": 0, "messages": 2, "conversations": 2,
    }  # fmt: skip
    found = (await link_of(client, job_of_chen, chen_the_merchant)).json()
    assert found["url_expires_at"] - now() in range(890, 901)
    assert found["expires_at"] - now() in range(7 * 86_400 - 30, 7 * 86_400 + 1)
    at_the_desk = await people.come_back(db, settings, "m1", SessionKind.CONSOLE)
    for who in (chen_the_merchant.headers, {"Cookie": f"parley_session={at_the_desk.cookie}"}):
        got = await client.get(found["url"], headers=who)
        assert (got.status_code, len(got.content)) == (200, found["size"])
    assert got.headers["content-disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%E4%BC%9A%E8%AF%9D" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "private, no-store"
    part = await client.get(found["url"], headers=chen_the_merchant.headers | {"Range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, got.content[3:10])


async def test_nobody_else_gets_it(
    client: Any, job_of_chen: Any, chen_the_merchant: Any, an_the_agent: Any, an_admin: Any, lin_the_buyer: Any
) -> None:
    url = (await link_of(client, job_of_chen, chen_the_merchant)).json()["url"]
    for person in (an_the_agent, an_admin, lin_the_buyer):
        assert (await link_of(client, job_of_chen, person)).status_code == 404
        assert (await client.get(url, headers=person.headers)).status_code == 404
    stranger = await client.get(url)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "sign_in_to_download")


async def test_a_link_is_for_one_file_one_owner_and_one_time(
    client: Any, job_of_chen: Any, chen_the_merchant: Any
) -> None:
    url = (await link_of(client, job_of_chen, chen_the_merchant)).json()["url"]
    query = parse_qs(urlsplit(url).query)
    expires, signature = query["expires"][0], query["signature"][0]
    path, headers = urlsplit(url).path, chen_the_merchant.headers
    for wrong in (
        {}, {"expires": expires}, {"expires": int(expires) + 1, "signature": signature},
        {"expires": expires, "signature": "0" * 64}, {"expires": expires, "signature": "é"},
    ):  # fmt: skip
        refused = await client.get(path, params=wrong, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "link_invalid")
    with time_machine.travel(now() + 901, tick=False):
        late = await client.get(url, headers=headers)
    assert (late.status_code, late.json()["code"]) == (410, "link_expired")


async def test_a_task_without_a_file_says_so(client: Any, order: Any, chen_the_merchant: Any) -> None:
    waiting = await order(chen_the_merchant)
    assert (await link_of(client, waiting, chen_the_merchant)).json()["code"] == "file_not_found"


async def test_after_seven_days_it_is_gone(
    client: Any,
    job_of_chen: Any,
    chen_the_merchant: Any,
    file_of: Any,
    settings: Any,
    db: Any,
    ended: Any,
    at_work: Any,
) -> None:
    location = await file_of(job_of_chen)
    with time_machine.travel(now() + 7 * 86_400 - 60):  # tokens live as long
        assert (await link_of(client, job_of_chen, chen_the_merchant)).status_code == 200
    assert location.is_file()
    with time_machine.travel(now() + 7 * 86_400 + 60):
        job = await db.write(lambda session: queue.enqueue(session, "files.sweep_private"))
        async with at_work():
            assert (await ended(job)).result == {"expired": 1, "abandoned": 0}
    assert not location.parent.exists()
    gone = await link_of(client, job_of_chen, chen_the_merchant)
    assert (gone.status_code, gone.json()["code"]) == (410, "file_expired")
