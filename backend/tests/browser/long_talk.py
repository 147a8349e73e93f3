"""Makes a conversation of an installation very long: `python -m tests.browser.long_talk <id> <count>`."""

import asyncio
import sys

from sqlalchemy import insert, update
from sqlmodel import col

from app.chat.models import Conversation, Message
from app.kernel.clock import now
from app.kernel.config import get_settings
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.sql import table_of


async def lengthen(conversation_id: int, count: int) -> None:
    """The buyer goes on until there are `count` messages, one every ten seconds until now."""
    db = Database(get_settings())
    async with db.writing() as session:
        talk = await session.get_one(Conversation, conversation_id)
        numbers = range(talk.last_seq + 1, count + 1)
        rows = [
            {
                "id": new_id(),
                "conversation_id": talk.id,
                "seq": number,
                "client_id": f"long-{number}",
                "sender_id": talk.customer_id,
                "sender_role": "buyer",
                "content": text(number),
                "message_type": "text",
                "attachments": None,
                "created_at": now() - (count - number) * 10,
            }
            for number in numbers
        ]
        connection = await session.connection()
        await connection.execute(insert(table_of(Message)), rows)
        ends = {"last_seq": count, "last_message": text(count), "last_message_time": now(), "updated_at": now()}
        await session.exec(update(Conversation).where(col(Conversation.id) == talk.id).values(**ends))
    await db.dispose()


def text(number: int) -> str:
    """What message `number` says."""
    return f"Message {number} of very many"


if __name__ == "__main__":
    asyncio.run(lengthen(int(sys.argv[1]), int(sys.argv[2])))
