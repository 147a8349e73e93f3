"""Bring the database to the newest shape; under a lock where several starters could collide.

Alembic is imported only when asked: it takes a quarter of a second, and a server that is up to date needs none of it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from app.kernel.config import Settings

if TYPE_CHECKING:
    from alembic.config import Config

BACKEND = Path(__file__).resolve().parents[2]


def alembic_config(settings: Settings) -> "Config":
    """Alembic's configuration for the database of `settings`."""
    from alembic.config import Config

    config = Config(BACKEND / "alembic.ini")
    config.attributes["settings"] = settings
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Apply what is missing. Blocking: not for a running event loop."""
    from alembic import command

    command.upgrade(alembic_config(settings), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take back down to `revision`."""
    from alembic import command

    command.downgrade(alembic_config(settings), revision)


def revisions(connection: Connection) -> tuple[str, str]:
    """Where the database is and where it should be; "–" for nowhere."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    found = MigrationContext.configure(connection).get_current_revision() or "–"
    return found, ScriptDirectory(str(BACKEND / "migrations")).get_current_head() or "–"
