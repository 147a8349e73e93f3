"""Takes messages out of the search index, on each database in its own way. Before their words change or go.

SQLite's index keeps no content: it must be told the very words under which it knows a message, and one that it does not
know must not be named to it. So only what `search_progress` says is indexed is taken out.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.indexer import SearchProgress
from app.chat.models import Message
from app.kernel.bigrams import tokens

CHUNK = 300  # messages whose words are made at once
IDS = 1000  # of one statement

_TAKE_OUT = text("INSERT INTO message_search (message_search, rowid, tokens) VALUES ('delete', :id, :words)")
_PUT_EMPTY = text("INSERT INTO message_search (rowid, tokens) VALUES (:id, '')")
_DELETE = text("DELETE FROM message_search WHERE message_id IN :ids").bindparams(bindparam("ids", expanding=True))


async def blank(session: AsyncSession, rows: Sequence[Message]) -> None:
    """These messages, which still have their words, will have none: the index knows them without a word."""
    found = await messages(session, rows)
    connection = await session.connection()
    if found and connection.dialect.name == "sqlite":
        # Else they would be taken out a second time when their conversation goes.
        await connection.execute(_PUT_EMPTY, [{"id": row.id} for row in found])


async def messages(session: AsyncSession, rows: Sequence[Message]) -> list[Message]:
    """Take these messages out, which still have their words; says which of them were in."""
    known = select(SearchProgress).where(col(SearchProgress.conversation_id).in_({row.conversation_id for row in rows}))
    indexed = {row.conversation_id: row.indexed_seq for row in (await session.exec(known)).all()}
    found = [row for row in rows if row.seq <= indexed.get(row.conversation_id, 0)]
    if not found:
        return []
    connection = await session.connection()
    if connection.dialect.name == "sqlite":
        words = [{"id": row.id, "words": " ".join(tokens(row.content))} for row in found]
        await connection.execute(_TAKE_OUT, words)
    else:
        await connection.execute(_DELETE, {"ids": [row.id for row in found]})
    return found


async def conversations(session: AsyncSession, conversation_ids: Sequence[int]) -> None:
    """Take out every message of these conversations."""
    connection = await session.connection()
    if connection.dialect.name != "sqlite":
        # In slices: MariaDB would look through the whole index for a DELETE with a subquery.
        after = 0
        while ids := await _ids(session, conversation_ids, after):
            await connection.execute(_DELETE, {"ids": ids})
            after = ids[-1]
        return
    for number in conversation_ids:
        after = 0
        while rows := await _page(session, number, after):
            await messages(session, rows)
            after = rows[-1].seq
            for row in rows:
                session.expunge(row)


async def _ids(session: AsyncSession, conversation_ids: Sequence[int], after: int) -> Sequence[int]:
    theirs = (col(Message.conversation_id).in_(conversation_ids), col(Message.id) > after)
    return (await session.exec(select(Message.id).where(*theirs).order_by(col(Message.id)).limit(IDS))).all()


async def _page(session: AsyncSession, conversation_id: int, after: int) -> Sequence[Message]:
    mine = (col(Message.conversation_id) == conversation_id, col(Message.seq) > after)
    return (await session.exec(select(Message).where(*mine).order_by(col(Message.seq)).limit(CHUNK))).all()
