"""What a buyer does beside writing: rate, have a copy mailed, say who they are."""

from httpx2 import AsyncClient
from sqlmodel import select

from app.jobs.models import Job
from app.kernel.db import Database
from tests.chat.talking import API, change, get, post, refusal, send, sent, start
from tests.people import Person


def address(talk: str, what: str) -> str:
    return f"{API}/conversations/{talk}/{what}"


async def test_a_buyer_rates_once_after_the_end(
    client: AsyncClient, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person,
    an_admin: Person,
) -> None:  # fmt: skip
    talk = await start(client, lin_the_buyer)
    await sent(client, lin_the_buyer, talk)
    rating = {"score": 5, "comment": " 很好 "}
    early = await post(client, lin_the_buyer, address(talk, "rating"), rating)
    assert refusal(early) == (409, "not_resolved")
    await change(client, chen_the_merchant, talk, assignee_id="m1", status="resolved")
    assert await get(client, lin_the_buyer, f"{talk}/rating") is None
    for person, status in ((maria_the_buyer, 404), (chen_the_merchant, 403), (an_admin, 403)):
        assert (await post(client, person, address(talk, "rating"), rating)).status_code == status
    for wrong in (
        {"score": 0},
        {"score": 6},
        {},
        {"score": 3, "comment": "x" * 1001},
        {"score": 3, "comment": "\ud800"},
    ):
        assert (await post(client, lin_the_buyer, address(talk, "rating"), wrong)).status_code == 422
    given = await post(client, lin_the_buyer, address(talk, "rating"), rating)
    assert (given.status_code, given.json()["comment"], given.json()["agent_id"]) == (201, "很好", None)
    again = await post(client, lin_the_buyer, address(talk, "rating"), rating)
    assert refusal(again) == (409, "rated_already")
    assert (await get(client, chen_the_merchant, f"{talk}/rating"))["agent_id"] == "m1"
    lines = (await get(client, chen_the_merchant, f"{talk}/activities/"))["results"]
    assert [(line["kind"], line["value"]) for line in lines][-1] == ("rated", "5")


async def test_a_buyer_has_the_own_conversation_mailed(
    client: AsyncClient, db: Database, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    talk = await start(client, lin_the_buyer)
    there = address(talk, "transcript")
    empty = await post(client, lin_the_buyer, there, {"email": "lin@example.com"})
    assert refusal(empty) == (409, "nothing_said")
    await sent(client, lin_the_buyer, talk, "有大米吗？")
    await send(client, chen_the_merchant, talk, "有的")
    await post(client, chen_the_merchant, address(talk, "notes/"), {"content": "不要让他看到"})
    bad = await post(client, lin_the_buyer, there, {"email": "nobody"})
    assert refusal(bad) == (400, "bad_address")
    foreign = await post(client, maria_the_buyer, there, {"email": "maria@example.com"})
    assert refusal(foreign) == (404, "conversation_not_found")
    assert (await post(client, chen_the_merchant, there, {"email": "chen@example.com"})).status_code == 403
    assert (await post(client, lin_the_buyer, there, {"email": "lin@example.com"})).status_code == 202
    async with db.reading() as session:
        letter = (await session.exec(select(Job).where(Job.kind == "messengers.mail"))).one().payload
    assert letter["to"] == "lin@example.com"
    assert [said["text"] for said in letter["context"]["messages"]] == ["有大米吗？", "有的"]
    answers = [await post(client, lin_the_buyer, there, {"email": f"lin{n}@example.com"}) for n in range(6)]
    assert refusal(answers[-1])[0] == 429


async def test_what_a_buyer_says_fills_gaps_and_takes_nothing(
    client: AsyncClient, lin_the_buyer: Person, maria_the_buyer: Person, chen_the_merchant: Person
) -> None:
    first, second = await start(client, lin_the_buyer), await start(client, maria_the_buyer)
    said = {"name": "林", "email": "both@example.com", "phone": "138 0013 8001"}
    assert (await post(client, maria_the_buyer, address(second, "introduction"), said)).status_code == 204
    assert (await post(client, lin_the_buyer, address(first, "introduction"), said)).status_code == 204
    assert (await post(client, lin_the_buyer, address(second, "introduction"), said)).status_code == 404

    async def contact(person: Person) -> dict[str, object]:
        book = await client.get(
            f"{API}/contacts/", params={"customer_id": person.id}, headers=chen_the_merchant.headers
        )
        found: dict[str, object] = book.json()["results"][0]
        return found

    assert (await contact(maria_the_buyer))["email"] == "both@example.com"
    assert (await contact(lin_the_buyer))["email"] == "lin@example.com"  # known before: it stays
