"""An admin writes into no conversation, by no door that there is: every route is tried, and every frame."""

import re

from fastapi import FastAPI
from httpx2 import AsyncClient

from tests.chat.talking import API, CONVERSATIONS, get, sent, thread
from tests.people import Person
from tests.serving import Server

REFUSED = {403, 404, 422}
OF_CONVERSATIONS = re.compile(rf"^{API}/(conversations|messages|views|contacts|quick-replies|labels)/")
BODY = {
    "content": "I was here", "status": "resolved", "seq": 1, "labels": ["x"], "score": 5, "customer_id": "b1",
    "merchant_id": "m1", "name": "x", "title": "x", "q": "x",
}  # fmt: skip


async def test_no_route_lets_an_admin_write(
    app: FastAPI, client: AsyncClient, talk: str, an_admin: Person, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    before = await get(client, chen_the_merchant, talk)
    tried = 0
    for path, verbs in app.openapi()["paths"].items():
        if not OF_CONVERSATIONS.match(path):
            continue
        for verb in verbs.keys() & {"post", "put", "delete", "patch"}:
            address = path.replace("{conversation_id}", talk)
            address = re.sub(r"\{\w+\}", "1", address)
            body = BODY | {"conversation_id": talk, "ids": [talk], "change": {"status": "resolved"}}
            answer = await client.request(verb.upper(), address, json=body, headers=an_admin.headers)
            assert answer.status_code in REFUSED, f"{verb} {path}: {answer.status_code} {answer.text}"
            tried += 1
    assert tried > 10
    assert await get(client, chen_the_merchant, talk) == before
    assert len(await thread(client, lin_the_buyer, talk)) == 1


async def test_no_frame_lets_an_admin_write(
    server: Server, client: AsyncClient, talk: str, an_admin: Person, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "Two")
    before = await get(client, chen_the_merchant, talk)
    async with await server.enter(lin_the_buyer) as buyer, await server.enter(an_admin) as admin:
        await buyer.all_so_far()
        await admin.all_so_far()
        await admin.say("send", conversation_id=talk, client_id="c1", content="I was here")
        await admin.say("read", conversation_id=talk, seq=2)
        await admin.say("typing", conversation_id=talk, on=True)
        refused = [frame["code"] for frame in await admin.all_so_far() if frame["type"] == "error"]
        assert refused == ["read_only"] * 3
        await admin.say("viewing", conversation_id=talk)
        await admin.say("page", url="https://example.com/", title="x", referrer="")
        await admin.all_so_far()
        assert [frame for frame in await buyer.all_so_far() if frame["type"] in ("message", "read", "typing")] == []
    assert await get(client, chen_the_merchant, talk) == before
    unread = (await client.get(f"{CONVERSATIONS}{talk}", headers=chen_the_merchant.headers)).json()["merchant_unread"]
    assert unread == 2
