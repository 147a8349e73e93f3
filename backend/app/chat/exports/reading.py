"""Reads what an export holds, a few hundred rows at a time: its memory does not grow with the shop.

Keyset pages, never OFFSET: conversations by id, in them messages by seq. Rows are read as columns; objects are made of
them in the writer's thread, because the event loop serves the chat meanwhile.
"""

import heapq
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, func, select, type_coerce

from app.accounts.models import User
from app.chat import labels
from app.chat.exports import orders
from app.chat.exports.orders import ExportOrder
from app.chat.models import Conversation, Message
from app.chat.notes_models import Note
from app.jobs.kinds import GiveUp
from app.kernel.db import Database
from app.kernel.identity import Identity
from app.kernel.sql import table_of

CHUNK_ROWS = 500  # a few milliseconds of the event loop, and at most 20 MB of the longest messages
TALKS = 500
MAX_NAMES = 20_000
NOTE = "note"
Rows = Sequence[Any]
"""As the database gave them: tuples with names."""

_TALK, _MESSAGE, _NOTE, _USER = (table_of(model).c for model in (Conversation, Message, Note, User))
_MESSAGES = select(
    _MESSAGE.id, _MESSAGE.conversation_id, _MESSAGE.seq, _MESSAGE.sender_id,
    type_coerce(_MESSAGE.sender_role, String).label("sender_role"), _MESSAGE.content,
    type_coerce(_MESSAGE.message_type, String).label("message_type"), _MESSAGE.attachments, _MESSAGE.reply_to,
    _MESSAGE.created_at,
)  # fmt: skip
_NOTES = select(
    _NOTE.id, _NOTE.conversation_id, _NOTE.after_seq, _NOTE.author_id, _NOTE.content, _NOTE.created_at
)  # fmt: skip
_TALKS = select(
    _TALK.id, _TALK.customer_id, _TALK.merchant_id, type_coerce(_TALK.status, String).label("status"),
    _TALK.assignee_id, _TALK.last_seq, _TALK.created_at,
)  # fmt: skip


class Talk(NamedTuple):
    """What is said of a conversation beside its messages."""

    id: int
    customer_id: str
    customer: str
    merchant_id: str
    merchant: str
    status: str
    assignee_id: str | None
    assignee: str
    labels: list[str]
    created_at: int


class Line(NamedTuple):
    """One message, or with `kind` note a private note, which has no seq and stands after `after_seq`."""

    talk: Talk
    id: int
    seq: int | None
    after_seq: int
    sender_id: str
    sender: str
    side: str
    kind: str
    content: str
    attachments: list[dict[str, Any]]
    reply_to: int | None
    created_at: int


@dataclass(frozen=True)
class Chunk:
    """Rows as they came, whole messages in the order of the export; `lines` makes of them what writers write."""

    talks: dict[int, Talk]
    messages: Rows
    notes: Rows
    names: dict[str, str]

    def lines(self) -> Iterator[Line]:
        """By conversation, then by seq, notes behind the message that they follow. For threads."""
        messages = (
            Line(
                self.talks[row[1]], row[0], row[2], row[2], row[3], self.names.get(row[3], row[3]), row[4], row[6],
                row[5], row[7] or [], row[8], row[9],
            )
            for row in self.messages
        )  # fmt: skip
        if not self.notes:
            return messages
        notes = (
            Line(
                self.talks[row[1]], row[0], None, row[2], row[3], self.names.get(row[3], row[3]), "merchant", NOTE,
                row[4], [], None, row[5],
            )
            for row in self.notes
        )  # fmt: skip
        return heapq.merge(messages, notes, key=lambda line: (line.talk.id, line.after_seq, line.seq is None))


@dataclass
class Reader:
    """Reads one order. What was written after `at` (seconds) is not part of it."""

    db: Database
    me: Identity
    order: ExportOrder
    at: int
    _names: dict[str, str] = field(default_factory=dict)

    async def count(self) -> int:
        """How many messages there are, for the progress. Counting them one by one is needed for a span of time only."""
        wanted = orders.wanted(self.me, self.order)
        async with self.db.reading() as session:
            connection = await session.connection()
            found = (await connection.execute(select(func.count(), func.sum(_TALK.last_seq)).where(wanted))).one()
            if self.order.conversation_id is not None and not found[0]:
                raise GiveUp("conversation_not_found", "There is no such conversation.")
            if not self.order.is_timed:
                return int(found[1] or 0)
            joined = select(func.count()).select_from(table_of(Message).join(table_of(Conversation)))
            return int((await connection.execute(joined.where(wanted, *self._then(_MESSAGE)))).scalar_one())

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Everything, once."""
        after = 0
        while rows := await self._talks(after):
            after = rows[-1].id
            for group in _groups(rows):
                if group[0].last_seq > CHUNK_ROWS:
                    async for chunk in self._long(group[0]):
                        yield chunk
                else:
                    yield await self._short(group)

    async def _talks(self, after: int) -> Rows:
        wanted = _TALKS.where(orders.wanted(self.me, self.order), _TALK.id > after).order_by(_TALK.id).limit(TALKS)
        return (await self._rows(wanted))[0]

    async def _short(self, talks: Rows) -> Chunk:
        """All of several conversations that are a chunk together."""
        ids = [talk.id for talk in talks]
        messages = _MESSAGES.where(_MESSAGE.conversation_id.in_(ids), *self._then(_MESSAGE))
        notes = _NOTES.where(_NOTE.conversation_id.in_(ids), *self._then(_NOTE))
        return await self._chunk(
            talks,
            messages.order_by(_MESSAGE.conversation_id, _MESSAGE.seq),
            notes.order_by(_NOTE.conversation_id, _NOTE.after_seq, _NOTE.id),
        )

    async def _long(self, talk: Any) -> AsyncIterator[Chunk]:
        """A conversation of more than a chunk, page by page."""
        after, is_last = 0, False
        while not is_last:
            mine = (_MESSAGE.conversation_id == talk.id, _MESSAGE.seq > after, *self._then(_MESSAGE))
            page = _MESSAGES.where(*mine).order_by(_MESSAGE.seq).limit(CHUNK_ROWS)
            (messages,) = await self._rows(page)
            is_last = len(messages) < CHUNK_ROWS
            notes = _NOTES.where(_NOTE.conversation_id == talk.id, *self._then(_NOTE))
            if after:
                notes = notes.where(_NOTE.after_seq > after)
            if not is_last:
                after = messages[-1].seq
                notes = notes.where(_NOTE.after_seq <= after)
            yield await self._chunk([talk], messages, notes.order_by(_NOTE.after_seq, _NOTE.id))

    async def _chunk(self, talks: Rows, messages: Select[Any] | Rows, notes: Select[Any]) -> Chunk:
        asked = [messages] if isinstance(messages, Select) else []
        if self.order.include_notes:
            asked.append(notes)
        found = await self._rows(*asked) if asked else []
        read = found.pop(0) if isinstance(messages, Select) else messages
        told = found.pop(0) if found else []
        people = {row[3] for row in read} | {row[3] for row in told}
        for talk in talks:
            people |= {talk.customer_id, talk.merchant_id, talk.assignee_id or ""}
        await self._learn(people - {""})
        return Chunk({talk.id: talk for talk in await self._described(talks)}, read, told, self._names)

    async def _described(self, talks: Rows) -> list[Talk]:
        async with self.db.reading() as session:
            named = await labels.of(session, [talk.id for talk in talks])
        name = self._names.get
        return [
            Talk(
                id=talk.id,
                customer_id=talk.customer_id,
                customer=name(talk.customer_id, talk.customer_id),
                merchant_id=talk.merchant_id,
                merchant=name(talk.merchant_id, talk.merchant_id),
                status=talk.status,
                assignee_id=talk.assignee_id,
                assignee=name(talk.assignee_id or "", ""),
                labels=named.get(talk.id, []),
                created_at=talk.created_at,
            )
            for talk in talks
        ]

    async def _learn(self, people: set[str]) -> None:
        """Names of those who were not met yet."""
        if len(self._names) > MAX_NAMES:
            self._names = {}
        unknown = sorted(people - self._names.keys())
        if not unknown:
            return
        named = select(_USER.id, _USER.username, _USER.display_name).where(_USER.id.in_(unknown))
        (rows,) = await self._rows(named)
        self._names.update({user_id: display_name or username for user_id, username, display_name in rows})

    async def _rows(self, *queries: Select[Any]) -> list[Rows]:
        async with self.db.reading() as session:
            connection = await session.connection()
            return [(await connection.execute(query)).all() for query in queries]

    def _then(self, table: Any) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = [table.created_at <= self.at]
        if self.order.since is not None:
            conditions.append(table.created_at >= self.order.since)
        if self.order.until is not None:
            conditions.append(table.created_at < self.order.until)
        return conditions


def _groups(talks: Rows) -> Iterator[list[Any]]:
    """Neighbours that are a chunk together; a long conversation stands alone."""
    group: list[Any] = []
    rows = 0
    for talk in talks:
        if group and rows + talk.last_seq > CHUNK_ROWS:
            yield group
            group, rows = [], 0
        group.append(talk)
        rows += talk.last_seq
    if group:
        yield group
