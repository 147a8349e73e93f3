"""What stands beside a thread for one person alone: unsent text, and notes that name a colleague."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from app.chat.models import AttachmentPublic, Shape
from app.kernel.clock import now
from app.kernel.models import Id, UserId, time_column


class Mode(StrEnum):
    """What a composer writes."""

    REPLY = "reply"
    NOTE = "note"


class ComposerDraft(SQLModel, table=True):
    """Text that somebody began and has not sent. Nobody else ever sees it."""

    __tablename__ = "composer_drafts"

    user_id: str = Field(primary_key=True, max_length=50, foreign_key="users.id", ondelete="CASCADE")
    conversation_id: Id = Field(
        sa_column=Column(
            BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    mode: str = Field(primary_key=True, max_length=10)
    content: str = Field(sa_type=Text)
    updated_at: int = time_column(default_factory=now)


class NoteMention(SQLModel, table=True):
    """A note names a colleague, who has seen it since `seen_at`."""

    __tablename__ = "note_mentions"
    __table_args__ = (Index("ix_note_mentions_user_seen", "user_id", "seen_at"),)

    note_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    user_id: str = Field(primary_key=True, max_length=50, foreign_key="users.id", ondelete="CASCADE")
    conversation_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    seen_at: int | None = time_column(default=None)
    created_at: int = time_column(default_factory=now)


class UnsentText(Shape):
    """What stands in one mode of a composer. Times are seconds since the epoch."""

    content: str
    updated_at: int


class ComposerDraftPublic(Shape):
    """The caller's own unsent text in a conversation, for each mode."""

    reply: UnsentText | None = None
    note: UnsentText | None = None


class SharedFile(Shape):
    """A file of a conversation, and the message that shows it."""

    seq: int
    sender_id: UserId
    created_at: int
    attachment: AttachmentPublic


class MentionPublic(Shape):
    """A note that names the caller and was not seen yet."""

    conversation_id: Id
    note_id: Id
    author_id: UserId
    created_at: int
