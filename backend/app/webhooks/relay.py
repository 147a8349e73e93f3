"""Makes webhooks of what was committed, behind the writer: in the send transaction it would cost everybody's rate.

Like the search index it works from seqs, so a process that dies has lost nothing: the sweep finds it within a minute.
It runs in the process that committed the message, because a job for each burst would cost three more writes.
"""

import asyncio
from collections.abc import Sequence

from loguru import logger
from sqlalchemy import or_
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.events import ConversationChanged, ConversationStarted
from app.chat.models import Conversation
from app.chat.plan import Sent
from app.kernel import clock
from app.kernel.db import Database
from app.kernel.events import Event
from app.kernel.pace import Pace
from app.webhooks import listening, recording
from app.webhooks.events import WebhooksChanged
from app.webhooks.models import WebhookMark
from app.webhooks.recording import MAX_AGE_SECONDS

REFRESH_SECONDS = 5.0  # until another process' new endpoint is known here; the sweep covers the time between
DELAY_SECONDS = 0.05  # what is sent within it is told in one unit of work
TROUBLE_SECONDS = 1.0
MAX_CONVERSATIONS = 50  # of one unit of work: it locks their marks
REST = 1.0  # after each unit of work, rest this many times its duration: conversations come first


class Relay:
    """One per process. `note` costs a look into an empty set while no shop listens."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._shops: frozenset[str] = frozenset()
        self._refresh_at = 0.0
        self._noted: set[int] = set()
        self._pace = Pace()
        self._task: asyncio.Task[None] | None = None

    def note(self, sent: Sequence[tuple[Sent, object]]) -> None:
        """These messages were committed."""
        if not self._shops:
            return
        self._note({outcome.message.conversation_id for outcome, _ in sent if outcome.merchant_id in self._shops})

    def _note(self, new: set[int]) -> None:
        if new:
            self._noted |= new
            self._pace.wake()

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="webhook relay")

    async def stop(self) -> None:
        """End after the present unit of work."""
        self._pace.end()
        if self._task is not None:
            await self._task

    def events(self, happened: Sequence[Event]) -> None:
        """What a unit of work emitted, after its commit."""
        new: set[int] = set()
        for event in happened:
            match event:
                case WebhooksChanged():
                    self._refresh_at = 0.0
                    self._pace.wake()
                case ConversationStarted(conversation=changed) | ConversationChanged(conversation=changed):
                    new |= {changed.id} if changed.merchant_id in self._shops else set()
        self._note(new)

    async def refresh(self) -> None:
        """Look which shops listen. What happened before we knew of one is found by its marks, without the sweep."""
        self._refresh_at = clock.monotonic() + REFRESH_SECONDS
        async with self._db.reading() as session:
            before, self._shops = self._shops, frozenset(await listening.shops(session))
        if self._shops - before:
            async with self._db.reading() as session:
                self._noted |= await _stale(session)

    async def _run(self) -> None:
        while not self._pace.is_ended:
            try:
                if clock.monotonic() >= self._refresh_at:
                    await self.refresh()
                while self._noted and not self._pace.is_ended:
                    began, taken = clock.monotonic(), self._take()
                    try:
                        self._noted |= await tell(self._db, taken)
                    except (SQLAlchemyError, OSError):
                        self._noted |= taken
                        raise
                    await self._pace.rest((clock.monotonic() - began) * REST)
            except (SQLAlchemyError, OSError) as error:
                logger.warning("webhooks: messages are not told now: {}", error)
                await self._pace.rest(TROUBLE_SECONDS)
            except Exception as error:  # what it was about is found by the sweep
                logger.opt(exception=error).error("webhooks: the relay broke")
                await self._pace.rest(TROUBLE_SECONDS)
            await self._pace.until_woken(REFRESH_SECONDS, DELAY_SECONDS)

    def _take(self) -> set[int]:
        return {self._noted.pop() for _ in range(min(len(self._noted), MAX_CONVERSATIONS))}


async def tell(db: Database, conversation_ids: set[int]) -> set[int]:
    """Tell of these conversations' new messages; answers those of which there is more."""
    if not conversation_ids:
        return set()
    return await db.write(lambda session: recording.relay(session, conversation_ids))


async def catch_up(db: Database) -> int:
    """Tell of everything that nobody told; says how many conversations there were."""
    done = 0
    async with db.reading() as session:
        stale = await _stale(session)
    while stale:
        some = {stale.pop() for _ in range(min(len(stale), MAX_CONVERSATIONS))}
        done += len(some)
        stale |= await tell(db, some)
    return done


async def _stale(session: AsyncSession) -> set[int]:
    shops = await listening.shops(session)
    told = col(WebhookMark.message_seq)
    query = (
        select(Conversation.id)
        .outerjoin(WebhookMark, col(WebhookMark.conversation_id) == col(Conversation.id))
        .where(
            col(Conversation.merchant_id).in_(shops),
            col(Conversation.last_message_time) > clock.now() - MAX_AGE_SECONDS,
            col(Conversation.last_seq) > 0,
            or_(told.is_(None), told < col(Conversation.last_seq)),
        )
    )
    unspread = select(WebhookMark.conversation_id).where(col(WebhookMark.unspread_from).is_not(None))
    return {*(await session.exec(query)).all(), *(await session.exec(unspread)).all()}
