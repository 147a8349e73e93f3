"""A conversation that has become another customer's: the writer knows at once, whatever it remembers."""

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import update
from sqlmodel import col

from app.chat.models import Conversation
from tests.chat.talking import refusal, send, sent, thread
from tests.people import Person


async def test_the_new_customer_writes_and_the_one_before_does_not(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, maria_the_buyer: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "one")
    moved = update(Conversation).where(col(Conversation.id) == int(talk)).values(customer_id=maria_the_buyer.id)
    async with app.state.db.writing() as session:
        await session.exec(moved)
    assert refusal(await send(client, lin_the_buyer, talk, "still me")) == (404, "conversation_not_found")
    await sent(client, maria_the_buyer, talk, "two")
    assert refusal(await send(client, lin_the_buyer, talk, "and now?")) == (404, "conversation_not_found")
    assert [one["content"] for one in await thread(client, maria_the_buyer, talk)] == ["one", "two"]
