"""What follows by itself from messages: once for each, also after a process that died, and without being an answer."""

from collections.abc import Collection

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import automatic
from app.chat.desk import Desk
from app.chat.reactions import Reaction, Reactions, Said
from tests.chat.talking import get, sent, thread
from tests.people import Person


def listening(desk: Desk, heard: list[str], shop: str = "m1") -> Reactions:
    """Reactions of another process, which hears what `shop`'s conversations say."""

    async def shops(session: AsyncSession) -> Collection[str]:
        return {shop}

    async def react(said: Said) -> None:
        heard.extend(message.content for message in said.messages)

    reactions = Reactions(desk.db)
    reactions.add(Reaction("test", shops, react))
    return reactions


async def test_every_message_is_heard_once_and_in_order(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    heard: list[str] = []
    reactions = listening(app.state.desk, heard)
    await sent(client, lin_the_buyer, talk, "one")
    await sent(client, chen_the_merchant, talk, "two")
    await reactions.catch_up()
    await sent(client, lin_the_buyer, talk, "three")
    await reactions.catch_up()
    await listening(app.state.desk, heard).catch_up()  # a process that starts later
    assert heard == ["one", "two", "three"]


async def test_other_shops_are_not_heard(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, honey_the_merchant: Person
) -> None:
    heard: list[str] = []
    await sent(client, lin_the_buyer, talk)
    await listening(app.state.desk, heard, honey_the_merchant.id).catch_up()
    assert heard == []


async def test_what_is_said_by_itself_is_one_message_and_no_answer(
    client: AsyncClient, app: FastAPI, talk: str, lin_the_buyer: Person, chen_the_merchant: Person
) -> None:
    await sent(client, lin_the_buyer, talk, "在吗")
    waits = (await get(client, chen_the_merchant, talk))["waiting_since"]
    for _ in range(2):
        await automatic.say(app.state.desk, "m1", int(talk), "greeting:1", "您好")
    seen = await thread(client, lin_the_buyer, talk)
    assert [(one["content"], one["sender_role"]) for one in seen] == [("在吗", "buyer"), ("您好", "platform")]
    conversation = await get(client, chen_the_merchant, talk)
    assert waits is not None
    assert conversation["waiting_since"] == waits
    assert (await get(client, lin_the_buyer, talk))["customer_unread"] == 1


async def test_the_product_speaks_for_no_other_shop(
    client: AsyncClient, app: FastAPI, talk: str, honey_the_merchant: Person, lin_the_buyer: Person
) -> None:
    outcome = None
    try:
        await automatic.say(app.state.desk, honey_the_merchant.id, int(talk), "greeting:1", "您好")
    except Exception as error:
        outcome = error
    assert getattr(outcome, "code", None) == "conversation_not_found"
    assert await thread(client, lin_the_buyer, talk) == []
