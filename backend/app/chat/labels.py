"""Labels: a shop has them as rows, conversations bear them by name. What is typed for the first time becomes a row."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.accounts.access import named_shop, owned_shop, shop_of
from app.chat import activities
from app.chat.drafts import Storable
from app.chat.events import LabelsChanged
from app.chat.labels_models import MAX_DESCRIPTION, MAX_NAME, Label, LabelColor, LabelPublic
from app.chat.models import Activity, Conversation, ConversationLabel
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import AppError, Conflict, Invalid, NotFound, read_only
from app.kernel.identity import Identity, Role
from app.kernel.ids import new_id
from app.kernel.paging import Listing
from app.kernel.sql import upsert

MAX_LABELS = 200  # that a shop makes by hand; what is typed in the inbox is never refused


class LabelCreate(BaseModel):
    """A new label."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "退款", "color": "rose", "description": "Wants the money back"}]}
    )

    name: Storable = Field(min_length=1, max_length=MAX_NAME)
    color: LabelColor = LabelColor.GREY
    description: Storable = Field(default="", max_length=MAX_DESCRIPTION)


class LabelChange(BaseModel):
    """Absent fields stay. A new name is the name on every conversation."""

    name: Storable = Field(default="", min_length=1, max_length=MAX_NAME)
    color: LabelColor = LabelColor.GREY
    description: Storable = Field(default="", max_length=MAX_DESCRIPTION)


async def of(session: AsyncSession, conversation_ids: Sequence[int]) -> dict[int, list[str]]:
    """Conversation id → its labels in alphabetical order."""
    query = select(ConversationLabel).where(col(ConversationLabel.conversation_id).in_(conversation_ids))
    named: dict[int, list[str]] = {}
    for label in await session.exec(query.order_by(col(ConversationLabel.name))):
        named.setdefault(label.conversation_id, []).append(label.name)
    return named


async def replace(
    session: AsyncSession, me: Identity, conversation: Conversation, names: list[str], actor: Identity | None = None
) -> None:
    """Make `names` the conversation's labels; each that comes or goes leaves an activity in the name of `actor`."""
    wanted = {checked_name(name) for name in names}
    existing = set((await of(session, [conversation.id])).get(conversation.id, []))
    gone, new = existing - wanted, wanted - existing
    if gone:
        mine = col(ConversationLabel.conversation_id) == conversation.id
        await session.exec(delete(ConversationLabel).where(mine, col(ConversationLabel.name).in_(gone)))
    if new:
        await know(session, conversation.merchant_id, new)
    session.add_all(ConversationLabel(conversation_id=conversation.id, name=name) for name in new)
    await session.flush()
    for name in sorted(gone):
        await activities.record(session, actor or me, conversation, "unlabelled", name)
    for name in sorted(new):
        await activities.record(session, actor or me, conversation, "labelled", name)


def checked_name(name: str) -> str:
    """Trimmed; 422 for what is no name."""
    found = name.strip()
    if not 0 < len(found) <= MAX_NAME:
        raise AppError(422, "invalid_labels", "A label has 1 to {max} characters.", max=MAX_NAME)
    return found


async def shown(session: AsyncSession, me: Identity, merchant_id: str | None = None) -> Listing[LabelPublic]:
    """The labels of the caller's shop by name, with how many conversations bear each; admins name the shop."""
    shop = await named_shop(session, me, merchant_id)
    rows = (await session.exec(select(Label).where(Label.merchant_id == shop).order_by(col(Label.name)))).all()
    counted = (
        select(ConversationLabel.name, func.count())
        .join(Conversation, col(Conversation.id) == col(ConversationLabel.conversation_id))
        .where(Conversation.merchant_id == shop)
        .group_by(col(ConversationLabel.name))
    )
    counts: dict[str, int] = dict((await session.exec(counted)).all())
    results = [_public(row, counts.get(row.name, 0)) for row in rows]
    return Listing(count=len(results), results=results)


async def colors(session: AsyncSession, me: Identity) -> list[dict[str, str]]:
    """Name and colour of each, for pages that show labels; nothing is counted."""
    return await _colors(session, shop_of(me))


async def create(session: AsyncSession, me: Identity, draft: LabelCreate) -> LabelPublic:
    """A new one. The owner only; 409 for a name that is there."""
    merchant_id = await _own(session, me)
    if (await session.exec(select(func.count()).where(col(Label.merchant_id) == merchant_id))).one() >= MAX_LABELS:
        raise Conflict("too_many_labels", "A shop can have at most {max} labels.", max=MAX_LABELS)
    row = Label(**draft.model_dump() | {"name": checked_name(draft.name), "merchant_id": merchant_id})
    await _store(session, row)
    await _tell(session, merchant_id)
    return _public(row, await _count(session, row))


async def change(session: AsyncSession, me: Identity, label_id: int, wanted: LabelChange) -> LabelPublic:
    """New name, colour or description; the name on every conversation with it. The owner only; 409 for a taken name."""
    row = await _row(session, await _own(session, me), label_id)
    values = wanted.model_dump(exclude_unset=True)
    before = row.name
    if "name" in values:
        values["name"] = checked_name(values["name"])
    row.sqlmodel_update(values | {"updated_at": now()})
    await _store(session, row)
    if row.name != before:
        await _rename(session, row.merchant_id, before, row.name)
    await _tell(session, row.merchant_id)
    return _public(row, await _count(session, row))


async def merge(session: AsyncSession, me: Identity, label_id: int, into_id: int) -> LabelPublic:
    """Every conversation that bears the first bears the second instead, and the first is gone. The owner only."""
    merchant_id = await _own(session, me)
    row, into = await _row(session, merchant_id, label_id), await _row(session, merchant_id, into_id)
    if row.id == into.id:
        raise Invalid("same_label", "Choose another label to merge into.")
    both = select(ConversationLabel.conversation_id).where(
        col(ConversationLabel.name) == into.name, col(ConversationLabel.conversation_id).in_(_talks(merchant_id))
    )
    ids = (await session.exec(both)).all()
    double = (col(ConversationLabel.name) == row.name, col(ConversationLabel.conversation_id).in_(ids))
    await session.exec(delete(ConversationLabel).where(*double))
    await _rename(session, merchant_id, row.name, into.name)
    await session.delete(row)
    await session.flush()
    await _tell(session, merchant_id)
    return _public(into, await _count(session, into))


async def remove(session: AsyncSession, me: Identity, label_id: int) -> None:
    """Delete one, and take it off every conversation. The owner only."""
    row = await _row(session, await _own(session, me), label_id)
    borne = (
        col(ConversationLabel.name) == row.name,
        col(ConversationLabel.conversation_id).in_(_talks(row.merchant_id)),
    )
    await session.exec(delete(ConversationLabel).where(*borne))
    await session.delete(row)
    await session.flush()
    await _tell(session, row.merchant_id)


async def know(session: AsyncSession, merchant_id: str, names: set[str]) -> None:
    """Names that the shop has not had yet become grey labels."""
    at = now()
    grey = {"merchant_id": merchant_id, "color": LabelColor.GREY, "description": "", "created_at": at, "updated_at": at}
    rows = [{"id": new_id(), "name": name} | grey for name in sorted(names)]
    await upsert(session, Label, rows, key=["merchant_id", "name"], update=[])


async def _rename(session: AsyncSession, merchant_id: str, before: str, after: str) -> None:
    """On every conversation, and in what is told of it: a line that names a label nobody finds helps nobody."""
    talks = _talks(merchant_id)
    borne = (col(ConversationLabel.name) == before, col(ConversationLabel.conversation_id).in_(talks))
    await session.exec(update(ConversationLabel).where(*borne).values(name=after))
    told = (col(Activity.kind).in_(("labelled", "unlabelled")), col(Activity.value) == before)
    await session.exec(update(Activity).where(*told, col(Activity.conversation_id).in_(talks)).values(value=after))


async def _colors(session: AsyncSession, merchant_id: str) -> list[dict[str, str]]:
    query = select(Label.name, Label.color).where(Label.merchant_id == merchant_id).order_by(col(Label.name))
    return [{"name": name, "color": color} for name, color in (await session.exec(query)).all()]


async def _tell(session: AsyncSession, merchant_id: str) -> None:
    await events.emit(session, LabelsChanged(merchant_id=merchant_id, labels=await _colors(session, merchant_id)))


def _talks(merchant_id: str) -> SelectOfScalar[int]:
    return select(Conversation.id).where(Conversation.merchant_id == merchant_id)


async def _own(session: AsyncSession, me: Identity) -> str:
    if me.role is Role.ADMIN:
        raise read_only()
    return await owned_shop(session, me)


async def _row(session: AsyncSession, merchant_id: str, label_id: int) -> Label:
    query = select(Label).where(Label.id == label_id, Label.merchant_id == merchant_id).with_for_update()
    row = (await session.exec(query)).first()
    if row is None:
        raise NotFound("label_not_found", "There is no such label.")
    return row


async def _store(session: AsyncSession, row: Label) -> None:
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError as error:
        raise Conflict("label_exists", "There is a label of this name. You can merge the two.") from error


async def _count(session: AsyncSession, row: Label) -> int:
    borne = (
        col(ConversationLabel.name) == row.name,
        col(ConversationLabel.conversation_id).in_(_talks(row.merchant_id)),
    )
    return (await session.exec(select(func.count()).select_from(ConversationLabel).where(*borne))).one()


def _public(row: Label, conversations: int) -> LabelPublic:
    return LabelPublic.model_validate(row.model_dump() | {"conversations": conversations})
