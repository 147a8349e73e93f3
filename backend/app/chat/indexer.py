"""Fills the search index behind the writer: indexing in the send transaction would cost a third of the rate.

Nothing can be missed: seqs have no gaps, so one number per conversation (`search_progress.indexed_seq`) says what is
done.
"""

from loguru import logger
from sqlalchemy import BigInteger, Column, ForeignKey, and_, or_, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.models import Conversation, Message
from app.kernel import clock
from app.kernel.bigrams import tokens
from app.kernel.db import Database
from app.kernel.pace import Pace
from app.kernel.sql import upsert

DELAY_SECONDS = 0.3  # a message is found this much later, when the desk is calm
SWEEP_SECONDS = 60.0  # what another process left behind when it died is found by then
TROUBLE_SECONDS = 1.0
CHUNK = 300  # messages of one transaction
MAX_CONVERSATIONS = 100  # of one transaction
REST = 3.0  # after each chunk, rest this many times its duration: conversations come first

_INSERT = {
    "sqlite": "INSERT INTO message_search (rowid, tokens) VALUES (:id, :words)",
    "postgresql": "INSERT INTO message_search (message_id, tokens) "
    "VALUES (:id, array_to_tsvector(string_to_array(:words, ' '))) ON CONFLICT DO NOTHING",
    "mysql": "INSERT IGNORE INTO message_search (message_id, tokens) VALUES (:id, :words)",
}
_INSERT["mariadb"] = _INSERT["mysql"]


class SearchProgress(SQLModel, table=True):
    """Up to which seq a conversation's messages are in the index."""

    __tablename__ = "search_progress"

    conversation_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    )
    indexed_seq: int


class Indexer:
    """Indexes the conversations that were noted, and now and then those that nobody noted."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: set[int] = set()
        self._pace = Pace()

    def note(self, conversation_ids: set[int]) -> None:
        """These have new messages."""
        if conversation_ids:
            self._noted |= conversation_ids
            self._pace.wake()

    async def run(self) -> None:
        """Index until `stop`. Not to be cancelled: a write unit that is cut short leaves its lock to chance."""
        swept_at = -SWEEP_SECONDS
        while not self._pace.is_ended:
            try:
                if clock.monotonic() - swept_at >= SWEEP_SECONDS:
                    await self._sweep()
                    swept_at = clock.monotonic()
                await self._drain()
            except (SQLAlchemyError, OSError) as error:
                logger.warning("search: not indexed now: {}", error)
                await self._pace.rest(TROUBLE_SECONDS)
                self._pace.wake()
            await self._pace.until_woken(SWEEP_SECONDS, DELAY_SECONDS)

    def stop(self) -> None:
        """Let `run` end after its present chunk."""
        self._pace.end()

    async def catch_up(self) -> None:
        """Index everything that is stale now. Tests and the seed call it to wait for the index."""
        await self._sweep()
        await self._drain()

    async def _drain(self) -> None:
        while self._noted and not self._pace.is_ended:
            began = clock.monotonic()
            batch = {self._noted.pop() for _ in range(min(len(self._noted), MAX_CONVERSATIONS))}
            try:
                self._noted |= await self._db.write(lambda session, some=batch: _index(session, some))  # type: ignore[misc]
            except (SQLAlchemyError, OSError):
                self._noted |= batch
                raise
            await self._pace.rest((clock.monotonic() - began) * REST)

    async def _sweep(self) -> None:
        done = col(SearchProgress.indexed_seq)
        stale = (
            select(Conversation.id)
            .outerjoin(SearchProgress, col(SearchProgress.conversation_id) == col(Conversation.id))
            .where(col(Conversation.last_seq) > 0, (done.is_(None)) | (done < col(Conversation.last_seq)))
        )
        async with self._db.reading() as session:
            self.note(set((await session.exec(stale)).all()))


async def _index(session: AsyncSession, conversation_ids: set[int]) -> set[int]:
    """One chunk, in five statements however many conversations; those of which there may be more."""
    progress = select(SearchProgress).where(col(SearchProgress.conversation_id).in_(conversation_ids))
    done = {row.conversation_id: row.indexed_seq for row in await session.exec(progress)}
    number, seq = col(Message.conversation_id), col(Message.seq)
    newer = or_(*(and_(number == each, seq > done.get(each, 0)) for each in conversation_ids))
    query = select(Message.id, Message.conversation_id, Message.seq, Message.content).where(newer)
    rows = (await session.exec(query.order_by(number, seq).limit(CHUNK))).all()
    if not rows:
        return set()
    words = [{"id": row[0], "words": " ".join(tokens(row[3]))} for row in rows]
    insert = text(_INSERT[session.get_bind().dialect.name])
    await (await session.connection()).execute(insert, words)
    reached = {row[1]: row[2] for row in rows}
    marks = [{"conversation_id": each, "indexed_seq": last} for each, last in reached.items()]
    await upsert(session, SearchProgress, marks, key=["conversation_id"], update=["indexed_seq"])
    return conversation_ids if len(rows) == CHUNK else set()
