"""What a buyer thought of a conversation that has ended: one rating each, 1 to 5, with a word if they like."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import access, activities, contacts_buyers
from app.chat.drafts import Storable
from app.chat.models import Status
from app.kernel.clock import now
from app.kernel.errors import Conflict
from app.kernel.identity import Identity
from app.kernel.models import Id, UserId, id_column, time_column

MAX_COMMENT = 1000  # characters


class Rating(SQLModel, table=True):
    """No foreign keys to people: a rating of a shop outlives who gave it, and who was in charge."""

    __tablename__ = "ratings"
    __table_args__ = (Index("ix_ratings_merchant_id_created_at", "merchant_id", "created_at"),)

    id: Id = id_column()
    conversation_id: Id = Field(
        sa_column=Column(BigInteger, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
    merchant_id: str = Field(max_length=50)
    customer_id: str = Field(max_length=50, index=True)
    agent_id: str | None = Field(default=None, max_length=50)
    """Who was in charge when it was given."""
    score: int
    comment: str = Field(default="", sa_type=Text)
    created_at: int = time_column(default_factory=now)


class RatingCreate(BaseModel):
    """1 very bad … 5 very good."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"score": 5, "comment": "回复很快"}]})

    score: int = Field(ge=1, le=5)
    comment: Annotated[Storable, AfterValidator(str.strip)] = Field(default="", max_length=MAX_COMMENT)


class RatingPublic(BaseModel):
    """A rating as both sides see it."""

    model_config = ConfigDict(from_attributes=True)

    conversation_id: Id
    customer_id: UserId
    agent_id: UserId | None
    score: int
    comment: str
    created_at: int


async def of_conversation(session: AsyncSession, me: Identity, conversation_id: int) -> RatingPublic | None:
    """The rating of a conversation that `me` sees; None before there is one. Who was rated is not told to buyers."""
    await access.conversation(session, me, conversation_id)
    row = (await session.exec(select(Rating).where(Rating.conversation_id == conversation_id))).first()
    return _public(me, row) if row else None


async def give(session: AsyncSession, me: Identity, conversation_id: int, draft: RatingCreate) -> RatingPublic:
    """The buyer's word on a conversation that is resolved. 409 before its end and for a second, 403 when blocked."""
    row = await access.conversation(session, me, conversation_id, lock=True)
    await contacts_buyers.check_not_blocked(session, me, row.merchant_id)
    if row.status is not Status.RESOLVED:
        raise Conflict("not_resolved", "This conversation has not ended yet.")
    rating = Rating(
        conversation_id=row.id, merchant_id=row.merchant_id, customer_id=me.user_id, agent_id=row.assignee_id,
        **draft.model_dump(),
    )  # fmt: skip
    try:
        async with session.begin_nested():
            session.add(rating)
            await session.flush()
    except IntegrityError as error:
        raise Conflict("rated_already", "You have rated this conversation already. Thank you!") from error
    await activities.record(session, me, row, "rated", str(draft.score))
    return _public(me, rating)


def _public(me: Identity, row: Rating) -> RatingPublic:
    shown = RatingPublic.model_validate(row)
    return shown.model_copy(update={"agent_id": None}) if access.side_of(me) == access.CUSTOMER else shown
