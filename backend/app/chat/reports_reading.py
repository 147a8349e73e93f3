"""Reads what a report counts, a few hundred rows at a time, and counts it in a thread.

Conversations by id, their messages by seq, always keyset pages: neither memory nor the cost of a page grows with the
shop.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import User
from app.chat import labels
from app.chat.models import Activity, Conversation, Message, Status
from app.chat.ratings import Rating
from app.chat.reports_daybook import DayBook, Rated
from app.chat.reports_tally import WARNINGS, Resolved, Said, Span, Tally
from app.kernel.db import Database
from app.kernel.identity import Role

TALKS = 100
ROWS = 1000
PAIRS = 100
Tell = Callable[[int, int], Awaitable[None]]
"""Called with how many conversations are counted, and of how many."""

_SAID = (
    Message.conversation_id, Message.seq, Message.sender_id, Message.sender_role, Message.client_id, Message.created_at
)  # fmt: skip


async def figures(db: Database, merchant_id: str, span: Span, tell: Tell) -> dict[str, Any]:
    """Everything that a report says about the shop in these days."""
    tally = Tally(span)
    await _walk(db, merchant_id, tally, tell)
    async with db.reading() as session:
        return tally.figures(await names_of(session, tally.agents))


async def days(db: Database, merchant_id: str, span: Span, tell: Tell) -> list[dict[str, Any]]:
    """Each of these days in full."""
    book = DayBook(span)
    await _walk(db, merchant_id, book, tell)
    async with db.reading() as session:
        book.rate(await _ratings(session, merchant_id, span))
    return book.days()


async def _walk(db: Database, merchant_id: str, tally: Tally, tell: Tell) -> None:
    span, done = tally.span, 0
    async with db.reading() as session:
        moved = select(func.count()).select_from(Conversation).where(*_moved(merchant_id, span))
        total = (await session.exec(moved)).one()
    async for talks in _talks(db, merchant_id, span):
        ids = [number for number, _ in talks]
        tally.begin(talks)
        if isinstance(tally, DayBook):
            async with db.reading() as session:
                tally.open_slice(await labels.of(session, ids), await _waiting_before(session, ids, span))
        async for messages in _messages(db, ids, span):
            await asyncio.to_thread(tally.add, messages)
        await _hear_late(db, tally)
        tally.resolve(await _resolved(db, ids, span))
        done += len(talks)
        await tell(done, max(total, done))


async def _hear_late(db: Database, tally: Tally) -> None:
    """Answers that came after the span to what was asked in it."""
    book = tally if isinstance(tally, DayBook) else None
    open_ones = {*tally.waiting, *(book.unanswered if book else ())}
    for late in await _late_answers(db, sorted(open_ones), tally.span):
        tally.answer(late)
        if book:
            book.end_wait(late)


def _moved(merchant_id: str, span: Span) -> tuple[Any, ...]:
    """Conversations in which something may lie in the span: they began before its end and moved after its start."""
    return (
        Conversation.merchant_id == merchant_id,
        Conversation.created_at < span.end,
        or_(col(Conversation.last_message_time) >= span.start, col(Conversation.updated_at) >= span.start),
        col(Conversation.last_seq) > 0,
    )


async def _talks(db: Database, merchant_id: str, span: Span) -> AsyncIterator[list[tuple[int, int]]]:
    after = 0
    while True:
        query = select(Conversation.id, Conversation.created_at).where(*_moved(merchant_id, span))
        page = query.where(col(Conversation.id) > after).order_by(col(Conversation.id)).limit(TALKS)
        async with db.reading() as session:
            rows = [(number, created_at) for number, created_at in (await session.exec(page)).all()]
        if not rows:
            return
        after = rows[-1][0]
        yield rows


async def _messages(db: Database, ids: Sequence[int], span: Span) -> AsyncIterator[list[Said]]:
    number, seq, at = col(Message.conversation_id), col(Message.seq), col(Message.created_at)
    after = (0, 0)
    while True:
        query = select(*_SAID).where(number.in_(ids), at >= span.start, at < span.end)  # type: ignore[call-overload]
        query = query.where(or_(number > after[0], and_(number == after[0], seq > after[1])))
        async with db.reading() as session:
            rows = [Said(*row) for row in (await session.exec(query.order_by(number, seq).limit(ROWS))).all()]
        if rows:
            yield rows
        if len(rows) < ROWS:
            return
        after = (rows[-1].conversation_id, rows[-1].seq)


async def _late_answers(db: Database, waiting: Sequence[int], span: Span) -> list[Said]:
    """The first answers to those whom nobody had answered when the span ended."""
    if not waiting:
        return []
    number, seq = col(Message.conversation_id), col(Message.seq)
    theirs = (number.in_(waiting), col(Message.sender_role) == Role.MERCHANT, col(Message.created_at) >= span.end)
    first = select(number, func.min(seq)).where(*theirs, ~col(Message.client_id).startswith(WARNINGS)).group_by(number)
    async with db.reading() as session:
        places = [(place, least) for place, least in (await session.exec(first)).all()]
        return await _at(session, places)


async def _resolved(db: Database, ids: Sequence[int], span: Span) -> list[Resolved]:
    """What was resolved in the span. Resolved twice without a word in between is resolved once."""
    number = col(Activity.conversation_id)
    wanted = (number.in_(ids), Activity.kind == "status", Activity.value == Status.RESOLVED.value)
    query = select(number, Activity.actor_id, Activity.created_at, Activity.after_seq)
    query = query.where(*wanted, col(Activity.created_at) < span.end).order_by(number, col(Activity.id))
    found: list[tuple[int, str, int, int]] = []
    before = (0, 0)
    async with db.reading() as session:
        for place, actor_id, at, after_seq in (await session.exec(query)).all():
            resolved_before = before[1] if before[0] == place else 0
            if after_seq > resolved_before and at >= span.start:
                found.append((place, actor_id, at, resolved_before + 1))
            before = (place, max(after_seq, resolved_before))
        first = await _at(session, [(place, seq) for place, _, _, seq in found])
    began = {(said.conversation_id, said.seq): said.created_at for said in first}
    return [Resolved(place, actor_id, at, began.get((place, seq), at)) for place, actor_id, at, seq in found]


async def _waiting_before(session: AsyncSession, ids: Sequence[int], span: Span) -> list[int]:
    """Whose buyer was waiting when the span began: the last to say something before it was the buyer."""
    number, seq = col(Message.conversation_id), col(Message.seq)
    people = col(Message.sender_role).in_((Role.BUYER, Role.MERCHANT)), ~col(Message.client_id).startswith(WARNINGS)
    before = (number.in_(ids), col(Message.created_at) < span.start, *people)
    last = (await session.exec(select(number, func.max(seq)).where(*before).group_by(number))).all()
    said = await _at(session, [(place, most) for place, most in last])
    return [one.conversation_id for one in said if one.sender_role is Role.BUYER]


async def _ratings(session: AsyncSession, merchant_id: str, span: Span) -> list[Rated]:
    at = col(Rating.created_at)
    query = select(Rating.score, Rating.agent_id, at).where(Rating.merchant_id == merchant_id)
    return [Rated(*row) for row in (await session.exec(query.where(at >= span.start, at < span.end))).all()]


async def _at(session: AsyncSession, places: Sequence[tuple[int, int]]) -> list[Said]:
    """Messages by conversation and seq."""
    found: list[Said] = []
    for start in range(0, len(places), PAIRS):
        some = places[start : start + PAIRS]
        either = or_(*(and_(col(Message.conversation_id) == place, col(Message.seq) == seq) for place, seq in some))
        rows = (await session.exec(select(*_SAID).where(either))).all()  # type: ignore[call-overload]
        found += [Said(*row) for row in rows]
    return found


async def names_of(session: AsyncSession, user_ids: Sequence[str]) -> dict[str, str]:
    people = select(User).where(col(User.id).in_(user_ids))
    return {user.id: user.name for user in (await session.exec(people)).all()}
