"""Folders, files, uses and tables of quick replies; the owner keeps the team's in order."""

import csv
import io
from collections.abc import Callable

from httpx2 import AsyncClient

from tests.chat.talking import API, refusal, send, sent, start
from tests.chat.test_quick_replies import ADDRESS, create
from tests.files.conftest import picture as picture
from tests.people import Person


async def uploaded(client: AsyncClient, who: Person, picture: Callable[..., bytes]) -> str:
    answer = await client.post(
        f"{API}/upload/", files={"file": ("map.png", picture(), "image/png")}, headers=who.headers
    )
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["id"]
    return number


async def test_folders_uses_and_their_order(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person
) -> None:
    first = await create(client, chen_the_merchant, "a", folder=" 发货  时间 ", is_shared=True, title="1")
    second = await create(client, an_the_agent, "b", is_shared=True, title="2")
    await create(client, an_the_agent, "own", folder="发货 时间", title="3")
    assert first["folder"] == "发货 时间"
    folders = (await client.get(f"{ADDRESS}folders", headers=chen_the_merchant.headers)).json()
    assert folders == [{"name": "", "count": 1}, {"name": "发货 时间", "count": 1}]
    for _ in range(2):
        used = await client.post(f"{ADDRESS}{second['id']}/used", headers=chen_the_merchant.headers)
    assert used.json() == {"id": second["id"], "uses": 2}
    query = {"sort": "uses"}
    listed = (await client.get(ADDRESS, params=query, headers=chen_the_merchant.headers)).json()["results"]
    assert [one["content"] for one in listed] == ["b", "a"]
    none = (await client.get(ADDRESS, params={"folder": ""}, headers=chen_the_merchant.headers)).json()
    assert [one["content"] for one in none["results"]] == ["b"]
    strange = await client.post(f"{ADDRESS}{second['id']}/used", headers=honey_the_merchant.headers)
    assert refusal(strange) == (404, "quick_reply_not_found")


async def test_the_owner_keeps_the_teams_in_order_and_not_the_others_own(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    shared = await create(client, an_the_agent, "shared", is_shared=True)
    own = await create(client, an_the_agent, "own")
    changed = await client.put(ADDRESS + shared["id"], json={"title": "x"}, headers=chen_the_merchant.headers)
    assert (changed.status_code, changed.json()["user_id"]) == (200, an_the_agent.id)
    foreign = await client.put(ADDRESS + own["id"], json={"title": "x"}, headers=chen_the_merchant.headers)
    assert refusal(foreign) == (404, "quick_reply_not_found")
    copy = (await client.post(f"{ADDRESS}{shared['id']}/copy", headers=chen_the_merchant.headers)).json()
    assert (copy["user_id"], copy["is_shared"], copy["uses"]) == (chen_the_merchant.id, False, 0)
    assert (await client.delete(ADDRESS + shared["id"], headers=chen_the_merchant.headers)).status_code == 204


async def test_a_colleague_sends_the_file_of_a_shared_reply_and_nobody_else(
    client: AsyncClient, chen_the_merchant: Person, an_the_agent: Person, honey_the_merchant: Person,
    lin_the_buyer: Person, picture: Callable[..., bytes],
) -> None:  # fmt: skip
    number = await uploaded(client, chen_the_merchant, picture)
    talk, foreign = await start(client, lin_the_buyer), await start(client, lin_the_buyer, "m7")
    refused = await client.post(
        ADDRESS, json={"content": "x", "attachment_ids": [number]}, headers=an_the_agent.headers
    )
    assert refusal(refused) == (404, "attachment_not_found")
    own = await create(client, chen_the_merchant, "map", attachment_ids=[number])
    more = {"message_type": "image", "attachment_ids": [number]}
    assert (await send(client, an_the_agent, talk, "", **more)).status_code == 404
    await client.put(ADDRESS + own["id"], json={"is_shared": True}, headers=chen_the_merchant.headers)
    assert (await sent(client, an_the_agent, talk, "", **more))["attachments"][0]["id"] == number
    assert (await send(client, honey_the_merchant, foreign, "", **more)).status_code == 404
    kept = (
        await client.put(ADDRESS + own["id"], json={"attachment_ids": []}, headers=chen_the_merchant.headers)
    ).json()
    assert kept["attachments"] == []


async def test_what_is_exported_can_be_read_again(client: AsyncClient, chen_the_merchant: Person) -> None:
    await create(client, chen_the_merchant, "=1+1", title="公式", folder="表", is_shared=True)
    headers = chen_the_merchant.headers | {"Accept-Language": "zh-CN"}
    answer = await client.get(f"{ADDRESS}export", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["标题", "内容", "团队共享", "文件夹"]
    assert rows[1] == ["公式", "'=1+1", "是", "表"]
