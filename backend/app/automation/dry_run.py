"""A rule tried on the last seven days. It reads a bounded part of history and never acts."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts import hours, opening
from app.accounts.models import User
from app.automation import access, facts, rules
from app.automation.replaying import Deed, Hit, Line, Story, replay
from app.automation.shapes import ConditionKind, DryRun, DryRunExample, RuleCreate
from app.automation.triggers import CHANGES
from app.chat import labels
from app.chat.models import Activity, Conversation, Message
from app.kernel.clock import now
from app.kernel.db import settings_in
from app.kernel.identity import Identity

SPAN_SECONDS = 7 * 86_400
MARGIN_SECONDS = 86_400  # who began to wait before the span
MAX_CONVERSATIONS = 1000
MAX_MESSAGES = 20_000
MAX_CHARACTERS = 4_000_000
MAX_ACTIVITIES = 20_000
CHUNK = 2000  # messages of one statement
MAX_EXAMPLES = 20
MAX_PREVIEW = 200  # characters


async def run(session: AsyncSession, me: Identity, rule: RuleCreate) -> DryRun:
    """What the rule would have done, alone, had it stood so for a week. The owner only."""
    merchant_id = await access.own_shop(session, me)
    await rules.check_people(session, merchant_id, rule)
    until = now()
    since = until - SPAN_SECONDS
    stories, is_cut = await _stories(session, merchant_id, rule, since)
    cut_at = await _read_messages(session, stories, since - max(MARGIN_SECONDS, rule.waiting_minutes * 60))
    is_cut |= await _read_activities(session, stories)
    if cut_at is not None:
        since, is_cut = max(since, cut_at), True
    is_open = await _opening(session, merchant_id, rule, since)
    hits = await asyncio.to_thread(_replay_all, rule, list(stories.values()), since, until, is_open)
    return DryRun(
        since=since,
        conversations=len(stories),
        count=len(hits),
        is_cut=is_cut,
        examples=await _examples(session, rule, stories, hits[:MAX_EXAMPLES]),
    )


def _replay_all(
    rule: RuleCreate, stories: list[Story], since: int, until: int, is_open: Callable[[int], bool]
) -> list[Hit]:
    hits = [hit for story in stories for hit in replay(rule, story, since, until, is_open)]
    return sorted(hits, key=lambda hit: (hit.trigger.at, hit.conversation_id))[::-1]


async def _stories(
    session: AsyncSession, merchant_id: str, rule: RuleCreate, since: int
) -> tuple[dict[int, Story], bool]:
    last, changed = col(Conversation.last_message_time), col(Conversation.updated_at)
    waiting = col(Conversation.waiting_since) >= since - rule.waiting_minutes * 60
    moved = or_(last >= since, changed >= since, waiting)
    query = select(Conversation).where(Conversation.merchant_id == merchant_id, moved)
    newest = query.order_by(last.desc(), col(Conversation.id).desc()).limit(MAX_CONVERSATIONS + 1)
    rows = (await session.exec(newest)).all()
    shown = rows[:MAX_CONVERSATIONS]
    named = await labels.of(session, [row.id for row in shown])
    buyers = {row.customer_id for row in shown}
    asked = {condition.kind for condition in rule.conditions}
    spoken = await facts.languages(session, merchant_id, buyers) if ConditionKind.LANGUAGE in asked else {}
    first = await facts.first_talks(session, merchant_id, buyers) if ConditionKind.VISIT in asked else {}
    stories = {
        row.id: Story(
            id=row.id,
            customer_id=row.customer_id,
            created_at=row.created_at,
            status=row.status,
            assignee_id=row.assignee_id,
            priority=row.priority,
            channel=row.channel,
            labels=set(named.get(row.id, ())),
            language=spoken.get(row.customer_id, ""),
            is_first=first.get(row.customer_id, row.id) == row.id,
        )
        for row in shown
    }
    return stories, len(rows) > MAX_CONVERSATIONS


async def _read_messages(session: AsyncSession, stories: dict[int, Story], since: int) -> int | None:
    """The newest messages, as many as we look at; the time before which they are not complete, if they are not."""
    if not stories:
        return None
    place = (Message.id, Message.conversation_id, Message.seq)
    columns = (*place, Message.sender_role, Message.created_at, Message.content)
    number = col(Message.id)
    wanted = (col(Message.conversation_id).in_(stories), col(Message.created_at) >= since)
    before, count, characters, oldest = None, 0, 0, None
    while count < MAX_MESSAGES and characters < MAX_CHARACTERS:
        query: Any = select(*columns).where(*wanted)  # type: ignore[call-overload]
        if before is not None:
            query = query.where(number < before)
        rows = (await session.exec(query.order_by(number.desc()).limit(CHUNK))).all()
        for message_id, conversation_id, seq, role, at, content in rows:
            stories[conversation_id].lines.append(Line(seq, role, at, content))
            before, oldest, characters = message_id, at, characters + len(content)
        count += len(rows)
        if len(rows) < CHUNK:
            return None
    return oldest


async def _read_activities(session: AsyncSession, stories: dict[int, Story]) -> bool:
    """What was changed since the conversations began; True when that is more than we look at."""
    wanted = (col(Activity.conversation_id).in_(stories), col(Activity.kind).in_(CHANGES))
    query = select(Activity).where(*wanted).order_by(col(Activity.id).desc()).limit(MAX_ACTIVITIES)
    rows = (await session.exec(query)).all()
    for row in rows:
        deed = Deed(row.after_seq, row.id, row.actor_id, row.kind, row.value, row.created_at)
        stories[row.conversation_id].deeds.append(deed)
    return len(rows) == MAX_ACTIVITIES


async def _opening(session: AsyncSession, merchant_id: str, rule: RuleCreate, since: int) -> Callable[[int], bool]:
    if all(condition.kind is not ConditionKind.HOURS for condition in rule.conditions):
        return lambda at: True
    timetable = await opening.timetable(session, settings_in(session), merchant_id, since)
    return lambda at: hours.is_open(timetable, at)


async def _examples(
    session: AsyncSession, rule: RuleCreate, stories: dict[int, Story], hits: list[Hit]
) -> list[DryRunExample]:
    buyers = {stories[hit.conversation_id].customer_id for hit in hits}
    people = (await session.exec(select(User).where(col(User.id).in_(buyers)))).all()
    names = {person.id: person.name for person in people}
    return [
        DryRunExample(
            conversation_id=hit.conversation_id,
            buyer=names.get(stories[hit.conversation_id].customer_id, ""),
            at=hit.trigger.at,
            trigger=hit.trigger.name,
            text=" ".join((hit.trigger.text or "").split())[:MAX_PREVIEW],
            actions=rule.actions,
        )
        for hit in hits
    ]
