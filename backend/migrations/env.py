"""Runs migrations on the database of the settings, whichever of the three it is."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import app.accounts.api_keys
import app.accounts.customers
import app.accounts.identity_keys
import app.accounts.invitations
import app.accounts.models
import app.accounts.opening
import app.accounts.preferences
import app.accounts.shop_settings
import app.accounts.widgets
import app.audit.models
import app.automation.models
import app.chat.contacts_models
import app.chat.indexer
import app.chat.labels_models
import app.chat.models
import app.chat.notes_models
import app.chat.ratings
import app.chat.reactions
import app.chat.reports_models
import app.chat.threads_models
import app.chat.views_models
import app.chat.visits
import app.files.models
import app.files.uses
import app.jobs.models
import app.kernel.instances
import app.kernel.node_leases
import app.privacy.models
import app.webhooks.models  # noqa: F401
from app.kernel.config import get_settings
from app.kernel.db import Database

LOCK = 7_223_401  # any number that only we use
LOCK_WAIT_SECONDS = 60


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """The search index is written by hand per database, so autogenerate leaves it alone."""
    return not (kind == "table" and name is not None and name.startswith("message_search"))


def run(connection: Connection) -> None:
    """Migrate under the database's own lock."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
    elif dialect in ("mysql", "mariadb"):
        connection.execute(text(f"SELECT GET_LOCK('parley-{LOCK}', {LOCK_WAIT_SECONDS})"))
    else:
        # A batch migration copies a table and drops the old one: with foreign keys on, that deletes its children.
        # On the driver's connection: the pragma does nothing inside of a transaction, and our own begins at once.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=is_ours,
        render_as_batch=dialect == "sqlite",
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    if dialect == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration broke foreign keys: {broken[:5]}")
    elif dialect == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
        connection.commit()


async def main() -> None:
    """Open the database and run."""
    db = Database(context.config.attributes.get("settings") or get_settings())
    async with db.engine.connect() as connection:
        await connection.run_sync(run)
    await db.dispose()


if context.is_offline_mode():
    raise SystemExit("migrations run against a database, not into a script: they differ per database")
asyncio.run(main())
