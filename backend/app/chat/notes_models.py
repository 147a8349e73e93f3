"""Private notes: what the merchant's side writes beside the messages."""

from sqlalchemy import BigInteger, Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

from app.chat.models import Shape
from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column


class Note(SQLModel, table=True):
    """A private note of the merchant's side. No message: it takes no seq, and stands after `after_seq`."""

    __tablename__ = "notes"

    id: Id = id_column()
    conversation_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id"), nullable=False, index=True)
    )
    author_id: str = Field(max_length=50, foreign_key="users.id")
    content: str = Field(sa_type=Text)
    after_seq: int
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class NotePublic(Shape):
    id: Id
    conversation_id: Id
    author_id: UserId
    content: str
    mentions: list[UserId] = []
    after_seq: int
    created_at: int
    updated_at: int
