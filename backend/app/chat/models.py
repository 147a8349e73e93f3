"""Tables of conversations and the shapes in which they enter and leave. `seq`, not time, orders a conversation."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, BigInteger, Column, Computed, ForeignKey, Index, Text, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from app.kernel.clock import now
from app.kernel.identity import Role
from app.kernel.models import Id, UserId, id_column, time_column, words
from app.kernel.sql import table_of

MAX_CONTENT = 10_000  # characters of one message, after trimming
MAX_PREVIEW = 200  # characters of a message kept beside its conversation


class Status(StrEnum):
    """Where a conversation stands. `CHANGES` in `conversations.py` says who may move it."""

    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Channel(StrEnum):
    """Where a conversation began: in the frame on the shop's page, on our page for the shop, or over the API."""

    WIDGET = "widget"
    PAGE = "page"
    API = "api"


class MessageType(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    FILE = "file"


class Conversation(SQLModel, table=True):
    """One line of talk between a buyer and a merchant's side."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_merchant_recent", "merchant_id", "last_message_time", "id"),
        Index("ix_conversations_customer_recent", "customer_id", "last_message_time", "id"),
        Index("ix_conversations_recent", "last_message_time", "id"),
        Index("ix_conversations_snoozed", "snoozed_until"),
        Index("ix_conversations_in_charge", "merchant_id", "status", "assignee_id"),
    )

    id: Id = id_column()
    customer_id: str = Field(max_length=50, foreign_key="users.id")
    merchant_id: str = Field(max_length=50, foreign_key="users.id")
    open_key: str | None = Field(default=None, max_length=101, unique=True)
    """`customer:merchant` while it is the one open between the two, else NULL, so that two starts at once make one."""
    status: Status = Field(default=Status.OPEN, sa_column=Column(words(Status), nullable=False))
    assignee_id: str | None = Field(default=None, max_length=50, foreign_key="users.id")
    priority: Priority = Field(default=Priority.NORMAL, sa_column=Column(words(Priority), nullable=False))
    snoozed_until: int | None = time_column(default=None)
    last_seq: int = 0
    last_message: str = Field(default="", sa_type=Text)
    last_message_type: str = Field(default=MessageType.TEXT, max_length=20)
    last_sender_id: str | None = Field(default=None, max_length=50)
    last_message_time: int = time_column(default_factory=now)
    """The creation time until the first message, so that one index sorts all."""
    customer_unread: int = 0
    merchant_unread: int = 0
    customer_read_seq: int = 0
    merchant_read_seq: int = 0
    """May move back, when somebody marks the conversation as unread."""
    merchant_seen_seq: int = 0
    """The furthest that `merchant_read_seq` ever was: what the buyer knows to be read stays read."""
    channel: Channel = Field(default=Channel.API, sa_column=Column(words(Channel), nullable=False))
    waiting_since: int | None = time_column(default=None)
    last_deletion_at: int | None = time_column(default=None)
    """When a message was deleted last: without an index on messages, a sync knows where to look."""
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)
    is_blocked: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """The shop has blocked the buyer. Follows from the contact; here, because the writer looks at this row anyway."""


NOT_WAITING = 2**53 - 1
_PRIORITY_ORDER = (
    "(CASE priority WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END)"
    " * 1099511627776 + last_message_time"
)
# What lists are sorted by: one number each, made by the database itself, so that a page continues by (number, id) on an
# index. No attributes of `Conversation`: the unit of work would have to read them back after every change.
_conversations = table_of(Conversation)
_conversations.append_column(
    Column("waiting_order", BigInteger, Computed(f"COALESCE(waiting_since, {NOT_WAITING})"), nullable=True)
)
_conversations.append_column(Column("priority_order", BigInteger, Computed(_PRIORITY_ORDER), nullable=True))
for _name, _key in (("waiting", "waiting_order"), ("priority", "priority_order"), ("created", "created_at")):
    Index(
        f"ix_conversations_merchant_{_name}",
        _conversations.c.merchant_id,
        _conversations.c[_key],
        _conversations.c.id,
    )


class ConversationLabel(SQLModel, table=True):
    """A label on a conversation: a row for a fact."""

    __tablename__ = "conversation_labels"
    __table_args__ = (Index("ix_conversation_labels_name", "name", "conversation_id"),)

    conversation_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    )
    name: str = Field(max_length=40, primary_key=True)


class Message(SQLModel, table=True):
    """One message. `sender_id` has no foreign key: its check would lock a user's row for every message sent."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation_id", "seq"), UniqueConstraint("conversation_id", "client_id"))

    id: Id = id_column()
    conversation_id: Id = Field(sa_column=Column(BigInteger, ForeignKey("conversations.id"), nullable=False))
    seq: int
    client_id: str = Field(max_length=100)
    sender_id: str = Field(max_length=50)
    sender_role: Role = Field(sa_column=Column(words(Role), nullable=False))
    content: str = Field(sa_type=Text)
    message_type: MessageType = Field(default=MessageType.TEXT, sa_column=Column(words(MessageType), nullable=False))
    attachments: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    reply_to: Id | None = Field(default=None, sa_type=BigInteger)
    created_at: int = time_column(default_factory=now)
    deleted_at: int | None = time_column(default=None)
    """Since when the words and files are gone; the message keeps its place."""


class QuickReply(SQLModel, table=True):
    """A prepared answer: a person's own, or the team's when `is_shared`."""

    __tablename__ = "quick_replies"

    id: Id = id_column()
    user_id: str = Field(max_length=50, foreign_key="users.id", index=True)
    merchant_id: str = Field(max_length=50, foreign_key="users.id", index=True)
    title: str = Field(default="", max_length=80)
    content: str = Field(sa_type=Text)
    is_shared: bool = False
    folder: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})
    uses: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    attachments: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Snapshots of the author's files, as messages have them; `file_uses` keeps the bytes."""
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class Activity(SQLModel, table=True):
    """What the merchant's side did with a conversation: append-only."""

    __tablename__ = "activities"

    id: Id = id_column()
    conversation_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id"), nullable=False, index=True)
    )
    actor_id: str = Field(max_length=50, foreign_key="users.id")
    kind: str = Field(max_length=30)
    """`status`, `assigned`, `unassigned`, `transferred`, `labelled`, `unlabelled`, `priority`."""
    value: str | None = Field(default=None, max_length=100)
    after_seq: int
    created_at: int = time_column(default_factory=now)


class Shape(BaseModel):
    """What leaves. Plain Pydantic: SQLModel's own validation costs three times as much on every row of a page."""

    model_config = ConfigDict(from_attributes=True)


class PersonPublic(Shape):
    """As much of a user as the other side sees."""

    id: UserId
    username: str
    display_name: str
    avatar: str


class AttachmentPublic(Shape):
    """A file in a message; links are absolute."""

    id: str
    url: str
    name: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    thumbnail_url: str | None = None


class ConversationPublic(Shape):
    """A conversation as its participants and admins see it. Times are seconds since the epoch."""

    id: Id
    customer_id: UserId
    merchant_id: UserId
    customer: PersonPublic
    merchant: PersonPublic
    status: Status
    assignee_id: UserId | None
    labels: list[str]
    priority: Priority
    snoozed_until: int | None
    last_seq: int
    last_message: str
    last_message_type: str
    last_sender_id: UserId | None
    last_message_time: int | None
    customer_unread: int
    merchant_unread: int
    customer_read_seq: int
    merchant_read_seq: int
    merchant_seen_seq: int = Field(default=0, exclude=True)
    channel: Channel = Channel.API
    waiting_since: int | None
    created_at: int
    updated_at: int
    is_blocked: bool = False
    """The shop has blocked this buyer, who can read and not write."""
    own_name: str = Field(default="", exclude=True)
    """What the buyer is called without the shop's address book: what the buyer is shown."""


class MessagePublic(Shape):
    """A message. `is_read`: the other side's read mark has reached it."""

    id: Id
    conversation_id: Id
    seq: int
    client_id: str
    sender_id: UserId
    sender_role: Role
    content: str
    message_type: MessageType
    attachments: list[AttachmentPublic]
    reply_to: Id | None
    is_read: bool
    created_at: int
    deleted_at: int | None = None


class QuickReplyPublic(Shape):
    id: Id
    user_id: UserId
    title: str
    content: str
    is_shared: bool
    folder: str
    uses: int
    attachments: list[AttachmentPublic]
    created_at: int
    updated_at: int


class ActivityPublic(Shape):
    id: Id
    conversation_id: Id
    actor_id: UserId
    kind: str
    value: str | None
    after_seq: int
    created_at: int
