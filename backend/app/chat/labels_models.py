"""The labels of a shop: a name, a colour, what it stands for. Conversations bear them by name."""

from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.chat.models import Shape
from app.kernel.clock import now
from app.kernel.models import Id, UserId, id_column, time_column

MAX_NAME = 40
MAX_DESCRIPTION = 200


class LabelColor(StrEnum):
    """The classes of `components/chip.css`: each keeps 4.5:1 in both themes."""

    GREY = "grey"
    JADE = "jade"
    AMBER = "amber"
    BLUE = "blue"
    VIOLET = "violet"
    ROSE = "rose"


class Label(SQLModel, table=True):
    """A label that a shop has. One that is typed for the first time becomes a grey one."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("merchant_id", "name"),)

    id: Id = id_column()
    merchant_id: UserId = Field(foreign_key="users.id", ondelete="CASCADE", max_length=50)
    name: str = Field(max_length=MAX_NAME)
    color: str = Field(default=LabelColor.GREY, max_length=10)
    description: str = Field(default="", max_length=MAX_DESCRIPTION)
    created_at: int = time_column(default_factory=now)
    updated_at: int = time_column(default_factory=now)


class LabelPublic(Shape):
    """A label, and how many conversations bear it."""

    id: Id
    name: str
    color: LabelColor
    description: str
    conversations: int
    created_at: int
    updated_at: int
