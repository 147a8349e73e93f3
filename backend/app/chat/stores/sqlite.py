"""SQLite: the whole batch in one hop to a thread with its own connection, under the process' write lock."""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import orjson

from app.chat import plan as plans
from app.chat.drafts import Draft, stored_row
from app.chat.plan import Outcome, Plan, Standing
from app.chat.stores import StoreUnavailable
from app.kernel.db import BUSY_TIMEOUT_MS, SQLITE_PRAGMAS, Database

_LOCK = """
SELECT id, customer_id, merchant_id, status, last_seq, customer_unread, merchant_unread, waiting_since,
       is_blocked
FROM conversations WHERE id IN (SELECT value FROM json_each(?))"""
_KNOWN = """
SELECT m.id, m.conversation_id, m.seq, m.client_id, m.sender_id, m.sender_role, m.content, m.message_type,
       m.attachments, m.reply_to, m.created_at
FROM json_each(?) AS k
JOIN messages m ON m.conversation_id = k.value ->> 0 AND m.client_id = k.value ->> 1"""
_REPLIED = "SELECT id, conversation_id FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_INSERT = """
INSERT INTO messages (id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments,
                      reply_to, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_UPDATE = """
UPDATE conversations SET status = ?2, last_seq = ?3, last_message = ?4, last_message_type = ?5, last_sender_id = ?6,
  last_message_time = ?7, customer_unread = ?8, merchant_unread = ?9, waiting_since = ?10, updated_at = ?7
WHERE id = ?1"""


class SqliteStore:
    """A thread, and in it a connection; BEGIN IMMEDIATE is the row lock."""

    def __init__(self, db: Database) -> None:
        self._path = db.url.database or ""
        self._write_lock = db.write_lock or nullcontext()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="messages")
        self._connection: sqlite3.Connection | None = None

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        """See `MessageStore.commit`."""
        async with self._write_lock:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, drafts, now)

    async def close(self) -> None:
        """Close the connection in its thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        try:
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                plan = self._plan(connection, drafts, now)
                connection.executemany(_INSERT, [message.as_stored() for message in plan.messages])
                connection.executemany(_UPDATE, plan.updates())
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._close()
            raise StoreUnavailable(str(error)) from error
        return plan.outcomes

    def _plan(self, connection: sqlite3.Connection, drafts: Sequence[Draft], now: int) -> Plan:
        wanted = orjson.dumps(list({draft.conversation_id for draft in drafts})).decode()
        conversations = {row[0]: Standing(*row) for row in connection.execute(_LOCK, (wanted,))}
        names = orjson.dumps([(draft.conversation_id, draft.client_id) for draft in drafts]).decode()
        known = {(row[1], row[3]): stored_row(row) for row in connection.execute(_KNOWN, (names,))}
        replies = [draft.reply_to for draft in drafts if draft.reply_to is not None]
        replied = dict(connection.execute(_REPLIED, (orjson.dumps(replies).decode(),))) if replies else {}
        return plans.make(drafts, conversations, known, replied, now)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
            )
            for pragma in SQLITE_PRAGMAS:
                self._connection.execute(pragma)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
