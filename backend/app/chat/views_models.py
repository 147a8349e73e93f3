"""Saved views of the list: filters and an order under a name, a person's own or the team's."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, Column
from sqlmodel import Field as TableField
from sqlmodel import SQLModel

from app.chat.drafts import Storable
from app.chat.models import Channel, Priority, Shape, Status
from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column

MAX_WAITING_MINUTES = 527_040  # a year
MAX_NAME = 60  # characters

Sort = Literal["activity", "waiting", "created", "priority"]
Order = Literal["desc", "asc"]


class ViewFilters(BaseModel):
    """What a list is narrowed to; everything is optional, and what is named must all be so."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "open", "label": ["VIP"], "unread": True}]})

    status: Status | None = None
    assignee: str | None = Field(default=None, max_length=50)
    """A user id, `me`, or `none`."""
    label: list[Storable] = Field(default=[], max_length=10)
    """All of them."""
    channel: Channel | None = None
    priority: list[Priority] = Field(default=[], max_length=len(Priority))
    """Any of them."""
    unread: bool | None = None
    waiting_minutes: int | None = Field(default=None, ge=0, le=MAX_WAITING_MINUTES)
    """The buyer has waited for an answer at least that long."""


class View(SQLModel, table=True):
    """A list that somebody comes back to."""

    __tablename__ = "views"

    id: Id = id_column()
    merchant_id: str = TableField(max_length=50, foreign_key="users.id", ondelete="CASCADE", index=True)
    user_id: str = TableField(max_length=50, foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str = TableField(max_length=MAX_NAME)
    is_shared: bool = False
    filters: dict[str, Any] = TableField(default_factory=dict, sa_column=Column(JSON, nullable=False))
    sort: str = TableField(default="activity", max_length=20)
    order: str = TableField(default="desc", max_length=4)
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class ViewPublic(Shape):
    """`can_change`: the caller may rename, share and delete it."""

    id: Id
    user_id: UserId
    name: str
    is_shared: bool
    filters: ViewFilters
    sort: Sort
    order: Order
    can_change: bool
    created_at: int
    updated_at: int
