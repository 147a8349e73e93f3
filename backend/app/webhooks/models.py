"""Outgoing webhooks: where a shop listens, what happened, and how every delivery went."""

from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.chat.models import Status
from app.kernel.clock import now
from app.kernel.models import Id, UserId, child_of, id_column, time_column, words

MAX_URL = 1000
MAX_ANSWER = 1024  # bytes of an answer that the log keeps


class DeliveryStatus(StrEnum):
    """`pending` until one of the others: answered with 2xx, given up after the last retry, or never to be sent

    because its endpoint was off. A replay makes each of them pending again.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"


class DisabledReason(StrEnum):
    """Why an endpoint is off."""

    OWNER = "owner"
    FAILING = "failing"
    GONE = "gone"
    SECRET = "secret"


class WebhookEndpoint(SQLModel, table=True):
    """An address of a shop's own systems. Its row is the lock of everything that is decided about its deliveries."""

    __tablename__ = "webhook_endpoints"

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", index=True, max_length=50)
    url: str = Field(max_length=MAX_URL)
    description: str = Field(default="", max_length=200)
    event_types: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sealed_secret: str = Field(sa_type=Text, exclude=True)
    sealed_old_secret: str | None = Field(default=None, sa_type=Text, exclude=True)
    """Signs too until `old_secret_until`, so that a receiver may change over when it likes."""
    old_secret_until: int | None = time_column(default=None)
    is_enabled: bool = True
    disabled_reason: DisabledReason | None = Field(default=None, sa_column=Column(words(DisabledReason)))
    disabled_at: int | None = time_column(default=None)
    failing_since: int | None = time_column(default=None)
    """Since when nothing was delivered although it was tried."""
    rest_until: int | None = time_column(default=None)
    """The receiver asked for a pause."""
    last_delivered_at: int | None = time_column(default=None)
    last_milliseconds: int = 0
    """How long the newest attempt took."""
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class WebhookMark(SQLModel, table=True):
    """How far a conversation has been told: the outbox. Its row is locked by whoever adds events of the conversation,

    so that their sequence is the order in which things happened.

    No foreign key: PostgreSQL checks it again when a transaction updates the row a second time, and waits for the
    conversation's row, whose holder may be waiting for this one.
    """

    __tablename__ = "webhook_marks"

    conversation_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    message_seq: int = 0
    """The last message that was told or is not to be told."""
    sequence: int = 0
    """Of the conversation's newest event."""
    status: Status = Field(default=Status.OPEN, sa_column=Column(words(Status), nullable=False))
    """As last told; a buyer's message opens a conversation without an event of its own."""
    unspread_from: int | None = Field(default=None, index=True)
    """The sequence of the first event that has no deliveries yet."""


class WebhookEvent(SQLModel, table=True):
    """Something that happened, as it is sent: `body` is signed byte by byte, so it is kept as text.

    No foreign key to the conversation: its check would lock the row that every message updates.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("conversation_id", "sequence"),
        UniqueConstraint("conversation_id", "message_seq"),
        Index("ix_webhook_events_created_at", "created_at"),
    )

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", index=True, max_length=50)
    event_type: str = Field(max_length=60)
    conversation_id: int | None = Field(default=None, sa_type=BigInteger)
    sequence: int
    message_seq: int | None = None
    """Makes a second event of the same message impossible."""
    body: str = Field(sa_type=Text)
    created_at: int = time_column(default_factory=now)


class WebhookDelivery(SQLModel, table=True):
    """One event for one endpoint. In a lane (one conversation) only the first that is pending has a `next_at`."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        Index("ix_webhook_deliveries_due", "endpoint_id", "next_at"),
        Index("ix_webhook_deliveries_lane", "endpoint_id", "status", "lane", "sequence"),
        Index("ix_webhook_deliveries_newest", "endpoint_id", "id"),
    )

    id: Id = id_column()
    event_id: Id = Field(sa_column=child_of("webhook_events"))
    endpoint_id: Id = Field(sa_column=child_of("webhook_endpoints"))
    lane: int = Field(sa_type=BigInteger)
    sequence: int
    status: DeliveryStatus = Field(
        default=DeliveryStatus.PENDING, sa_column=Column(words(DeliveryStatus), nullable=False)
    )
    tries: int = 0
    """Since it became pending."""
    next_at: int | None = time_column(default=None)
    ended_at: int | None = time_column(default=None)
    created_at: int = time_column(default_factory=now)


class WebhookAttempt(SQLModel, table=True):
    """One request and what came of it. Append-only."""

    __tablename__ = "webhook_attempts"

    id: Id = id_column()
    delivery_id: Id = Field(sa_column=child_of("webhook_deliveries", index=True))
    at: int = time_column(default_factory=now)
    status_code: int | None = None
    milliseconds: int
    error: str | None = Field(default=None, max_length=40)
    """A word of `sender.Trouble`; none for a success."""
    address: str = Field(default="", max_length=45)
    """Where the host's name led."""
    answer: str = Field(default="", sa_type=Text)
    """The beginning of the answer's body."""
