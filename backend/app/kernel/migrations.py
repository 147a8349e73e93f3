"""Bring the database to the newest shape; under a lock where several starters could collide."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from app.kernel.config import Settings

BACKEND = Path(__file__).resolve().parents[2]


def alembic_config(settings: Settings) -> Config:
    """Alembic's configuration for the database of `settings`."""
    config = Config(BACKEND / "alembic.ini")
    config.attributes["settings"] = settings
    return config


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Apply what is missing. Blocking: not for a running event loop."""
    command.upgrade(alembic_config(settings), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take back down to `revision`."""
    command.downgrade(alembic_config(settings), revision)
