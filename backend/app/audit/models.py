"""The audit log: who of the platform looked at what, and what admins did. Rows are added and never changed."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, id_column, time_column


class Action(StrEnum):
    """What was done. The first word is the kind of subject."""

    WALL_WATCHED = "wall.watched"
    CONVERSATION_OPENED = "conversation.opened"
    CONVERSATION_CAUGHT_UP = "conversation.caught_up"
    MESSAGES_SEARCHED = "messages.searched"
    CONTACT_OPENED = "contact.opened"
    FILE_DOWNLOADED = "file.downloaded"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"
    USER_SUSPENDED = "user.suspended"
    USER_RESTORED = "user.restored"
    USER_DELETED = "user.deleted"
    USER_EXPORTED = "user.exported"
    USER_DELETION_ASKED = "user.deletion_asked"
    USER_DELETION_TAKEN_BACK = "user.deletion_taken_back"
    PASSWORD_RESET = "user.password_reset"
    SESSIONS_ENDED = "user.sessions_ended"
    SHOP_SUSPENDED = "shop.suspended"
    SHOP_RESTORED = "shop.restored"
    QUEUE_CHANGED = "queue.changed"
    TASK_CANCELLED = "task.cancelled"
    TASK_RETRIED = "task.retried"


LOOKS = (
    Action.WALL_WATCHED,
    Action.CONVERSATION_OPENED,
    Action.CONVERSATION_CAUGHT_UP,
    Action.MESSAGES_SEARCHED,
    Action.CONTACT_OPENED,
)
"""What a shop's owner is told of: somebody read, or could read, what was said."""


class AuditEntry(SQLModel, table=True):
    """One act of one admin. No foreign keys: an entry outlives whom and what it is about."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        sa.Index("ix_audit_entries_actor_id", "actor_id", "id"),
        sa.Index("ix_audit_entries_merchant_id", "merchant_id", "id"),
        sa.Index("ix_audit_entries_subject", "subject_id", "id"),
        sa.Index("ix_audit_entries_action", "action", "id"),
        sa.Index("ix_audit_entries_at", "at"),
    )

    id: Id = id_column()
    actor_id: str = Field(max_length=50)
    action: str = Field(max_length=40)
    subject_kind: str = Field(default="", max_length=20)
    subject_id: str = Field(default="", max_length=50)
    merchant_id: str | None = Field(default=None, max_length=50)
    """The shop that it concerns; none for what concerns all or no shop."""
    ip: str = Field(default="", max_length=45)
    at: int = time_column(default_factory=now)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False))
    once_key: str | None = Field(default=None, max_length=200, unique=True, exclude=True)
    """For looks: who, what and which ten minutes, so that a page of messages more is no look more."""
