"""What follows by itself from messages: greetings, routing, rules. It runs behind the writer, which waits for nobody.

Like the search index it works from seqs: `reaction_marks` says up to which message a conversation was looked at, so a
process that dies leaves nothing out; the next one's sweep finds it. A reaction may therefore come twice and must be
idempotent: messages by their `client_id`, changes by a condition. Only conversations of shops that want a reaction cost
anything, and what is older than `MAX_AGE_SECONDS` is history.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from loguru import logger
from sqlalchemy import BigInteger, Column, ForeignKey, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat.models import Conversation, Message
from app.chat.plan import Sent
from app.kernel import clock
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.pace import Pace
from app.kernel.sql import upsert

REFRESH_SECONDS = 5.0  # until a shop's new wish is known in this process
SWEEP_SECONDS = 60.0  # what another process left behind when it died is found by then
DELAY_SECONDS = 0.05  # what is sent within it is looked at together
TROUBLE_SECONDS = 1.0
MAX_AGE_SECONDS = 600
MAX_CONVERSATIONS = 50  # of one look
MAX_MESSAGES = 200  # of one look
REST = 0.5  # after each look, rest this many times its duration: conversations come first


class ReactionMark(SQLModel, table=True):
    """Up to which seq a conversation's messages were looked at."""

    __tablename__ = "reaction_marks"

    conversation_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    )
    seq: int


@dataclass(frozen=True, slots=True)
class Said:
    """New messages of one conversation, in their order."""

    conversation_id: int
    merchant_id: str
    customer_id: str
    messages: list[Message]


@dataclass(frozen=True, slots=True)
class Reaction:
    """`shops` says who wants it; `react` is called for new messages of these shops' conversations, maybe twice."""

    name: str
    shops: Callable[[AsyncSession], Awaitable[Collection[str]]]
    react: Callable[[Said], Awaitable[None]]


class Reactions:
    """One per process. `note` costs a look into an empty set while no shop wants anything."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reactions: list[Reaction] = []
        self._wanted: dict[str, list[Reaction]] = {}
        self._noted: set[int] = set()
        self._looking = asyncio.Lock()
        self._pace = Pace()
        self._refresh_at = self._sweep_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def add(self, reaction: Reaction) -> None:
        """From now on in this process. The order of adding is the order of reacting."""
        self._reactions.append(reaction)

    def note(self, sent: Sequence[tuple[Sent, object]]) -> None:
        """These messages were committed."""
        if not self._wanted:
            return
        new = {outcome.message.conversation_id for outcome, _ in sent if outcome.merchant_id in self._wanted}
        if new:
            self._noted |= new
            self._pace.wake()

    @property
    def waiting(self) -> int:
        """Conversations with new messages at which this process has yet to look."""
        return len(self._noted)

    def refresh_soon(self) -> None:
        """A shop's wishes have changed."""
        self._refresh_at = 0.0
        self._pace.wake()

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="reactions")

    async def stop(self) -> None:
        """End after the present look."""
        self._pace.end()
        if self._task is not None:
            await self._task

    async def catch_up(self) -> None:
        """Look at everything that nobody looked at. Tests call it instead of waiting."""
        await self._refresh()
        await self._sweep()
        async with self._looking:
            while self._noted:
                await self._look(self._take())

    async def _run(self) -> None:
        while not self._pace.is_ended:
            try:
                await self._keep_fresh()
                if clock.monotonic() >= self._sweep_at:
                    await self._sweep()
                while self._noted and not self._pace.is_ended:
                    await self._keep_fresh()
                    began = clock.monotonic()
                    async with self._looking:
                        taken = self._take()
                        try:
                            await self._look(taken)
                        except (SQLAlchemyError, OSError):
                            self._noted |= taken
                            raise
                    await self._pace.rest((clock.monotonic() - began) * REST)
            except (SQLAlchemyError, OSError) as error:
                logger.warning("reactions: not now: {}", error)
                await self._pace.rest(TROUBLE_SECONDS)
            except Exception as error:  # what it was about is found by the sweep
                logger.opt(exception=error).error("reactions: a look broke")
                await self._pace.rest(TROUBLE_SECONDS)
            await self._pace.until_woken(REFRESH_SECONDS, DELAY_SECONDS)

    async def _keep_fresh(self) -> None:
        """Again when somebody changed a wish while we read: what is looked at without it is not looked at later."""
        while clock.monotonic() >= self._refresh_at:
            await self._refresh()

    async def _refresh(self) -> None:
        """Who wants what. What a shop's buyers wrote before we knew of its first wish is found at once."""
        self._refresh_at = clock.monotonic() + REFRESH_SECONDS
        wanted: dict[str, list[Reaction]] = {}
        async with self._db.reading() as session:
            for reaction in self._reactions:
                for merchant_id in await reaction.shops(session):
                    wanted.setdefault(merchant_id, []).append(reaction)
        before, self._wanted = self._wanted, wanted
        if wanted.keys() - before.keys():
            self._sweep_at = 0.0

    async def _sweep(self) -> None:
        self._sweep_at = clock.monotonic() + SWEEP_SECONDS
        if not self._wanted:
            return
        seen = col(ReactionMark.seq)
        stale = (
            select(Conversation.id)
            .outerjoin(ReactionMark, col(ReactionMark.conversation_id) == col(Conversation.id))
            .where(
                col(Conversation.merchant_id).in_(self._wanted),
                col(Conversation.last_message_time) > clock.now() - MAX_AGE_SECONDS,
                col(Conversation.last_seq) > 0,
                or_(seen.is_(None), seen < col(Conversation.last_seq)),
            )
        )
        async with self._db.reading() as session:
            self._noted |= set((await session.exec(stale)).all())

    def _take(self) -> set[int]:
        return {self._noted.pop() for _ in range(min(len(self._noted), MAX_CONVERSATIONS))}

    async def _look(self, conversation_ids: set[int]) -> None:
        """React to what is new in these conversations, then remember that we did."""
        async with self._db.reading() as session:
            found = await _new_in(session, conversation_ids)
        for said in found:
            for reaction in self._wanted.get(said.merchant_id, ()):
                await _react(reaction, said)
        marks = [{"conversation_id": said.conversation_id, "seq": said.messages[-1].seq} for said in found]
        if marks:
            await self._db.write(
                lambda session: upsert(session, ReactionMark, marks, key=["conversation_id"], update=["seq"])
            )
        if sum(len(said.messages) for said in found) >= MAX_MESSAGES:
            self._noted |= conversation_ids


async def _react(reaction: Reaction, said: Said) -> None:
    try:
        await reaction.react(said)
    except AppError as error:
        if error.status == 503:
            raise OSError(f"{reaction.name}: the writer is busy") from error
        logger.info("reactions: {} in {}: {}", reaction.name, said.conversation_id, error.code)
    except (SQLAlchemyError, OSError):
        raise
    except Exception as error:  # the outermost loop: one shop's trouble must not stop the others'
        logger.opt(exception=error).error("reactions: {} failed in {}", reaction.name, said.conversation_id)


async def _new_in(session: AsyncSession, conversation_ids: set[int]) -> list[Said]:
    since = clock.now() - MAX_AGE_SECONDS
    query = (
        select(Message, Conversation.merchant_id, Conversation.customer_id)
        .join(Conversation, col(Conversation.id) == col(Message.conversation_id))
        .outerjoin(ReactionMark, col(ReactionMark.conversation_id) == col(Message.conversation_id))
        .where(col(Message.conversation_id).in_(conversation_ids), col(Message.created_at) > since)
        .where(or_(col(ReactionMark.seq).is_(None), col(Message.seq) > col(ReactionMark.seq)))
        .order_by(col(Message.conversation_id), col(Message.seq))
        .limit(MAX_MESSAGES)
    )
    found: dict[int, Said] = {}
    for message, merchant_id, customer_id in (await session.exec(query)).all():
        number = message.conversation_id
        said = found.get(number) or found.setdefault(number, Said(number, merchant_id, customer_id, []))
        said.messages.append(message)
    return list(found.values())
