"""One change to many conversations: each gets its own activities and events, all of them a fixed number of statements.

The rules are those of `conversations.change`.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import inspect
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.access import shop_of
from app.chat import access, activities, conversations, labels, read_marks, shapes
from app.chat.drafts import Storable, invalid
from app.chat.events import ActivityHappened, ConversationChanged, MarkedUnread
from app.chat.labels_models import MAX_NAME
from app.chat.models import (
    Activity,
    ActivityPublic,
    Conversation,
    ConversationLabel,
    ConversationPublic,
    Priority,
    Status,
)
from app.kernel import events
from app.kernel.clock import now
from app.kernel.db import moment
from app.kernel.events import Event
from app.kernel.identity import Identity
from app.kernel.models import MAX_BIGINT, Id

MAX_CONVERSATIONS = 100
MAX_LABELS = 20  # of one conversation
Name = Annotated[Storable, Field(min_length=1, max_length=MAX_NAME)]


class BulkChange(BaseModel):
    """What is done to each; absent fields stay. `read` false moves the shop's read mark back."""

    status: Status = Status.OPEN
    assignee_id: str | None = Field(default=None, max_length=50)
    priority: Priority = Priority.NORMAL
    add_labels: list[Name] = Field(default=[], max_length=MAX_LABELS)
    remove_labels: list[Name] = Field(default=[], max_length=MAX_LABELS)
    snoozed_until: int | None = Field(default=None, ge=0)
    read: bool | None = None


class BulkRequest(BaseModel):
    """At most 100 conversations and one change for all of them."""

    ids: list[Annotated[Id, Field(ge=1, le=MAX_BIGINT)]] = Field(min_length=1, max_length=MAX_CONVERSATIONS)
    change: BulkChange


class BulkResult(BaseModel):
    """The conversations as they are now, in the order asked for. `unknown`: no such conversation, or not the shop's."""

    results: list[ConversationPublic]
    unknown: list[Id]


async def change(session: AsyncSession, me: Identity, asked: BulkRequest) -> BulkResult:
    """Change what is named in each; what is so already stays untold. Merchant's side only."""
    wanted = list(dict.fromkeys(asked.ids))
    mine = select(Conversation).where(col(Conversation.id).in_(wanted), access.seen_by(me))
    rows = (await session.exec(mine.order_by(col(Conversation.id)).with_for_update())).all()
    values = asked.change.model_dump(exclude_unset=True, include={"status", "assignee_id", "priority", "snoozed_until"})
    if "assignee_id" in values:
        await conversations.check_assignee(session, shop_of(me), values["assignee_id"])
    conversations.check_snooze(values)
    with session.no_autoflush:
        said = _set(rows, values)
        for row_id, lines in (await _label(session, rows, asked.change)).items():
            said.setdefault(row_id, []).extend(lines)
        read = read_marks.move_to_end(rows) if asked.change.read else []
        moved_back = await read_marks.move_back(session, rows) if asked.change.read is False else []
    _write_alike(rows)
    noted = await _note(session, me, rows, said)
    shown = await _shown(session, me, rows)
    changed = [
        ConversationChanged(conversation=shown[row.id], is_status_new="status" in values)
        for row in rows
        if row.id in said
    ]
    unread = [MarkedUnread(conversation=shown[row.id]) for row in moved_back if row.id not in said]
    happened: list[Event] = [*noted, *read, *changed, *unread]
    for event in happened:
        await events.emit(session, event)
    return BulkResult(
        results=[shown[number] for number in wanted if number in shown],
        unknown=[number for number in wanted if number not in shown],
    )


Lines = dict[int, list[tuple[str, str | None]]]
"""Conversation id → kind and value of its new activities; none for one that only sleeps longer."""


def _set(rows: Sequence[Conversation], values: dict[str, Any]) -> Lines:
    said: Lines = {}
    for row in rows:
        if all(getattr(row, name) == value for name, value in values.items()):
            continue
        said[row.id] = activities.lines_of(row, values)
        row.sqlmodel_update(conversations.with_consequences(values) | {"updated_at": now()})
    return said


def _write_alike(rows: Sequence[Conversation]) -> None:
    """One UPDATE for all: the unit of work makes one for each run of rows in which the same columns are new."""
    touched = [row for row in rows if inspect(row).modified]
    names = {name for row in touched for name in inspect(row).committed_state}
    for row in touched:
        for name in names:
            flag_modified(row, name)


async def _label(session: AsyncSession, rows: Sequence[Conversation], change: BulkChange) -> Lines:
    """Labels that come and go. Locked rows: nobody else changes their labels meanwhile."""
    adding = {labels.checked_name(name) for name in change.add_labels}
    removing = {labels.checked_name(name) for name in change.remove_labels} - adding
    if not rows or not (adding or removing):
        return {}
    if adding:
        await labels.know(session, rows[0].merchant_id, adding)
    ids = [row.id for row in rows]
    there = {number: set(names) for number, names in (await labels.of(session, ids)).items()}
    said: Lines = {}
    for row in rows:
        has = there.get(row.id, set())
        if len(has - removing | adding) > MAX_LABELS:
            raise invalid("labels", "A conversation has at most {max} labels.", max=MAX_LABELS)
        gone, new = sorted(has & removing), sorted(adding - has)
        session.add_all(ConversationLabel(conversation_id=row.id, name=name) for name in new)
        if gone or new:
            said[row.id] = [*(("unlabelled", name) for name in gone), *(("labelled", name) for name in new)]
            row.updated_at = now()
    if removing:
        which = (col(ConversationLabel.conversation_id).in_(ids), col(ConversationLabel.name).in_(removing))
        await session.exec(delete(ConversationLabel).where(*which))
    return said


async def _note(session: AsyncSession, me: Identity, rows: Sequence[Conversation], said: Lines) -> list[Event]:
    """The activities, in one statement."""
    written = [
        (
            row.merchant_id,
            Activity(
                conversation_id=row.id,
                actor_id=me.user_id,
                kind=kind,
                value=value,
                after_seq=row.last_seq,
                created_at=moment(session),
            ),
        )
        for row in rows
        for kind, value in said.get(row.id, ())
    ]
    session.add_all(activity for _, activity in written)
    await session.flush()
    return [
        ActivityHappened(merchant_id=shop, activity=ActivityPublic.model_validate(activity))
        for shop, activity in written
    ]


async def _shown(session: AsyncSession, me: Identity, rows: Sequence[Conversation]) -> dict[int, ConversationPublic]:
    query = shapes.with_people(col(Conversation.id).in_([row.id for row in rows]))
    public = await shapes.public(session, me, await shapes.rows_of(session, query)) if rows else []
    return {conversation.id: conversation for conversation in public}
