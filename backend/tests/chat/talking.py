"""What people do over the JSON door and hear on their lines, in short words."""

import json
from typing import Any

from httpx2 import AsyncClient, Response

from tests.people import Person
from tests.serving import Line

API = "/api/v1"
CONVERSATIONS = f"{API}/conversations/"
Room = dict[str, Line]
"""Who speaks → their line."""


async def start(client: AsyncClient, buyer: Person, merchant_id: str = "m1") -> str:
    """The id of the conversation that is open between the two."""
    answer = await client.post(CONVERSATIONS, json={"merchant_id": merchant_id}, headers=buyer.headers)
    assert answer.status_code in (200, 201), answer.text
    conversation_id: str = answer.json()["id"]
    return conversation_id


async def send(client: AsyncClient, who: Person, conversation_id: str, content: str = "你好", **more: Any) -> Response:
    """The answer to one message."""
    address = f"{CONVERSATIONS}{conversation_id}/messages/"
    return await post(client, who, address, {"content": content, **more})


async def post(client: AsyncClient, who: Person, address: str, body: Any) -> Response:
    """The answer to a body in ASCII, which can carry what UTF-8 cannot: a lone surrogate."""
    headers = who.headers | {"Content-Type": "application/json"}
    return await client.post(address, content=json.dumps(body), headers=headers)


async def sent(client: AsyncClient, who: Person, conversation_id: str, content: str = "你好", **more: Any) -> Any:
    """The message, which must have been stored."""
    answer = await send(client, who, conversation_id, content, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def get(client: AsyncClient, who: Person, path: str = "", **query: Any) -> Any:
    """The body of `/conversations/<path>`, which must be there."""
    answer = await client.get(CONVERSATIONS + path, params=query, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def thread(client: AsyncClient, who: Person, conversation_id: str, **query: Any) -> list[Any]:
    """Messages of a conversation."""
    results: list[Any] = (await get(client, who, f"{conversation_id}/messages/", **query))["results"]
    return results


async def change(client: AsyncClient, who: Person, conversation_id: str, **fields: Any) -> Response:
    """The answer to a change of the conversation."""
    return await client.put(CONVERSATIONS + conversation_id, json=fields, headers=who.headers)


async def mark(client: AsyncClient, who: Person, conversation_id: str, seq: int) -> Response:
    """The answer to a read mark."""
    return await client.post(f"{CONVERSATIONS}{conversation_id}/read", json={"seq": seq}, headers=who.headers)


def refusal(answer: Response) -> tuple[int, str]:
    """Status and machine word of an error."""
    return answer.status_code, answer.json()["code"]


async def heard(room: Room, kind: str) -> dict[str, list[dict[str, Any]]]:
    """Who got frames of a kind, and which."""
    got = {name: [frame for frame in await line.all_so_far() if frame["type"] == kind] for name, line in room.items()}
    return {name: frames for name, frames in got.items() if frames}
