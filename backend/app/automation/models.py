"""Rules of a shop, and what each did: one row for each (rule, conversation, trigger), so that none acts twice."""

from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.models import Id, UserId, child_of, id_column, time_column

MAX_NAME = 80
MAX_TRIGGER = 80


class AutomationRule(SQLModel, table=True):
    """When something happens and some things are so, do this. `position` orders the rules of a shop."""

    __tablename__ = "automation_rules"
    __table_args__ = (
        Index("ix_automation_rules_shop", "merchant_id", "position"),
        Index("ix_automation_rules_event", "event", "is_enabled"),
    )

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", max_length=50)
    name: str = Field(default="", max_length=MAX_NAME)
    event: str = Field(max_length=30)
    changes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Of `conversation_updated`: which changes count."""
    waiting_minutes: int = 0
    """Of `waiting`."""
    match: str = Field(default="all", max_length=10)
    conditions: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    actions: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    stops: bool = False
    is_enabled: bool = True
    enabled_at: int = time_column(default_factory=now)
    """What happened before is none of its business."""
    position: int = 0
    runs: int = 0
    last_run_at: int | None = time_column(default=None)
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class AutomationRun(SQLModel, table=True):
    """A rule has looked at a trigger. Without a match only waiting rules leave a row, so that they look once.

    `done`: each action with what came of it. Without `finished_at` a reply is still to be sent.
    """

    __tablename__ = "automation_runs"
    __table_args__ = (
        UniqueConstraint("rule_id", "conversation_id", "trigger"),
        Index("ix_automation_runs_shop", "merchant_id", "id"),
        Index("ix_automation_runs_unfinished", "finished_at", "created_at"),
    )

    id: Id = id_column()
    rule_id: Id = Field(sa_column=child_of("automation_rules"))
    conversation_id: Id = Field(sa_column=child_of("conversations", index=True))
    merchant_id: UserId = Field(max_length=50)
    trigger: str = Field(max_length=MAX_TRIGGER)
    """`message:<seq>`, `created`, `changed:<actor>:<second>`, `waiting:<since>`."""
    is_match: bool = True
    done: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: int = time_column(default_factory=now)
    finished_at: int | None = time_column(default=None)
