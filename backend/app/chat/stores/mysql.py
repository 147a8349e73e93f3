"""MySQL and MariaDB: one connection at READ COMMITTED, multi-row statements."""

from collections.abc import Sequence
from typing import Any

import aiomysql
import pymysql

from app.chat import plan as plans
from app.chat.drafts import Draft, stored_row
from app.chat.plan import Outcome, Plan, Standing
from app.chat.stores import StoreUnavailable
from app.kernel.db import Database

_LOCK = """
SELECT id, customer_id, merchant_id, status, last_seq, customer_unread, merchant_unread, waiting_since,
       is_blocked
FROM conversations WHERE id IN ({}) ORDER BY id FOR UPDATE"""
_KNOWN = """
SELECT id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments, reply_to,
       created_at
FROM messages WHERE (conversation_id, client_id) IN ({})"""
_REPLIED = "SELECT id, conversation_id FROM messages WHERE id IN ({})"
_INSERT = """
INSERT INTO messages (id, conversation_id, seq, client_id, sender_id, sender_role, content, message_type, attachments,
                      reply_to, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_UPDATE = """
UPDATE conversations SET status = %s, last_seq = %s, last_message = %s, last_message_type = %s, last_sender_id = %s,
  last_message_time = %s, customer_unread = %s, merchant_unread = %s, waiting_since = %s, updated_at = %s
WHERE id = %s"""
_REFUSED_ERRNOS = {1062, 1406, 1366, 1452}  # duplicate, too long, bad character, foreign key: the batch's own fault


class MysqlStore:
    """The writer's own connection, made anew when it is lost."""

    def __init__(self, db: Database) -> None:
        url = db.url
        self._options: dict[str, Any] = {
            "host": url.host or "127.0.0.1",
            "port": url.port or 3306,
            "user": url.username or "root",
            "password": url.password or "",
            "db": url.database,
            "charset": "utf8mb4",
            "connect_timeout": 5,
            "autocommit": False,
            "init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        }
        self._connection: Any = None

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        """See `MessageStore.commit`."""
        try:
            if self._connection is None:
                self._connection = await aiomysql.connect(**self._options)
            async with self._connection.cursor() as cursor:
                plan = await self._plan(cursor, drafts, now)
                if plan.messages:
                    await cursor.executemany(_INSERT, [message.as_stored() for message in plan.messages])
                    changes = [(*update[1:], update.last_message_time, update.id) for update in plan.updates()]
                    await cursor.executemany(_UPDATE, changes)
            await self._connection.commit()
        except BaseException as error:
            await self.close()  # and with it the transaction
            is_refused = bool(error.args) and error.args[0] in _REFUSED_ERRNOS
            if isinstance(error, pymysql.MySQLError | OSError) and not is_refused:
                raise StoreUnavailable(str(error)) from error
            raise
        return plan.outcomes

    async def close(self) -> None:
        """Close the connection; the next batch opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    async def _plan(self, cursor: Any, drafts: Sequence[Draft], now: int) -> Plan:
        wanted = sorted({draft.conversation_id for draft in drafts})
        await cursor.execute(_LOCK.format(_marks(len(wanted))), wanted)
        conversations = {row[0]: Standing(*row) for row in await cursor.fetchall()}
        names = [value for draft in drafts for value in (draft.conversation_id, draft.client_id)]
        await cursor.execute(_KNOWN.format(_marks(len(drafts), "(%s, %s)")), names)
        known = {(row[1], row[3]): stored_row(row) for row in await cursor.fetchall()}
        replies = [draft.reply_to for draft in drafts if draft.reply_to is not None]
        replied: dict[int, int] = {}
        if replies:
            await cursor.execute(_REPLIED.format(_marks(len(replies))), replies)
            replied = dict(await cursor.fetchall())
        return plans.make(drafts, conversations, known, replied, now)


def _marks(count: int, mark: str = "%s") -> str:
    return ", ".join([mark] * count)
