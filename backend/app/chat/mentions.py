"""Colleagues whom a private note names. Only the shop's own people can be named, and only they learn of it."""

from collections.abc import Sequence

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.accounts.models import Staff
from app.chat import access
from app.chat.events import Mentioned
from app.chat.notes_models import Note
from app.chat.threads_models import MentionPublic, NoteMention
from app.kernel import events
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.identity import Identity
from app.kernel.paging import Listing

MAX_LISTED = 200


async def of(session: AsyncSession, note_ids: Sequence[int]) -> dict[int, list[str]]:
    """Note id → whom it names."""
    if not note_ids:
        return {}
    query = select(NoteMention.note_id, NoteMention.user_id).where(col(NoteMention.note_id).in_(note_ids))
    named: dict[int, list[str]] = {}
    for note_id, user_id in (await session.exec(query.order_by(col(NoteMention.user_id)))).all():
        named.setdefault(note_id, []).append(user_id)
    return named


async def replace(session: AsyncSession, note: Note, merchant_id: str, wanted: Sequence[str]) -> list[str]:
    """The note names exactly `wanted`; who was not named before is told. 422 for others than the shop's people."""
    names = sorted(set(wanted))
    if names:
        works_here = select(Staff.user_id).where(Staff.merchant_id == merchant_id, col(Staff.user_id).in_(names))
        team = set((await session.exec(works_here)).all())
        if set(names) - team:
            raise Invalid("mention_not_in_team", "Only people of the shop’s team can be mentioned.")
    before = set((await of(session, [note.id])).get(note.id, ()))
    gone = before - set(names)
    if gone:
        unnamed = (col(NoteMention.note_id) == note.id, col(NoteMention.user_id).in_(gone))
        await session.exec(delete(NoteMention).where(*unnamed))
    for user_id in names:
        if user_id not in before:
            session.add(NoteMention(note_id=note.id, user_id=user_id, conversation_id=note.conversation_id))
    await session.flush()
    for user_id in names:
        if user_id not in before and user_id != note.author_id:
            mention = MentionPublic(
                conversation_id=note.conversation_id,
                note_id=note.id,
                author_id=note.author_id,
                created_at=note.created_at,
            )
            await events.emit(session, Mentioned(user_id=user_id, mention=mention))
    return names


async def unseen(session: AsyncSession, me: Identity) -> Listing[MentionPublic]:
    """The newest notes of others that name the caller and were not seen."""
    query = (
        select(Note)
        .join(NoteMention, col(NoteMention.note_id) == col(Note.id))
        .where(NoteMention.user_id == me.user_id, col(NoteMention.seen_at).is_(None), Note.author_id != me.user_id)
        .order_by(col(Note.id).desc())
        .limit(MAX_LISTED)
    )
    rows = (await session.exec(query)).all()
    results = [
        MentionPublic(
            conversation_id=row.conversation_id, note_id=row.id, author_id=row.author_id, created_at=row.created_at
        )
        for row in rows
    ]
    return Listing(count=len(results), results=results)


async def see(session: AsyncSession, me: Identity, conversation_id: int) -> None:
    """The caller has looked at the conversation."""
    await access.conversation(session, me, conversation_id)
    mine = (col(NoteMention.user_id) == me.user_id, col(NoteMention.conversation_id) == conversation_id)
    await session.exec(update(NoteMention).where(*mine, col(NoteMention.seen_at).is_(None)).values(seen_at=now()))
