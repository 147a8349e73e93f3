"""From what happened in a conversation to events and deliveries, exactly once and in order.

Events are made under the lock of the conversation's mark, which is the outbox: messages are found by their gap-free
seq, so nothing is told twice and nothing left out, whatever dies when. Deliveries are made by the relay only, because
they need the locks of endpoints, and nobody who changes a conversation should wait for those.
The lock order is always: conversation (by the chat), mark, endpoints.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.chat import shapes
from app.chat.models import Conversation, ConversationPublic, Message, Status
from app.kernel.clock import now
from app.kernel.config import Settings
from app.kernel.db import settings_in
from app.kernel.identity import Identity, Role
from app.kernel.ids import new_id
from app.kernel.sql import upsert
from app.webhooks import envelopes, lanes, listening
from app.webhooks.event_types import AUTOMATION_TRIGGERED, CONVERSATION_CREATED, CONVERSATION_UPDATED, MESSAGE_CREATED
from app.webhooks.models import WebhookEndpoint, WebhookEvent, WebhookMark

MAX_AGE_SECONDS = 7 * 86_400  # an older message is history (an import), not news
CHUNK = 100  # messages of one unit of work; on SQLite the senders wait meanwhile
_PLATFORM = Identity("", Role.PLATFORM, None, 0)  # sees a conversation as the shop does


@dataclass(slots=True)
class Story:
    """What is added to one conversation in this unit of work."""

    settings: Settings
    mark: WebhookMark
    merchant_id: str
    endpoints: Sequence[WebhookEndpoint]
    events: list[WebhookEvent] = field(default_factory=list)

    def wants(self, event_type: str) -> bool:
        """Whether somebody listens to it."""
        return any(event_type in endpoint.event_types for endpoint in self.endpoints)

    def add(self, event_type: str, at: int, data: dict[str, Any], message_seq: int | None = None) -> None:
        """One event more, the next in the conversation's sequence."""
        if not self.wants(event_type):
            return
        self.mark.sequence += 1
        event_id, number = new_id(), self.mark.conversation_id
        data = {"sequence": self.mark.sequence} | data

        def pack() -> bytes:
            subject = f"conversations/{number}"
            return envelopes.envelope(self.settings, event_id, event_type, self.merchant_id, subject, at, data)

        body = pack()
        if "message" in data:
            body = envelopes.cut(body, data["message"], pack)
        self.events.append(
            WebhookEvent(
                id=event_id, merchant_id=self.merchant_id, event_type=event_type, conversation_id=number,
                sequence=self.mark.sequence, message_seq=message_seq, body=body.decode(), created_at=now(),
            )
        )  # fmt: skip


async def relay(session: AsyncSession, conversation_ids: set[int]) -> set[int]:
    """Make events of the messages after the marks, and deliveries of every event that has none. A unit of work of its

    own, in a fixed number of statements for each endpoint; answers the conversations of which there may be more.
    """
    rows = await session.exec(
        select(Conversation.id, Conversation.merchant_id).where(col(Conversation.id).in_(conversation_ids))
    )
    shops: dict[int, str] = dict(rows.all())
    marks = await _marks(session, sorted(shops))
    endpoints = await listening.lock(session, set(shops.values()))
    stories = [
        Story(settings_in(session), mark, shops[number], [one for one in endpoints if one.merchant_id == shops[number]])
        for number, mark in marks.items()
    ]
    reached = {number: mark.message_seq for number, mark in marks.items()}
    is_cut = await _tell_messages(session, stories) == CHUNK
    behind = await _tell_of_statuses(session, stories)
    await _store(session, stories)
    await _spread(session, stories, endpoints)
    # Who is behind and did not move either got a message just now, which is noted by itself, or has a hole.
    return {number for number in behind if is_cut or marks[number].message_seq > reached[number]}


async def tell_conversation(session: AsyncSession, conversation: ConversationPublic, event_type: str) -> None:
    """Make an event of a new or changed conversation, in the transaction of the change.

    The conversation's row is locked by the change, so every message before it can be seen: they are told first.
    """
    endpoints = await listening.of(session, {conversation.merchant_id})
    if not endpoints:
        return
    mark = (await _marks(session, [conversation.id]))[conversation.id]
    story = Story(settings_in(session), mark, conversation.merchant_id, endpoints)
    while mark.message_seq < conversation.last_seq and await _tell_messages(session, [story]):
        pass
    data = _changed(conversation, mark.status)
    if event_type == CONVERSATION_CREATED:
        data = {"conversation": data["conversation"]}
    mark.status = conversation.status
    story.add(event_type, conversation.updated_at, data)
    await _store(session, [story])


async def tell_of_rule(session: AsyncSession, conversation: ConversationPublic, at: int, rule: dict[str, Any]) -> bool:
    """A rule of the shop sends an event about a conversation whose row is locked; False when nobody listens."""
    endpoints = await listening.of(session, {conversation.merchant_id})
    if not any(AUTOMATION_TRIGGERED in endpoint.event_types for endpoint in endpoints):
        return False
    mark = (await _marks(session, [conversation.id]))[conversation.id]
    story = Story(settings_in(session), mark, conversation.merchant_id, endpoints)
    while mark.message_seq < conversation.last_seq and await _tell_messages(session, [story]):
        pass
    story.add(AUTOMATION_TRIGGERED, at, {"rule": rule, "conversation": envelopes.conversation(conversation)})
    await _store(session, [story])
    return True


async def _marks(session: AsyncSession, conversation_ids: list[int]) -> dict[int, WebhookMark]:
    """The marks, locked in the order of their conversations; they are made where there are none."""
    if not conversation_ids:
        return {}
    number = col(WebhookMark.conversation_id)
    query = select(WebhookMark).where(number.in_(conversation_ids)).order_by(number)
    query = query.with_for_update().execution_options(populate_existing=True)
    found = {mark.conversation_id: mark for mark in (await session.exec(query)).all()}
    missing = [
        {"conversation_id": one, "message_seq": 0, "sequence": 0, "status": Status.OPEN}
        for one in conversation_ids
        if one not in found
    ]
    if not missing:
        return found
    await upsert(session, WebhookMark, missing, key=["conversation_id"], update=[])
    return {mark.conversation_id: mark for mark in (await session.exec(query)).all()}


async def _tell_messages(session: AsyncSession, stories: list[Story]) -> int:
    """The next messages after the marks, not too many in all; says how many they were."""
    by_conversation = {story.mark.conversation_id: story for story in stories}
    number, seq = col(Message.conversation_id), col(Message.seq)
    after = [and_(number == each, seq > story.mark.message_seq) for each, story in by_conversation.items()]
    if not after:
        return 0
    query = select(Message).where(or_(*after)).order_by(number, seq).limit(CHUNK)
    messages = (await session.exec(query)).all()
    for message in messages:
        story = by_conversation[message.conversation_id]
        if message.created_at >= now() - MAX_AGE_SECONDS:
            data = {"message": envelopes.message(story.settings, message)}
            story.add(MESSAGE_CREATED, message.created_at, data, message.seq)
        story.mark.message_seq = message.seq
    return len(messages)


async def _tell_of_statuses(session: AsyncSession, stories: list[Story]) -> set[int]:
    """A message of the buyer opens a conversation that was resolved or asleep, and the chat emits nothing for it.

    Answers the conversations with messages that were not told: their status may be of a later time. Stories of
    conversations that are no more leave the list.
    """
    numbers = [story.mark.conversation_id for story in stories]
    query = select(Conversation.id, Conversation.last_seq, Conversation.status).where(col(Conversation.id).in_(numbers))
    standing = {number: (last_seq, Status(status)) for number, last_seq, status in (await session.exec(query)).all()}
    stories[:] = [story for story in stories if story.mark.conversation_id in standing]  # the rest was deleted just now
    told = [story for story in stories if story.mark.message_seq >= standing[story.mark.conversation_id][0]]
    changed = {
        story.mark.conversation_id: story
        for story in told
        if story.mark.status != standing[story.mark.conversation_id][1]
    }
    if any(story.wants(CONVERSATION_UPDATED) for story in changed.values()):
        rows = await shapes.rows_of(session, shapes.with_people(col(Conversation.id).in_(changed)))
        for public in await shapes.public(session, _PLATFORM, rows):
            story = changed[public.id]
            story.add(CONVERSATION_UPDATED, public.updated_at, _changed(public, story.mark.status))
    for number, story in changed.items():
        story.mark.status = standing[number][1]
    return set(standing) - {story.mark.conversation_id for story in told}


def _changed(public: ConversationPublic, previous: Status) -> dict[str, Any]:
    return {
        "conversation": envelopes.conversation(public),
        "is_status_new": public.status != previous,
        "previous_status": str(previous),
    }


async def _store(session: AsyncSession, stories: list[Story]) -> None:
    for story in stories:
        if story.events and story.mark.unspread_from is None:
            story.mark.unspread_from = story.events[0].sequence
        session.add_all(story.events)
    await session.flush()


async def _spread(session: AsyncSession, stories: list[Story], endpoints: Sequence[WebhookEndpoint]) -> None:
    """One delivery of each event that has none for every endpoint that listens to it."""
    number, sequence = col(WebhookEvent.conversation_id), col(WebhookEvent.sequence)
    waiting = [story.mark for story in stories if story.mark.unspread_from is not None]
    if not waiting:
        return
    has_none = (and_(number == mark.conversation_id, sequence >= mark.unspread_from) for mark in waiting)
    events = (await session.exec(select(WebhookEvent).where(or_(*has_none)).order_by(number, sequence))).all()
    for endpoint in endpoints:
        wanted: dict[int, list[WebhookEvent]] = {}
        for event in events:
            is_its = event.merchant_id == endpoint.merchant_id and event.event_type in endpoint.event_types
            if is_its and event.conversation_id is not None:
                wanted.setdefault(event.conversation_id, []).append(event)
        await lanes.add(session, endpoint, wanted, now())
    for mark in waiting:
        mark.unspread_from = None
    await session.flush()
