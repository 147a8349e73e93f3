"""Handing over: assignment, note and activity together or not at all; inside the shop only."""

from httpx2 import AsyncClient

from tests.chat.talking import API, change, get, refusal
from tests.people import Person
from tests.serving import Server
from tests.team.conftest import ask

LOAD = f"{API}/staff/load"


def address(talk: str) -> str:
    return f"{API}/conversations/{talk}/transfer"


async def test_a_colleague_is_in_charge_and_knows_why(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    body = {"assignee_id": "m2", "note": "  要刻字，请接手  "}
    answer = await client.post(address(talk), json=body, headers=chen_the_merchant.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["assignee_id"] == "m2"
    notes = (await get(client, an_the_agent, f"{talk}/notes/"))["results"]
    assert [(one["author_id"], one["content"]) for one in notes] == [("m1", "要刻字，请接手")]
    lines = (await get(client, an_the_agent, f"{talk}/activities/"))["results"]
    assert [(one["kind"], one["value"], one["actor_id"]) for one in lines] == [("transferred", "m2", "m1")]


async def test_the_colleague_is_told_and_the_buyer_is_not(
    client: AsyncClient, server: Server, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    async with await server.enter(an_the_agent) as an, await server.enter(lin_the_buyer) as lin:
        await client.post(
            address(talk), json={"assignee_id": "m2", "note": "geheim"}, headers=chen_the_merchant.headers
        )
        activity = (await an.until("activity"))["activity"]
        assert (activity["kind"], activity["value"]) == ("transferred", "m2")
        assert (await an.until("conversation"))["conversation"]["assignee_id"] == "m2"
        heard = await lin.all_so_far()
    assert not any(frame["type"] in ("note", "activity") or "geheim" in str(frame) for frame in heard)


async def test_a_refused_one_leaves_nothing(
    client: AsyncClient, lin_the_buyer: Person, chen_the_merchant: Person, an_the_agent: Person,
    honey_the_merchant: Person,
) -> None:  # fmt: skip
    talk = await ask(client, lin_the_buyer)
    for stranger in ("m7", "b1", "m404"):
        body = {"assignee_id": stranger, "note": "nichts"}
        answer = await client.post(address(talk), json=body, headers=chen_the_merchant.headers)
        assert refusal(answer) == (400, "assignee_not_in_team")
    await change(client, chen_the_merchant, talk, assignee_id="m2")
    again = await client.post(
        address(talk), json={"assignee_id": "m2", "note": "nichts"}, headers=chen_the_merchant.headers
    )
    assert refusal(again) == (409, "in_charge_already")
    assert (await get(client, an_the_agent, f"{talk}/notes/"))["results"] == []


async def test_nobody_else_hands_over(
    client: AsyncClient, lin_the_buyer: Person, an_the_agent: Person, honey_the_merchant: Person, an_admin: Person
) -> None:
    talk = await ask(client, lin_the_buyer)
    body = {"assignee_id": "m2"}
    assert (await client.post(address(talk), json=body, headers=honey_the_merchant.headers)).status_code == 404
    assert refusal(await client.post(address(talk), json=body, headers=an_admin.headers)) == (403, "read_only")
    assert (await client.post(address(talk), json=body, headers=lin_the_buyer.headers)).status_code == 403
    assert (await client.post(address(talk), json=body)).status_code == 401


async def test_the_team_sees_who_has_how_much(
    client: AsyncClient, server: Server, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person,
    an_the_agent: Person, honey_the_merchant: Person, an_admin: Person,
) -> None:  # fmt: skip
    talk = await ask(client, lin_the_buyer)
    await ask(client, maria_the_buyer)
    await change(client, chen_the_merchant, talk, assignee_id="m2")
    async with await server.enter(an_the_agent):
        said = (await client.get(LOAD, headers=chen_the_merchant.headers)).json()
    assert said["waiting"] == 1
    assert [(one["user_id"], one["open_count"], one["is_here"]) for one in said["results"]] == [
        ("m1", 0, False), ("m2", 1, True),
    ]  # fmt: skip
    foreign = (await client.get(LOAD, headers=honey_the_merchant.headers)).json()
    assert [one["user_id"] for one in foreign["results"]] == ["m7"]
    for person in (lin_the_buyer, an_admin):
        assert (await client.get(LOAD, headers=person.headers)).status_code == 403
