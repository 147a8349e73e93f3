"""PostgreSQL: one connection, prepared statements, each batch as one JSON parameter.

psycopg builds array parameters element by element in Python; orjson and `json_to_recordset` do the same work in C.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg

from app.chat import plan as plans
from app.chat.drafts import Draft, MessageRow
from app.chat.plan import Outcome, Plan, Standing
from app.chat.stores import StoreUnavailable
from app.kernel.db import Database

_LOCK = """
SELECT id, customer_id, merchant_id, status, last_seq, customer_unread, merchant_unread, waiting_since,
       is_blocked
FROM conversations WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"""
_KNOWN = """
SELECT m.id, m.conversation_id, m.seq, m.client_id, m.sender_id, m.sender_role, m.content, m.message_type,
       m.attachments, m.reply_to, m.created_at
FROM json_to_recordset(%s::json) AS k(c bigint, n text)
JOIN messages m ON m.conversation_id = k.c AND m.client_id = k.n"""
_REPLIED = "SELECT id, conversation_id FROM messages WHERE id = ANY(%s)"
# The rows as they were planned on are part of the condition. When one of them is not so any more, fewer move than were
# meant, `created_at` becomes NULL, and the whole statement fails.
_WRITE = """
WITH new AS (
  SELECT * FROM json_to_recordset(%(conversations)s::json) AS u(
    a bigint, b text, c int, d text, e text, f text, g bigint, h int, i int, j bigint, k text, l int, m int, n int,
    o bigint, p boolean, q text)
), moved AS (
  UPDATE conversations AS c SET
    status = new.b, last_seq = new.c, last_message = new.d, last_message_type = new.e, last_sender_id = new.f,
    last_message_time = new.g, customer_unread = new.h, merchant_unread = new.i, waiting_since = new.j,
    updated_at = new.g
  FROM new
  WHERE c.id = new.a AND c.status = new.k AND c.last_seq = new.l AND c.customer_unread = new.m
    AND c.merchant_unread = new.n AND c.waiting_since IS NOT DISTINCT FROM new.o
    AND c.is_blocked = new.p AND c.customer_id = new.q
  RETURNING c.id)
INSERT INTO messages (id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments,
                      reply_to, created_at)
SELECT a, b, c, d, e, f, g, h, i, j, CASE WHEN (SELECT count(*) FROM moved) = %(count)s THEN k END
FROM json_to_recordset(%(messages)s::json) AS m(
  a bigint, b bigint, c int, d text, e text, f text, g text, h text, i json, j bigint, k bigint)"""
_LETTERS = "abcdefghijklmnopq"
_STALE = (psycopg.errors.NotNullViolation, psycopg.errors.UniqueViolation)
MAX_REMEMBERED = 50_000  # conversations
# The planner sees 100 rows in every recordset; on a young table it would hash all messages for them.
# An instance that freezes under row locks must not stop the others for longer than its clients would wait.
_SESSION = """
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
SET idle_in_transaction_session_timeout = '5s'; SET lock_timeout = '5s'"""


class PostgresqlStore:
    """The writer's own connection, made anew when it is lost.

    It remembers how the conversations stood after its last writes, plans on that, and writes in one statement which
    fails unless they stand so still. Then, and for what it does not remember, it looks under row locks first.
    """

    def __init__(self, db: Database) -> None:
        self._dsn = db.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._remembered: dict[int, Standing] = {}

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        """See `MessageStore.commit`."""
        try:
            connection = await self._connected()
            plan = await self._at_a_guess(connection, drafts, now)
            if plan is None:
                async with connection.transaction():
                    before = await self._locked(connection, drafts)
                    plan = await self._planned(connection, drafts, before, now)
                    await _write(connection, plan, before)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            await self.close()
            raise StoreUnavailable(str(error)) from error
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered.update(plan.standings)
        return plan.outcomes

    async def close(self) -> None:
        """Close the connection; the next batch opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, connect_timeout=5)
            await self._connection.execute(_SESSION)
        return self._connection

    async def _at_a_guess(
        self, connection: psycopg.AsyncConnection[Any], drafts: Sequence[Draft], now: int
    ) -> Plan | None:
        """Plan on memory and write; None when memory does not reach, or was wrong. Names are guarded by their index."""
        remembered = self._remembered
        if not all(_is_sure(draft, remembered.get(draft.conversation_id)) for draft in drafts):
            return None
        plan = plans.make(drafts, remembered, {}, {}, now)
        try:
            await _write(connection, plan, remembered)
        except _STALE:
            for number in plan.standings:
                del remembered[number]
            return None
        return plan

    async def _locked(self, connection: psycopg.AsyncConnection[Any], drafts: Sequence[Draft]) -> dict[int, Standing]:
        wanted = sorted({draft.conversation_id for draft in drafts})
        locked = await connection.execute(_LOCK, (wanted,), prepare=True)
        return {row[0]: Standing(*row) for row in await locked.fetchall()}

    async def _planned(
        self,
        connection: psycopg.AsyncConnection[Any],
        drafts: Sequence[Draft],
        before: Mapping[int, Standing],
        now: int,
    ) -> Plan:
        names = _as_json([(draft.conversation_id, draft.client_id) for draft in drafts], "cn")
        found = await connection.execute(_KNOWN, (names,), prepare=True)
        known = {(row[1], row[3]): MessageRow(*row) for row in await found.fetchall()}
        replies = [draft.reply_to for draft in drafts if draft.reply_to is not None]
        replied: dict[int, int] = {}
        if replies:
            replied = dict(await (await connection.execute(_REPLIED, (replies,), prepare=True)).fetchall())
        return plans.make(drafts, before, known, replied, now)


def _is_sure(draft: Draft, standing: Standing | None) -> bool:
    """What is refused is never written, so nothing would tell that memory was wrong: a block that has ended, a

    conversation that has become another customer's.
    """
    if standing is None or standing.is_blocked or draft.reply_to is not None:
        return False
    return draft.sender.user_id == standing.customer_id or draft.sender.merchant_id == standing.merchant_id


async def _write(connection: psycopg.AsyncConnection[Any], plan: Plan, before: Mapping[int, Standing]) -> None:
    if not plan.messages:
        return
    updates = plan.updates()
    rows = [(*update, *_condition(before[update.id])) for update in updates]
    values = {"conversations": _as_json(rows), "count": len(updates), "messages": _as_json(plan.messages)}
    await connection.execute(_WRITE, values, prepare=True)


def _condition(standing: Standing) -> tuple[object, ...]:
    return (
        standing.status,
        standing.last_seq,
        standing.customer_unread,
        standing.merchant_unread,
        standing.waiting_since,
        standing.is_blocked,
        standing.customer_id,
    )


def _as_json(rows: Sequence[tuple[Any, ...]], letters: str = _LETTERS) -> str:
    return orjson.dumps([dict(zip(letters, row, strict=False)) for row in rows]).decode()
