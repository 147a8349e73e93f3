"""Where batches of messages are committed: the driver's own connection, because ORM objects cost most of the rate."""

from collections.abc import Sequence
from typing import Protocol

from app.chat.drafts import Draft
from app.chat.plan import Outcome
from app.kernel.config import Settings
from app.kernel.db import Database


class StoreUnavailable(Exception):
    """The database went away in mid-batch: whether the batch is in it is unknown until it is tried again."""


class MessageStore(Protocol):
    """Commits a batch whole or not at all."""

    async def commit(self, drafts: Sequence[Draft], now: int) -> list[Outcome]:
        """Lock the conversations in id order, plan, insert, commit. One outcome per draft.

        Raises `StoreUnavailable` when the outcome is unknown, the driver's error when the batch was refused.
        """

    async def close(self) -> None:
        """Give the connection back."""


def store_for(settings: Settings, db: Database) -> MessageStore:
    """The store of the database in use."""
    from app.chat.stores.mysql import MysqlStore
    from app.chat.stores.postgresql import PostgresqlStore
    from app.chat.stores.sqlite import SqliteStore

    if db.dialect == "sqlite":
        return SqliteStore(db)
    return PostgresqlStore(db) if db.dialect == "postgresql" else MysqlStore(db)
