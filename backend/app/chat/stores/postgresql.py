"""PostgreSQL: one connection, prepared statements, each batch as one JSON parameter.

psycopg builds array parameters element by element in Python; orjson and `json_to_recordset` do the same work in C.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import psycopg

from app.chat import plan as plans
from app.chat.drafts import Draft, MessageRow
from app.chat.plan import LockedConversation, Outcome, Plan
from app.chat.stores import StoreUnavailable
from app.kernel.db import Database

_LOCK = """
SELECT id, customer_id, merchant_id, status, last_seq, customer_unread, merchant_unread, waiting_since
FROM conversations WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"""
_KNOWN = """
SELECT m.id, m.conversation_id, m.seq, m.client_id, m.sender_id, m.sender_role, m.content, m.message_type,
       m.attachments, m.reply_to, m.created_at
FROM json_to_recordset(%s::json) AS k(c bigint, n text)
JOIN messages m ON m.conversation_id = k.c AND m.client_id = k.n"""
_REPLIED = "SELECT id, conversation_id FROM messages WHERE id = ANY(%s)"
_WRITE = """
WITH sent AS (
  INSERT INTO messages (id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments,
                        reply_to, created_at)
  SELECT * FROM json_to_recordset(%s::json) AS m(
    a bigint, b bigint, c int, d text, e text, f text, g text, h text, i json, j bigint, k bigint))
UPDATE conversations AS c SET
  status = u.b, last_seq = u.c, last_message = u.d, last_message_type = u.e, last_sender_id = u.f,
  last_message_time = u.g, customer_unread = u.h, merchant_unread = u.i, waiting_since = u.j, updated_at = u.g
FROM json_to_recordset(%s::json) AS u(
  a bigint, b text, c int, d text, e text, f text, g bigint, h int, i int, j bigint)
WHERE c.id = u.a"""
_LETTERS = "abcdefghijk"
# The planner sees 100 rows in every recordset; on a young table it would hash all messages for them.
_SESSION = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off"


class PostgresqlStore:
    """The writer's own connection, made anew when it is lost."""

    def __init__(self, db: Database) -> None:
        self._dsn = db.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        """See `MessageStore.commit`."""
        try:
            connection = await self._connected()
            async with connection.transaction():
                plan = await self._plan(connection, drafts, now)
                if plan.messages:
                    rows = (_as_json(plan.messages), _as_json(list(plan.updates.values())))
                    await connection.execute(_WRITE, rows, prepare=True)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            await self.close()
            raise StoreUnavailable(str(error)) from error
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

    async def _plan(self, connection: psycopg.AsyncConnection[Any], drafts: Sequence[Draft], now: int) -> Plan:
        wanted = sorted({draft.conversation_id for draft in drafts})
        locked = await connection.execute(_LOCK, (wanted,), prepare=True)
        conversations = {row[0]: LockedConversation(*row) for row in await locked.fetchall()}
        names = _as_json([(draft.conversation_id, draft.client_id) for draft in drafts], "cn")
        found = await connection.execute(_KNOWN, (names,), prepare=True)
        known = {(row[1], row[3]): MessageRow(*row) for row in await found.fetchall()}
        replies = [draft.reply_to for draft in drafts if draft.reply_to is not None]
        replied: dict[int, int] = {}
        if replies:
            replied = dict(await (await connection.execute(_REPLIED, (replies,), prepare=True)).fetchall())
        return plans.make(drafts, conversations, known, replied, now)


def _as_json(rows: Sequence[tuple[Any, ...]], letters: str = _LETTERS) -> str:
    return orjson.dumps([dict(zip(letters, row, strict=False)) for row in rows]).decode()
